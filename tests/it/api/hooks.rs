//! REST hooks: a tool subscribes, is sent to, and unsubscribes.

use super::world::{OPEN, STRICT, World, faults, id};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::receiver::Receiver;
use serde_json::json;
use std::time::Duration;

both_databases!(
    a_hook_is_an_ordinary_webhook_until_it_is_unsubscribed,
    a_hook_is_refused_by_its_own_field_names
);

fn a_hook_is_an_ordinary_webhook_until_it_is_unsubscribed(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let receiver = Receiver::start();
    let url = receiver.url("/hooks/standard/1/2");
    let answer = world.api.post("/hooks", &json!({"target_url": url, "event": "user.created"}));
    let hook = answer.json();
    assert_eq!(
        (answer.status, &hook["target_url"], &hook["event"]),
        (201, &json!(url), &json!("user.created"))
    );
    assert!(hook["secret"].as_str().unwrap().starts_with("whsec_"));

    let listed = world.api.get("/webhooks").json()["data"][0].clone();
    assert_eq!(
        (&listed["id"], &listed["rest_hook"], &listed["origin"]),
        (&hook["id"], &json!(true), &json!("global"))
    );
    assert_eq!((&listed["events"], &listed["name"]), (&json!(["user.created"]), &json!("127.0.0.1")));
    let event = world.publish(r#"{"type":"user.created","data":{}}"#);
    let request = receiver.wait_for(1, Duration::from_secs(20)).remove(0);
    assert_eq!(
        (request.path.as_str(), request.header("webhook-id")),
        ("/hooks/standard/1/2", Some(event.as_str()))
    );
    assert!(world.api.get("/event-types/user.created/sample").json()["data"].is_object());

    let ordinary = world.webhook(&json!({"url": url, "events": ["user.created"]}));
    assert_eq!(ordinary["rest_hook"], false);
    assert_eq!(world.api.delete(&format!("/hooks/{}", id(&ordinary))).status, 404);
    let path = format!("/hooks/{}", id(&hook));
    assert_eq!(
        world.api.delete(&path).json(),
        json!({"success": true, "message": "Hook deleted successfully"})
    );
    assert_eq!(world.api.delete(&path).status, 404);
    assert_eq!(world.api.get("/webhooks").json()["meta"]["total"], 1);
}

fn a_hook_is_refused_by_its_own_field_names(database: &TestDatabase) {
    let world = World::start(database, STRICT);
    let good = "https://example.com/hooks/1";
    for (body, expected) in [
        (json!({}), vec!["target_url required", "event required"]),
        (json!({"target_url": 1, "event": []}), vec!["target_url wrong_type", "event wrong_type"]),
        (json!({"target_url": "http://example.com", "event": "user.created"}), vec!["target_url scheme"]),
        (
            json!({"target_url": "https://10.0.0.1", "event": "user.created"}),
            vec!["target_url private_address"],
        ),
        (json!({"target_url": good, "event": "no.such"}), vec!["event unknown_event_type"]),
        (json!({"target_url": good, "event": "User.*"}), vec!["event unknown_event_type"]),
        (json!({"target_url": good, "event": "webhook.disabled"}), vec!["event partner_only"]),
    ] {
        let answer = world.api.post("/hooks", &body);
        assert_eq!(
            (answer.status, faults(&answer)),
            (422, expected.into_iter().map(str::to_owned).collect()),
            "{body}"
        );
    }
    let body = json!({"target_url": good, "event": "user.created", "id": "wh_1", "zap": 7});
    let answer = world.api.post("/hooks", &body);
    assert_eq!((answer.status, faults(&answer)), (400, vec!["id read_only_field".to_owned()]));
    assert_eq!(world.api.get("/webhooks").json()["meta"]["total"], 0);
}
