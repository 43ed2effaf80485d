//! The published document of the webhooks API, example by example: each answer has what its example shows, in
//! the example's order, and what it has more stands behind.

use super::world::{OPEN, World, id, until};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::{Answer, Api, send};
use crate::support::receiver::Receiver;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

both_databases!(
    every_example_of_the_document_is_answered_as_it_says,
    every_error_code_of_the_document_is_given
);

const LISTED: &str = r#"{
  "data": [
    {
      "id": "wh_123456",
      "url": "https://example.com/webhooks/user-events",
      "events": ["user.created", "user.updated", "user.deleted"],
      "status": "active",
      "created_at": "2023-03-15T08:30:00Z",
      "last_triggered": "2023-06-20T14:22:10Z"
    }
  ],
  "meta": { "total": 12, "page": 1, "limit": 20, "pages": 1 }
}"#;

const READ: &str = r#"{
  "data": {
    "id": "wh_123456",
    "url": "https://example.com/webhooks/user-events",
    "events": ["user.created", "user.updated", "user.deleted"],
    "status": "active",
    "created_at": "2023-03-15T08:30:00Z",
    "updated_at": "2023-05-10T11:45:22Z",
    "last_triggered": "2023-06-20T14:22:10Z",
    "secret": "whsec_••••••••••••••••••••••••••••••",
    "description": "User events webhook for CRM integration"
  }
}"#;

const CREATE: &str = r#"{
  "url": "https://example.com/webhooks/data-events",
  "events": ["data.created", "data.updated", "data.deleted"],
  "description": "Data events webhook for analytics platform"
}"#;

const CREATED: &str = r#"{
  "data": {
    "id": "wh_789012",
    "url": "https://example.com/webhooks/data-events",
    "events": ["data.created", "data.updated", "data.deleted"],
    "status": "active",
    "created_at": "2023-06-21T09:15:30Z",
    "secret": "whsec_abcdefghijklmnopqrstuvwxyz1234",
    "description": "Data events webhook for analytics platform"
  }
}"#;

const UPDATE: &str = r#"{
  "events": ["data.created", "data.updated"],
  "status": "inactive",
  "description": "Data creation and update events only"
}"#;

const UPDATED: &str = r#"{
  "data": {
    "id": "wh_789012",
    "url": "https://example.com/webhooks/data-events",
    "events": ["data.created", "data.updated"],
    "status": "inactive",
    "created_at": "2023-06-21T09:15:30Z",
    "updated_at": "2023-06-21T10:22:15Z",
    "description": "Data creation and update events only"
  }
}"#;

const DELETED: &str = r#"{
  "success": true,
  "message": "Webhook deleted successfully"
}"#;

const TEST: &str = r#"{
  "event": "user.created"
}"#;

const TESTED: &str = r#"{
  "success": true,
  "message": "Test event sent successfully",
  "details": {
    "status_code": 200,
    "response_time": 342,
    "timestamp": "2023-06-21T10:30:15Z"
  }
}"#;

const SENT: &str = r#"{
  "id": "evt_123456",
  "type": "user.created",
  "created": "2023-06-21T09:15:30Z",
  "data": {
    "id": "usr_789012",
    "email": "newuser@example.com",
    "name": "Jane Smith",
    "role": "editor",
    "status": "pending",
    "created_at": "2023-06-21T09:15:30Z"
  }
}"#;

