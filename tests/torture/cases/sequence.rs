//! P9: events of a business unit are numbered in the order of their commits, without gaps.

use crate::rig::load::{Load, Manner};
use crate::rig::patience::{PATIENCE, pass};
use crate::rig::receiver::Receiver;
use crate::rig::trial::{Outcome, Trial};
use std::collections::HashMap;
use std::time::Duration;

pub fn run(trial: &Trial) -> Outcome {
    let site = trial.site()?;
    let (token, others) = (site.tenant("Acme"), site.tenant("Other"));
    let receiver = Receiver::start();
    let mut servers = vec![site.serve()];
    site.webhook(&token, "order.completed", &[receiver.url("/in")], 30_000);
    let manner = Manner { producers: 4, pause: Duration::ZERO, ..Manner::default() };
    let mut load = Load::start(&site.door.fixed(), &token, &trial.folder().join("ledger"), &manner);
    if !site.database.is_sqlite() {
        // A second process numbers the same unit's events.
        servers.push(site.serve());
    }
    load.join(&site.door.fixed(), &token, &manner);
    let beside = Load::start(&site.door, &others, &trial.folder().join("others"), &manner);

    // Whatever is visible at any moment has no gap: a later number is never there before an earlier one.
    let looks = trial.pick(60, 600);
    let mut reached = 0;
    let unit = unit_of(&site.database.rows(["bu_id", "", "", ""], "FROM webhooks LIMIT 1"));
    for _ in 0..looks {
        let gap = site
            .database
            .number(&format!("SELECT coalesce(max(seq), 0) - count(*) FROM events WHERE bu_id = '{unit}'"));
        assert_eq!(gap, 0, "a number was visible before one that is smaller");
        reached = site.database.number(&format!("SELECT count(*) FROM events WHERE bu_id = '{unit}'"));
        pass(Duration::from_millis(25));
    }
    let (ledger, beside) = (load.finish(), beside.finish());
    assert!(reached > 0, "there was something to look at");

    let rows = site.database.rows(["id", "seq", "bu_id", ""], "FROM events ORDER BY seq");
    let numbers: HashMap<String, i64> = rows
        .iter()
        .filter(|row| row[2] == unit)
        .map(|row| (row[0].clone(), row[1].parse().unwrap()))
        .collect();
    let mut sorted: Vec<i64> = numbers.values().copied().collect();
    sorted.sort_unstable();
    let expected: Vec<i64> = (1..=i64::try_from(numbers.len()).unwrap()).collect();
    assert_eq!(sorted, expected, "every number from 1 on is given once");
    let own = format!("SELECT count(*) FROM events WHERE source = 'system' AND bu_id = '{unit}'");
    let own = usize::try_from(site.database.number(&own)).unwrap();
    assert_eq!(numbers.len() - own, ledger.count());
    // One producer after the other: what was acknowledged before the next was sent has the smaller number.
    let mut client = site.api(&token);
    let mut before = 0;
    for _ in 0..50 {
        let made = client.post("/events", &serde_json::json!({"type": "order.completed", "data": {}}));
        let id = made.1["data"]["id"].as_str().expect("an id").to_owned();
        let seq = site.database.number(&format!("SELECT seq FROM events WHERE id = '{id}'"));
        assert!(seq > before, "{id} has number {seq} after {before}");
        before = seq;
    }
    for server in &servers {
        server.stop(PATIENCE);
    }
    Ok(format!("{} numbered, {} of another unit beside, {looks} looks", numbers.len(), beside.count()))
}

fn unit_of(rows: &[[String; 4]]) -> String {
    rows.first().expect("a webhook")[0].clone()
}
