//! What the published document says of the webhooks API, shape by shape.

use super::world::{OPEN, World, id, until};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::send;
use crate::support::receiver::{Receiver, Reply};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(20);

both_databases!(
    a_created_webhook_is_answered_with_its_whole_secret,
    a_list_has_items_and_a_place_in_the_whole,
    one_webhook_is_shown_with_its_secret_masked,
    an_update_changes_what_is_given_and_nothing_else,
    a_deleted_webhook_is_gone,
    a_test_sends_one_real_request_and_tells_what_came,
    a_delivery_has_the_published_body_and_makes_last_triggered_known,
);

/// The first keys of an object, in their order.
fn first_keys(value: &Value, count: usize) -> Vec<&str> {
    value.as_object().expect("an object").keys().take(count).map(String::as_str).collect()
}

fn is_moment(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok())
}

fn user_events() -> Value {
    json!({
        "url": "https://example.com/webhooks/user-events",
        "events": ["user.created", "user.updated", "user.deleted"],
        "description": "User events webhook for CRM integration",
    })
}

fn a_created_webhook_is_answered_with_its_whole_secret(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let answer = world.api.post("/webhooks", &user_events());
    assert_eq!((answer.status, answer.header("content-type")), (201, "application/json"));
    let made = &answer.json()["data"];
    for (key, value) in user_events().as_object().unwrap() {
        assert_eq!(&made[key], value, "{key}");
    }
    assert!(id(made).starts_with("wh_"));
    assert_eq!(made["status"], "active");
    assert!(is_moment(&made["created_at"]), "{made}");
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
}

fn a_list_has_items_and_a_place_in_the_whole(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    assert_eq!(
        world.api.get("/webhooks").json(),
        json!({"data": [], "meta": {"total": 0, "page": 1, "limit": 20, "pages": 0}})
    );
    let first = world.webhook(&user_events());
    let mut other = user_events();
    other["events"] = json!(["data.created"]);
    other["status"] = json!("inactive");
    world.webhook(&other);

    let all = world.api.get("/webhooks").json();
    assert_eq!(all["meta"], json!({"total": 2, "page": 1, "limit": 20, "pages": 1}));
    let item = &all["data"][0];
    assert_eq!(item["id"], first["id"]);
    assert_eq!(first_keys(item, 5), ["id", "url", "events", "status", "created_at"]);
    assert_eq!((&item["url"], &item["events"]), (&user_events()["url"], &user_events()["events"]));
    assert_eq!((&item["last_triggered"], item.get("secret")), (&Value::Null, None));

    let second_page = world.api.get("/webhooks?page=2&limit=1").json();
    assert_eq!(second_page["meta"], json!({"total": 2, "page": 2, "limit": 1, "pages": 2}));
    assert_eq!(second_page["data"][0]["status"], "inactive");
    let past_the_end = world.api.get("/webhooks?page=9").json();
    assert_eq!((&past_the_end["data"], &past_the_end["meta"]["total"]), (&json!([]), &json!(2)));
    for (query, total) in [
        ("status=active", 1),
        ("status=inactive", 1),
        ("event=user.updated", 1),
        ("event=system.alert", 0),
        ("status=active&event=data.created", 0),
        ("unknown=parameter", 2),
    ] {
        assert_eq!(world.api.get(&format!("/webhooks?{query}")).json()["meta"]["total"], total, "{query}");
    }
}

fn one_webhook_is_shown_with_its_secret_masked(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let made = world.webhook(&user_events());
    let answer = world.api.get(&format!("/webhooks/{}", id(&made)));
    assert_eq!(answer.status, 200);
    let shown = &answer.json()["data"];
    for key in ["id", "url", "events", "status", "created_at", "description"] {
        assert_eq!(shown[key], made[key], "{key}");
    }
    assert!(is_moment(&shown["updated_at"]), "{shown}");
    assert_eq!(shown["last_triggered"], Value::Null);
    assert_eq!(shown["secret"], "whsec_••••••••••••••••••••••••••••••");
}

