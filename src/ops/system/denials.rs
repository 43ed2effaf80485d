//! Attempts that were denied: counted in memory, and written to the audit log a moment later, many alike as one
//! row, so that nobody fills the disk with them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::json;

use crate::domain::id::BuId;
use crate::domain::time::Ts;
use crate::ops::Error;
use crate::ops::cx::{Actor, Cx, Source, Tools};
use crate::ops::system::audit::{Entry, record};

/// How much time passes at least between two rows of the same denial.
const BETWEEN_ROWS: Duration = Duration::from_mins(10);
/// How many different denials of one action are kept apart; of further ones only the number is known.
const MOST_KINDS: usize = 500;
/// How many of those may be of one login, one token or, without either, one network, so that nobody who thinks of
/// ever new things to ask for leaves no room for the others.
const MOST_OF_ONE: usize = 50;
/// How many rows of one action this process writes in an hour at the most.
const MOST_ROWS: usize = 1_000;
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
    caller: String,
    network: Option<String>,
}

/// How often, since the last row.
#[derive(Clone)]
struct Count {
    times: u64,
    by: Actor,
    /// Where the last one came from.
    source: Source,
    written_at: Option<Ts>,
}

/// Denials that are not written yet.
#[derive(Default)]
pub struct Denials {
    waiting: Mutex<HashMap<&'static str, Waiting>>,
    is_due: AtomicBool,
}

/// Those of one action: no other action's take their place or their rows.
#[derive(Default)]
struct Waiting {
    counts: HashMap<Key, Count>,
    /// When the present hour of rows began, and how many it holds.
    hour: Option<(Ts, usize)>,
}

impl Denials {
    /// Notes one.
    pub fn note(&self, by: &Actor, source: &Source, mut denial: Denial) {
        if denial.target_id.chars().count() > LONGEST {
            denial.target_id = denial.target_id.chars().take(LONGEST).collect();
        }
        let network = source.network();
        let key = Key { denial, caller: caller(by, network.as_deref()), network };
        self.waiting().entry(key.denial.action).or_default().note(key, by, source);
        self.is_due.store(true, Ordering::Release);
    }

    /// Whether one more row of this action fits into the present hour; it is counted then.
    pub fn admit(&self, action: &'static str, now: Ts) -> bool {
        let mut all = self.waiting();
        let waiting = all.entry(action).or_default();
        let fits = waiting.room(now) > 0;
        if fits {
            waiting.wrote(1, now);
        } else {
            waiting.note_other(action);
            self.is_due.store(true, Ordering::Release);
        }
        fits
    }

    /// What may be written at `now`. It waits on until it is written.
    fn due(&self, now: Ts) -> Vec<(Key, Count)> {
        let mut all = self.waiting();
        let due: Vec<_> = all.values_mut().flat_map(|waiting| waiting.due(now)).collect();
        self.tell_due(&all);
        due
    }

    /// These were written at `now`.
    fn written(&self, rows: &[(Key, Count)], now: Ts) {
        let mut all = self.waiting();
        for (key, row) in rows {
            let waiting = all.entry(key.denial.action).or_default();
            waiting.wrote(1, now);
            if let Some(count) = waiting.counts.get_mut(key) {
                count.times = count.times.saturating_sub(row.times);
                count.written_at = Some(now);
            }
        }
        self.tell_due(&all);
    }

    fn tell_due(&self, all: &HashMap<&'static str, Waiting>) {
        let is_due = all.values().flat_map(|waiting| waiting.counts.values()).any(|count| count.times > 0);
        self.is_due.store(is_due, Ordering::Release);
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<&'static str, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn note(&mut self, mut key: Key, by: &Actor, source: &Source) {
        if !self.counts.contains_key(&key) {
            let of_one = self.counts.keys().filter(|known| known.caller == key.caller).count();
            if of_one >= MOST_OF_ONE {
                // The unit's own log tells of them, unless the caller reaches that many units.
                let bu = key.denial.bu.filter(|_| of_one < 2 * MOST_OF_ONE);
                key = Key { denial: Denial { bu, ..others(key.denial.action) }, network: None, ..key };
            }
        }
        if !self.counts.contains_key(&key) && self.counts.len() >= MOST_KINDS {
            return self.note_other(key.denial.action);
        }
        self.count(key, by, source);
    }

