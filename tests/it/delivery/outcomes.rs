//! What becomes of an event at each webhook: every one that is subscribed ends in a recorded outcome.

use crate::support::databases::{TestDatabase, both_databases};
use crate::support::installation::{Installation, data, list, text};
use crate::support::patience::{PATIENCE, until};
use crate::support::receiver::{Receiver, Reply};
use serde_json::{Value, json};
use std::collections::BTreeSet;

both_databases!(
    what_is_held_back_says_why,
    deleting_a_webhook_cancels_what_is_queued,
    an_event_goes_to_every_endpoint_that_wants_it,
    a_repeated_request_stores_nothing,
    the_keys_of_two_business_units_do_not_meet,
);

fn what_is_held_back_says_why(database: &TestDatabase) {
    let installation = Installation::new(database);
    let tenant = installation.tenant("Acme");
    let (server, receiver) = (installation.serve(), Receiver::start());
    let api = tenant.at(&server);
    let webhook = |path: &str, more: Value| {
        let mut draft = json!({"url": receiver.url(path)});
        draft.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        text(&api.webhook(&draft)["id"])
    };
    let filter = json!([
        {"path": "customer.country", "op": "eq", "value": "DE"}, {"path": "/total", "op": "ge", "value": 100},
    ]);
    let inactive = webhook("/inactive", json!({"events": ["order.completed"], "status": "inactive"}));
    let filtered =
        webhook("/filtered", json!({"triggers": [{"event": "order.completed", "filter": filter}]}));
    let other = webhook("/other", json!({"events": ["order.refunded"]}));
    let outcome = |event: &Value, webhook: &str| {
        let found = list(&event["deliveries"]).iter().find(|d| d["webhook"] == webhook);
        found.map(|d| format!("{} {}", text(&d["state"]), d["cause"].as_str().unwrap_or("-")))
    };

    let cheap = api.publish("order.completed", &json!({"customer": {"country": "DE"}, "total": 99}));
    let cheap = api.settled(&cheap);
    assert_eq!(outcome(&cheap, &inactive).as_deref(), Some("skipped webhook_inactive"));
    assert_eq!(outcome(&cheap, &filtered).as_deref(), Some("filtered filter"));
    assert_eq!((outcome(&cheap, &other), &cheap["outcome"]), (None, &json!("held_back")));

    let dear = api.publish("order.completed", &json!({"customer": {"country": "DE"}, "total": 100.5}));
    let dear = api.settled(&dear);
    assert_eq!(outcome(&dear, &filtered).as_deref(), Some("delivered -"));
    let unsent = api.event(&api.publish("team.created", &json!({})));
    assert_eq!((&unsent["outcome"], list(&unsent["deliveries"]).len()), (&json!("unsent"), 0));

    data(&api.put(&format!("/webhooks/{inactive}"), &json!({"status": "active"})), 200);
    data(&api.put(&format!("/webhooks/{filtered}"), &json!({"status": "inactive"})), 200);
    let last = api.settled(&api.publish("order.completed", &json!({})));
    assert_eq!(outcome(&last, &inactive).as_deref(), Some("delivered -"));
    assert_eq!(outcome(&last, &filtered).as_deref(), Some("skipped webhook_inactive"));
    let paths: Vec<String> = receiver.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/filtered", "/inactive"]);
}

fn deleting_a_webhook_cancels_what_is_queued(database: &TestDatabase) {
    let installation = Installation::new(database);
    let tenant = installation.tenant("Acme");
    let (server, receiver) = (installation.serve(), Receiver::start());
    let api = tenant.at(&server);
    receiver.on("/failing", [Reply::status(500)]);
    receiver.on("/hanging", [Reply::hang()]);
    let doomed = api.webhook(&json!({
        "endpoints": [
            {"url": receiver.url("/failing"), "retry": [3_600]},
            {"url": receiver.url("/hanging"), "timeout_ms": 30_000},
        ],
        "events": ["order.completed"],
    }));
    // Of these, one endpoint has eight under way and holds the rest; at the other some wait for the next
    // attempt, and the rest until it is no longer left alone.
    let ids: Vec<String> = (0..20).map(|n| api.publish("order.completed", &json!({"n": n}))).collect();
    for id in &ids {
        api.event_when(id, |event| list(&event["deliveries"]).iter().any(|d| d["state"] == "ready"));
    }
    until(PATIENCE, || {
        let hanging = receiver.requests().iter().filter(|request| request.path == "/hanging").count();
        if hanging == 8 { Ok(()) } else { Err(hanging) }
    });
    let sent = receiver.requests().len();

    let answer = api.delete(&format!("/webhooks/{}", text(&doomed["id"])));

    assert_eq!((answer.status, &answer.json()["success"]), (200, &json!(true)));
    for id in &ids {
        let event = api.event(id);
        for delivery in list(&event["deliveries"]) {
            assert_eq!(
                (&delivery["state"], &delivery["cause"]),
                (&json!("cancelled"), &json!("webhook_deleted"))
            );
        }
    }
    let after = api.event(&api.publish("order.completed", &json!({})));
    assert_eq!(after["outcome"], "unsent");
    receiver.release();
    api.simple_webhook(&receiver.url("/next"), "order.refunded");
    api.settled(&api.publish("order.refunded", &json!({})));
    assert_eq!(server.stop().code(), Some(0));
    assert_eq!(receiver.requests().len(), sent + 1, "what was queued was not sent after all");
}

