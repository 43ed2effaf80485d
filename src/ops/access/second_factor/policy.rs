//! Whether the logins of a partner need a second factor.

use serde_json::json;

use crate::domain::access::partner::PartnerNumber;
use crate::domain::id::BuId;
use crate::ops::Error;
use crate::ops::access::operators::authorize_operator;
use crate::ops::access::sign_in::require_recent;
use crate::ops::authorize::{authorize_admin, find_unit, over_owners};
use crate::ops::cx::{Actor, Cx};
use crate::ops::system::audit::{Entry, record};
use crate::store::access::{partners, second_factors, units};
use crate::store::pool::Conn;

/// Whether the logins of the partner of `bu` need a second factor.
pub fn is_required(cx: &Cx, bu: BuId) -> Result<bool, Error> {
    cx.read(|conn| {
        let partner = find_unit(cx, conn, bu)?.partner;
        Ok(partners::find(conn, partner)?.is_some_and(|partner| partner.second_factor_required))
    })
}

/// Has every login of the partner of `bu` need a second factor, or leaves it to each of them. Whoever has none is
/// led to set one up with the next request, and can do nothing else until then. Doing it twice changes nothing. For
/// owners who have signed in a moment ago. `second_factor_missing` when they have none themselves.
pub fn require(cx: &Cx, bu: BuId, on: bool) -> Result<(), Error> {
    cx.write(|conn| {
        let access = authorize_admin(cx, conn, bu)?;
        over_owners(cx, conn, &access)?.map_err(Error::Forbidden)?;
        require_recent(cx)?;
        if on && !has_factor(cx, conn)? {
            let text =
                "You have no second factor yourself yet. Set yours up first, then require it of everybody.";
            return Err(Error::conflict("second_factor_missing", text));
        }
        set(cx, conn, access.partner, on)
    })
}

/// Whether whoever acts has a second factor; who is no login needs none.
pub fn has_one(cx: &Cx) -> Result<bool, Error> {
    cx.read(|conn| has_factor(cx, conn))
}

fn has_factor(cx: &Cx, conn: &mut Conn) -> Result<bool, Error> {
    match &cx.actor {
        Actor::Login(login) => Ok(second_factors::sealed(conn, login.user)?.is_some()),
        _ => Ok(true),
    }
}

/// The same for any partner. For operators who have signed in a moment ago.
pub fn require_of(cx: &Cx, partner: PartnerNumber, on: bool) -> Result<(), Error> {
    cx.write(|conn| {
        authorize_operator(cx, conn)?;
        set(cx, conn, partner, on)
    })
}

fn set(cx: &Cx, conn: &mut Conn, number: PartnerNumber, on: bool) -> Result<(), Error> {
    let partner = partners::find(conn, number)?.ok_or(Error::NotFound)?;
    if partner.second_factor_required == on {
        return Ok(());
    }
    partners::require_second_factor(conn, number, on)?;
    let bu = units::of_partner(conn, number)?.map(|unit| unit.id);
    let entry = Entry {
        action: "partner.second_factor_changed",
        target_kind: "partner",
        target_id: number.to_string(),
        before: Some(json!({"name": partner.name, "second_factor_required": !on})),
        after: Some(json!({"name": partner.name, "second_factor_required": on})),
    };
    record(cx, conn, bu, entry)
}
