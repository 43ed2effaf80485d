//! Partners and their business units: making, granting, finding, landing.

use std::collections::BTreeSet;

use serde_json::json;

use crate::domain::access::name::Name;
use crate::domain::access::partner::{PartnerKind, PartnerNumber};
use crate::domain::access::user::Role;
use crate::domain::id::{BuId, UserId};
use crate::domain::problem::FieldErrors;
use crate::domain::search::folded;
use crate::ops::access::operators::{authorize_operator, see_as_operator};
use crate::ops::authorize::{find_unit, over_owners};
use crate::ops::cx::{Actor, Cx};
use crate::ops::system::audit::{Entry, record};
use crate::ops::webhooks::read::FAILING_AFTER;
use crate::ops::{Error, Refusal};
use crate::store::access::grants::{self, GrantRow};
use crate::store::access::memberships;
use crate::store::access::partners::{self, PartnerRow};
use crate::store::access::units::{self, UnitRow};
use crate::store::pool::Conn;
use crate::store::webhooks::failing;

/// The highest number a partner may have: more digits are hard to read.
const HIGHEST_NUMBER: PartnerNumber = 999_999_999_999;

/// A partner as someone asks for it.
#[derive(Debug, Clone)]
pub struct PartnerDraft {
    /// Its name, which a channel partner's business unit bears too.
    pub name: String,
    /// How far it reaches.
    pub kind: PartnerKind,
    /// Its number; the next free one when `None`.
    pub id: Option<PartnerNumber>,
}

/// A partner that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartnerCreated {
    /// Its number.
    pub partner: PartnerNumber,
    /// The business unit of a channel partner.
    pub bu: Option<BuId>,
}

/// What a global partner is granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// Every business unit, also those to come.
    All,
    /// One business unit.
    Unit(BuId),
}

/// Where a person starts after signing in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Landing {
    /// In the one business unit of their partner.
    Unit(BuId),
    /// At the partner search.
    Partners,
    /// Nowhere: the login belongs to no partner.
    Nowhere,
}

/// A business unit as its pages name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// The unit.
    pub bu: BuId,
    /// Its name.
    pub name: String,
    /// Its partner.
    pub partner: PartnerNumber,
    /// Whether API access is part of its plan.
    pub api_access: bool,
    /// The login's role there; `None` for other callers.
    pub role: Option<Role>,
    /// Whether the caller is inside another partner's unit, by a grant.
    pub by_grant: bool,
    /// Whether the caller decides on the owners at its partner, or why not.
    pub over_owners: Result<(), Refusal>,
    /// How many of its active webhooks are failing.
    pub failing: i64,
}

impl Grant {
    const fn unit(&self) -> Option<BuId> {
        match self {
            Self::All => None,
            Self::Unit(bu) => Some(*bu),
        }
    }
}

/// Makes a partner, and the business unit of a channel partner. For the operator. Fields: `name`, `id`.
/// `partner_exists` when the number is taken.
pub fn create(cx: &Cx, draft: PartnerDraft) -> Result<PartnerCreated, Error> {
    let PartnerDraft { name, kind, id } = draft;
    let checked = check(&name, id);
    cx.write(|conn| {
        authorize_operator(cx, conn)?;
        insert(cx, conn, &checked?, kind, id)
    })
}

/// A partner's name and its number, when one is wished for. Fields: `name`, `id`.
pub(super) fn check(name: &str, id: Option<PartnerNumber>) -> Result<Name, FieldErrors> {
    let mut errors = FieldErrors::default();
    let name = errors.keep(Name::parse("name", name));
    if id.is_some_and(|id| !(1..=HIGHEST_NUMBER).contains(&id)) {
        errors.push("id", "format", "A partner's number has 1 to 12 digits and is above 0.");
    }
    let Some(name) = name else { return Err(errors) };
    errors.or(name)
}