fn example(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn is_moment(text: &str) -> bool {
    text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok()
}

/// What differs from an example in more than ids, moments, secrets and measured numbers; nothing when it fits.
fn misfits(example: &Value, real: &Value, place: &str) -> Vec<String> {
    let misfit = || vec![format!("{place}: {example} is {real}")];
    match (example, real) {
        (Value::Object(wanted), Value::Object(given)) => {
            let known: Vec<&String> = given.keys().filter(|key| wanted.contains_key(*key)).collect();
            let mut all: Vec<String> = wanted
                .iter()
                .flat_map(|(key, value)| misfits(value, &real[key], &format!("{place}.{key}")))
                .collect();
            if known != wanted.keys().collect::<Vec<_>>() {
                all.push(format!("{place}: {known:?} are its keys of the example, in this order"));
            }
            all
        }
        (Value::Array(wanted), Value::Array(given)) if wanted.len() == given.len() => {
            wanted.iter().zip(given).flat_map(|(wanted, given)| misfits(wanted, given, place)).collect()
        }
        (Value::String(wanted), Value::String(given)) => {
            let is_id = |text: &str| text.split_once('_').map(|(prefix, _)| prefix.to_owned());
            let fits = wanted == given
                || (is_moment(wanted) && is_moment(given))
                || (wanted.starts_with("wh_") || wanted.starts_with("evt_")) && is_id(wanted) == is_id(given)
                || wanted.starts_with("whsec_a") && given.starts_with("whsec_") && !given.contains('•');
            if fits { Vec::new() } else { misfit() }
        }
        (Value::Number(_), Value::Number(given)) if given.is_u64() => Vec::new(),
        _ if example == real => Vec::new(),
        _ => misfit(),
    }
}

fn assert_fits(text: &str, answer: &Answer, status: u16, more: &[(&str, Value)]) {
    assert_eq!((answer.status, answer.header("content-type")), (status, "application/json"), "{answer:?}");
    let mut wanted = example(text);
    for (pointer, value) in more {
        *wanted.pointer_mut(pointer).unwrap() = value.clone();
    }
    assert_eq!(misfits(&wanted, &answer.json(), ""), Vec::<String>::new(), "{}", answer.body);
}

fn every_example_of_the_document_is_answered_as_it_says(database: &TestDatabase) {
    let (world, receiver) = (World::start(database, OPEN), Receiver::start());
    let created = world.post_text("/webhooks", CREATE);
    assert_fits(CREATED, &created, 201, &[]);
    let path = format!("/webhooks/{}", id(&created.json()["data"]));
    let put = |text: &str| {
        let request = world.request(Method::PUT, &path).header("content-type", "application/json");
        send(request.body(text.to_owned()))
    };
    let updated = put(UPDATE);
    assert_fits(UPDATED, &updated, 200, &[]);
    assert_eq!(updated.json()["data"].get("secret"), None, "an update shows no secret");
    assert_fits(DELETED, &world.api.delete(&path), 200, &[]);
    assert_eq!(world.api.get(&path).status, 404);

    let url = json!(receiver.url("/webhooks/user-events"));
    let mut body = example(CREATE);
    body["url"] = url.clone();
    body["events"] = example(READ)["data"]["events"].clone();
    body["description"] = example(READ)["data"]["description"].clone();
    let made = id(&world.webhook(&body));
    let path = format!("/webhooks/{made}");
    let never = ("/data/last_triggered", Value::Null);
    assert_fits(READ, &world.api.get(&path), 200, &[("/data/url", url.clone()), never]);
    let never = ("/data/0/last_triggered", Value::Null);
    assert_fits(LISTED, &world.api.get("/webhooks"), 200, &[("/data/0/url", url.clone()), never]);

    let tested = world.post_text(&format!("{path}/test"), TEST);
    assert_fits(TESTED, &tested, 200, &[]);
    let event = format!(
        r#"{{"type":"user.created","created":"2023-06-21T09:15:30Z","data":{}}}"#,
        example(SENT)["data"]
    );
    let published = world.publish(&event);
    let sent = receiver.wait_for(2, Duration::from_secs(20)).remove(1);
    let sent: Value = serde_json::from_slice(&sent.body).unwrap();
    assert_eq!(sent["id"], published);
    assert_eq!(misfits(&example(SENT), &sent, ""), Vec::<String>::new());
    assert_eq!(
        (sent["created"].as_str(), sent.as_object().unwrap().len()),
        (Some("2023-06-21T09:15:30Z"), 4)
    );

    let triggered = |api: &Api| {
        let answer = api.get(&path);
        answer.json()["data"]["last_triggered"].is_string().then_some(answer)
    };
    let read = until(Duration::from_secs(20), || triggered(&world.api));
    assert_fits(READ, &read, 200, &[("/data/url", url.clone())]);
    let listed = world.api.get("/webhooks?page=1&limit=20&status=active&event=user.updated");
    assert_fits(LISTED, &listed, 200, &[("/data/0/url", url)]);
    assert_eq!(listed.json()["meta"], json!({"total": 1, "page": 1, "limit": 20, "pages": 1}));
    assert_eq!(listed.json()["data"][0].get("secret"), None, "a list shows no secrets");
}

fn every_error_code_of_the_document_is_given(database: &TestDatabase) {
    let world = World::start(database, &["--limit-api", "5"]);
    let url = |url: &str| json!({"url": url, "events": ["user.created"]});
    let answers = [
        (400, world.api.get("/webhooks?limit=101")),
        (401, send(world.bare(Method::GET, "/webhooks"))),
        (403, world.with_scopes("webhooks:read").post("/webhooks", &url("https://example.com/"))),
        (404, world.api.get("/webhooks/wh_123456")),
        (422, world.api.post("/webhooks", &url("not a web address"))),
        (
            429,
            until(Duration::from_secs(20), || {
                let answer = world.api.get("/webhooks");
                (answer.status != 200).then_some(answer)
            }),
        ),
    ];
    for (status, answer) in answers {
        let problem = answer.json();
        assert_eq!((answer.status, answer.header("content-type")), (status, "application/problem+json"));
        assert_eq!((&problem["success"], &problem["status"]), (&json!(false), &json!(status)), "{problem}");
    }
}
