//! Changing a login: its name, its role, whether it can be used, and where it is signed in.

use serde_json::{Value, json};

use super::{may_decide_on, told};
use crate::domain::access::name::Name;
use crate::domain::access::user::Role;
use crate::domain::id::{BuId, UserId};
use crate::ops::Error;
use crate::ops::access::sign_in::require_recent;
use crate::ops::authorize::{Access, authorize_admin};
use crate::ops::cx::{Actor, Cx};
use crate::ops::events::publish::write_and_tell;
use crate::ops::system::audit::{Entry, record};
use crate::store::access::people::{self, PersonEdit, PersonRow};
use crate::store::access::{links, memberships, sessions, users};
use crate::store::pool::Conn;

/// What a login is to be from now on.
#[derive(Debug, Clone)]
pub struct UserEdit {
    /// The person's name.
    pub name: String,
    /// What it may do at the unit's partner.
    pub role: Role,
}

/// A login of the unit's partner that the caller may change, until the transaction ends.
pub(super) struct Held {
    pub(super) access: Access,
    pub(super) person: PersonRow,
}

/// Passes admins of `bu` who have signed in a moment ago; only owners change owners. Others who change logins
/// wait, so that no two of them take away the last owner together.
pub(super) fn held(cx: &Cx, conn: &mut Conn, bu: BuId, id: UserId) -> Result<Held, Error> {
    let access = authorize_admin(cx, conn, bu)?;
    users::take_turns(conn)?;
    let person = people::find(conn, bu, id)?.ok_or(Error::NotFound)?;
    may_decide_on(cx, conn, &access, person.role)?;
    require_recent(cx)?;
    Ok(Held { access, person })
}

/// Refuses to take away the last owner of a partner who can sign in: `last_owner`.
pub(super) fn keep_an_owner(conn: &mut Conn, person: &PersonRow) -> Result<(), Error> {
    let is_one = person.role == Role::Owner && person.disabled_at.is_none() && person.has_password;
    if is_one && people::other_owners(conn, person.partner, person.id)? == 0 {
        let text = "This is the last owner who can sign in. Make somebody else an owner first.";
        return Err(Error::conflict("last_owner", text));
    }
    Ok(())
}

/// Refuses what would end the caller's own login: `own_login`.
pub(super) fn not_oneself(cx: &Cx, id: UserId) -> Result<(), Error> {
    match &cx.actor {
        Actor::Login(login) if login.user == id => {
            let text = "This is your own login. Ask another admin to do this.";
            Err(Error::conflict("own_login", text))
        }
        _ => Ok(()),
    }
}

/// Ends the sessions of a login, but not the one that asks.
fn sign_out(cx: &Cx, conn: &mut Conn, id: UserId) -> Result<usize, Error> {
    Ok(match &cx.actor {
        Actor::Login(login) if login.user == id => sessions::remove_others(conn, id, login.session)?,
        _ => sessions::remove_of_user(conn, id)?,
    })
}

/// What this process knows of the login's tokens is looked up anew.
pub(super) fn forget_tokens(cx: &Cx, id: UserId) {
    cx.tools.known.tokens.forget(|_, known| known.created_by == Some(id));
}

pub(super) fn entry(action: &'static str, id: UserId, before: Option<Value>, after: Option<Value>) -> Entry {
    Entry { action, target_kind: "user", target_id: id.to_string(), before, after }
}

/// Gives a login another name or role; nothing happens when both are the same. Another role signs the person
/// out elsewhere. For admins who have signed in a moment ago; only owners make, change and unmake owners. Field:
/// `name`. `last_owner` when nobody would be left who decides on owners.
pub fn edit(cx: &Cx, bu: BuId, id: UserId, edit: UserEdit) -> Result<(), Error> {
    let UserEdit { name, role } = edit;
    write_and_tell(&cx.tools, |conn, news| {
        let Held { access, person } = held(cx, conn, bu, id)?;
        may_decide_on(cx, conn, &access, role)?;
        let name = Name::parse("name", &name)?.into_string();
        let (renamed, moved) = (name != person.name, role != person.role);
        if !renamed && !moved {
            return Ok(());
        }
        if moved {
            if role < Role::Owner {
                keep_an_owner(conn, &person)?;
            }
            memberships::set_role(conn, id, person.partner, role)?;
            sign_out(cx, conn, id)?;
        }
        if renamed {
            users::set_name(conn, id, &name)?;
        }
        let changed: Vec<&str> =
            [("name", renamed), ("role", moved)].into_iter().filter(|(_, is)| *is).map(|(n, _)| n).collect();
        told::publish(cx, conn, news, (bu, id), "user.updated", &changed)?;
        let before = json!({"name": person.name, "role": person.role});
        let after = json!({"name": name, "role": role});
        let action = if moved { "user.role_changed" } else { "user.updated" };
        record(cx, conn, Some(bu), entry(action, id, Some(before), Some(after)))
    })?;
    forget_tokens(cx, id);
    Ok(())
}

/// Switches a login off: it is signed out everywhere, its tokens are refused and its links open no more.
/// Switching it off twice changes nothing. For the same people. `last_owner`, `own_login`.
pub fn disable(cx: &Cx, bu: BuId, id: UserId) -> Result<(), Error> {
    write_and_tell(&cx.tools, |conn, news| {
        let person = held(cx, conn, bu, id)?.person;
        if person.disabled_at.is_some() {
            return Ok(());
        }
        keep_an_owner(conn, &person)?;
        not_oneself(cx, id)?;
        let off = PersonEdit { disabled_at: Some(Some(cx.now)), ..PersonEdit::default() };
        people::edit(conn, id, &off)?;
        let ended = sessions::remove_of_user(conn, id)?;
        links::close_of_user(conn, id, cx.now)?;
        told::publish(cx, conn, news, (bu, id), "user.updated", &["status"])?;
        let before = json!({"name": person.name, "status": told::status(&person)});
        let after = json!({"status": "disabled", "sessions_ended": ended});
        record(cx, conn, Some(bu), entry("user.disabled", id, Some(before), Some(after)))
    })?;
    forget_tokens(cx, id);
    Ok(())
}

/// Switches a login on again. Doing it twice changes nothing. For the same people.
pub fn enable(cx: &Cx, bu: BuId, id: UserId) -> Result<(), Error> {
    write_and_tell(&cx.tools, |conn, news| {
        let person = held(cx, conn, bu, id)?.person;
        if person.disabled_at.is_none() {
            return Ok(());
        }
        people::edit(conn, id, &PersonEdit { disabled_at: Some(None), ..PersonEdit::default() })?;
        told::publish(cx, conn, news, (bu, id), "user.updated", &["status"])?;
        let now = told::status(&PersonRow { disabled_at: None, ..person.clone() });
        let before = json!({"name": person.name, "status": "disabled"});
        record(cx, conn, Some(bu), entry("user.enabled", id, Some(before), Some(json!({"status": now}))))
    })
}

/// Signs a login out everywhere; the session that asks stays. Gives how many sessions ended. For the same people.
pub fn end_sessions(cx: &Cx, bu: BuId, id: UserId) -> Result<usize, Error> {
    cx.write(|conn| {
        let person = held(cx, conn, bu, id)?.person;
        let ended = sign_out(cx, conn, id)?;
        let after = json!({"name": person.name, "sessions_ended": ended});
        record(cx, conn, Some(bu), entry("user.signed_out", id, None, Some(after)))?;
        Ok(ended)
    })
}
