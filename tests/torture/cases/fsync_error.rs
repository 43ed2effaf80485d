//! P1.4: after a flush that failed, nothing more is acknowledged, and the process ends.

use crate::rig::check::{drained, invariants, nothing_is_lost};
use crate::rig::load::{Load, Manner};
use crate::rig::patience::{PATIENCE, until};
use crate::rig::receiver::Receiver;
use crate::rig::server::last;
use crate::rig::trace::{self, Step};
use crate::rig::trial::{Outcome, Trial};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

pub fn run(trial: &Trial) -> Outcome {
    Trial::need("strace")?;
    let site = trial.site()?;
    let token = site.tenant("Acme");
    let receiver = Receiver::start();
    let mut chance = trial.chance("flushes");
    {
        let server = site.serve();
        site.webhook(&token, "order.completed", &[receiver.url("/in")], 30_000);
        server.stop(PATIENCE);
    }
    let rounds = trial.pick(2, 10);
    let mut load: Option<Load> = None;
    let mut flushes = Vec::new();
    for round in 0..rounds {
        let which = 30 + chance.below(100);
        let log = trial.folder().join(format!("strace-{round}.log"));
        let inject = format!("inject=fdatasync,fsync:error=EIO:when={which}");
        let server = site.serve_with(&trace::recorded(&log, &["-e", &inject]), &[]);
        let load = load.get_or_insert_with(|| {
            let manner = Manner { pause: Duration::from_millis(10), ..Manner::default() };
            Load::start(&site.door, &token, &trial.folder().join("ledger"), &manner)
        });
        let mut client = site.api(&token);
        let text = || std::fs::read(&log).unwrap_or_default();
        until(PATIENCE, "a flush fails", || trace::find(&text(), b"(INJECTED)").is_some());
        // The moment the fault is on record, the process is gone or says that it is not ready.
        let ready = client.readyz();
        let ended = server.ended(Duration::from_secs(5));
        let code = ended.and_then(|status| status.code());
        assert!(
            code.is_some_and(|code| code != 0),
            "5 s after flush {which} failed: {ended:?}: {}",
            last(&server.log())
        );
        let steps = trace::read(&log);
        assert!(
            steps.iter().any(|step| matches!(step, Step::SyncFailed)),
            "the fault hit a file of the database"
        );
        let told = trace::flushes(&steps);
        assert!(told.early.is_empty(), "acknowledged without a flush: {:?}", told.early);
        flushes.push(format!("{which} (readyz {ready:?})"));
        let _ = load.ledger.unanswered.load(Relaxed);
    }
    let server = site.serve();
    let ledger = load.expect("there was a round").finish();
    drained(&site.database, PATIENCE);
    let acknowledged = ledger.acknowledged();
    let sent = nothing_is_lost(&site.database, &acknowledged, &receiver, &["/in"]);
    invariants(&site.database, 1);
    server.stop(PATIENCE);
    Ok(format!(
        "flushes that failed: {}; {} acknowledged, {} duplicates",
        flushes.join(", "),
        acknowledged.len(),
        sent.duplicates
    ))
}
