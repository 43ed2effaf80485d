//! Operators of the installation: at its command line, and the owners of the partners that run it.

use serde_json::json;

use crate::domain::access::partner::PartnerNumber;
use crate::ops::access::sign_in::require_recent;
use crate::ops::authorize::operator_only;
use crate::ops::cx::{Actor, Cx};
use crate::ops::system::audit::{Entry, record};
use crate::ops::{Error, Refusal};
use crate::store::access::{memberships, partners};
use crate::store::pool::Conn;

/// Passes operators who may change something: the one at the command line, and owners of a partner that runs the
/// installation who have signed in a moment ago. For other logins there is nothing here.
pub fn authorize_operator(cx: &Cx, conn: &mut Conn) -> Result<(), Error> {
    see_as_operator(cx, conn)?;
    require_recent(cx)
}

/// The same for those who only look. Logins are read from the database at each call, so that a withdrawn role
/// counts at once.
pub fn see_as_operator(cx: &Cx, conn: &mut Conn) -> Result<(), Error> {
    match &cx.actor {
        Actor::Operator | Actor::System => Ok(()),
        Actor::Login(login) if memberships::is_operator(conn, login.user)? => Ok(()),
        Actor::Login(_) => Err(Error::NotFound),
        Actor::Token(_) => Err(Error::Forbidden(Refusal::Caller)),
    }
}

/// Passes operators who have signed in a moment ago: for forms, so that nobody fills one in for nothing.
pub fn may_change(cx: &Cx) -> Result<(), Error> {
    cx.read(|conn| authorize_operator(cx, conn))
}

/// Makes the owners of a partner operators, or ends that: at once, for each of them. Doing it twice changes nothing.
/// For the operator at the command line.
pub fn set_operator(cx: &Cx, number: PartnerNumber, on: bool) -> Result<(), Error> {
    operator_only(cx)?;
    cx.write(|conn| set(cx, conn, number, on))
}

/// The same in a transaction of the caller's, who has asked whether it may be done.
pub(super) fn set(cx: &Cx, conn: &mut Conn, number: PartnerNumber, on: bool) -> Result<(), Error> {
    let partner = partners::find(conn, number)?.ok_or(Error::NotFound)?;
    if partner.is_operator == on {
        return Ok(());
    }
    partners::set_operator(conn, number, on)?;
    let entry = Entry {
        action: "partner.operator_changed",
        target_kind: "partner",
        target_id: number.to_string(),
        before: Some(json!({"name": partner.name, "operator": !on})),
        after: Some(json!({"name": partner.name, "operator": on})),
    };
    record(cx, conn, None, entry)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::user::Role;
    use crate::ops::access::sign_in::RECENT;
    use crate::ops::testing::{World, is_not_found};
    use crate::store::access::users;

    #[test]
    fn owners_of_a_partner_that_runs_the_installation_are_operators_until_they_are_not() {
        let world = World::new();
        let (ours, theirs) = (world.channel("Ours").partner, world.channel("Theirs").partner);
        let owner = world.login(ours, Role::Owner);
        let passes = |cx: &Cx| cx.write(|conn| authorize_operator(cx, conn));
        assert!(is_not_found(&passes(&owner)));
        assert!(matches!(set_operator(&owner, ours, true), Err(Error::Forbidden(_))));
        set_operator(&world.operator(), ours, true).unwrap();
        passes(&owner).unwrap();
        for (partner, role) in [(ours, Role::Admin), (theirs, Role::Owner)] {
            assert!(is_not_found(&passes(&world.login(partner, role))), "{role}");
        }
        world.tools.clock.advance(RECENT);
        let old = Cx { now: world.tools.clock.now(), ..owner.clone() };
        assert!(matches!(passes(&old), Err(Error::Forbidden(Refusal::OldSignIn))));
        let looks = |cx: &Cx| cx.read(|conn| see_as_operator(cx, conn));
        looks(&old).expect("looking takes no password");
        let (user, now) = (owner.user().unwrap(), owner.now);
        world.operator().write(|conn| Ok(users::set_disabled(conn, user, Some(now))?)).unwrap();
        assert!(is_not_found(&passes(&owner)), "switched off");
        set_operator(&world.operator(), ours, false).unwrap();
        assert!(is_not_found(&looks(&world.login(ours, Role::Owner))));
    }
}
