//! Teams: named groups of logins in a business unit, to which webhooks can be limited.

mod page;

use serde_json::{Value, json};

use crate::domain::access::name::Name;
use crate::domain::access::permission::Permission;
use crate::domain::id::{BuId, TeamId, UserId};
use crate::domain::problem::FieldErrors;
use crate::ops::Error;
use crate::ops::authorize::{authorize, authorize_admin};
use crate::ops::cx::Cx;
use crate::ops::events::publish::{News, Own, by, write_and_tell};
use crate::ops::system::audit::{Entry, record};
use crate::store::access::teams::{self, TeamRow};
use crate::store::access::users;
use crate::store::pool::Conn;
use crate::store::webhooks::owners;

pub use page::{MemberView, TeamPage, TeamQuery, TeamView, page, whole};

/// Makes a team of `bu`. For the operator and admins. Field: `name` (`taken` by another team).
pub fn create(cx: &Cx, bu: BuId, name: &str) -> Result<TeamRow, Error> {
    write_and_tell(&cx.tools, |conn, news| {
        authorize_admin(cx, conn, bu)?;
        let name = free_name(conn, bu, name, None)?;
        let row = TeamRow { id: cx.id(), bu_id: bu, name, created_at: cx.now };
        teams::insert(conn, &row)?;
        publish(cx, conn, news, &row, ("team.created", json!({"created_by": by(cx)})))?;
        let after = json!({"name": row.name});
        record(cx, conn, Some(bu), entry("team.created", row.id, None, Some(after)))?;
        Ok(row)
    })
}

/// Gives a team of `bu` another name; nothing happens when it is the same. For the operator and admins. Field:
/// `name`.
pub fn rename(cx: &Cx, bu: BuId, id: TeamId, name: &str) -> Result<(), Error> {
    cx.write(|conn| {
        authorize_admin(cx, conn, bu)?;
        let team = teams::find(conn, bu, id)?.ok_or(Error::NotFound)?;
        let name = free_name(conn, bu, name, Some(id))?;
        if name == team.name {
            return Ok(());
        }
        teams::rename(conn, bu, id, &name)?;
        let (before, after) = (json!({"name": team.name}), json!({"name": name}));
        record(cx, conn, Some(bu), entry("team.renamed", id, Some(before), Some(after)))
    })
}

/// Deletes a team of `bu`; its members stay what they are. For the operator and admins. `team_in_use` while a
/// webhook is limited to it: nothing would ever trigger that one again.
pub fn remove(cx: &Cx, bu: BuId, id: TeamId) -> Result<(), Error> {
    write_and_tell(&cx.tools, |conn, news| {
        authorize_admin(cx, conn, bu)?;
        let team = teams::find(conn, bu, id)?.ok_or(Error::NotFound)?;
        if let Some((_, name)) = owners::of_team(conn, bu, id)?.first() {
            let text = format!("The webhook “{name}” is limited to this team. Change or delete it first.");
            return Err(Error::conflict("team_in_use", text));
        }
        let members = teams::members(conn, bu, id)?;
        let more = json!({"deleted_at": cx.now.to_string(), "deleted_by": by(cx)});
        publish(cx, conn, news, &team, ("team.deleted", more))?;
        owners::forget_team(conn, bu, id)?;
        teams::remove(conn, bu, id)?;
        let before = json!({"name": team.name, "members": members});
        record(cx, conn, Some(bu), entry("team.deleted", id, Some(before), None))
    })
}

/// Adds a login of the unit's partner to a team; adding it twice changes nothing. For the operator and
/// admins. `unknown_reference` in `user` for a login from elsewhere, the same as for none.
pub fn add_member(cx: &Cx, bu: BuId, team: TeamId, user: UserId) -> Result<(), Error> {
    cx.write(|conn| {
        authorize_admin(cx, conn, bu)?;
        let name = teams::find(conn, bu, team)?.ok_or(Error::NotFound)?.name;
        let user = users::of_unit(conn, bu, user)?;
        add(cx, conn, (bu, team, &name), user)
    })
}

/// The same for the login with this number.
pub fn add_numbered(cx: &Cx, bu: BuId, team: TeamId, number: i64) -> Result<(), Error> {
    cx.write(|conn| {
        authorize_admin(cx, conn, bu)?;
        let name = teams::find(conn, bu, team)?.ok_or(Error::NotFound)?.name;
        let user = users::of_unit_by_number(conn, bu, number)?;
        add(cx, conn, (bu, team, &name), user)
    })
}

fn add(
    cx: &Cx,
    conn: &mut Conn,
    (bu, team, name): (BuId, TeamId, &str),
    user: Option<UserId>,
) -> Result<(), Error> {
    let Some(user) = user else {
        let message = "Nobody in this business unit has this id. Choose a login of its partner.";
        return Err(Error::field("user", "unknown_reference", message));
    };
    if teams::add_member(conn, bu, team, user, cx.now)? {
        let after = json!({"name": name, "user": user});
        record(cx, conn, Some(bu), entry("team.member_added", team, None, Some(after)))?;
    }
    Ok(())
}

/// Takes a login out of a team of `bu`. For the operator and admins. `NotFound` when it is not in it.
pub fn remove_member(cx: &Cx, bu: BuId, team: TeamId, user: UserId) -> Result<(), Error> {
    cx.write(|conn| {
        authorize_admin(cx, conn, bu)?;
        let name = teams::find(conn, bu, team)?.ok_or(Error::NotFound)?.name;
        if !teams::remove_member(conn, bu, team, user)? {
            return Err(Error::NotFound);
        }
        let before = json!({"name": name, "user": user});
        record(cx, conn, Some(bu), entry("team.member_removed", team, Some(before), None))
    })
}

/// A name that no other team of `bu` has.
fn free_name(conn: &mut Conn, bu: BuId, name: &str, but: Option<TeamId>) -> Result<String, Error> {
    let name = Name::parse("name", name)?.into_string();
    if teams::is_name_taken(conn, bu, &name, but)? {
        let message = "A team of this business unit has this name. Choose another.";
        return Err(FieldErrors::one("name", "taken", message).into());
    }
    Ok(name)
}

fn publish(
    cx: &Cx,
    conn: &mut Conn,
    news: &mut News,
    team: &TeamRow,
    (event_type, more): (&'static str, Value),
) -> Result<(), Error> {
    let members = teams::members(conn, team.bu_id, team.id)?.len();
    let mut data = json!({
        "id": team.id,
        "name": team.name,
        "member_count": members,
        "business_unit": team.bu_id,
        "created_at": team.created_at.to_string(),
    });
    if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
        data.extend(more);
    }
    news.add(&cx.tools, conn, Own::new(team.bu_id, event_type, data))
}

fn entry(action: &'static str, team: TeamId, before: Option<Value>, after: Option<Value>) -> Entry {
    Entry { action, target_kind: "team", target_id: team.to_string(), before, after }
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
