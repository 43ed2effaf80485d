//! Tests through the API: to one endpoint or all, with the type's sample or a payload of one's own.

use super::world::{OPEN, World, faults, id};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::receiver::Receiver;
use serde_json::{Value, json};
use std::time::Duration;

both_databases!(a_test_goes_to_one_endpoint_with_its_own_payload);

fn a_test_goes_to_one_endpoint_with_its_own_payload(database: &TestDatabase) {
    let (world, receiver) = (World::start(database, OPEN), Receiver::start());
    let endpoints = json!([{"url": receiver.url("/one")}, {"url": receiver.url("/two")}]);
    let made = world.webhook(&json!({"endpoints": endpoints, "events": ["order.completed"]}));
    let path = format!("/webhooks/{}/test", id(&made));
    let second = &made["endpoints"][1]["id"];
    let body =
        json!({"event": "order.completed", "endpoint": second, "payload": {"total": "1.50", "who": [null]}});
    let answer = world.api.post(&path, &body);
    assert_eq!((answer.status, &answer.json()["success"]), (200, &json!(true)), "{answer:?}");
    let requests = receiver.wait_for(1, Duration::from_secs(20));
    let sent: Value = serde_json::from_str(requests[0].text()).unwrap();
    assert_eq!((requests.len(), requests[0].path.as_str()), (1, "/two"));
    assert_eq!((&sent["type"], &sent["data"]), (&json!("order.completed"), &body["payload"]));

    let exact = format!(r#"{{"event":"order.completed","endpoint":{second},"payload":{{"total":1.10}}}}"#);
    assert_eq!(world.post_text(&path, exact).status, 200);
    let requests = receiver.wait_for(2, Duration::from_secs(20));
    assert!(requests[1].text().contains(r#"{"total":1.10}"#), "what is typed is what is sent");

    let other = world.webhook(&json!({"url": receiver.url("/three"), "events": ["order.completed"]}));
    let foreign = json!({"endpoint": other["endpoints"][0]["id"]});
    assert_eq!(faults(&world.api.post(&path, &foreign)), ["endpoint unknown_reference"]);
    for wrong in [json!([]), json!("text"), json!(null)] {
        assert_eq!(faults(&world.api.post(&path, &json!({"payload": wrong}))), ["payload not_an_object"]);
    }
    let schema = json!({"type": "object", "required": ["weight"]});
    let typed = world.api.post("/event-types", &json!({"name": "parcel.shipped", "schema": schema}));
    assert_eq!(typed.status, 201, "{typed:?}");
    let unfit = world.api.post(&path, &json!({"event": "parcel.shipped", "payload": {}}));
    assert!(faults(&unfit).iter().all(|fault| fault.starts_with("payload")), "{unfit:?}");
    assert_eq!((unfit.status, receiver.requests().len()), (422, 2));
}
