//! Publishing many events at once: each with its own result, each once for its id.

use super::world::{OPEN, World, faults, id};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::{Answer, send};
use crate::support::receiver::Receiver;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

both_databases!(
    a_thousand_events_are_accepted_and_delivered,
    each_event_has_its_own_result,
    a_repeated_batch_stores_nothing,
    a_batch_is_held_to_its_form_and_size,
    every_event_of_a_batch_counts_against_the_rate,
);

fn event(n: usize) -> Value {
    json!({"type": "order.completed", "data": {"n": n}})
}

fn statuses(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 202, "{answer:?}");
    let items = answer.json()["data"].as_array().unwrap().clone();
    assert!(items.iter().enumerate().all(|(at, item)| item["index"] == at));
    items.iter().map(|item| item["status"].as_str().unwrap().to_owned()).collect()
}

fn a_thousand_events_are_accepted_and_delivered(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let receiver = Receiver::start();
    world.webhook(&json!({"url": receiver.url("/"), "events": ["order.completed"]}));
    let events: Vec<Value> = (0..1_000).map(event).collect();
    let answer = world.api.post("/events/batch", &json!({"events": events}));
    assert_eq!(statuses(&answer), ["accepted"; 1_000]);
    let told = answer.json();
    assert_eq!(told["meta"], json!({"accepted": 1_000, "repeated": 0, "refused": 0, "failed": 0}));
    let ids: BTreeSet<String> = told["data"].as_array().unwrap().iter().map(id).collect();
    let requests = receiver.wait_for(1_000, Duration::from_mins(1));
    let arrived: BTreeSet<String> =
        requests.iter().map(|r| r.header("webhook-id").unwrap().to_owned()).collect();
    assert_eq!((ids.len(), arrived), (1_000, ids));
}

