//! Another password, chosen by the person who knows the present one.

use serde_json::json;
use zeroize::Zeroizing;

use crate::domain::access::password::Password;
use crate::domain::problem::FieldErrors;
use crate::ops::access::password;
use crate::ops::access::sign_in::{Renewed, SignInError, prove_password, renew};
use crate::ops::cx::{Actor, Cx};
use crate::ops::system::audit::{Entry, record};
use crate::ops::{Error, Refusal};
use crate::store::access::{links, sessions, users};

/// What a person types to change the password.
pub struct ChangeDraft {
    /// The present password.
    pub current: Zeroizing<String>,
    /// The new one.
    pub new: Zeroizing<String>,
    /// The new one once more.
    pub again: Zeroizing<String>,
}

/// Changes the password of the person signed in. Every other session and every one-time link of the login
/// ends; this session goes on under the cookie that is given. `Wrong` is the present password, and a guess of
/// it is counted; what is wrong with the new one is told before that, by the fields `new` and `new_again`.
pub fn change_password(cx: &Cx, draft: &ChangeDraft, device: Option<&str>) -> Result<Renewed, SignInError> {
    let Actor::Login(login) = &cx.actor else { return Err(Error::Forbidden(Refusal::Caller).into()) };
    let new = check(draft, &login.email, &login.name).map_err(Error::from)?;
    let (login, user) = prove_password(cx, &draft.current, device)?;
    let hash = password::hash(&new).map_err(Error::from)?;
    cx.tools.db.write(|conn| {
        let now = users::find(conn, user.id)?;
        if now.is_none_or(|now| now.password_hash != user.password_hash) {
            let message = "The password was changed elsewhere meanwhile. Sign in with the new one.";
            return Err(Error::conflict("password_changed", message).into());
        }
        users::set_password(conn, user.id, &hash)?;
        links::close_of_user(conn, user.id, cx.now)?;
        let ended = sessions::remove_others(conn, user.id, login.session)?;
        let renewed = renew(cx, conn, &login)?;
        let entry = Entry {
            action: "user.password_changed",
            target_kind: "user",
            target_id: user.id.to_string(),
            before: None,
            after: Some(json!({"password": "changed", "sessions_ended": ended})),
        };
        record(cx, conn, None, entry)?;
        Ok(renewed)
    })
}

fn check(draft: &ChangeDraft, email: &str, name: &str) -> Result<Password, FieldErrors> {
    let mut errors = FieldErrors::default();
    let new = errors.keep(Password::choose("new", &draft.new, email, name));
    let same =
        |new: &Password| Password::typed(&draft.current).is_some_and(|c| c.as_bytes() == new.as_bytes());
    if new.as_ref().is_some_and(same) {
        errors.push("new", "unchanged", "This is the password you have. Choose another.");
    }
    if draft.new != draft.again {
        errors.push("new_again", "different", "The two passwords differ. Type the same one twice.");
    }
    match new {
        Some(new) => errors.or(new),
        None => Err(errors),
    }
}
