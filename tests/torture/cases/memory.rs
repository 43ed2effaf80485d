//! P14: memory stays bounded with every place in flight taken by endless answers, and the largest events queued.

use crate::rig::load::{Load, Manner};
use crate::rig::patience::{PATIENCE, until};
use crate::rig::receiver::{Manner as Answers, Receiver};
use crate::rig::server::last;
use crate::rig::trial::{Outcome, Trial};
use crate::zoo::animals::{self, Animal};
use crate::zoo::cage::Cage;
use serde_json::json;
use std::time::{Duration, Instant};

const MOST_MIB: u64 = 512;
/// Close to the largest body that is taken.
const WEIGHT: usize = 250_000;
const UNITS: usize = 4;
const ENDPOINTS: usize = 4;

pub fn run(trial: &Trial) -> Outcome {
    let site = trial.site()?;
    let server = site.serve();
    // Heads and bodies that never end, and an endpoint that says nothing: 16 endpoints of 8 places each.
    let cages: Vec<Cage> = ["endless 103", "a head byte by byte", "endless chunks", "a body byte by byte"]
        .iter()
        .map(|name| Cage::open(animal(name)))
        .collect();
    let receiver = Receiver::start();
    receiver.on("/hanging", Answers::Hang);
    let mut loads = Vec::new();
    let weight = Manner { producers: 1, pause: Duration::ZERO, weight: WEIGHT, ..Manner::default() };
    for unit in 0..UNITS {
        let token = site.tenant(&format!("Unit {unit}"));
        let mut urls: Vec<String> = cages.iter().map(Cage::url).take(ENDPOINTS - 1).collect();
        urls.push(receiver.url("/hanging"));
        let endpoints: Vec<_> =
            urls.iter().map(|url| json!({"url": url, "timeout_ms": 30_000, "retry": vec![1; 20]})).collect();
        site.own_webhook(&token, &json!({"endpoints": endpoints, "events": ["order.completed"]}));
        let ledger = trial.folder().join(format!("ledger-{unit}"));
        loads.push(Load::start(&site.door, &token, &ledger, &weight));
    }
    let events = trial.pick(500, 6_000);
    let count = || loads.iter().map(|load| load.ledger.count()).sum::<usize>();
    let began = Instant::now();
    let limit = Duration::from_secs(trial.pick(60, 600));
    let (mut peak, mut at_peak) = (0, 0);
    until(limit, "the events are taken", || {
        assert!(server.is_running(), "{}", last(&server.log()));
        peak = server.peak_mib();
        assert!(peak < MOST_MIB, "{peak} MiB after {} events of {WEIGHT} bytes", count());
        at_peak = at_peak.max(cages.iter().map(Cage::under_way).sum::<usize>() + receiver.under_way());
        count() >= events
    });
    let mut events = 0;
    for load in loads {
        events += load.finish().count();
    }
    let peak = server.peak_mib();
    assert!(peak < MOST_MIB, "{peak} MiB");
    receiver.release();
    drop(cages);
    server.stop(PATIENCE);
    Ok(format!(
        "{peak} MiB at most with {events} events of {} kB in {} s and up to {at_peak} attempts in flight",
        WEIGHT / 1_000,
        began.elapsed().as_secs()
    ))
}

fn animal(name: &str) -> &'static Animal {
    animals::ALL.iter().find(|animal| animal.name == name).expect("it is in the zoo")
}