    /// Notes one that is not told from others.
    fn note_other(&mut self, action: &'static str) {
        let key = Key { denial: others(action), caller: String::new(), network: None };
        self.count(key, &Actor::System, &Source::default());
    }

    fn count(&mut self, key: Key, by: &Actor, source: &Source) {
        let source = Source { agent: None, ..source.clone() };
        let new = Count { times: 0, by: by.clone(), source: Source::default(), written_at: None };
        let count = self.counts.entry(key).or_insert(new);
        count.times += 1;
        count.source = source;
    }

    fn due(&mut self, now: Ts) -> Vec<(Key, Count)> {
        let old = |count: &Count| count.written_at.is_none_or(|at| at + BETWEEN_ROWS <= now);
        self.counts.retain(|_, count| count.times > 0 || !old(count));
        let room = self.room(now);
        let ready = self.counts.iter().filter(|(_, count)| count.times > 0 && old(count));
        ready.take(room).map(|(key, count)| (key.clone(), count.clone())).collect()
    }

    /// How many more rows the present hour takes.
    fn room(&self, now: Ts) -> usize {
        let rows = self.hour.filter(|(began, _)| now < *began + HOUR).map_or(0, |(_, rows)| rows);
        MOST_ROWS.saturating_sub(rows)
    }

    fn wrote(&mut self, rows: usize, now: Ts) {
        let (began, before) = self.hour.filter(|(began, _)| now < *began + HOUR).unwrap_or((now, 0));
        self.hour = Some((began, before + rows));
    }
}

/// What of an action is not kept apart.
fn others(action: &'static str) -> Denial {
    Denial { action, bu: None, target_kind: "denials", target_id: "others".to_owned() }
}

/// What tells one caller from another: strangers are told apart by their networks.
fn caller(by: &Actor, network: Option<&str>) -> String {
    match by {
        Actor::Login(login) => login.user.to_string(),
        Actor::Token(token) => token.token.to_string(),
        Actor::Operator => "operator".to_owned(),
        Actor::System => format!("stranger {}", network.unwrap_or_default()),
    }
}