/// Makes a partner in a transaction of the caller's.
pub(super) fn insert(
    cx: &Cx,
    conn: &mut Conn,
    name: &Name,
    kind: PartnerKind,
    number: Option<PartnerNumber>,
) -> Result<PartnerCreated, Error> {
    let next = partners::next_number(conn)?;
    let number = number.unwrap_or(next);
    if partners::find(conn, number)?.is_some() {
        return Err(Error::conflict("partner_exists", format!("Partner {number} exists already.")));
    }
    let row = PartnerRow {
        id: number,
        name: name.to_string(),
        name_folded: folded(name.as_str()),
        kind,
        grants_all: false,
        created_at: cx.now,
        is_operator: false,
        second_factor_required: false,
    };
    partners::insert(conn, &row)?;
    let bu = (kind == PartnerKind::Channel).then(|| cx.id());
    if let Some(id) = bu {
        let unit =
            UnitRow { id, partner_id: number, name: name.to_string(), api_access: true, created_at: cx.now };
        units::insert(conn, &unit)?;
    }
    let after = json!({"name": name.as_str(), "kind": kind, "bu": bu});
    record(cx, conn, bu, entry("partner.created", number, after))?;
    Ok(PartnerCreated { partner: number, bu })
}

/// Lets a global partner access business units, all of these or none. For operators who have signed in a moment
/// ago. Granting twice changes nothing. `not_global` for a channel partner.
pub fn grant_each(cx: &Cx, partner: PartnerNumber, grants: &[Grant]) -> Result<(), Error> {
    cx.write(|conn| {
        authorize_operator(cx, conn)?;
        insert_grants(cx, conn, partner, grants)
    })
}

/// The same for one of them.
pub fn grant(cx: &Cx, partner: PartnerNumber, grant: Grant) -> Result<(), Error> {
    grant_each(cx, partner, &[grant])
}

/// Grants in a transaction of the caller's.
pub(super) fn insert_grants(
    cx: &Cx,
    conn: &mut Conn,
    partner: PartnerNumber,
    grants: &[Grant],
) -> Result<(), Error> {
    let row = partners::find(conn, partner)?.ok_or(Error::NotFound)?;
    if row.kind != PartnerKind::Global {
        let text = format!("Partner {partner} is a channel partner, which accesses its own unit only.");
        return Err(Error::conflict("not_global", text));
    }
    let units: BTreeSet<BuId> = grants.iter().filter_map(Grant::unit).collect();
    let ids: Vec<BuId> = units.iter().copied().collect();
    if usize::try_from(units::count_among(conn, &ids)?) != Ok(ids.len()) {
        return Err(Error::NotFound);
    }
    if grants.contains(&Grant::All) && !row.grants_all {
        partners::set_grants_all(conn, partner, true)?;
        record(cx, conn, None, entry("grant.created", partner, json!({"units": "all"})))?;
    }
    for bu in units {
        let row = GrantRow { partner_id: partner, bu_id: bu, created_at: cx.now };
        if grants::insert(conn, &row)? {
            record(cx, conn, Some(bu), entry("grant.created", partner, json!({"units": [bu]})))?;
        }
    }
    Ok(())
}

/// Takes from a global partner what was granted, at once: its logins are out of the unit with their next request,
/// and its webhooks hear no next event of it. All of these or none; what was not granted changes nothing, and units
/// granted one by one stay when all are withdrawn. For operators who have signed in a moment ago.
pub fn withdraw_each(cx: &Cx, partner: PartnerNumber, grants: &[Grant]) -> Result<(), Error> {
    cx.write(|conn| {
        authorize_operator(cx, conn)?;
        grants.iter().try_for_each(|grant| remove_grant(cx, conn, partner, *grant))
    })
}

/// The same for one of them.
pub fn withdraw(cx: &Cx, partner: PartnerNumber, grant: Grant) -> Result<(), Error> {
    withdraw_each(cx, partner, &[grant])
}

fn remove_grant(cx: &Cx, conn: &mut Conn, partner: PartnerNumber, grant: Grant) -> Result<(), Error> {
    let row = partners::find(conn, partner)?.ok_or(Error::NotFound)?;
    let (bu, units) = match grant {
        Grant::All if !row.grants_all => return Ok(()),
        Grant::All => {
            partners::set_grants_all(conn, partner, false)?;
            (None, json!({"units": "all"}))
        }
        Grant::Unit(bu) if !grants::remove(conn, partner, bu)? => return Ok(()),
        Grant::Unit(bu) => (Some(bu), json!({"units": [bu]})),
    };
    let withdrawn = Entry {
        action: "grant.withdrawn",
        target_kind: "partner",
        target_id: partner.to_string(),
        before: Some(units),
        after: None,
    };
    record(cx, conn, bu, withdrawn)
}

fn entry(action: &'static str, partner: PartnerNumber, after: serde_json::Value) -> Entry {
    Entry { action, target_kind: "partner", target_id: partner.to_string(), before: None, after: Some(after) }
}