fn an_event_goes_to_every_endpoint_that_wants_it(database: &TestDatabase) {
    let installation = Installation::new(database);
    let (tenant, stranger) = (installation.tenant("Acme"), installation.tenant("Other"));
    let (server, receiver) = (installation.serve(), Receiver::start());
    let (api, strangers) = (tenant.at(&server), stranger.at(&server));
    let one = json!({
        "endpoints": [{"url": receiver.url("/1")}, {"url": receiver.url("/2")}, {"url": receiver.url("/3")}],
        "events": ["order.completed", "order.refunded"],
    });
    api.webhook(&one);
    api.webhook(&json!({"url": receiver.url("/4"), "events": ["order.completed"]}));
    strangers.webhook(&json!({"url": receiver.url("/strangers"), "events": ["order.completed"]}));

    let id = api.publish("order.completed", &json!({}));
    let event = api.settled(&id);

    assert_eq!(event["outcome"], "delivered");
    let requests = receiver.requests();
    let paths: BTreeSet<&str> = requests.iter().map(|request| request.path.as_str()).collect();
    assert_eq!((requests.len(), paths), (4, BTreeSet::from(["/1", "/2", "/3", "/4"])));
    assert!(requests.iter().all(|request| request.header("webhook-id") == Some(id.as_str())));
    let signatures: BTreeSet<_> = requests.iter().map(|r| r.header("x-webhook-signature")).collect();
    assert_eq!(signatures.len(), 2, "each webhook signs with its own secret");
    assert_eq!(strangers.get(&format!("/events/{id}")).status, 404);
}

fn a_repeated_request_stores_nothing(database: &TestDatabase) {
    let installation = Installation::new(database);
    let tenant = installation.tenant("Acme");
    let (server, receiver) = (installation.serve(), Receiver::start());
    let api = tenant.at(&server);
    api.simple_webhook(&receiver.url("/in"), "order.completed");
    let body = r#"{"type":"order.completed","data":{"id":"ord_1"}}"#;
    let key = [("idempotency-key", "order-1")];

    let answers: Vec<_> = std::thread::scope(|scope| {
        let posts: Vec<_> = (0..50).map(|_| scope.spawn(|| api.try_post("/events", &key, body))).collect();
        posts.into_iter().map(|post| post.join().unwrap().expect("an answer")).collect()
    });

    let ids: BTreeSet<String> = answers.iter().map(|answer| text(&data(answer, 202)["id"])).collect();
    assert_eq!(ids.len(), 1, "one key, one event");
    let first = answers.iter().filter(|answer| answer.header("idempotency-replayed").is_empty()).count();
    assert_eq!(first, 1, "only one answer is not a repeat");
    let other = r#"{"type":"order.completed","data":{"id":"ord_2"}}"#;
    let answer = api.try_post("/events", &key, other).unwrap();
    assert_eq!((answer.status, &answer.json()["code"]), (409, &json!("idempotency_key_reused")));
    let event = api.settled(ids.first().unwrap());
    assert_eq!(list(&event["deliveries"]).len(), 1);
    assert_eq!(api.published().len(), 1, "nothing else is stored");

    // The event's own id does the same, apart from the keys.
    let own = r#"{"type":"order.completed","id":"order-1","data":{}}"#;
    let [one, two] = [(); 2].map(|()| text(&data(&api.try_post("/events", &[], own).unwrap(), 202)["id"]));
    assert!(one == two && !ids.contains(&one));
    api.settled(&one);
    assert_eq!(receiver.requests().len(), 2);
    for bad in ["", "with space", &"x".repeat(256)] {
        let answer = api.try_post("/events", &[("idempotency-key", bad)], body).unwrap();
        assert_eq!(answer.status, 400, "{bad}: {answer:?}");
    }
}

fn the_keys_of_two_business_units_do_not_meet(database: &TestDatabase) {
    let installation = Installation::new(database);
    let (tenant, stranger) = (installation.tenant("Acme"), installation.tenant("Other"));
    let server = installation.serve();
    let key = [("idempotency-key", "the-same")];

    let made: BTreeSet<String> = [(&tenant, 1), (&stranger, 2)]
        .into_iter()
        .map(|(tenant, n)| {
            let body = json!({"type": "order.completed", "data": {"n": n}}).to_string();
            text(&data(&tenant.at(&server).try_post("/events", &key, &body).unwrap(), 202)["id"])
        })
        .collect();

    assert_eq!(made.len(), 2);
}