/// Writes what may be written: for each denial one row in ten minutes that says how often it happened. What cannot
/// be written waits for the next time. Blocks.
pub fn store(tools: &Arc<Tools>) {
    let denials = &tools.known.denials;
    if !denials.is_due.load(Ordering::Acquire) {
        return;
    }
    let now = tools.clock.now();
    let due = denials.due(now);
    if due.is_empty() {
        return;
    }
    let stored = tools.db.write(|conn| {
        for (Key { denial, .. }, count) in &due {
            let cx = Cx::new(tools, count.by.clone(), count.source.clone());
            let entry = Entry {
                action: denial.action,
                target_kind: denial.target_kind,
                target_id: denial.target_id.clone(),
                before: None,
                after: Some(json!({"times": count.times})),
            };
            record(&cx, conn, denial.bu, entry)?;
        }
        Ok::<_, Error>(())
    });
    match stored {
        Ok(()) => denials.written(&due, now),
        Err(error) => tracing::warn!(%error, "denied attempts were not written to the audit log"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::user::Role;
    use crate::ops::testing::World;
    use crate::store::dialect::each;
    use crate::store::system::audit;
    use diesel::connection::SimpleConnection;

    fn denial(target: &str) -> Denial {
        Denial { action: "access.denied", bu: None, target_kind: "unit", target_id: target.to_owned() }
    }

    /// From a network of its own.
    fn from(n: usize) -> Source {
        Source { ip: Some(format!("10.{}.{}.1", n / 256, n % 256)), ..Source::default() }
    }

    fn all(world: &World) -> Vec<audit::AuditRow> {
        store(&world.tools);
        world.operator().read(|conn| Ok(audit::rows(conn, 0, i64::MAX, 10_000)?)).unwrap()
    }

    fn rows(world: &World) -> Vec<String> {
        let denied = all(world).into_iter().filter(|row| row.action == "access.denied");
        denied.map(|row| format!("{} {}", row.target_id, row.after.unwrap())).collect()
    }

    /// Tries to write while there is nothing to write to.
    fn fail(world: &World) {
        let alter =
            |sql: &str| world.operator().write(|conn| Ok(each!(conn, c => c.batch_execute(sql))?)).unwrap();
        alter("ALTER TABLE audit RENAME TO away");
        store(&world.tools);
        alter("ALTER TABLE away RENAME TO audit");
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
            denials.note(&Actor::System, &from(n), denial("a"));
        }
        let first = rows(&world);
        assert_eq!(first.len(), MOST_KINDS + 1);
        assert!(first.contains(&r#"others {"times":70}"#.to_owned()));
        for _ in 0..3 {
            world.tools.clock.advance(BETWEEN_ROWS);
            for n in 0..MOST_KINDS {
                denials.note(&Actor::System, &from(n), denial("again"));
            }
            rows(&world);
        }
        let now = world.tools.clock.now();
        assert_eq!(rows(&world).len(), MOST_ROWS);
        assert!(!denials.admit("access.denied", now), "nor does another row fit");
        assert!(denials.admit("sign_in.refused", now), "but one of another action does");
        world.tools.clock.advance(HOUR);
        assert!(rows(&world).len() > MOST_ROWS);
    }

    #[test]
    fn others_are_one_row_in_ten_minutes_too() {
        let world = World::new();
        let note = |n: usize| world.tools.known.denials.note(&Actor::System, &from(n), denial("a"));
        (0..=MOST_KINDS).for_each(note);
        let before = rows(&world).len();
        note(MOST_KINDS + 1);
        assert_eq!(rows(&world).len(), before);
    }

    #[test]
    fn nobody_takes_the_room_of_the_others() {
        let world = World::new();
        let denials = &world.tools.known.denials;
        let viewer = world.login(world.channel("Ours").partner, Role::Viewer);
        for n in 0..MOST_KINDS {
            denials.note(&viewer.actor, &from(n), denial(&n.to_string()));
            let stranger = Source { ip: Some(format!("2001:db8::{n:x}")), ..Source::default() };
            denials.note(&Actor::System, &stranger, denial(&n.to_string()));
        }
        denials.note(&world.operator().actor, &Source::default(), denial("mine"));
        let told = rows(&world);
        assert_eq!(told.len(), 2 * (MOST_OF_ONE + 1) + 1, "{told:?}");
        let further = format!(r#"others {{"times":{}}}"#, MOST_KINDS - MOST_OF_ONE);
        assert_eq!(told.iter().filter(|row| **row == further).count(), 2, "{told:?}");
        assert!(told.contains(&r#"mine {"times":1}"#.to_owned()));
    }

    #[test]
    fn the_log_of_the_unit_tells_of_the_others_too() {
        let world = World::new();
        let made = world.channel("Ours");
        let viewer = world.login(made.partner, Role::Viewer);
        for n in 0..=MOST_OF_ONE {
            let here = Denial { bu: made.bu, ..denial(&n.to_string()) };
            world.tools.known.denials.note(&viewer.actor, &Source::default(), here);
        }
        let told: Vec<_> = all(&world).into_iter().filter(|row| row.target_id == "others").collect();
        assert_eq!(told.iter().map(|row| row.bu_id).collect::<Vec<_>>(), [made.bu]);
    }

    #[test]
    fn one_network_is_one_stranger_and_the_row_tells_the_last_address() {
        let world = World::new();
        for ip in ["2001:db8::1", "2001:db8::2"] {
            let source = Source { ip: Some(ip.to_owned()), ..Source::default() };
            world.tools.known.denials.note(&Actor::System, &source, denial("a"));
        }
        let told: Vec<_> = all(&world).into_iter().map(|row| (row.ip, row.after)).collect();
        assert_eq!(told, [(Some("2001:db8::2".to_owned()), Some(r#"{"times":2}"#.to_owned()))]);
    }

    #[test]
    fn a_write_that_fails_is_tried_again_and_costs_no_row_of_the_hour() {
        let world = World::new();
        let denials = &world.tools.known.denials;
        for n in 0..MOST_KINDS {
            denials.note(&Actor::System, &from(n), denial("a"));
        }
        for _ in 0..3 {
            fail(&world);
        }
        denials.note(&Actor::System, &from(0), denial("a"));
        let told = rows(&world);
        assert_eq!(told.len(), MOST_KINDS);
        assert_eq!(told.iter().filter(|row| *row == r#"a {"times":2}"#).count(), 1);
        let room = (0..MOST_ROWS).filter(|_| denials.admit("access.denied", world.tools.clock.now())).count();
        assert_eq!(room, MOST_ROWS - MOST_KINDS);
    }
}
