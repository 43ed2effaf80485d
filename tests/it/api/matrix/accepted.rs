//! What is taken, and then kept in one form, masked, or bounded.

use super::super::world::{OPEN, STRICT, World, faults, id};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::Answer;
use serde_json::{Value, json};

both_databases!(
    addresses_are_kept_in_one_form,
    an_installation_sends_nothing_to_itself,
    a_webhook_has_a_bounded_number_of_endpoints,
    credentials_are_masked_wherever_a_webhook_is_shown,
    a_static_secret_is_not_sent_in_the_clear,
    two_rotations_at_once_lose_no_secret,
);

fn made(world: &World, endpoint: &Value) -> Answer {
    world.api.post("/webhooks", &json!({"endpoints": [endpoint], "events": ["user.created"]}))
}

fn addresses_are_kept_in_one_form(database: &TestDatabase) {
    let world = World::start(database, STRICT);
    for (row, typed, kept) in [
        ("U2", "HTTPS://EXAMPLE.COM/h", "https://example.com/h"),
        ("U2", "https://example.com:443/h?a=b%20c", "https://example.com/h?a=b%20c"),
        ("U2", "https://example.com./", "https://example.com/"),
        ("U27", "https://пример.рф/", "https://xn--e1afmkfd.xn--p1ai/"),
        ("U27", "https://раypal.com/", "https://xn--ypal-43d9g.com/"),
    ] {
        let webhook = world.webhook(&json!({"url": typed, "events": ["user.created"]}));
        assert_eq!(webhook["url"], kept, "{row}");
        let again = world.api.put(&format!("/webhooks/{}", id(&webhook)), &json!({"url": typed}));
        assert_eq!(again.json()["data"]["url"], kept, "{row}");
    }
}

fn an_installation_sends_nothing_to_itself(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let address = world.address();
    let (_, port) = address.rsplit_once(':').unwrap();
    for host in ["127.0.0.1", "127.1", "localhost", "LOCALHOST."] {
        let url = format!("http://{host}:{port}/api/v1/events");
        let answer = made(&world, &json!({"url": url}));
        assert_eq!(
            (answer.status, faults(&answer)),
            (422, vec!["endpoints[0].url self".to_owned()]),
            "U36: {url}"
        );
    }
    assert_eq!(made(&world, &json!({"url": "http://127.0.0.1:9999/"})).status, 201);
}

fn a_webhook_has_a_bounded_number_of_endpoints(database: &TestDatabase) {
    let world = World::start(database, STRICT);
    let with = |count: usize| {
        let endpoints = vec![json!({"url": "https://example.com/h"}); count];
        world.api.post("/webhooks", &json!({"endpoints": endpoints, "events": ["user.created"]}))
    };
    let answer = with(21);
    assert_eq!((answer.status, faults(&answer)), (422, vec!["endpoints limit_endpoints".to_owned()]), "U40");
    assert_eq!(with(20).status, 201, "U40");
}

fn credentials_are_masked_wherever_a_webhook_is_shown(database: &TestDatabase) {
    let world = World::start(database, STRICT);
    let hidden =
        ["Bearer of-the-receiver", "session=of-the-receiver", "the-static-value", "an-own-secret-of-ours"];
    let answer = world.api.post(
        "/webhooks",
        &json!({
            "endpoints": [{
                "url": "https://example.com/h",
                "headers": {"Authorization": hidden[0], "Cookie": hidden[1]},
                "static_header": {"name": "qn-secret", "value": hidden[2]},
            }],
            "events": ["user.created"],
            "secret": hidden[3],
        }),
    );
    assert_eq!(
        (answer.status, &answer.json()["data"]["secret"]),
        (201, &json!(hidden[3])),
        "H6: shown this once"
    );
    assert!(!hidden[..3].iter().any(|secret| answer.body.contains(secret)), "H6: {}", answer.body);
    let path = format!("/webhooks/{}", id(&answer.json()["data"]));
    let reader = world.with_scopes("webhooks:read");
    let one = reader.get(&path);
    assert_eq!(one.json()["data"]["secret"], "whsec_••••••••••••••••••••••••••••••", "H14");
    let changed = world.api.put(&path, &json!({"description": "New"}));
    for answer in [one, reader.get("/webhooks"), world.api.get(&path), changed] {
        assert_eq!(answer.status, 200);
        assert!(!hidden.iter().any(|secret| answer.body.contains(secret)), "H6, H14: {}", answer.body);
    }
    let stored: Vec<String> = database.digest().into_values().flatten().collect();
    assert!(!stored.iter().any(|row| hidden.iter().any(|secret| row.contains(secret))), "they are sealed");
}

fn a_static_secret_is_not_sent_in_the_clear(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let secret = json!({"name": "qn-secret", "value": "the-static-value"});
    let to = |url: &str| made(&world, &json!({"url": url, "static_header": secret}));
    let refused = to("http://example.com/h");
    let fault = "endpoints[0].static_header https_required_for_plain_secret".to_owned();
    assert_eq!((refused.status, faults(&refused)), (422, vec![fault]), "H10");
    assert_eq!(to("https://example.com/h").status, 201, "H10");
    assert_eq!(to("http://127.0.0.1:9999/h").status, 201, "H10: it stays on the machine");

    let same = world.api.post(
        "/webhooks",
        &json!({
            "endpoints": [{"url": "https://example.com/h", "static_header": secret}],
            "events": ["user.created"],
            "secret": "the-static-value",
        }),
    );
    assert_eq!((same.status, faults(&same)), (422, vec!["secret secret_reuse".to_owned()]), "H9");
}

fn two_rotations_at_once_lose_no_secret(database: &TestDatabase) {
    let world = World::start(database, STRICT);
    let webhook = world.webhook(&json!({"url": "https://example.com/h", "events": ["user.created"]}));
    let path = format!("/webhooks/{}/secret/rotate", id(&webhook));
    let api = &world.api;
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6).map(|_| scope.spawn(|| api.post(&path, &json!({})))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let (done, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert!(!done.is_empty(), "H12");
    for answer in refused {
        assert_eq!((answer.status, &answer.json()["code"]), (409, &json!("rotation_conflict")), "H12");
    }
    let live = database.lines("SELECT id AS line FROM secrets");
    assert_eq!(live.len(), done.len() + 1, "H12: each rotation that was answered is there");
    let lasting = database.lines("SELECT id AS line FROM secrets WHERE retires_at IS NULL");
    assert_eq!(lasting.len(), 1, "H12");
}
