//! Proving again who one is, for what a session that was left open must not do.

use std::time::Duration;

use serde_json::json;
use zeroize::Zeroizing;

use super::attempt::{Buckets, SignInError};
use super::device;
use crate::domain::access::password::Password;
use crate::domain::access::session::ABSOLUTE;
use crate::domain::time::Ts;
use crate::ops::access::bearer;
use crate::ops::access::password::{self, HashError, Verdict};
use crate::ops::cx::{Actor, Cx, Login};
use crate::ops::system::audit::{Entry, record};
use crate::ops::{Error, Refusal};
use crate::store::access::sessions;
use crate::store::access::users::{self, UserRow};
use crate::store::pool::Conn;

/// For how long a person who has proved who they are need not do so again.
pub const RECENT: Duration = Duration::from_mins(10);

/// A session that goes on.
pub struct Renewed {
    /// The new value of the session cookie: told once, stored nowhere.
    pub cookie: Zeroizing<String>,
    /// How long the browser should keep it; until it closes when `None`.
    pub kept: Option<Duration>,
}

/// Passes people who proved who they are within the last [`RECENT`], and every caller that is no person.
pub fn require_recent(cx: &Cx) -> Result<(), Error> {
    match &cx.actor {
        Actor::Login(login) if !is_recent(login, cx.now) => Err(Error::Forbidden(Refusal::OldSignIn)),
        _ => Ok(()),
    }
}

fn is_recent(login: &Login, now: Ts) -> bool {
    now < login.reauth_at + RECENT
}

/// Takes the password of the person signed in once more. The session goes on under a new cookie value, which
/// is given; the old one opens nothing from then on. `device` is the cookie by which the device is known.
pub fn confirm(cx: &Cx, typed: &str, device: Option<&str>) -> Result<Renewed, SignInError> {
    let (login, _) = prove_password(cx, typed, device)?;
    cx.tools.db.write(|conn| {
        let renewed = renew(cx, conn, &login)?;
        record(cx, conn, None, entry(&login))?;
        Ok(renewed)
    })
}

/// The person signed in, when this is their password; guesses are counted as those at the sign-in are.
pub fn prove_password(cx: &Cx, typed: &str, device: Option<&str>) -> Result<(Login, UserRow), SignInError> {
    let Actor::Login(login) = &cx.actor else { return Err(Error::Forbidden(Refusal::Caller).into()) };
    let password = Password::typed(typed).ok_or(SignInError::Wrong)?;
    let db = &cx.tools.db;
    let user = db.read(|conn| Ok::<_, SignInError>(users::find(conn, login.user)?))?;
    let user = user.ok_or(Error::NotFound)?;
    let device = device.filter(|text| device::known(&cx.tools, text, user.id).is_some());
    let buckets = Buckets::of_password(&user.email, device, &cx.source);
    db.write(|conn| buckets.take(cx, conn))?;
    match password::verify(&password, user.password_hash.as_deref()) {
        Ok(Verdict::Right { .. }) => {
            db.write(|conn| buckets.settle(conn))?;
            Ok((login.clone(), user))
        }
        Ok(Verdict::Wrong) => {
            db.write(|conn| buckets.refused(cx, conn))?;
            Err(SignInError::Wrong)
        }
        Err(HashError::Busy) => {
            db.write(|conn| buckets.give_back(conn))?;
            Err(SignInError::Busy)
        }
        Err(error @ HashError::Failed(_)) => Err(SignInError::Failed(error.into())),
    }
}

/// Goes on with the session under a new cookie value, as of somebody who has just proved who they are.
pub fn renew(cx: &Cx, conn: &mut Conn, login: &Login) -> Result<Renewed, Error> {
    let cookie = bearer::fresh();
    let session = sessions::renew(conn, login.session, &bearer::digest(&cookie), cx.now)?;
    let session = session.ok_or(Error::NotFound)?;
    let left = (session.created_at + ABSOLUTE).since(cx.now);
    Ok(Renewed { cookie, kept: session.remember.then_some(left) })
}

fn entry(login: &Login) -> Entry {
    Entry {
        action: "session.confirmed",
        target_kind: "session",
        target_id: login.session.to_string(),
        before: None,
        after: Some(json!({"user": login.user})),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{SignInDraft, session, sign_in};
    use super::*;
    use crate::domain::access::user::Role;
    use crate::ops::access::users::{UserDraft, create};
    use crate::ops::cx::Source;
    use crate::ops::testing::World;

    const PASSWORD: &str = "violin porch copper";

    #[test]
    fn a_sign_in_grows_old_and_the_password_renews_it() {
        let world = World::new();
        let draft = UserDraft {
            email: "jo@ours.example".into(),
            name: "Jo".into(),
            role: Role::Viewer,
            partner: world.channel("Ours").partner,
            password: Some(PASSWORD.into()),
        };
        create(&world.operator(), draft).unwrap();
        let draft = SignInDraft {
            email: "jo@ours.example".into(),
            password: Zeroizing::new(PASSWORD.to_owned()),
            remember: false,
        };
        let begun = sign_in(&world.tools, &draft, None, &Source::default()).unwrap();
        let now = |cookie: &str| {
            let login = session(&world.tools, cookie).unwrap()?;
            Some(Cx::new(&world.tools, Actor::Login(login), Source::default()))
        };
        world.tools.clock.advance(RECENT.saturating_sub(Duration::from_micros(1)));
        require_recent(&now(&begun.cookie).unwrap()).unwrap();
        world.tools.clock.advance(Duration::from_micros(1));
        let old = now(&begun.cookie).unwrap();
        assert!(matches!(require_recent(&old), Err(Error::Forbidden(Refusal::OldSignIn))));
        for wrong in ["", "violin porch coppeR"] {
            assert!(matches!(confirm(&old, wrong, None), Err(SignInError::Wrong)));
        }
        assert!(require_recent(&now(&begun.cookie).unwrap()).is_err());
        let cookie = confirm(&old, PASSWORD, None).unwrap().cookie;
        require_recent(&now(&cookie).unwrap()).unwrap();
        assert!(now(&begun.cookie).is_none(), "the old value opens nothing");
        require_recent(&world.operator()).unwrap();
    }

    #[test]
    fn the_eleventh_guess_is_not_looked_at() {
        let world = World::new();
        let cx = world.login(world.channel("Ours").partner, Role::Viewer);
        for _ in 0..10 {
            assert!(matches!(confirm(&cx, "a wrong password", None), Err(SignInError::Wrong)));
        }
        assert!(matches!(confirm(&cx, "a wrong password", None), Err(SignInError::Throttled { .. })));
    }
}
