//! Rotating a signing secret: both sign during the overlap, and the new one is shown once.

use super::world::{OPEN, World, faults, id};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::send;
use crate::support::receiver::{Receiver, Request};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(20);

both_databases!(
    both_secrets_sign_during_the_overlap_and_one_after_it,
    a_rotation_is_held_to_its_rules_and_leaves_the_secret,
);

fn hex(secret: &Value, request: &Request) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_str().unwrap().as_bytes()).unwrap();
    mac.update(&request.body);
    mac.finalize().into_bytes().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

fn both_secrets_sign_during_the_overlap_and_one_after_it(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let receiver = Receiver::start();
    let made = world.webhook(&json!({"url": receiver.url("/"), "events": ["user.created"]}));
    let rotate = format!("/webhooks/{}/secret/rotate", id(&made));
    let mut sent = 0;
    let mut next = || {
        world.publish(r#"{"type":"user.created","data":{}}"#);
        sent += 1;
        receiver.wait_for(sent, LIMIT).remove(sent - 1)
    };
    let signed_by = |request: &Request| {
        let list = request.header("webhook-signature").unwrap().split(' ').count();
        (request.header("x-webhook-signature").unwrap().to_owned(), list)
    };
    let request = next();
    assert_eq!(signed_by(&request), (hex(&made["secret"], &request), 1));

    let answer = send(world.request(Method::POST, &rotate));
    let second = answer.json()["data"].clone();
    assert_eq!(
        (answer.status, &second["id"], &second["overlap_seconds"]),
        (200, &made["id"], &json!(86_400))
    );
    assert!(second["previous_secret_until"].is_string() && second["secret"] != made["secret"], "{second}");
    let request = next();
    assert_eq!(signed_by(&request), (hex(&made["secret"], &request), 2));
    assert_eq!(request.header("x-webhook-signature-next"), Some(hex(&second["secret"], &request).as_str()));

    let third = world.api.post(&rotate, &json!({"overlap_seconds": 60})).json()["data"].clone();
    let request = next();
    assert_eq!(signed_by(&request), (hex(&made["secret"], &request), 3), "each keeps its own overlap");
    assert_eq!(request.header("x-webhook-signature-next"), Some(hex(&third["secret"], &request).as_str()));

    let own = json!({"overlap_seconds": 0, "secret": "a-secret-of-our-own"});
    let last = world.api.post(&rotate, &own).json()["data"].clone();
    assert_eq!((&last["secret"], &last["previous_secret_until"]), (&own["secret"], &Value::Null));
    let request = next();
    assert_eq!(signed_by(&request), (hex(&last["secret"], &request), 1));
    assert_eq!(request.header("x-webhook-signature-next"), None);
}

fn a_rotation_is_held_to_its_rules_and_leaves_the_secret(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let made = world.webhook(&json!({"url": "https://example.com/", "events": ["user.created"]}));
    let rotate = format!("/webhooks/{}/secret/rotate", id(&made));
    for (body, expected) in [
        (json!({"overlap_seconds": -1}), vec!["overlap_seconds range"]),
        (json!({"overlap_seconds": 604_801}), vec!["overlap_seconds range"]),
        (json!({"overlap_seconds": "1h"}), vec!["overlap_seconds wrong_type"]),
        (
            json!({"overlap_seconds": 604_801, "secret": "short"}),
            vec!["overlap_seconds range", "secret secret_length"],
        ),
    ] {
        let answer = world.api.post(&rotate, &body);
        assert_eq!(
            (answer.status, faults(&answer)),
            (422, expected.into_iter().map(str::to_owned).collect()),
            "{body}"
        );
    }
    assert_eq!(world.with_scopes("webhooks:read").post(&rotate, &json!({})).status, 403);
    assert_eq!(
        world.api.get(&format!("/webhooks/{}", id(&made))).json()["data"]["updated_at"],
        made["updated_at"]
    );
    for _ in 0..9 {
        assert_eq!(world.api.post(&rotate, &json!({})).status, 200);
    }
    let full = world.api.post(&rotate, &json!({}));
    assert_eq!((full.status, &full.json()["code"]), (409, &json!("rotation_limit")));
    let detail = full.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(" until 20") && detail.contains("Z, when one ends"), "{detail}");
    assert_eq!(world.api.post(&rotate, &json!({"overlap_seconds": 0})).status, 200);
    assert_eq!(world.api.post(&rotate, &json!({})).status, 200);
}
