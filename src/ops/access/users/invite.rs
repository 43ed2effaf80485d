//! Inviting: a new login of the unit's partner, and the link by which it chooses its password.

use serde_json::json;

use super::change::held;
use super::{UserCreated, UserDraft, create, link};
use crate::domain::access::partner::PartnerNumber;
use crate::domain::access::user::Role;
use crate::domain::id::{BuId, UserId};
use crate::ops::Error;
use crate::ops::access::bearer::LinkSecret;
use crate::ops::access::sign_in::require_recent;
use crate::ops::authorize::authorize_admin;
use crate::ops::cx::Cx;
use crate::ops::system::audit::{Entry, record};
use crate::store::access::users::{self, UserRow};
use crate::store::access::{links, units};
use crate::store::pool::Conn;

/// A login as an admin invites it.
#[derive(Debug, Clone)]
pub struct InviteDraft {
    /// The e-mail address, in any spelling.
    pub email: String,
    /// The person's name.
    pub name: String,
    /// What it may do.
    pub role: Role,
}

/// Makes a login of the partner of `bu`, with a link that opens for three days. For admins who have signed in a
/// moment ago; only owners make owners. Fields: `email` (`format`, `taken`), `name`.
pub fn invite(cx: &Cx, bu: BuId, draft: InviteDraft) -> Result<UserCreated, Error> {
    require_recent(cx)?;
    let access = cx.read(|conn| authorize_admin(cx, conn, bu))?;
    let InviteDraft { email, name, role } = draft;
    create(cx, UserDraft { email, name, role, partner: access.partner, password: None })
}

/// A new link for a login that has chosen no password yet; earlier ones open no more. For the same people.
/// `already_accepted` when there is a password, `disabled` when the login is switched off.
pub fn invite_again(cx: &Cx, bu: BuId, id: UserId) -> Result<LinkSecret, Error> {
    cx.write(|conn| {
        let person = held(cx, conn, bu, id)?.person;
        let user = users::find(conn, id)?.ok_or(Error::NotFound)?;
        renew_link(cx, conn, &user, (person.partner, person.role))
    })
}

/// The same in a transaction of the caller's, who has asked whether it may be done.
pub(in crate::ops::access) fn renew_link(
    cx: &Cx,
    conn: &mut Conn,
    user: &UserRow,
    place: (PartnerNumber, Role),
) -> Result<LinkSecret, Error> {
    if user.password_hash.is_some() {
        let text = "This person has chosen a password already, and signs in with it.";
        return Err(Error::conflict("already_accepted", text));
    }
    if user.disabled_at.is_some() {
        let text = "This login is switched off. Switch it on first, then send a link.";
        return Err(Error::conflict("disabled", text));
    }
    links::close_of_user(conn, user.id, cx.now)?;
    let secret = link(cx, conn, user, place)?;
    let entry = Entry {
        action: "user.invited_again",
        target_kind: "user",
        target_id: user.id.to_string(),
        before: None,
        after: Some(json!({"name": user.name, "email": user.email})),
    };
    let bu = units::of_partner(conn, place.0)?.map(|unit| unit.id);
    record(cx, conn, bu, entry)?;
    Ok(secret)
}
