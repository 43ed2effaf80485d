//! P11: a stop that is asked for loses nothing, repeats nothing and is quick.

use crate::rig::check::{drained, invariants, nothing_is_lost, one_event_each};
use crate::rig::load::{Load, Manner};
use crate::rig::patience::{PATIENCE, pass, until};
use crate::rig::receiver::{Manner as Answers, Receiver};
use crate::rig::trial::{Outcome, Trial};
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

const PATHS: [&str; 3] = ["/fast", "/slow", "/flaky"];
const STOP: Duration = Duration::from_secs(30);

pub fn run(trial: &Trial) -> Outcome {
    let site = trial.site()?;
    let token = site.tenant("Acme");
    let receiver = Receiver::start();
    receiver.on("/slow", Answers::Slow(Duration::from_millis(40)));
    receiver.on("/flaky", Answers::FailEvery(7));
    let mut chance = trial.chance("stops");
    let mut server = site.serve();
    site.webhook(&token, "order.completed", &PATHS.map(|path| receiver.url(path)), 30_000);
    let load = Load::start(&site.door, &token, &trial.folder().join("ledger"), &Manner::default());
    let rounds = trial.pick(3, 20);
    let mut longest = Duration::ZERO;
    for _ in 0..rounds {
        load.more(10);
        pass(chance.between(Duration::from_millis(100), Duration::from_secs(1)));
        let began = Instant::now();
        server.stop(STOP);
        longest = longest.max(began.elapsed());
        server = site.serve();
    }
    let ledger = load.finish();
    drained(&site.database, PATIENCE);
    assert_eq!(ledger.torn.load(Relaxed), 0, "no answer is torn off by a stop");
    let acknowledged = ledger.acknowledged();
    let sent = nothing_is_lost(&site.database, &acknowledged, &receiver, &PATHS);
    one_event_each(&site.database, &acknowledged);
    invariants(&site.database, PATHS.len());
    assert_eq!(sent.duplicates, 0, "a stop that is asked for repeats nothing");
    assert_eq!(sent.exhausted, 0, "and uses up no attempts");

    // With an attempt that hangs the stop waits; asked twice, it does not.
    receiver.on("/hanging", Answers::Hang);
    site.webhook(&token, "order.refunded", &[receiver.url("/hanging")], 20_000);
    let mut client = site.api(&token);
    let made = client.post("/events", &serde_json::json!({"type": "order.refunded", "data": {"number": 0}}));
    assert_eq!(made.0, 202);
    until(PATIENCE, "the attempt hangs", || receiver.under_way() > 0);
    server.signal("-TERM");
    assert!(server.ended(Duration::from_secs(1)).is_none(), "what is in flight is waited for");
    server.signal("-TERM");
    let ended = server.ended(Duration::from_secs(2));
    assert!(ended.is_some(), "the second signal ends it at once");
    receiver.release();
    Ok(format!(
        "{rounds} stops, {} acknowledged, the longest took {:.1} s; asked twice: {}",
        acknowledged.len(),
        longest.as_secs_f32(),
        ended.map(|status| status.to_string()).unwrap_or_default()
    ))
}
