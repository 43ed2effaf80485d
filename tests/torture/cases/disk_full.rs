//! P1.5: on a full disk events are refused with a reason, nothing is sent that cannot be recorded, and service
//! comes back by itself.

use crate::rig::check::{drained, invariants, nothing_is_lost, quiet};
use crate::rig::database::Database;
use crate::rig::disk::Disk;
use crate::rig::load::{Load, Manner};
use crate::rig::patience::{PATIENCE, pass, until};
use crate::rig::receiver::{Manner as Answers, Receiver};
use crate::rig::server::last;
use crate::rig::site::Site;
use crate::rig::trial::{Outcome, Trial};
use std::time::Duration;

pub fn run(trial: &Trial) -> Outcome {
    let disk = Disk::mount(&trial.folder().join("disk"), 64)?;
    let home = trial.folder().join("home");
    std::fs::create_dir_all(&home).expect("a folder");
    let site = Site::new(trial, &home, Database::sqlite(&disk.folder().join("bellwire.db")));
    let token = site.tenant("Acme");
    let receiver = Receiver::start();
    receiver.on("/in", Answers::Slow(Duration::from_millis(20)));
    let server = site.serve();
    site.webhook(&token, "order.completed", &[receiver.url("/in")], 30_000);
    let manner = Manner { pause: Duration::from_millis(5), weight: 500, ..Manner::default() };
    let load = Load::start(&site.door, &token, &trial.folder().join("ledger"), &manner);
    let mut probe = site.api(&token);
    let mut client = || probe.readyz();
    let mut back = Vec::new();
    let mut chance = trial.chance("disk");
    for _ in 0..trial.pick(1, 5) {
        load.more(100 + chance.below(200));
        disk.fill();
        let refused = load.ledger.refused_with(503);
        until(PATIENCE, "publishing is refused", || {
            load.ledger.refused_with(503) > refused + 5 || !server.is_running()
        });
        assert!(server.is_running(), "a full disk is no reason to end: {}", last(&server.log()));
        let refusal = load.ledger.last_refusal();
        assert!(refusal.contains("storage_full"), "the refusal names its reason: {refusal}");
        assert!(refusal.contains("retry-after:"), "the refusal says when to come back: {refusal}");
        until(Duration::from_secs(5), "/readyz says no", || client() == Some(503));
        // What was in flight ends; then nothing more begins.
        quiet(&receiver, Duration::from_secs(2), Duration::from_secs(10));
        let stored = load.ledger.count();
        pass(Duration::from_secs(1));
        assert_eq!(load.ledger.count(), stored, "nothing is acknowledged while nothing can be stored");
        disk.free();
        let freed = std::time::Instant::now();
        until(Duration::from_secs(10), "service is back after space was freed", || {
            load.ledger.count() > stored && client() == Some(200)
        });
        back.push(format!("{:.1} s", freed.elapsed().as_secs_f32()));
    }
    let ledger = load.finish();
    drained(&site.database, PATIENCE);
    let acknowledged = ledger.acknowledged();
    let sent = nothing_is_lost(&site.database, &acknowledged, &receiver, &["/in"]);
    assert_eq!(sent.duplicates, 0, "what was sent could be recorded");
    invariants(&site.database, 1);
    server.stop(PATIENCE);
    Ok(format!("{} acknowledged, back after {}", acknowledged.len(), back.join(", ")))
}
