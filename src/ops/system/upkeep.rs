//! Upkeep: what has had its time is forgotten, in batches so small that nobody waits for one.

use std::time::Duration;

use crate::config::Keep;
use crate::domain::access::session::{ABSOLUTE, IDLE};
use crate::domain::id::EventId;
use crate::domain::time::Ts;
use crate::ops::Error;
use crate::ops::access::sign_in::LONGEST_WINDOW;
use crate::ops::cx::Tools;
use crate::ops::events::publish::KEYS_LIVE;
use crate::ops::system::audit;
use crate::store::access::{links, sessions, throttles};
use crate::store::dialect;
use crate::store::events::{attempts, deliveries, events, idempotency_keys, rollups, suspects};
use crate::store::pool::Conn;

/// The most rows of a table that one batch removes.
const MOST_ROWS: i64 = 500;
/// The most events that one batch removes; each has deliveries, and those have attempts.
const MOST_EVENTS: i64 = 100;
/// How long the sums of minutes are kept: a day, and the day before to compare it with.
const MINUTES_KEPT: Duration = Duration::from_hours(49);
/// One node at a time does a batch.
const LOCK: i64 = 0x6265_6c04;

/// One go through everything that may be forgotten.
pub struct Round {
    /// Events that were stored before this moment go, and all that became of them.
    events_before: Option<Ts>,
    /// Audit rows from before this day go.
    audit_before: Option<Ts>,
    /// Up to here events were looked at.
    looked_at: EventId,
    next: Chore,
}

#[derive(Clone, Copy)]
enum Chore {
    Keys,
    Sessions,
    Links,
    Guesses,
    Suspects,
    Minutes,
    Audit,
    Events,
}

impl Round {
    /// A round that removes what is older than `keep`. The audit log is cut at the start of a day, so that the row
    /// that tells of a cut is written once a day at the most.
    pub fn new(tools: &Tools, keep: Keep) -> Self {
        let now = tools.clock.now();
        Self {
            events_before: keep.age().map(|age| now - age),
            audit_before: keep.audit_age().map(|age| (now - age).day()),
            looked_at: EventId::first_at(Ts(0)),
            next: Chore::Keys,
        }
    }

    /// Removes one batch in a transaction of its own; whether there is more to do. Blocks.
    pub fn step(&mut self, tools: &Tools) -> Result<bool, Error> {
        let now = tools.clock.now();
        let (next, looked_at) = tools.db.write(|conn| -> Result<_, Error> {
            if !dialect::try_lock(conn, LOCK)? {
                // Another node is at it.
                return Ok((None, self.looked_at));
            }
            let then = |removed: usize, after: Chore| {
                let is_full = i64::try_from(removed).unwrap_or(i64::MAX) >= MOST_ROWS;
                (Some(if is_full { self.next } else { after }), self.looked_at)
            };
            Ok(match self.next {
                Chore::Keys => {
                    then(idempotency_keys::forget(conn, now - KEYS_LIVE, MOST_ROWS)?, Chore::Sessions)
                }
                Chore::Sessions => {
                    then(sessions::forget(conn, now - ABSOLUTE, now - IDLE, MOST_ROWS)?, Chore::Links)
                }
                Chore::Links => then(links::forget(conn, now, MOST_ROWS)?, Chore::Guesses),
                Chore::Guesses => {
                    then(throttles::forget(conn, now - LONGEST_WINDOW, MOST_ROWS)?, Chore::Suspects)
                }
                Chore::Suspects => then(suspects::forget(conn, MOST_ROWS)?, Chore::Minutes),
                Chore::Minutes => {
                    then(rollups::forget_minutes(conn, now - MINUTES_KEPT, MOST_ROWS)?, Chore::Audit)
                }
                Chore::Audit => match self.audit_before {
                    Some(before) => {
                        then(audit::shorten(&tools.clock, conn, before, MOST_ROWS)?, Chore::Events)
                    }
                    None => then(0, Chore::Events),
                },
                Chore::Events => match self.events_before {
                    Some(before) => remove_events(conn, EventId::first_at(before), self.looked_at)?,
                    None => (None, self.looked_at),
                },
            })
        })?;
        self.looked_at = looked_at;
        self.next = next.unwrap_or(Chore::Keys);
        Ok(next.is_some())
    }
}

/// Removes the oldest events from before `before` and after `after` from their attempts up; says what comes
/// next, and up to where that is done. Events with a delivery under way stay, whatever their age.
fn remove_events(
    conn: &mut Conn,
    before: EventId,
    after: EventId,
) -> Result<(Option<Chore>, EventId), Error> {
    let old = events::old(conn, before, after, MOST_EVENTS)?;
    let Some(last) = old.last().copied() else { return Ok((None, after)) };
    let needed = deliveries::still_needed(conn, &old)?;
    let over: Vec<EventId> = old.into_iter().filter(|id| !needed.contains(id)).collect();
    let sent = deliveries::ids_of_events(conn, &over, MOST_ROWS)?;
    let is_full = |rows: usize| i64::try_from(rows).unwrap_or(i64::MAX) >= MOST_ROWS;
    if is_full(attempts::remove(conn, &sent, MOST_ROWS)?) {
        return Ok((Some(Chore::Events), after));
    }
    deliveries::remove(conn, &sent)?;
    if is_full(sent.len()) {
        return Ok((Some(Chore::Events), after));
    }
    events::remove(conn, &over)?;
    Ok((Some(Chore::Events), last))
}