fn an_update_changes_what_is_given_and_nothing_else(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let made = world.webhook(&user_events());
    let path = format!("/webhooks/{}", id(&made));
    let change = json!({
        "events": ["data.created", "data.updated"],
        "status": "inactive",
        "description": "Data creation and update events only",
    });
    let answer = world.api.put(&path, &change);
    assert_eq!(answer.status, 200);
    let changed = &answer.json()["data"];
    for (key, value) in change.as_object().unwrap() {
        assert_eq!(&changed[key], value, "{key}");
    }
    for key in ["id", "url", "created_at", "name"] {
        assert_eq!(changed[key], made[key], "{key}");
    }
    assert!(changed["updated_at"].as_str() > made["created_at"].as_str());
    assert_eq!((changed.get("secret"), &changed["inactive_reason"]), (None, &json!("user")));

    let request = world.request(Method::PATCH, &path).json(&json!({"status": "active"}));
    let patched = send(request).json();
    assert_eq!(patched["data"]["status"], "active");
    assert_eq!(patched["data"]["description"], change["description"]);
    assert_eq!(patched["data"]["events"], change["events"]);
}

fn a_deleted_webhook_is_gone(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let path = format!("/webhooks/{}", id(&world.webhook(&user_events())));
    let answer = world.api.delete(&path);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), json!({"success": true, "message": "Webhook deleted successfully"}));
    assert_eq!((world.api.get(&path).status, world.api.delete(&path).status), (404, 404));
    assert_eq!(world.api.get("/webhooks").json()["meta"]["total"], 0);
}

fn a_test_sends_one_real_request_and_tells_what_came(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let receiver = Receiver::start();
    receiver.on("/bad", [Reply::status(500)]);
    let target = |path: &str| {
        let made = world.webhook(&json!({"url": receiver.url(path), "events": ["user.created"]}));
        format!("/webhooks/{}/test", id(&made))
    };

    let answer = world.api.post(&target("/good"), &json!({"event": "user.created"}));
    assert_eq!(answer.status, 200);
    let told = answer.json();
    assert_eq!((&told["success"], &told["message"]), (&json!(true), &json!("Test event sent successfully")));
    assert_eq!(told["details"]["status_code"], 200);
    assert!(told["details"]["response_time"].is_u64() && is_moment(&told["details"]["timestamp"]), "{told}");
    let sent: Value = serde_json::from_slice(&receiver.requests()[0].body).unwrap();
    assert_eq!(sent["type"], "user.created");

    let failed = world.api.post(&target("/bad"), &json!({}));
    assert_eq!(failed.status, 200);
    let told = failed.json();
    assert_eq!((&told["success"], &told["details"]["status_code"]), (&json!(false), &json!(500)));
    assert_eq!(told["message"], "The receiver answered with a status other than 2xx.");
    let sent: Value = serde_json::from_slice(&receiver.requests()[1].body).unwrap();
    assert_eq!(sent["type"], "webhook.test");

    let silent = Receiver::start();
    silent.close_at_accept(true);
    let made = world.webhook(&json!({"url": silent.url("/"), "events": ["user.created"]}));
    let without_body = world.request(Method::POST, &format!("/webhooks/{}/test", id(&made)));
    let told = send(without_body).json();
    assert_eq!((&told["success"], &told["details"]["status_code"]), (&json!(false), &Value::Null));
    assert_eq!(receiver.requests().len(), 2);
}

fn a_delivery_has_the_published_body_and_makes_last_triggered_known(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let receiver = Receiver::start();
    let made = world.webhook(&json!({"url": receiver.url("/"), "events": ["user.created"]}));
    let event = world.publish(r#"{"type":"user.created","data":{"id":"usr_789012"}}"#);
    let request = receiver.wait_for(1, LIMIT).remove(0);
    let sent: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(first_keys(&sent, 5), ["id", "type", "created", "data"]);
    assert_eq!((&sent["id"], &sent["type"]), (&json!(event), &json!("user.created")));
    assert_eq!(sent["data"], json!({"id": "usr_789012"}));
    assert!(is_moment(&sent["created"]));

    let path = format!("/webhooks/{}", id(&made));
    let known = until(LIMIT, || {
        let shown = world.api.get(&path).json();
        is_moment(&shown["data"]["last_triggered"]).then_some(shown)
    });
    assert_eq!(known["data"]["health"], "healthy");
}
