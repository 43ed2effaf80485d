//! The one place that decides who may do what in a business unit.

use crate::domain::access::partner::PartnerNumber;
use crate::domain::access::permission::{Permission, Scopes};
use crate::domain::access::user::Role;
use crate::domain::id::BuId;
use crate::ops::cx::{Actor, Cx, TokenActor};
use crate::ops::system::denials::Denial;
use crate::ops::{Error, Refusal};
use crate::store::access::{memberships, partners, units};
use crate::store::pool::Conn;

/// A business unit that the caller may act in, and as what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The unit.
    pub bu: BuId,
    /// Its partner.
    pub partner: PartnerNumber,
    /// Its name.
    pub unit_name: String,
    /// The login's role there; `None` for tokens, the operator and Bellwire itself.
    pub role: Option<Role>,
    /// Whether the role comes from a grant to a global partner.
    pub by_grant: bool,
    /// Whether API access is part of the unit's plan.
    pub api_access: bool,
}

/// The unit, when the caller may do what needs `need` there. `NotFound` when the unit is not the caller's,
/// `Forbidden` when it is but this is not allowed. Logins are read from the database at each call, so that
/// a withdrawn role or grant counts at once.
pub fn authorize(cx: &Cx, conn: &mut Conn, bu: BuId, need: Permission) -> Result<Access, Error> {
    let access = find_unit(cx, conn, bu)?;
    match &cx.actor {
        Actor::Token(token) => {
            if !access.api_access {
                note_denied(cx, token, need);
                return Err(Error::Forbidden(Refusal::NoApiAccess));
            }
            authorize_token(token, need).inspect_err(|_| note_denied(cx, token, need))?;
            cx.tools.known.uses.note(token.token, need, cx.now);
            Ok(access)
        }
        Actor::Login(_) if !held(&access).contains(need) => Err(Error::Forbidden(Refusal::Role(need))),
        _ => Ok(access),
    }
}

/// Has the audit log of a token's unit tell that the token may not do what needs `need`.
pub fn note_denied(cx: &Cx, token: &TokenActor, need: Permission) {
    let denial = Denial {
        action: "access.denied",
        bu: Some(token.bu),
        target_kind: "permission",
        target_id: need.as_str().to_owned(),
    };
    cx.tools.known.denials.note(&cx.actor, &cx.source, denial);
}

/// Passes a token that may do what needs `need` in its own unit. Reads nothing: the token was authenticated for
/// this request.
pub fn authorize_token(token: &TokenActor, need: Permission) -> Result<(), Error> {
    if !token.api_access {
        return Err(Error::Forbidden(Refusal::NoApiAccess));
    }
    if token.scopes.contains(need) { Ok(()) } else { Err(Error::Forbidden(Refusal::Scope(need))) }
}

/// The unit, when the caller may see that it exists; `NotFound` otherwise.
pub fn find_unit(cx: &Cx, conn: &mut Conn, bu: BuId) -> Result<Access, Error> {
    if matches!(&cx.actor, Actor::Token(token) if token.bu != bu) {
        return Err(Error::NotFound);
    }
    let unit = units::find(conn, bu)?.ok_or(Error::NotFound)?;
    let standing = match &cx.actor {
        Actor::Login(login) => Some(memberships::standing(conn, login.user, bu)?.ok_or(Error::NotFound)?),
        Actor::Token(_) | Actor::Operator | Actor::System => None,
    };
    Ok(Access {
        bu,
        partner: unit.partner_id,
        unit_name: unit.name,
        role: standing.map(|s| s.role),
        by_grant: standing.is_some_and(|s| s.by_grant),
        api_access: unit.api_access,
    })
}

/// The unit, when the caller is the operator or an admin there. Tokens never are.
pub fn authorize_admin(cx: &Cx, conn: &mut Conn, bu: BuId) -> Result<Access, Error> {
    let access = find_unit(cx, conn, bu)?;
    match &cx.actor {
        Actor::Operator | Actor::System => Ok(access),
        Actor::Login(_) if access.role >= Some(Role::Admin) => Ok(access),
        Actor::Login(_) | Actor::Token(_) => Err(Error::Forbidden(Refusal::Caller)),
    }
}

