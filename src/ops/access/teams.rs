//! Teams: named groups of logins in a business unit.

use serde_json::json;

use crate::domain::access::name::Name;
use crate::domain::access::permission::Permission;
use crate::domain::id::{BuId, TeamId, UserId};
use crate::ops::Error;
use crate::ops::authorize::{authorize, authorize_admin};
use crate::ops::cx::Cx;
use crate::ops::system::audit::{Entry, record};
use crate::store::access::teams::{self, TeamRow};
use crate::store::access::users;

/// Makes a team of `bu`. For the operator and admins. Field: `name`.
pub fn create(cx: &Cx, bu: BuId, name: &str) -> Result<TeamRow, Error> {
    cx.write(|conn| {
        authorize_admin(cx, conn, bu)?;
        let name = Name::parse("name", name)?.into_string();
        let row = TeamRow { id: cx.id(), bu_id: bu, name, created_at: cx.now };
        teams::insert(conn, &row)?;
        let after = json!({"name": row.name});
        record(cx, conn, Some(bu), entry("team.created", row.id, after))?;
        Ok(row)
    })
}

/// Adds a login of the unit's partner to a team; adding it twice changes nothing. For the operator and
/// admins. `unknown_reference` in `user` for a login from elsewhere, the same as for none.
pub fn add_member(cx: &Cx, bu: BuId, team: TeamId, user: UserId) -> Result<(), Error> {
    cx.write(|conn| {
        authorize_admin(cx, conn, bu)?;
        teams::find(conn, bu, team)?.ok_or(Error::NotFound)?;
        if users::of_unit(conn, bu, user)?.is_none() {
            let message = "Nobody in this business unit has this id. Choose a login of its partner.";
            return Err(Error::field("user", "unknown_reference", message));
        }
        if teams::add_member(conn, bu, team, user, cx.now)? {
            record(cx, conn, Some(bu), entry("team.member_added", team, json!({"user": user})))?;
        }
        Ok(())
    })
}

fn entry(action: &'static str, team: TeamId, after: serde_json::Value) -> Entry {
    Entry { action, target_kind: "team", target_id: team.to_string(), before: None, after: Some(after) }
}

/// The teams of `bu`, oldest first.
pub fn list(cx: &Cx, bu: BuId) -> Result<Vec<TeamRow>, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksRead)?;
        Ok(teams::list(conn, bu)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::user::Role;
    use crate::ops::testing::{World, is_not_found};

    #[test]
    fn a_team_holds_logins_of_its_own_partner_only() {
        let world = World::new();
        let (ours, theirs) = (world.channel("Ours"), world.channel("Theirs"));
        let bu = ours.bu.unwrap();
        let admin = world.login(ours.partner, Role::Admin);
        let team = create(&admin, bu, "Support").unwrap().id;
        let stranger = world.login(theirs.partner, Role::Viewer).user().unwrap();
        let Err(Error::Invalid(errors)) = add_member(&admin, bu, team, stranger) else { panic!("added") };
        assert_eq!(errors.of("user").next().unwrap().code, "unknown_reference");
        add_member(&admin, bu, team, admin.user().unwrap()).unwrap();
        add_member(&admin, bu, team, admin.user().unwrap()).unwrap();
        let members = admin.read(|conn| Ok(teams::members(conn, bu, team)?)).unwrap();
        assert_eq!(members, [admin.user().unwrap()]);
        let elsewhere = add_member(&world.operator(), theirs.bu.unwrap(), team, stranger);
        assert!(is_not_found(&elsewhere));
        let developer = world.login(ours.partner, Role::Developer);
        assert!(matches!(create(&developer, bu, "Mine"), Err(Error::Forbidden(_))));
    }
}
