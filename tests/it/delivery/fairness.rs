//! An endpoint with a long queue, one that fails and one that asks for time delay only themselves.

use crate::support::databases::{TestDatabase, both_databases};
use crate::support::installation::{Installation, data, list, text};
use crate::support::patience::{PATIENCE, until};
use crate::support::receiver::{Receiver, Reply};
use serde_json::{Value, json};
use std::time::Duration;

both_databases!(
    a_queue_longer_than_the_engine_delays_no_other_endpoint,
    an_endpoint_that_fails_is_left_alone_and_served_whole_when_it_is_back,
    an_endpoint_that_asks_for_time_is_sent_nothing_meanwhile,
);

/// More than one process holds.
const LONG_QUEUE: usize = 25_000;
const QUEUE: usize = 1_000;
/// The cap, and what may begin while the first five failures end one by one.
const FIRST_WAVE: usize = 8 + 4;

fn a_queue_longer_than_the_engine_delays_no_other_endpoint(database: &TestDatabase) {
    let installation = Installation::new(database);
    let (tenant, stranger) = (installation.tenant("Acme"), installation.tenant("Other"));
    let (server, receiver) = (installation.serve(), Receiver::start());
    receiver.on("/dead", [Reply::status(200), Reply::hang()]);
    let api = tenant.at(&server);
    for path in ["/dead", "/well"] {
        api.simple_webhook(&receiver.url(path), "order.completed");
    }
    stranger.at(&server).simple_webhook(&receiver.url("/strangers"), "order.completed");
    api.settled(&api.publish("order.completed", &json!({})));
    assert_eq!(server.stop().code(), Some(0));
    for (path, count, due) in [("/dead", LONG_QUEUE, 1), ("/well", QUEUE, 2)] {
        database.execute(&queue(path, count, due));
    }

    let server = installation.serve();
    let (api, strangers) = (tenant.at(&server), stranger.at(&server));
    let theirs = strangers.settled(&strangers.publish("order.completed", &json!({})));

    assert_eq!(theirs["outcome"], "delivered");
    let came = |path: &str| receiver.requests().iter().filter(|request| request.path == path).count();
    until(PATIENCE, || if came("/well") == 1 + QUEUE { Ok(()) } else { Err(came("/well")) });
    let id = api.publish("order.completed", &json!({}));
    let event = api.event_when(&id, |event| {
        list(&event["deliveries"]).iter().any(|delivery| delivery["state"] == "delivered")
    });
    assert_eq!(list(&event["deliveries"]).len(), 2);
    assert!((2..=9).contains(&came("/dead")), "eight are under way to it: {}", came("/dead"));
    server.kill9();
}

/// So many deliveries more of what was sent to `path`, all due since long.
fn queue(path: &str, count: usize, due: usize) -> String {
    format!(
        "INSERT INTO deliveries (id, bu_id, event_id, event_type, webhook_id, endpoint_id, kind, state, \
            attempts, interruptions, next_at, lease_no, created_at) \
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}) \
         SELECT substr(id, 1, length(id) - 6) || CAST(100000 + n AS TEXT), bu_id, event_id, event_type, \
            webhook_id, endpoint_id, kind, 'ready', 0, 0, {due}, 0, created_at \
         FROM deliveries, numbers \
         WHERE endpoint_id = (SELECT id FROM endpoints WHERE url LIKE '%{path}')"
    )
}

fn an_endpoint_that_fails_is_left_alone_and_served_whole_when_it_is_back(database: &TestDatabase) {
    let installation = Installation::new(database);
    let tenant = installation.tenant("Acme");
    let (server, receiver) = (installation.serve(), Receiver::start());
    let api = tenant.at(&server);
    receiver.on("/in", [Reply::status(500)]);
    let webhook = api.webhook(&json!({
        "endpoints": [{"url": receiver.url("/in"), "retry": [1, 1, 1, 1, 1, 1, 1, 1]}],
        "events": ["order.completed"],
    }));
    api.simple_webhook(&receiver.url("/well"), "order.refunded");
    let attempts = |event: &Value| list(&list(&event["deliveries"])[0]["attempts"]).len();
    let came = |path: &str| receiver.requests().iter().filter(|request| request.path == path).count();

    let ids: Vec<String> = (0..40).map(|n| api.publish("order.completed", &json!({"n": n}))).collect();
    let waits = |event: &Value| list(&event["deliveries"])[0]["state"] == "ready";
    let tried: usize = ids.iter().map(|id| attempts(&api.event_when(id, waits))).sum();

    assert!((5..=FIRST_WAVE).contains(&tried), "it is left alone after the first failures: {tried}");
    assert_eq!(api.settled(&api.publish("order.refunded", &json!({})))["outcome"], "delivered");
    assert!(came("/in") <= FIRST_WAVE + 1, "one probes: {}", came("/in"));
    receiver.on("/in", [Reply::status(200)]);
    let test = api.post(&format!("/webhooks/{}/test", text(&webhook["id"])), &json!({}));
    data(&test, 200);

    let events: Vec<Value> = ids.iter().map(|id| api.settled(id)).collect();
    assert!(events.iter().all(|event| event["outcome"] == "delivered"));
    let tried: usize = events.iter().map(attempts).sum();
    assert_eq!(came("/in"), tried + 1, "each attempt is recorded, and the test is one more");
    let at_once = events.iter().filter(|event| attempts(event) == 1).count();
    assert!(at_once >= ids.len() - FIRST_WAVE - 1, "waiting used up nothing: {at_once}");
    assert_eq!(server.stop().code(), Some(0));
}

fn an_endpoint_that_asks_for_time_is_sent_nothing_meanwhile(database: &TestDatabase) {
    let installation = Installation::new(database);
    let tenant = installation.tenant("Acme");
    let (server, receiver) = (installation.serve(), Receiver::start());
    let api = tenant.at(&server);
    let busy = Reply::status(429).header("retry-after", "3600");
    receiver.on("/busy", [busy, Reply::status(200)]);
    api.webhook(&json!({
        "endpoints": [{"url": receiver.url("/busy"), "retry": [1]}], "events": ["order.completed"],
    }));
    api.simple_webhook(&receiver.url("/well"), "order.refunded");
    let first = api.publish("order.completed", &json!({}));
    let waits = |event: &Value| list(&event["deliveries"])[0]["state"] == "ready";
    api.event_when(&first, waits);

    let ids: Vec<String> = (0..20).map(|n| api.publish("order.completed", &json!({"n": n}))).collect();
    api.settled(&api.publish("order.refunded", &json!({})));
    receiver.wait_for(2, Duration::ZERO);

    for id in &ids {
        let event = api.event(id);
        let delivery = &list(&event["deliveries"])[0];
        assert_eq!((&delivery["state"], list(&delivery["attempts"]).len()), (&json!("ready"), 0));
    }
    let paths: Vec<String> = receiver.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/busy", "/well"]);
    assert_eq!(server.stop().code(), Some(0));
}
