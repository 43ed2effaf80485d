//! The machine's clock jumps by an hour and by a day, both ways: nothing is lost, nothing is sent twice, and
//! deliveries go on.

use crate::rig::check::{drained, invariants, nothing_is_lost};
use crate::rig::database::Database;
use crate::rig::load::{Load, Manner};
use crate::rig::patience::{PATIENCE, pass, until};
use crate::rig::receiver::{Manner as Answers, Receiver};
use crate::rig::trial::{NotRun, Outcome, Trial};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const PATHS: [&str; 2] = ["/fast", "/slow"];
const HELD: [&str; 2] = ["/held", "/held-too"];
/// Longer than from one sweep for ended leases to the next.
const LONG: Duration = Duration::from_secs(12);
const HOUR: i64 = 3_600;

pub fn run(trial: &Trial) -> Outcome {
    let library = library()?;
    let site = trial.site()?;
    let token = site.tenant("Acme");
    let receiver = Receiver::start();
    receiver.on("/slow", Answers::Slow(Duration::from_millis(5)));
    let hands = trial.folder().join("hands");
    set(&hands, 0);
    let env = [
        ("LD_PRELOAD", library.to_str().expect("a path")),
        ("FAKETIME_TIMESTAMP_FILE", hands.to_str().expect("a path")),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ];
    let server = site.serve_with(&[], &env);
    site.webhook(&token, "order.completed", &PATHS.map(|path| receiver.url(path)), 30_000);
    let load = Load::start(&site.door, &token, &trial.folder().join("ledger"), &Manner::default());
    load.more(50);
    // Held across each jump, and across the sweep for leases that have ended.
    let patient = Receiver::start();
    let slow = HELD.map(|path| patient.on(path, Answers::Slow(LONG)));
    site.webhook(&token, "order.refunded", &slow, 30_000);
    let mut held: BTreeMap<u64, String> = BTreeMap::new();
    let mut chance = trial.chance("jumps");
    let mut jumps = vec![HOUR, -HOUR, 24 * HOUR, -24 * HOUR];
    for n in (1..jumps.len()).rev() {
        jumps.swap(n, chance.below(n + 1));
    }
    if !trial.is_full() {
        // One forwards, one backwards.
        let (first, second) = (jumps[0], jumps.iter().find(|jump| jump.signum() != jumps[0].signum()));
        jumps = vec![first, *second.expect("two ways")];
    }
    for jump in &jumps {
        for _ in 0..3 {
            let number = held.len() as u64;
            let draft = json!({"type": "order.refunded", "data": {"number": number}});
            let made = site.api(&token).post("/events", &draft);
            held.insert(number, made.1["data"]["id"].as_str().expect("an id").to_owned());
        }
        until(PATIENCE, "they are in flight", || patient.under_way() == 3 * HELD.len());
        set(&hands, *jump);
        let before = receiver.count();
        load.more(20);
        until(Duration::from_secs(10), &format!("deliveries go on after a jump of {jump} s"), || {
            receiver.count() >= before + 20
        });
        pass(LONG);
        set(&hands, 0);
        pass(Duration::from_millis(500));
        drained_of(&site.database, "order.refunded");
    }
    let ledger = load.finish();
    drained(&site.database, PATIENCE);
    let sent = nothing_is_lost(&site.database, &held, &patient, &HELD);
    assert_eq!(sent.duplicates, 0, "what was in flight while the clock jumped is sent once");
    let acknowledged = ledger.acknowledged();
    let sent = nothing_is_lost(&site.database, &acknowledged, &receiver, &PATHS);
    assert_eq!(sent.duplicates, 0, "a clock that jumps is no reason to send twice");
    invariants(&site.database, PATHS.len());
    server.stop(PATIENCE);
    let (many, few) = (acknowledged.len(), held.len());
    Ok(format!("jumps of {jumps:?} s and back, {many} acknowledged, {few} events in flight meanwhile"))
}

/// Waits until nothing of this type is under way.
fn drained_of(database: &Database, event: &str) {
    let open = format!(
        "SELECT count(*) FROM deliveries WHERE event_type = '{event}' AND state IN ('ready', 'leased')"
    );
    until(PATIENCE, "what was in flight ends", || database.try_number(&open) == Ok(0));
}

/// Sets the program's clock this many seconds apart from the machine's.
fn set(hands: &Path, seconds: i64) {
    let fresh = hands.with_extension("fresh");
    fs::write(&fresh, format!("{seconds:+}\n")).expect("the hands");
    fs::rename(fresh, hands).expect("the hands");
}

fn library() -> Result<PathBuf, NotRun> {
    let found = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib"]
        .iter()
        .map(|folder| Path::new(folder).join("faketime/libfaketimeMT.so.1"))
        .find(|path| path.exists());
    found.ok_or_else(|| NotRun("faketime is not installed".into()))
}