/// Whether the caller decides on the owners at the unit's partner, and on what is asked of all its logins: the
/// operator does, and owners. Those who are owners by a grant do not where the partner operates the installation:
/// whoever reaches its unit could make operators of themselves.
pub fn over_owners(cx: &Cx, conn: &mut Conn, access: &Access) -> Result<Result<(), Refusal>, Error> {
    match &cx.actor {
        Actor::Operator | Actor::System => Ok(Ok(())),
        Actor::Login(login) if access.role == Some(Role::Owner) => {
            let may = !access.by_grant
                || !partners::operates(conn, access.partner)?
                || memberships::is_operator(conn, login.user)?;
            Ok(if may { Ok(()) } else { Err(Refusal::Operators) })
        }
        Actor::Login(_) | Actor::Token(_) => Ok(Err(Refusal::Caller)),
    }
}

/// Passes the operator and Bellwire itself only.
pub fn operator_only(cx: &Cx) -> Result<(), Error> {
    match cx.actor {
        Actor::Operator | Actor::System => Ok(()),
        Actor::Login(_) | Actor::Token(_) => Err(Error::Forbidden(Refusal::Caller)),
    }
}

/// What the login's role holds.
fn held(access: &Access) -> Scopes {
    access.role.map(Scopes::of_role).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::partner::PartnerKind;
    use crate::ops::access::partners::{Grant, grant};
    use crate::ops::testing::{World, is_not_found};
    use crate::store::access::{grants, users};

    fn may(cx: &Cx, bu: BuId, need: Permission) -> Result<Access, Error> {
        cx.read(|conn| authorize(cx, conn, bu, need))
    }

    #[test]
    fn a_unit_of_another_partner_does_not_exist() {
        let world = World::new();
        let (ours, theirs) = (world.channel("Ours"), world.channel("Theirs"));
        let login = world.login(ours.partner, Role::Owner);
        let bu = theirs.bu.unwrap();
        assert!(is_not_found(&may(&login, bu, Permission::WebhooksRead)));
        assert!(is_not_found(&may(
            &world.token(ours.bu.unwrap(), Scopes::all()),
            bu,
            Permission::WebhooksRead
        )));
        assert!(is_not_found(&may(&world.operator(), world.tools.clock.id(), Permission::WebhooksRead)));
        assert!(may(&world.operator(), bu, Permission::WebhooksWrite).is_ok());
    }

    #[test]
    fn a_role_allows_what_it_holds_and_a_disabled_login_nothing() {
        let world = World::new();
        let ours = world.channel("Ours");
        let bu = ours.bu.unwrap();
        let viewer = world.login(ours.partner, Role::Viewer);
        assert_eq!(may(&viewer, bu, Permission::WebhooksRead).unwrap().role, Some(Role::Viewer));
        assert!(matches!(
            may(&viewer, bu, Permission::WebhooksWrite),
            Err(Error::Forbidden(Refusal::Role(Permission::WebhooksWrite)))
        ));
        let user = viewer.user().unwrap();
        world.operator().write(|conn| Ok(users::set_disabled(conn, user, Some(viewer.now))?)).unwrap();
        assert!(is_not_found(&may(&viewer, bu, Permission::WebhooksRead)));
    }

    #[test]
    fn a_global_partner_reaches_what_is_granted_until_it_is_withdrawn() {
        let world = World::new();
        let (a, b) = (world.channel("A").bu.unwrap(), world.channel("B").bu.unwrap());
        let global = world.partner("Global", PartnerKind::Global).partner;
        let login = world.login(global, Role::Developer);
        assert!(is_not_found(&may(&login, a, Permission::WebhooksRead)));
        grant(&world.operator(), global, Grant::Unit(a)).unwrap();
        assert!(may(&login, a, Permission::WebhooksWrite).unwrap().by_grant);
        assert!(is_not_found(&may(&login, b, Permission::WebhooksRead)));
        world.operator().write(|conn| Ok(grants::remove(conn, global, a)?)).unwrap();
        assert!(is_not_found(&may(&login, a, Permission::WebhooksRead)));
        grant(&world.operator(), global, Grant::All).unwrap();
        assert!(may(&login, b, Permission::WebhooksRead).is_ok());
    }

    #[test]
    fn a_token_is_held_to_its_scopes_and_to_the_plan() {
        let world = World::new();
        let bu = world.channel("Ours").bu.unwrap();
        let token = world.token(bu, Scopes::parse("events:write").unwrap());
        assert!(may(&token, bu, Permission::EventsWrite).is_ok());
        assert!(matches!(
            may(&token, bu, Permission::EventsRead),
            Err(Error::Forbidden(Refusal::Scope(Permission::EventsRead)))
        ));
        world.operator().write(|conn| Ok(units::set_api_access(conn, bu, false)?)).unwrap();
        assert!(matches!(
            may(&token, bu, Permission::EventsWrite),
            Err(Error::Forbidden(Refusal::NoApiAccess))
        ));
    }
}
