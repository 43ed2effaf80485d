//! The proof of a second factor: first what the code is worth, then its one use.

use crate::domain::access::second_factor::{Key, Typed};
use crate::domain::id::UserId;
use crate::domain::time::Ts;
use crate::ops::Error;
use crate::ops::access::password::HashError;
use crate::ops::access::recovery;
use crate::ops::cx::Tools;
use crate::store::access::second_factors as stored;
use crate::store::pool::Conn;

/// A code that is right, and may be used up already.
pub enum Claim {
    /// Six digits, by their half minute.
    Step(i64),
    /// A recovery code, by its digest.
    Code(Vec<u8>),
}

/// What a person has left after a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// The app, which gives a code every half minute.
    Digits,
    /// So many recovery codes.
    Codes(usize),
}

/// What the code that was typed is worth now; `None` when it is wrong. Blocks while it hashes.
pub fn examine(tools: &Tools, user: UserId, typed: &str) -> Result<Option<Claim>, HashError> {
    let read = |error: Error| HashError::Failed(error.to_string());
    match Typed::read(typed) {
        None => Ok(None),
        Some(Typed::Digits(digits)) => {
            let sealed = tools.db.read(|conn| Ok::<_, Error>(stored::sealed(conn, user)?)).map_err(read)?;
            let Some(sealed) = sealed else { return Ok(None) };
            let key = open(tools, user, &sealed).map_err(read)?;
            let step = key.step(&digits, tools.clock.now());
            Ok(step.map_err(|e| HashError::Failed(e.to_string()))?.map(Claim::Step))
        }
        Some(Typed::Recovery(code)) => {
            let codes = tools.db.read(|conn| Ok::<_, Error>(stored::codes(conn, user)?)).map_err(read)?;
            let all: Vec<_> = codes.into_iter().map(|(digest, _)| digest).collect();
            Ok(recovery::find(&code, &all)?.map(Claim::Code))
        }
    }
}

/// Uses up a code in a transaction of the caller's; `None` when it was wrong or used before.
pub fn redeem(conn: &mut Conn, user: UserId, claim: Option<&Claim>, now: Ts) -> Result<Option<Left>, Error> {
    let Some(claim) = claim else { return Ok(None) };
    match claim {
        Claim::Step(step) => Ok(stored::use_step(conn, user, *step)?.then_some(Left::Digits)),
        Claim::Code(digest) if stored::use_code(conn, user, digest, now)? => {
            let left = stored::codes(conn, user)?.iter().filter(|(_, good)| *good).count();
            Ok(Some(Left::Codes(left)))
        }
        Claim::Code(_) => Ok(None),
    }
}

/// The key of a login, sealed for its place.
pub(super) fn seal(tools: &Tools, user: UserId, key: &Key) -> Vec<u8> {
    tools.keys.seal(&place(user), key.as_bytes())
}

fn open(tools: &Tools, user: UserId, sealed: &[u8]) -> Result<Key, Error> {
    let unreadable = || Error::Internal(format!("the second factor of {user} cannot be opened"));
    let bytes = tools.keys.open(&place(user), sealed).map_err(|_| unreadable())?;
    Key::read(&bytes).ok_or_else(unreadable)
}

fn place(user: UserId) -> String {
    format!("users|totp_sealed|{user}|")
}
