//! The judge: ledgers of producers and receivers against each other and against the database.

use super::database::Database;
use super::patience::until;
use super::receiver::{Receiver, Seen};
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, UNIX_EPOCH};

/// A lease, and as much again until somebody has taken the delivery over.
const LONGEST_HELD: i64 = 60_000_000;

/// What was counted on the way: requests that no failure asked for, and deliveries that ended without success.
#[derive(Debug)]
pub struct Sent {
    pub duplicates: usize,
    pub exhausted: usize,
}

/// Waits until no delivery is under way any more.
pub fn drained(database: &Database, limit: Duration) {
    let open = "SELECT count(*) FROM deliveries WHERE state IN ('ready', 'leased')";
    let mut left = Err(String::new());
    let is_over = super::patience::within(limit, || {
        left = database.try_number(open);
        if left == Ok(0) { Ok(()) } else { Err(()) }
    });
    assert!(is_over.is_ok(), "after {limit:?} deliveries are still under way: {left:?}");
}

/// Ends leases at once, as if their minute had passed, when nobody is left who holds them.
pub fn end_leases(database: &Database) {
    database.execute("UPDATE deliveries SET lease_until = 0 WHERE state = 'leased'");
}

/// What was acknowledged has been accepted by every endpoint, or is exhausted; what came is what was sent, each
/// time the same; and nothing came that nobody published.
pub fn nothing_is_lost(
    database: &Database,
    acknowledged: &BTreeMap<u64, String>,
    receiver: &Receiver,
    paths: &[&str],
) -> Sent {
    let states: HashMap<(String, String), String> = database
        .rows(
            ["d.event_id", "e.url", "d.state", ""],
            "FROM deliveries d JOIN endpoints e ON e.id = d.endpoint_id",
        )
        .into_iter()
        .map(|[event, url, state, _]| ((event, url), state))
        .collect();
    let failures: HashMap<(String, String), usize> = database
        .rows(
            ["d.event_id", "a.url", "count(*)", ""],
            "FROM attempts a JOIN deliveries d ON d.id = a.delivery_id
             WHERE a.status IS NULL AND a.cause <> 'interrupted' GROUP BY d.event_id, a.url",
        )
        .into_iter()
        .map(|[event, url, count, _]| ((event, url), count.parse().unwrap_or(0)))
        .collect();
    let seen = receiver.seen();
    let none = Seen::default();
    let (mut missing, mut exhausted) = (Vec::new(), 0);
    for (number, event) in acknowledged {
        for path in paths {
            let came = seen.get(&((*path).to_owned(), event.clone())).unwrap_or(&none);
            let state = states.get(&(event.clone(), receiver.url(path))).map(String::as_str);
            let is_sound = match state {
                Some("delivered") => came.accepted > 0,
                Some("exhausted") => true,
                _ => false,
            };
            exhausted += usize::from(state == Some("exhausted"));
            if !is_sound {
                missing.push(format!("{number} {event} at {path}: {state:?}, {came:?}"));
            }
        }
    }
    assert!(missing.is_empty(), "{} acknowledged and lost: {:#?}", missing.len(), first(&missing));
    let by_event: HashMap<&String, u64> = acknowledged.iter().map(|(number, id)| (id, *number)).collect();
    let mut duplicates = 0;
    for ((path, event), came) in &seen {
        let number = by_event.get(event).copied();
        assert!(number.is_some(), "{event} came to {path} and was never acknowledged");
        assert_eq!(came.number, number, "{event} at {path} is the event that was published under its key");
        assert!(came.is_same_each_time(), "{event} at {path} is the same each time: {came:?}");
        // On a machine that stands still an attempt may end in time-out whatever the receiver meant to say.
        let failed = failures.get(&(event.clone(), receiver.url(path))).copied().unwrap_or(0);
        duplicates += came.duplicates().saturating_sub(failed);
    }
    Sent { duplicates, exhausted }
}

/// How deliveries ended that did not arrive: each cause and how often.
pub fn failures(database: &Database) -> String {
    let ended = "FROM deliveries WHERE state IN ('exhausted', 'cancelled') GROUP BY cause ORDER BY cause";
    let causes = database.rows(["cause", "count(*)", "", ""], ended);
    let told: Vec<String> = causes.into_iter().map(|[cause, count, ..]| format!("{count} {cause}")).collect();
    if told.is_empty() { "none failed".to_owned() } else { told.join(", ") }
}

fn first(many: &[String]) -> &[String] {
    &many[..many.len().min(5)]
}

/// What must be true of the queue at any time when every event goes to `endpoints` endpoints.
pub fn invariants(database: &Database, endpoints: usize) {
    let held = format!(
        "SELECT count(*) FROM deliveries WHERE state = 'leased' AND lease_until < {}",
        now() - LONGEST_HELD
    );
    assert_eq!(database.number(&held), 0, "no lease is left lying");
    let odd = "SELECT count(*) FROM deliveries WHERE NOT (
        (state = 'ready' AND next_at IS NOT NULL AND lease_owner IS NULL AND settled_at IS NULL)
        OR (state = 'leased' AND lease_owner IS NOT NULL AND lease_until IS NOT NULL AND settled_at IS NULL)
        OR (state IN ('delivered', 'exhausted', 'cancelled')
            AND settled_at IS NOT NULL AND lease_owner IS NULL))";
    assert_eq!(database.number(odd), 0, "every delivery is due, held or at its end");
    let short = format!(
        "SELECT count(*) FROM (SELECT e.id FROM events e LEFT JOIN deliveries d ON d.event_id = e.id
         WHERE e.source <> 'system' GROUP BY e.id HAVING count(d.id) <> {endpoints}) AS short"
    );
    assert_eq!(database.number(&short), 0, "every event has one delivery for each endpoint");
    let risen = database.rows(["what", "", "", ""], "FROM torture_resurrections LIMIT 5");
    assert!(risen.is_empty(), "an end is an end: {risen:?}");
}

/// One event for each number, also for those whose first answer never came.
pub fn one_event_each(database: &Database, acknowledged: &BTreeMap<u64, String>) {
    let stored = database.number("SELECT count(*) FROM events WHERE source <> 'system'");
    assert_eq!(stored, i64::try_from(acknowledged.len()).unwrap(), "one event for each key");
}

/// Waits until the receiver has been left alone for `quiet`.
pub fn quiet(receiver: &Receiver, quiet: Duration, limit: Duration) {
    let (mut count, mut since) = (receiver.count(), std::time::Instant::now());
    until(limit, "nothing more is sent", || {
        if receiver.count() != count {
            (count, since) = (receiver.count(), std::time::Instant::now());
        }
        since.elapsed() >= quiet
    });
}

/// Now, as the database writes it.
pub fn now() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "the judge has the machine's clock, not the program's")]
    let now = std::time::SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(now.expect("after 1970").as_micros()).expect("before 292277")
}