fn each_event_has_its_own_result(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let large = format!(r#"{{"type":"order.completed","data":{{"a":"{}"}}}}"#, "x".repeat(256 * 1024));
    let deep = format!("{}{}", "[".repeat(63), "]".repeat(63));
    let deep = format!(r#"{{"type":"order.completed","data":{{"a":{deep}}}}}"#);
    let items = [
        r#"{"type":"order.completed","data":{}}"#,
        r#"{"type":"no.such","data":{}}"#,
        "7",
        r#"{"type":"order.completed","data":[]}"#,
        r#"{"type":"order.completed","data":{"a":1,"a":2}}"#,
        &large,
        &deep,
        r#"{"type":"order.completed","data":{},"id":"same"}"#,
        r#"{"type":"order.completed","data":{},"id":"same"}"#,
        r#"{"type":"order.completed","data":{"n":2},"id":"same"}"#,
        r#"{"type":"order.completed","data":{},"subject":"nobody"}"#,
        r#" {"type":"order.refunded", "data":{ "a" : 1.0 }} "#,
    ];
    let answer = world.post_text("/events/batch", format!(r#"{{"events":[{}]}}"#, items.join(",")));
    let told = answer.json();
    let results: Vec<(String, u64, String)> = statuses(&answer)
        .into_iter()
        .zip(told["data"].as_array().unwrap())
        .map(|(status, item)| {
            let problem = &item["problem"];
            let code = problem["errors"][0]["code"].as_str().or(problem["code"].as_str()).unwrap_or_default();
            (status, problem["status"].as_u64().unwrap_or_default(), code.to_owned())
        })
        .collect();
    let refused = |status: u64, code: &str| ("refused".to_owned(), status, code.to_owned());
    let accepted = ("accepted".to_owned(), 0, String::new());
    assert_eq!(
        results,
        [
            accepted.clone(),
            refused(422, "unknown_event_type"),
            refused(422, "wrong_type"),
            refused(422, "not_an_object"),
            refused(400, "json_duplicate_key"),
            refused(413, "body_too_large"),
            refused(400, "json_depth"),
            accepted.clone(),
            ("repeated".to_owned(), 0, String::new()),
            refused(409, "idempotency_key_reused"),
            refused(422, "unknown_reference"),
            accepted,
        ]
    );
    assert_eq!(told["data"][7]["id"], told["data"][8]["id"]);
    assert_eq!(told["meta"], json!({"accepted": 3, "repeated": 1, "refused": 8, "failed": 0}));
    assert_eq!(world.api.published().len(), 3);
    let last = world.api.get(&format!("/events/{}", id(&told["data"][11])));
    assert!(last.body.contains(r#""data":{ "a" : 1.0 }"#), "{}", last.body);
}

fn a_repeated_batch_stores_nothing(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let body = json!({"events": [
        {"type": "order.completed", "data": {}, "id": "order/1"},
        {"type": "order.completed", "data": {}},
    ]});
    let keyed = |key: &str, body: &Value| {
        send(world.request(Method::POST, "/events/batch").header("idempotency-key", key).json(body))
    };
    let first = keyed("b-1", &body);
    assert_eq!(statuses(&first), ["accepted", "accepted"]);
    let again = keyed("b-1", &body);
    assert_eq!(statuses(&again), ["repeated", "repeated"]);
    let ids = |answer: &Answer| answer.json()["data"].as_array().unwrap().iter().map(id).collect::<Vec<_>>();
    assert_eq!(ids(&again), ids(&first));
    assert_eq!(statuses(&world.api.post("/events/batch", &body)), ["repeated", "accepted"]);
    let alone = world.api.post("/events", &body["events"][0]);
    assert_eq!(alone.header("idempotency-replayed"), "true", "an event's own id is known everywhere");
    let changed = keyed("b-1", &json!({"events": [event(1), event(2)]}));
    assert_eq!(statuses(&changed), ["accepted", "refused"]);
    assert_eq!(changed.json()["data"][1]["problem"]["code"], "idempotency_key_reused");
    assert_eq!(keyed("", &body).status, 400);
}

fn a_batch_is_held_to_its_form_and_size(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    for (body, status, told) in [
        (json!([]), 422, "events wrong_type"),
        (json!({}), 422, "events wrong_type"),
        (json!({"events": event(1)}), 422, "events wrong_type"),
        (json!({"events": []}), 422, "events required"),
        (json!({"events": (0..1_001).map(event).collect::<Vec<_>>()}), 422, "events limit_events"),
    ] {
        let answer = world.api.post("/events/batch", &body);
        assert_eq!((answer.status, faults(&answer)), (status, vec![told.to_owned()]));
    }
    for body in ["", "{\"events\":[", "{\"events\":[]}x", "{\"events\":[\u{1}]}"] {
        let answer = world.post_text("/events/batch", body);
        assert_eq!((answer.status, &answer.json()["code"]), (400, &json!("json_syntax")), "{body}");
    }
    let plain = world.request(Method::POST, "/events/batch").header("content-type", "text/plain").body("{}");
    assert_eq!(send(plain).status, 415);
    let most = 4 * 1024 * 1024;
    let padded = |size: usize| format!("{{\"events\":[]}}{}", " ".repeat(size - 13));
    assert_eq!(world.post_text("/events/batch", padded(most)).status, 422);
    assert_eq!(world.post_text("/events/batch", padded(most + 1)).status, 413);
    assert!(world.api.published().is_empty());
}

fn every_event_of_a_batch_counts_against_the_rate(database: &TestDatabase) {
    let world = World::start(database, &["--limit-ingest", "5", "--limit-api", "0"]);
    let batch = |count: usize| {
        world.api.post("/events/batch", &json!({"events": (0..count).map(event).collect::<Vec<_>>()}))
    };
    let over = batch(11);
    assert_eq!((over.status, over.header("ratelimit-policy")), (422, "\"ingest\";q=10;w=2"));
    assert_eq!(faults(&over), ["events limit_events"], "waiting would not help");
    assert!(over.body.contains("at most 10 events") && over.header("retry-after").is_empty());
    assert!(world.api.published().is_empty(), "nothing of it is stored");
    assert_eq!(statuses(&batch(8)), ["accepted"; 8]);
    assert_eq!(batch(8).status, 429);
}
