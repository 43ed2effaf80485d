//! P8: what a receiver asks with `Retry-After` may delay the next attempt, to at most a day, and nothing else.

use super::cage::Cage;
use crate::rig::patience::{PATIENCE, until};
use crate::rig::site::Site;
use serde_json::json;
use std::collections::BTreeMap;

const EVENT: &str = "team.deleted";
/// The one wait of the endpoints' own schedule, in seconds.
const BASE: i64 = 100;
const DAY: i64 = 86_400;
/// What may pass between the answer and its storing.
const SLACK: i64 = 3;

/// Header lines, and from when to when the next attempt may come, in seconds.
const ASKED: &[(&str, i64, i64)] = &[
    ("Retry-After: 0\r\n", BASE, BASE * 5 / 4),
    ("Retry-After: 5\r\n", BASE, BASE * 5 / 4),
    ("Retry-After: 1000\r\n", 1_000, 1_000),
    ("Retry-After: 86401\r\n", DAY, DAY),
    ("Retry-After: 9999999999\r\n", DAY, DAY),
    ("Retry-After: -5\r\n", BASE, BASE * 5 / 4),
    ("Retry-After: 1.5\r\n", BASE, BASE * 5 / 4),
    ("Retry-After: inf\r\n", BASE, BASE * 5 / 4),
    ("Retry-After: 1e300\r\n", BASE, BASE * 5 / 4),
    ("Retry-After: 111111111111111111111111111111\r\n", BASE, BASE * 5 / 4),
    ("Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n", BASE, BASE * 5 / 4),
    ("Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n", DAY, DAY),
    ("Retry-After: tomorrow\r\n", BASE, BASE * 5 / 4),
    ("Retry-After: \r\n", BASE, BASE * 5 / 4),
    ("Retry-After: 5\r\nRetry-After: 7200\r\n", BASE, 7_200),
    ("", BASE, BASE * 5 / 4),
];

/// Sends one event to a receiver for each value; gives how many there were.
pub fn check(site: &Site, token: &str) -> usize {
    let cages: Vec<Cage> = ASKED
        .iter()
        .map(|(line, ..)| {
            let answer = format!("HTTP/1.1 503 Later\r\n{line}content-length: 0\r\n\r\n");
            Cage::open_own(("retry-after", &[], answer))
        })
        .collect();
    let mut wanted = BTreeMap::new();
    for (cage, asked) in cages.iter().zip(ASKED) {
        let draft = json!({"endpoints": [{"url": cage.url(), "retry": [BASE]}], "events": [EVENT]});
        wanted.insert(site.own_webhook(token, &draft), *asked);
    }
    let made = site.api(token).post("/events", &json!({"type": EVENT, "data": {}}));
    assert_eq!(made.0, 202, "{:#}", made.1);
    let waiting = format!(
        "SELECT count(*) FROM deliveries WHERE event_type = '{EVENT}' AND state = 'ready' AND attempts = 1"
    );
    let count = i64::try_from(ASKED.len()).unwrap();
    until(PATIENCE, "every first attempt has failed", || site.database.try_number(&waiting) == Ok(count));
    let rows = site.database.rows(
        ["d.webhook_id", "d.next_at", "a.started_at + a.duration_ms * 1000", ""],
        &format!("FROM deliveries d JOIN attempts a ON a.delivery_id = d.id WHERE d.event_type = '{EVENT}'"),
    );
    let mut wrong = Vec::new();
    for [webhook, next, ended, _] in rows {
        let (line, from, to) = wanted[&webhook];
        let next: i64 = next.parse().expect("a moment");
        let wait = next - ended.parse::<i64>().expect("a moment");
        let second = 1_000_000;
        if wait < from * second - second / 100 || wait > (to + SLACK) * second {
            wrong.push(format!("{line:?}: {} s, wanted {from} to {to}", wait / second));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    ASKED.len()
}
