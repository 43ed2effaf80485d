//! Whether the logins of a partner need a second factor.

use serde_json::json;

use crate::domain::access::partner::PartnerNumber;
use crate::domain::access::user::Role;
use crate::domain::id::BuId;
use crate::ops::access::operators::authorize_operator;
use crate::ops::access::sign_in::require_recent;
use crate::ops::authorize::{authorize_admin, find_unit};
use crate::ops::cx::Cx;
use crate::ops::system::audit::{Entry, record};
use crate::ops::{Error, Refusal};
use crate::store::access::{partners, units};
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
/// owners who have signed in a moment ago.
pub fn require(cx: &Cx, bu: BuId, on: bool) -> Result<(), Error> {
    cx.write(|conn| {
        let access = authorize_admin(cx, conn, bu)?;
        if access.role.is_some_and(|role| role < Role::Owner) {
            return Err(Error::Forbidden(Refusal::Caller));
        }
        require_recent(cx)?;
        set(cx, conn, access.partner, on)
    })
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