/// Where the caller starts.
pub fn landing(cx: &Cx) -> Result<Landing, Error> {
    match &cx.actor {
        Actor::Login(login) => cx.read(|conn| landing_of(conn, login.user)),
        Actor::Token(token) => Ok(Landing::Unit(token.bu)),
        Actor::Operator | Actor::System => Ok(Landing::Nowhere),
    }
}

/// Where a login starts.
pub(super) fn landing_of(conn: &mut Conn, user: UserId) -> Result<Landing, Error> {
    let partners = memberships::of_user(conn, user)?;
    if partners.iter().any(|(_, kind)| *kind == PartnerKind::Global) {
        return Ok(Landing::Partners);
    }
    let Some((partner, _)) = partners.first() else { return Ok(Landing::Nowhere) };
    let unit = units::of_partner(conn, *partner)?;
    Ok(unit.map_or(Landing::Nowhere, |unit| Landing::Unit(unit.id)))
}

/// The business unit of a channel partner; `None` when there is no such partner or it has none of its own.
/// For the operator.
pub fn unit_of(cx: &Cx, partner: PartnerNumber) -> Result<Option<BuId>, Error> {
    cx.read(|conn| {
        see_as_operator(cx, conn)?;
        Ok(units::of_partner(conn, partner)?.map(|unit| unit.id))
    })
}

/// The unit as its pages name it; `NotFound` when it is not the caller's.
pub fn unit(cx: &Cx, bu: BuId) -> Result<Unit, Error> {
    cx.read(|conn| {
        let access = find_unit(cx, conn, bu)?;
        Ok(Unit {
            bu,
            over_owners: over_owners(cx, conn, &access)?,
            failing: failing::count(conn, bu, FAILING_AFTER)?,
            name: access.unit_name,
            partner: access.partner,
            api_access: access.api_access,
            role: access.role,
            by_grant: access.by_grant,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{World, is_not_found};

    fn made(world: &World, name: &str, id: PartnerNumber) -> BuId {
        let draft = PartnerDraft { name: name.into(), kind: PartnerKind::Channel, id: Some(id) };
        create(&world.operator(), draft).unwrap().bu.unwrap()
    }

    #[test]
    fn numbers_are_given_in_order_and_once() {
        let world = World::new();
        made(&world, "Wanted", 10_002);
        assert_eq!(world.channel("First").partner, 10_001);
        assert_eq!(world.channel("Second").partner, 10_003);
        let again = PartnerDraft { name: "Again".into(), kind: PartnerKind::Global, id: Some(10_002) };
        assert!(matches!(
            create(&world.operator(), again),
            Err(Error::Conflict { code: "partner_exists", .. })
        ));
        let bad = PartnerDraft { name: " ".into(), kind: PartnerKind::Global, id: Some(0) };
        let Err(Error::Invalid(errors)) = create(&world.operator(), bad) else { panic!("it was made") };
        assert_eq!(errors.iter().map(|e| e.field.as_ref()).collect::<Vec<_>>(), ["name", "id"]);
    }

    #[test]
    fn each_lands_where_their_partner_is() {
        let world = World::new();
        let ours = world.channel("Ours");
        let global = world.partner("Global", PartnerKind::Global);
        assert_eq!(global.bu, None);
        assert_eq!(unit_of(&world.operator(), ours.partner).unwrap(), ours.bu);
        let login = world.login(ours.partner, Role::Viewer);
        assert_eq!(landing(&login).unwrap(), Landing::Unit(ours.bu.unwrap()));
        assert_eq!(unit(&login, ours.bu.unwrap()).unwrap().role, Some(Role::Viewer));
        let far = world.login(global.partner, Role::Owner);
        assert_eq!(landing(&far).unwrap(), Landing::Partners);
        assert!(is_not_found(&unit(&far, ours.bu.unwrap())));
    }

    #[test]
    fn only_the_operator_makes_partners_and_grants() {
        let world = World::new();
        let ours = world.channel("Ours");
        let owner = world.login(ours.partner, Role::Owner);
        let draft = PartnerDraft { name: "Mine".into(), kind: PartnerKind::Global, id: None };
        assert!(is_not_found(&create(&owner, draft)));
        assert!(is_not_found(&grant(&owner, ours.partner, Grant::All)));
        let channel = grant(&world.operator(), ours.partner, Grant::All);
        assert!(matches!(channel, Err(Error::Conflict { code: "not_global", .. })));
    }
}
