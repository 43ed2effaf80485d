//! The second half of signing in: the password was right, and the second factor is asked for.

use std::sync::Arc;
use std::time::Duration;

use super::attempt::{Buckets, SignInError};
use super::device;
use super::session::{NewSession, enter, stored};
use crate::domain::access::session::{CHALLENGE_LIFE, SessionLevel};
use crate::domain::id::{SessionId, UserId};
use crate::ops::Error;
use crate::ops::access::password::HashError;
use crate::ops::access::second_factor::{Left, examine, redeem};
use crate::ops::cx::{Actor, Cx, Source, Tools};
use crate::store::access::throttles::{self, Limit};
use crate::store::access::{sessions, users};

/// Codes that are tried after one right password.
const TRIES: Limit = Limit { most: 5, window: Duration::from_hours(1) };

/// Somebody who gave the right password and has to prove the second factor.
#[derive(Debug, Clone)]
pub struct Challenge {
    /// The session that leads to the second factor and nowhere else.
    pub session: SessionId,
    user: UserId,
    remember: bool,
}

/// Somebody who proved the second factor.
pub struct Passed {
    /// The session that began in the place of the challenge.
    pub session: NewSession,
    /// How many recovery codes are left, when one was used.
    pub codes_left: Option<usize>,
}

/// Who has given the right password in this browser and not yet the second factor; nobody when that is too
/// long ago.
pub fn challenge(tools: &Tools, cookie: &str) -> Result<Option<Challenge>, Error> {
    let now = tools.clock.now();
    let Some(signed) = stored(tools, cookie)? else { return Ok(None) };
    let row = signed.session;
    let live = row.level == SessionLevel::Password && now < row.created_at + CHALLENGE_LIFE;
    Ok(live.then_some(Challenge { session: row.id, user: row.user_id, remember: row.remember }))
}

/// Takes six digits or a recovery code, and signs the person in. `None` when the challenge is over: too many
/// codes were wrong, or it took too long. `device` is the cookie by which the device is known.
pub fn meet(
    tools: &Arc<Tools>,
    challenge: &Challenge,
    typed: &str,
    device: Option<&str>,
    source: &Source,
) -> Result<Option<Passed>, SignInError> {
    let cx = Cx::new(tools, Actor::System, source.clone());
    let db = &tools.db;
    let user = db.read(|conn| Ok::<_, SignInError>(users::find(conn, challenge.user)?))?;
    let user = user.ok_or(Error::NotFound)?;
    let buckets = Buckets::of_factor(tools, &user, device, source);
    let tries = format!("challenge:{}", challenge.session);
    let may_try = db.write(|conn| {
        if throttles::take(conn, &tries, TRIES, cx.now)?.is_err() {
            sessions::remove(conn, challenge.session)?;
            return Ok(false);
        }
        buckets.take(&cx, conn).map(|()| true)
    })?;
    if !may_try {
        return Ok(None);
    }
    let claim = match examine(tools, user.id, typed) {
        Ok(claim) => claim,
        Err(HashError::Busy) => {
            db.write(|conn| buckets.give_back(conn))?;
            return Err(SignInError::Busy);
        }
        Err(error @ HashError::Failed(_)) => return Err(SignInError::Failed(error.into())),
    };
    let passed = db.write(|conn| {
        let Some(left) = redeem(conn, user.id, claim.as_ref(), cx.now)? else {
            buckets.refused(&cx, conn)?;
            return Ok(None);
        };
        buckets.settle(conn)?;
        throttles::clear(conn, &tries)?;
        if !sessions::remove(conn, challenge.session)? {
            return Err(SignInError::Failed(Error::NotFound));
        }
        let known = device.filter(|text| device::known(tools, text, user.id).is_some());
        let (by, codes_left) = match left {
            Left::Digits => ("digits", None),
            Left::Codes(left) => ("recovery_code", Some(left)),
        };
        let session = enter(tools, conn, &user, (challenge.remember, known), source, Some(by))?;
        Ok(Some(Passed { session, codes_left }))
    })?;
    passed.map(Some).ok_or(SignInError::Wrong)
}
