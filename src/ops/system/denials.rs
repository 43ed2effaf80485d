//! Attempts that were denied: counted in memory, and written to the audit log a moment later, many alike as one
//! row, so that nobody fills the disk with them.

use std::collections::HashMap;
use std::mem::take;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::json;

use crate::domain::id::BuId;
use crate::domain::time::Ts;
use crate::ops::Error;
use crate::ops::cx::{Actor, Cx, Source, Tools};
use crate::ops::system::audit::{Entry, record};

/// How much time passes at least between two rows of the same denial.
const BETWEEN_ROWS: Duration = Duration::from_mins(10);
/// How many different denials are kept apart; of further ones only the number is known.
const MOST_KINDS: usize = 500;
/// How many rows this process writes in an hour at the most.
const MOST_ROWS: u32 = 1_000;
const HOUR: Duration = Duration::from_hours(1);
/// The longest name of what was asked for, in characters.
const LONGEST: usize = 200;

/// Something that somebody may not do, or did not prove.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Denial {
    /// What the audit log calls it: `access.denied`.
    pub action: &'static str,
    /// The unit in whose log it stands; none where that would tell its people of others.
    pub bu: Option<BuId>,
    /// What kind of thing was asked for: `permission`, `address`, `unit`.
    pub target_kind: &'static str,
    /// Which one.
    pub target_id: String,
}

/// Who was denied what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    denial: Denial,
    by: String,
    ip: Option<String>,
}

/// How often, since the last row.
struct Count {
    times: u64,
    by: Actor,
    request_id: Option<String>,
    written_at: Option<Ts>,
}

/// Denials that are not written yet.
#[derive(Default)]
pub struct Denials {
    waiting: Mutex<Waiting>,
    is_due: AtomicBool,
}

#[derive(Default)]
struct Waiting {
    counts: HashMap<Key, Count>,
    /// How many were not kept apart.
    others: u64,
    /// When the present hour of rows began, and how many it holds.
    hour: Option<(Ts, u32)>,
}

/// A row that is to be written.
struct Due {
    key: Key,
    by: Actor,
    request_id: Option<String>,
    times: u64,
}

impl Denials {
    /// Notes one.
    pub fn note(&self, by: &Actor, source: &Source, mut denial: Denial) {
        if denial.target_id.chars().count() > LONGEST {
            denial.target_id = denial.target_id.chars().take(LONGEST).collect();
        }
        let key = Key { denial, by: name(by), ip: source.ip.clone() };
        let mut waiting = self.waiting();
        if let Some(count) = waiting.counts.get_mut(&key) {
            count.times += 1;
            count.request_id.clone_from(&source.request_id);
        } else if waiting.counts.len() < MOST_KINDS {
            let (by, request_id) = (by.clone(), source.request_id.clone());
            waiting.counts.insert(key, Count { times: 1, by, request_id, written_at: None });
        } else {
            waiting.others += 1;
        }
        self.is_due.store(true, Ordering::Release);
    }

    /// Whether one more row fits into the present hour; it is counted then.
    pub fn admit(&self, now: Ts) -> bool {
        let mut waiting = self.waiting();
        let fits = waiting.admit(now);
        waiting.others += u64::from(!fits);
        fits
    }

    /// Takes what may be written at `now`.
    fn take(&self, now: Ts) -> Vec<Due> {
        let mut waiting = self.waiting();
        let old = |count: &Count| count.written_at.is_none_or(|at| at + BETWEEN_ROWS <= now);
        waiting.counts.retain(|_, count| count.times > 0 || !old(count));
        let ready: Vec<Key> = waiting
            .counts
            .iter()
            .filter(|(_, count)| count.times > 0 && old(count))
            .map(|(key, _)| key.clone())
            .collect();
        let mut due = Vec::new();
        for key in ready {
            if !waiting.admit(now) {
                break;
            }
            if let Some(count) = waiting.counts.get_mut(&key) {
                count.written_at = Some(now);
                let (by, request_id) = (count.by.clone(), count.request_id.clone());
                due.push(Due { key, by, request_id, times: take(&mut count.times) });
            }
        }
        if waiting.others > 0 && waiting.admit(now) {
            let (target_kind, target_id) = ("denials", "others".to_owned());
            let denial = Denial { action: "access.denied", bu: None, target_kind, target_id };
            let key = Key { denial, by: name(&Actor::System), ip: None };
            due.push(Due { key, by: Actor::System, request_id: None, times: take(&mut waiting.others) });
        }
        let is_more = waiting.others > 0 || waiting.counts.values().any(|count| count.times > 0);
        self.is_due.store(is_more, Ordering::Release);
        due
    }

