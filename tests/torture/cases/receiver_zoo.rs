//! P6, P7, P8: whatever a receiver does, the attempt ends in time with the cause it deserves.

use crate::rig::patience::{PATIENCE, pass, until};
use crate::rig::receiver::Receiver;
use crate::rig::trial::{Outcome, Trial};
use crate::zoo::animals::{self, ARRIVED, Animal};
use crate::zoo::cage::Cage;
use crate::zoo::{retry_after, tls};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const TIMEOUT_MS: u32 = 1_500;
/// What an attempt may take beyond its time, on a busy machine.
const GRACE_MS: i64 = 1_000;

pub fn run(trial: &Trial) -> Outcome {
    let certificates = tls::Certificates::make(&trial.folder().join("certificates"))?;
    let site = trial.site()?;
    let token = site.tenant("Zoo");
    let receiver = Receiver::start();
    let authority = certificates.authority();
    let server = site.serve_with(&[], &[("SSL_CERT_FILE", authority.to_str().expect("a path"))]);

    // Name, address, the causes that are right.
    let mut wanted: BTreeMap<String, (&str, &[&str])> = BTreeMap::new();
    let cages: Vec<Cage> = animals::ALL.iter().map(Cage::open).collect();
    let tls_cages = tls::open_all(&certificates);
    let canary = Receiver::start();
    let redirects: Vec<Cage> =
        animals::redirects(&canary.url("/canary")).into_iter().map(Cage::open_own).collect();
    let refusing = format!("http://127.0.0.1:{}/", refused_port());
    let full = animals::full_backlog();
    let mut residents: Vec<(&str, String, &[&str])> =
        cages.iter().chain(&redirects).map(|cage| (cage.name(), cage.url(), cage.causes())).collect();
    residents.extend(tls_cages.iter().map(|cage| (cage.name, cage.url(), cage.causes)));
    residents.push(("nobody listens", refusing, &["connect_failed"]));
    residents.push(("a full backlog", format!("http://{}/", full.address), &["timeout", "connect_failed"]));
    for (name, url, causes) in &residents {
        let draft = json!({
            "endpoints": [{"url": url, "timeout_ms": TIMEOUT_MS, "retry": "none"}], "events": ["order.completed"],
        });
        let webhook = site.own_webhook(&token, &draft);
        wanted.insert(webhook, (name, causes));
    }
    let mut client = site.api(&token);
    let made = client.post("/events", &json!({"type": "order.completed", "data": {"number": 1}}));
    let event = made.1["data"]["id"].as_str().expect("an id").to_owned();
    let mut shown = Value::Null;
    until(PATIENCE, "every delivery of the zoo ends", || {
        shown = client.get(&format!("/events/{event}")).1["data"].clone();
        let deliveries = shown["deliveries"].as_array().expect("deliveries");
        deliveries.iter().all(|d| d["state"] != "ready" && d["state"] != "leased")
    });
    let wrong = judge(&shown, &wanted);
    assert!(wrong.is_empty(), "{} of {} are wrong:\n  {}", wrong.len(), wanted.len(), wrong.join("\n  "));
    assert_eq!(canary.count(), 0, "no redirect is followed");
    // The canary would have been reached.
    std::net::TcpStream::connect(canary.url("").trim_start_matches("http://")).expect("the canary listens");

    let delays = retry_after::check(&site, &token);
    // All places are free again: something ordinary goes out at once.
    site.webhook(&token, "order.refunded", &[receiver.url("/in")], 30_000);
    let made = client.post("/events", &json!({"type": "order.refunded", "data": {"number": 2}}));
    assert_eq!(made.0, 202);
    until(Duration::from_secs(2), "the places are free again", || receiver.count() == 1);
    let stale = stale(&site, &token);
    server.stop(PATIENCE);
    drop((cages, tls_cages, redirects, full));
    let longest = animals::ALL.len();
    Ok(format!(
        "{} receivers ({longest} plain, {} TLS), {delays} Retry-After values; {stale}",
        wanted.len(),
        tls::COUNT
    ))
}

/// One sentence for each delivery that did not end as it should.
fn judge(shown: &Value, wanted: &BTreeMap<String, (&str, &[&str])>) -> Vec<String> {
    let mut wrong = Vec::new();
    let deliveries = shown["deliveries"].as_array().expect("deliveries");
    assert_eq!(deliveries.len(), wanted.len(), "one delivery for each receiver");
    for delivery in deliveries {
        let (name, causes) = wanted[delivery["webhook"].as_str().expect("a webhook")];
        let attempts = delivery["attempts"].as_array().expect("attempts");
        let Some(attempt) = attempts.first().filter(|_| attempts.len() == 1) else {
            wrong.push(format!("{name}: {} attempts", attempts.len()));
            continue;
        };
        let state = delivery["state"].as_str().unwrap_or_default();
        let cause = if state == "delivered" { ARRIVED } else { attempt["cause"].as_str().unwrap_or("none") };
        let took = attempt["duration_ms"].as_i64().unwrap_or(i64::MAX);
        if !causes.contains(&cause) {
            wrong.push(format!("{name}: {state}, {cause} (status {}), wanted {causes:?}", attempt["status"]));
        }
        if took > i64::from(TIMEOUT_MS) + GRACE_MS {
            wrong.push(format!("{name}: took {took} ms"));
        }
    }
    wrong.sort();
    wrong
}

/// A connection that the receiver closes when it is used again: the event arrives with the next attempt at the
/// latest.
fn stale(site: &crate::rig::site::Site, token: &str) -> String {
    static ONCE_EACH: Animal =
        Animal { name: "one answer for each connection", causes: &[ARRIVED], act: animals::one_answer };
    let cage = Cage::open(&ONCE_EACH);
    let endpoint = json!({"url": cage.url(), "timeout_ms": 5_000, "retry": vec![1; 20]});
    site.own_webhook(token, &json!({"endpoints": [endpoint], "events": ["team.created"]}));
    let mut client = site.api(token);
    for number in 0..5 {
        let made = client.post("/events", &json!({"type": "team.created", "data": {"number": number}}));
        assert_eq!(made.0, 202);
        pass(Duration::from_millis(150));
    }
    let open = "SELECT count(*) FROM deliveries WHERE event_type = 'team.created' AND state <> 'delivered'";
    until(PATIENCE * 2, "events arrive over connections that go stale", || {
        site.database.try_number(open) == Ok(0)
    });
    let attempts = site.database.number(
        "SELECT count(*) FROM attempts a JOIN deliveries d ON d.id = a.delivery_id WHERE d.event_type = 'team.created'",
    );
    format!("5 events over stale connections in {attempts} attempts")
}

/// A port on which nobody listens.
fn refused_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}
