//! Where a person is signed in, and the end of it.

use serde_json::json;

use crate::domain::access::session::{ABSOLUTE, IDLE, SessionLevel};
use crate::domain::id::SessionId;
use crate::domain::time::Ts;
use crate::ops::cx::{Actor, Cx, Login};
use crate::ops::system::audit::{Entry, record};
use crate::ops::{Error, Refusal};
use crate::store::access::sessions;

/// A session of the person signed in.
#[derive(Debug, Clone)]
pub struct OwnSession {
    /// Its id.
    pub id: SessionId,
    /// The address it began from.
    pub ip: Option<String>,
    /// The client it began from, as that called itself.
    pub agent: Option<String>,
    /// When it began.
    pub created_at: Ts,
    /// When a request last came with it, at most a minute late.
    pub last_seen_at: Ts,
    /// Whether it is the one that asks.
    pub is_this: bool,
}

/// The sessions of the person signed in: the one that asks, then the one with the latest request.
pub fn list(cx: &Cx) -> Result<Vec<OwnSession>, Error> {
    let login = login(cx)?;
    let rows = cx.read(|conn| Ok(sessions::of_user(conn, login.user, SessionLevel::Full)?))?;
    let live = rows.into_iter().filter(|row| cx.now < row.created_at + ABSOLUTE);
    let live = live.filter(|row| cx.now < row.last_seen_at + IDLE || row.id == login.session);
    let mut all: Vec<_> = live
        .map(|row| OwnSession {
            is_this: row.id == login.session,
            id: row.id,
            ip: row.ip,
            agent: row.agent,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
        })
        .collect();
    all.sort_by_key(|session| !session.is_this);
    Ok(all)
}

/// Ends one session of the person signed in; `NotFound` when it is none of theirs.
pub fn end(cx: &Cx, id: SessionId) -> Result<(), Error> {
    let login = login(cx)?;
    cx.write(|conn| {
        if !sessions::remove_own(conn, login.user, id)? {
            return Err(Error::NotFound);
        }
        record(cx, conn, None, entry(login, "session.ended", "session", id.to_string(), 1))
    })
}

/// Ends every session of the person signed in but the one that asks; gives how many.
pub fn end_others(cx: &Cx) -> Result<usize, Error> {
    let login = login(cx)?;
    cx.write(|conn| {
        let ended = sessions::remove_others(conn, login.user, login.session)?;
        if ended > 0 {
            record(cx, conn, None, entry(login, "sessions.ended", "user", login.user.to_string(), ended))?;
        }
        Ok(ended)
    })
}

fn login(cx: &Cx) -> Result<&Login, Error> {
    match &cx.actor {
        Actor::Login(login) => Ok(login),
        _ => Err(Error::Forbidden(Refusal::Caller)),
    }
}

fn entry(
    login: &Login,
    action: &'static str,
    target_kind: &'static str,
    target_id: String,
    ended: usize,
) -> Entry {
    let after = Some(json!({"user": login.user, "sessions_ended": ended}));
    Entry { action, target_kind, target_id, before: None, after }
}
