//! The machine's clock jumps by an hour and by a day, both ways: nothing is lost, nothing is sent twice, and
//! deliveries go on.

use crate::rig::check::{drained, invariants, nothing_is_lost, one_event_each};
use crate::rig::load::{Load, Manner};
use crate::rig::patience::{PATIENCE, pass, until};
use crate::rig::receiver::{Manner as Answers, Receiver};
use crate::rig::trial::{NotRun, Outcome, Trial};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const PATHS: [&str; 2] = ["/fast", "/slow"];
const HOUR: i64 = 3_600;

pub fn run(trial: &Trial) -> Outcome {
    let library = library()?;
    let site = trial.site()?;
    let token = site.tenant("Acme");
    let receiver = Receiver::start();
    receiver.on("/slow", Answers::Slow(Duration::from_millis(30)));
    let hands = trial.folder().join("hands");
    set(&hands, 0);
    let env = [
        ("LD_PRELOAD", library.to_str().expect("a path")),
        ("FAKETIME_TIMESTAMP_FILE", hands.to_str().expect("a path")),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ];
    let server = site.serve_with(&[], &env);
    site.webhook(&token, "order.completed", &PATHS.map(|path| receiver.url(path)), 5_000);
    let load = Load::start(&site.door, &token, &trial.folder().join("ledger"), &Manner::default());
    load.more(50);
    let mut chance = trial.chance("jumps");
    let mut jumps = vec![HOUR, -HOUR, 24 * HOUR, -24 * HOUR];
    for n in (1..jumps.len()).rev() {
        jumps.swap(n, chance.below(n + 1));
    }
    for jump in &jumps {
        set(&hands, *jump);
        let before = receiver.count();
        load.more(20);
        until(Duration::from_secs(10), &format!("deliveries go on after a jump of {jump} s"), || {
            receiver.count() >= before + 20
        });
        // Long enough for a sweep to look at the leases.
        pass(Duration::from_secs(trial.pick(6, 15)));
        set(&hands, 0);
        pass(Duration::from_millis(500));
    }
    let ledger = load.finish();
    drained(&site.database, PATIENCE);
    let acknowledged = ledger.acknowledged();
    let sent = nothing_is_lost(&site.database, &acknowledged, &receiver, &PATHS);
    assert_eq!(sent.duplicates, 0, "a clock that jumps is no reason to send twice");
    one_event_each(&site.database, &acknowledged);
    invariants(&site.database, PATHS.len());
    server.stop(PATIENCE);
    Ok(format!("jumps of {jumps:?} s and back, {} acknowledged", acknowledged.len()))
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
