//! P13: an endpoint that hangs on thousands of deliveries delays only itself, and is not run over when it is back.

use crate::rig::check::{drained, invariants};
use crate::rig::client::{Answer, Client};
use crate::rig::load::{Load, Manner};
use crate::rig::patience::{PATIENCE, pass, until};
use crate::rig::receiver::{Manner as Answers, Receiver};
use crate::rig::trial::{Outcome, Trial};
use serde_json::json;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// What one endpoint may have in flight.
const MOST_AT_ONE: usize = 8;
const LIMIT: Duration = Duration::from_secs(2);

pub fn run(trial: &Trial) -> Outcome {
    let site = trial.site()?;
    let (acme, other) = (site.tenant("Acme"), site.tenant("Other"));
    let receiver = Receiver::start();
    receiver.on("/hanging", Answers::Hang);
    let server = site.serve();
    let backlog = trial.pick(3_000, 10_000);
    let hanging = json!({
        "endpoints": [{"url": receiver.url("/hanging"), "timeout_ms": 30_000, "retry": vec![1; 20]}],
        "events": ["order.completed"],
    });
    site.own_webhook(&acme, &hanging);
    site.webhook(&acme, "order.refunded", &[receiver.url("/same-unit")], 30_000);
    site.webhook(&other, "order.refunded", &[receiver.url("/other-unit")], 30_000);
    let manner = Manner { pause: Duration::ZERO, producers: 8, ..Manner::default() };
    let load = Load::start(&site.door, &acme, &trial.folder().join("ledger"), &manner);
    let long = Duration::from_secs(trial.pick(60, 300));
    until(long, "the backlog has come together", || load.ledger.count() >= backlog);
    let backlog = load.finish().count();
    until(PATIENCE, "the endpoint hangs", || receiver.under_way() >= 1);

    let rounds = trial.pick(100, 600);
    let mut sent: HashMap<String, Instant> = HashMap::new();
    let mut clients = [Client::new(&site.door, &acme), Client::new(&site.door, &other)];
    for n in 0..rounds {
        for client in &mut clients {
            let id = publish(client, n);
            sent.insert(id, Instant::now());
            pass(Duration::from_millis(20));
        }
    }
    let arrived = || receiver.arrivals().into_iter().filter(|a| a.path != "/hanging").collect::<Vec<_>>();
    until(PATIENCE, "the healthy endpoints have got theirs", || arrived().len() >= sent.len());
    let mut waits: HashMap<String, Vec<Duration>> = HashMap::new();
    for arrival in arrived() {
        let wait = arrival.at.saturating_duration_since(sent[&arrival.event]);
        waits.entry(arrival.path).or_default().push(wait);
    }
    let mut told = Vec::new();
    for (path, mut waits) in waits {
        waits.sort_unstable();
        let p99 = waits[waits.len() * 99 / 100];
        assert!(p99 < LIMIT, "p99 at {path}: {p99:?}");
        told.push(format!("{path} p99 {} ms", p99.as_millis()));
    }
    told.sort();

    // Back again with everything due: never more at once than the endpoint's share.
    receiver.release();
    let began = Instant::now();
    drained(&site.database, Duration::from_secs(trial.pick(45, 300)));
    let most = receiver.most_under_way("/hanging");
    assert!(most <= MOST_AT_ONE, "{most} at once at one endpoint");
    invariants(&site.database, 1);
    server.stop(PATIENCE);
    let took = began.elapsed().as_secs();
    Ok(format!("{}; {backlog} waiting drained in {took} s, at most {most} at once", told.join(", ")))
}

fn publish(client: &mut Client, number: usize) -> String {
    let body = format!(r#"{{"type":"order.refunded","data":{{"number":{number}}}}}"#);
    match client.publish(&format!("healthy-{number}"), body.as_bytes()) {
        Answer::Whole { status: 202, body, .. } => {
            let text = String::from_utf8_lossy(&body).into_owned();
            text.split('"').find(|word| word.starts_with("evt_")).expect("an id").to_owned()
        }
        other => panic!("{other:?}"),
    }
}
