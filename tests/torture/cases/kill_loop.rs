//! P1.1, P3, P4: killed again and again under load, the program loses nothing it acknowledged.

use crate::rig::check::{drained, end_leases, failures, invariants, nothing_is_lost, one_event_each};
use crate::rig::load::{Load, Manner};
use crate::rig::patience::{PATIENCE, pass, until};
use crate::rig::receiver::{Manner as Answers, Receiver};
use crate::rig::trial::{Outcome, Trial};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// How many attempts a process makes at once, those included whose outcome is not stored yet.
pub const MOST_IN_FLIGHT: usize = 128;
const PATHS: [&str; 3] = ["/fast", "/slow", "/flaky"];

pub fn run(trial: &Trial) -> Outcome {
    let site = trial.site()?;
    let token = site.tenant("Acme");
    let receiver = Receiver::start();
    receiver.on("/slow", Answers::Slow(Duration::from_millis(60)));
    receiver.on("/flaky", Answers::FailEvery(7));
    let mut chance = trial.chance("kills");
    let mut server = site.serve();
    site.webhook(&token, "order.completed", &PATHS.map(|path| receiver.url(path)), 30_000);
    let load = Load::start(&site.door, &token, &trial.folder().join("ledger"), &Manner::default());

    let wanted = trial.pick(5, 50);
    let (mut kills, mut most) = (0, 0);
    for _ in 0..wanted * 4 {
        load.more(1);
        pass(
            chance.between(
                Duration::from_millis(200),
                trial.pick(Duration::from_secs(1), Duration::from_secs(3)),
            ),
        );
        until(PATIENCE, "an attempt and a request are under way", || {
            receiver.under_way() > 0 && load.ledger.waiting.load(Relaxed) > 0
        });
        let before = load.ledger.unanswered.load(Relaxed);
        server.kill();
        let under_way = receiver.under_way();
        pass(Duration::from_millis(50));
        let cut_off = load.ledger.unanswered.load(Relaxed) > before;
        most = most.max(under_way);
        if !site.database.is_sqlite() && !trial.is_full() {
            // In the full profile the dead node's minute is waited for.
            end_leases(&site.database);
        }
        server = site.serve();
        // A kill that met nothing proves nothing.
        kills += usize::from(cut_off && under_way > 0);
        if kills == wanted {
            break;
        }
    }
    assert_eq!(kills, wanted, "the load overlapped every kill that counts");
    let ledger = load.finish();
    drained(&site.database, Duration::from_secs(trial.pick(60, 180)));
    let acknowledged = ledger.acknowledged();
    let sent = nothing_is_lost(&site.database, &acknowledged, &receiver, &PATHS);
    one_event_each(&site.database, &acknowledged);
    invariants(&site.database, PATHS.len());
    assert!(sent.duplicates <= kills * MOST_IN_FLIGHT, "{} duplicates in {kills} kills", sent.duplicates);
    server.stop(PATIENCE);
    Ok(format!(
        "{kills} kills, {} acknowledged, {} duplicates, {}, up to {most} under way at a kill",
        acknowledged.len(),
        sent.duplicates,
        failures(&site.database)
    ))
}
