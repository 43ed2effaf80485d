//! P1.6: the database crashes and cuts connections under load; the program stays, and loses nothing.

use super::kill_loop::MOST_IN_FLIGHT;
use crate::rig::check::{drained, invariants, nothing_is_lost, one_event_each};
use crate::rig::cluster;
use crate::rig::load::{Load, Manner};
use crate::rig::patience::{PATIENCE, pass};
use crate::rig::receiver::{Manner as Answers, Receiver};
use crate::rig::server::last;
use crate::rig::trial::{Outcome, Trial};
use std::time::Duration;

const PATHS: [&str; 3] = ["/fast", "/slow", "/flaky"];

pub fn run(trial: &Trial) -> Outcome {
    let site = trial.site()?;
    let cluster = cluster::shared()?;
    let token = site.tenant("Acme");
    let receiver = Receiver::start();
    receiver.on("/slow", Answers::Slow(Duration::from_millis(15)));
    receiver.on("/flaky", Answers::FailEvery(7));
    let server = site.serve();
    site.webhook(&token, "order.completed", &PATHS.map(|path| receiver.url(path)), 30_000);
    let load = Load::start(&site.door, &token, &trial.folder().join("ledger"), &Manner::default());
    let mut chance = trial.chance("restarts");
    let rounds = trial.pick(3, 20);
    let mut cuts = 0;
    for _ in 0..rounds {
        load.more(20);
        pass(chance.between(Duration::from_millis(100), Duration::from_millis(700)));
        for _ in 0..=chance.below(3) {
            // One connection of the program, whichever it is.
            let skipped = chance.below(4);
            cuts += site.database.number(&format!(
                "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY pid
                 OFFSET {skipped} LIMIT 1) AS one"
            ));
            pass(chance.between(Duration::from_millis(20), Duration::from_millis(300)));
        }
        cluster.crash();
        assert!(server.is_running(), "a lost database is no reason to end: {}", last(&server.log()));
    }
    load.more(20);
    let ledger = load.finish();
    // What a lost outcome leaves behind waits for its lease.
    drained(&site.database, Duration::from_secs(100));
    let acknowledged = ledger.acknowledged();
    let sent = nothing_is_lost(&site.database, &acknowledged, &receiver, &PATHS);
    one_event_each(&site.database, &acknowledged);
    invariants(&site.database, PATHS.len());
    assert!(
        sent.duplicates <= rounds * MOST_IN_FLIGHT,
        "{} duplicates in {rounds} restarts",
        sent.duplicates
    );
    server.stop(PATIENCE);
    Ok(format!(
        "{rounds} restarts, {cuts} connections cut, {} acknowledged, {} duplicates",
        acknowledged.len(),
        sent.duplicates
    ))
}