    /// Takes back what could not be written.
    fn put_back(&self, due: Vec<Due>) {
        let mut waiting = self.waiting();
        for one in due {
            match waiting.counts.get_mut(&one.key) {
                Some(count) => (count.times, count.written_at) = (count.times + one.times, None),
                None => waiting.others += one.times,
            }
        }
        self.is_due.store(true, Ordering::Release);
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn admit(&mut self, now: Ts) -> bool {
        let (began, rows) = self.hour.filter(|(began, _)| now < *began + HOUR).unwrap_or((now, 0));
        let fits = rows < MOST_ROWS;
        self.hour = Some((began, rows + u32::from(fits)));
        fits
    }
}

/// What tells one actor from another.
fn name(by: &Actor) -> String {
    match by {
        Actor::Login(login) => login.user.to_string(),
        Actor::Token(token) => token.token.to_string(),
        Actor::Operator => "operator".to_owned(),
        Actor::System => "system".to_owned(),
    }
}

/// Writes what may be written: for each denial one row in ten minutes that says how often it happened. Blocks.
pub fn store(tools: &std::sync::Arc<Tools>) {
    let denials = &tools.known.denials;
    if !denials.is_due.load(Ordering::Acquire) {
        return;
    }
    let due = denials.take(tools.clock.now());
    if due.is_empty() {
        return;
    }
    let stored = tools.db.write(|conn| {
        for one in &due {
            let source = Source { ip: one.key.ip.clone(), agent: None, request_id: one.request_id.clone() };
            let cx = Cx::new(tools, one.by.clone(), source);
            let denial = &one.key.denial;
            let entry = Entry {
                action: denial.action,
                target_kind: denial.target_kind,
                target_id: denial.target_id.clone(),
                before: None,
                after: Some(json!({"times": one.times})),
            };
            record(&cx, conn, denial.bu, entry)?;
        }
        Ok::<_, Error>(())
    });
    if let Err(error) = stored {
        denials.put_back(due);
        tracing::warn!(%error, "denied attempts were not written to the audit log");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::World;
    use crate::store::system::audit;

    fn denial(target: &str) -> Denial {
        Denial { action: "access.denied", bu: None, target_kind: "unit", target_id: target.to_owned() }
    }

    fn rows(world: &World) -> Vec<String> {
        store(&world.tools);
        let all = world.operator().read(|conn| Ok(audit::rows(conn, 0, i64::MAX, 10_000)?)).unwrap();
        let denied = all.into_iter().filter(|row| row.action == "access.denied");
        denied.map(|row| format!("{} {}", row.target_id, row.after.unwrap())).collect()
    }

    #[test]
    fn many_denials_alike_are_one_row_in_ten_minutes() {
        let world = World::new();
        let note = || world.tools.known.denials.note(&Actor::System, &Source::default(), denial("a"));
        note();
        note();
        assert_eq!(rows(&world), [r#"a {"times":2}"#]);
        note();
        assert_eq!(rows(&world).len(), 1);
        world.tools.clock.advance(BETWEEN_ROWS);
        note();
        assert_eq!(rows(&world)[1], r#"a {"times":2}"#);
    }

    #[test]
    fn however_many_are_denied_an_hour_holds_so_many_rows_and_none_is_uncounted() {
        let world = World::new();
        let denials = &world.tools.known.denials;
        for n in 0..MOST_KINDS + 70 {
            denials.note(&Actor::System, &Source::default(), denial(&n.to_string()));
        }
        let first = rows(&world);
        assert_eq!(first.len(), MOST_KINDS + 1);
        assert_eq!(first.last().unwrap(), r#"others {"times":70}"#);
        for _ in 0..3 {
            world.tools.clock.advance(BETWEEN_ROWS);
            for n in 0..MOST_KINDS {
                denials.note(&Actor::System, &Source::default(), denial(&format!("again {n}")));
            }
            rows(&world);
        }
        assert_eq!(rows(&world).len(), usize::try_from(MOST_ROWS).unwrap());
        assert!(!denials.admit(world.tools.clock.now()), "nor does another row fit");
        world.tools.clock.advance(HOUR);
        assert!(rows(&world).len() > usize::try_from(MOST_ROWS).unwrap());
    }
}
