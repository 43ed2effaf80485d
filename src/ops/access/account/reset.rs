//! A one-time link for a person who has lost the password: for the operator.

use serde_json::json;

use crate::domain::access::session::{LINK_LIFE, LinkPurpose};
use crate::domain::access::user::canonical_email;
use crate::ops::access::bearer::{self, LinkSecret};
use crate::ops::cx::{Actor, Cx};
use crate::ops::system::audit::{Entry, record};
use crate::ops::{Error, Refusal};
use crate::store::access::links::{self, LinkRow};
use crate::store::access::{memberships, users};

/// The secret of a link by which the login with this e-mail address chooses another password:
/// `/setup?link=…`, open for half an hour. Earlier links of the login end; the present password and the
/// sessions go on until the link is used. A second factor is asked for all the same.
pub fn reset_link(cx: &Cx, email: &str) -> Result<LinkSecret, Error> {
    if !matches!(cx.actor, Actor::Operator) {
        return Err(Error::Forbidden(Refusal::Caller));
    }
    let email = canonical_email(email).ok_or(Error::NotFound)?;
    cx.write(|conn| {
        let user = users::by_email(conn, &email)?.ok_or(Error::NotFound)?;
        if user.disabled_at.is_some() {
            return Err(Error::conflict("disabled", "This login is switched off. Switch it on first."));
        }
        let (partner, _) = memberships::of_user(conn, user.id)?.into_iter().next().ok_or(Error::NotFound)?;
        let role = memberships::role_at(conn, user.id, partner)?.ok_or(Error::NotFound)?;
        links::close_of_user(conn, user.id, cx.now)?;
        let secret = LinkSecret::fresh();
        let row = LinkRow {
            digest: bearer::digest(secret.expose()),
            purpose: LinkPurpose::Password,
            partner_id: Some(partner),
            user_id: Some(user.id),
            email: Some(user.email),
            role,
            created_at: cx.now,
            expires_at: cx.now + LINK_LIFE,
            used_at: None,
        };
        links::insert(conn, &row)?;
        let entry = Entry {
            action: "user.password_link_made",
            target_kind: "user",
            target_id: user.id.to_string(),
            before: None,
            after: Some(json!({"expires_at": row.expires_at.to_string()})),
        };
        record(cx, conn, None, entry)?;
        Ok(secret)
    })
}
