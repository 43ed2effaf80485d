//! Publishing when something is odd: keys, clocks, rates, producers that go away, webhooks that change meanwhile.

use super::super::world::{OPEN, World, faults, id};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::{Answer, send};
use crate::support::receiver::Receiver;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Write;
use std::net::TcpStream;

both_databases!(
    a_key_is_one_word_of_bounded_length_and_belongs_to_one_unit,
    an_event_that_nobody_wants_is_stored_and_shown_as_such,
    the_producers_clock_is_kept_beside_ours,
    over_the_rate_nothing_is_stored_in_part,
    a_producer_that_goes_away_in_the_middle_has_stored_nothing,
    an_event_is_delivered_or_held_back_as_its_webhook_stood,
);

const EVENT: &str = r#"{"type":"user.created","data":{}}"#;

fn count(database: &TestDatabase) -> usize {
    database.lines("SELECT id AS line FROM events WHERE source <> 'system'").len()
}

fn a_key_is_one_word_of_bounded_length_and_belongs_to_one_unit(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let stranger = world.stranger();
    for path in ["/events", "/events/batch"] {
        let body = if path == "/events" { EVENT.to_owned() } else { format!("{{\"events\":[{EVENT}]}}") };
        let keyed = |keys: &[&str]| {
            let request = world.request(Method::POST, path).header("content-type", "application/json");
            let request = keys.iter().fold(request, |request, key| request.header("idempotency-key", *key));
            send(request.body(body.clone()))
        };
        for bad in ["", "a b", "é", "a\tb", &"k".repeat(256)] {
            let answer = keyed(&[bad]);
            let fault = vec!["idempotency_key idempotency_key".to_owned()];
            assert_eq!((answer.status, faults(&answer)), (400, fault), "G2: {path} {bad:?}");
        }
        assert_eq!(keyed(&["a", "a"]).status, 400, "G2: twice");
        assert_eq!(keyed(&[&"k".repeat(255)]).status, 202, "G2");
    }
    assert_eq!(count(database), 2);
    let json = [("idempotency-key", "same")];
    let theirs = stranger.try_post("/events", &json, EVENT).unwrap();
    let ours = send(
        world
            .request(Method::POST, "/events")
            .header("idempotency-key", "same")
            .json(&serde_json::from_str::<Value>(EVENT).unwrap()),
    );
    assert_eq!((theirs.status, ours.status), (202, 202), "G2, I14");
    assert_ne!(id(&theirs.json()["data"]), id(&ours.json()["data"]), "G2, I14");
    assert_eq!(count(database), 4);
}

fn an_event_that_nobody_wants_is_stored_and_shown_as_such(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let event = world.publish(EVENT);
    let shown = world.api.get(&format!("/events/{event}")).json();
    assert_eq!(
        (&shown["data"]["outcome"], &shown["data"]["deliveries"]),
        (&json!("unsent"), &json!([])),
        "G4"
    );
}

fn the_producers_clock_is_kept_beside_ours(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    for (given, kept) in [
        ("1999-12-31T23:59:59Z", Some("1999-12-31T23:59:59Z")),
        ("2099-01-01T00:00:00+01:00", Some("2098-12-31T23:00:00Z")),
        ("", None),
    ] {
        let created = if given.is_empty() { String::new() } else { format!(",\"created\":\"{given}\"") };
        let event = world.publish(&format!("{{\"type\":\"user.created\",\"data\":{{}}{created}}}"));
        let shown = world.api.get(&format!("/events/{event}")).json()["data"].clone();
        let ours = shown["received_at"].as_str().unwrap();
        assert!(ours > "2020" && ours < "2090", "G8: {shown}");
        assert_eq!(shown["created"].as_str(), kept.or(Some(ours)), "G8");
    }
}

fn over_the_rate_nothing_is_stored_in_part(database: &TestDatabase) {
    let world = World::start(database, &["--limit-ingest", "2"]);
    let batch = format!("{{\"events\":[{}]}}", [EVENT; 4].join(","));
    let answers: Vec<Answer> = (0..10).map(|_| world.post_text("/events/batch", batch.clone())).collect();
    let refused = answers.iter().find(|answer| answer.status != 202).expect("a refusal");
    assert_eq!((refused.status, &refused.json()["code"]), (429, &json!("rate_limited")), "G9: {refused:?}");
    for name in ["retry-after", "ratelimit", "ratelimit-policy"] {
        assert!(!refused.header(name).is_empty(), "G9: {name}");
    }
    let accepted = answers.iter().filter(|answer| answer.status == 202).count();
    assert_eq!(count(database), 4 * accepted, "G9");
}

fn a_producer_that_goes_away_in_the_middle_has_stored_nothing(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    for sent in ["", "{", &EVENT[..EVENT.len() - 1]] {
        let head = format!(
            "POST /api/v1/events HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{sent}",
            world.address(),
            world.token(),
            EVENT.len()
        );
        let mut stream = TcpStream::connect(world.address()).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Both).unwrap();
    }
    // What comes after is stored after them.
    world.publish(EVENT);
    assert_eq!(count(database), 1, "G7");
}

fn an_event_is_delivered_or_held_back_as_its_webhook_stood(database: &TestDatabase) {
    let (world, receiver) = (World::start(database, OPEN), Receiver::start());
    let made = id(&world.webhook(&json!({"url": receiver.url("/in"), "events": ["user.created"]})));
    let path = format!("/webhooks/{made}");
    let switch = |status: &str| assert_eq!(world.api.put(&path, &json!({"status": status})).status, 200);
    let api = &world.api;
    let events: Vec<String> = std::thread::scope(|scope| {
        let producers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| (0..10).map(|_| api.publish("user.created", &json!({}))).collect::<Vec<_>>())
            })
            .collect();
        for _ in 0..5 {
            switch("inactive");
            switch("active");
        }
        assert_eq!(world.api.delete(&path).status, 200);
        producers.into_iter().flat_map(|producer| producer.join().unwrap()).collect()
    });
    let after = world.publish(EVENT);
    assert_eq!(world.api.get(&format!("/events/{after}")).json()["data"]["deliveries"], json!([]), "G12");
    super::super::world::until(std::time::Duration::from_secs(30), || {
        let states = database.lines("SELECT state || ' ' || COALESCE(cause, '-') AS line FROM deliveries");
        let open = states.iter().any(|state| state.starts_with("ready") || state.starts_with("leased"));
        let ends = ["delivered -", "skipped webhook_inactive", "cancelled "];
        let known = |state: &&String| !ends.iter().any(|end| state.starts_with(end));
        (!open).then(|| assert_eq!(states.iter().find(known), None, "G12"))
    });
    assert_eq!(events.len() + 1, count(database));
}
