//! Bad input, row by row: what each is answered with, and that nothing is stored.

use super::world::{OPEN, STRICT, World, faults, id};
use crate::support::databases::{TestDatabase, both_databases};
use serde_json::{Value, json};

both_databases!(
    addresses_that_may_not_be_sent_to_are_refused_with_their_code,
    headers_and_secrets_are_held_to_their_rules,
    webhooks_are_refused_field_by_field,
    events_are_refused_before_anything_is_stored,
    bad_parameters_are_told_one_by_one,
);

fn addresses_that_may_not_be_sent_to_are_refused_with_their_code(database: &TestDatabase) {
    let world = World::start(database, STRICT);
    let made = world.webhook(&json!({"url": "HTTPS://EXAMPLE.COM/h", "events": ["user.created"]}));
    assert_eq!(made["url"], "https://example.com/h");
    let change = format!("/webhooks/{}", id(&made));
    for url in ADDRESSES.lines().filter(|line| !line.is_empty()) {
        let url = url.replace("\\t", "\t").replace("\\r", "\r").replace("\\n", "\n").replace("\\0", "\0");
        let refused = [
            world.api.post("/webhooks", &json!({"url": url, "events": ["user.created"]})),
            world.api.put(&change, &json!({"url": url})),
        ];
        for answer in &refused {
            assert_eq!(answer.status, 422, "{url:?}: {}", answer.body);
            assert!(faults(answer).iter().all(|fault| fault.starts_with("url ")), "{url:?}: {}", answer.body);
        }
        assert_eq!(faults(&refused[0]), faults(&refused[1]), "{url:?}");
        let nested = json!({"endpoints": [{"url": url}], "events": ["user.created"]});
        let nested = faults(&world.api.post("/webhooks", &nested));
        assert!(nested.iter().all(|fault| fault.starts_with("endpoints[0].url ")), "{url:?}: {nested:?}");
    }
    assert_eq!(world.api.get("/webhooks").json()["meta"]["total"], 1);
    assert_eq!(world.api.get(&change).json()["data"]["url"], "https://example.com/h");
}

/// One address a line; `\t`, `\r`, `\n` and `\0` stand for the characters.
const ADDRESSES: &str = r"
http://example.com/h
//example.com
/rel
example.com/h
https://
https:example.com
https:///example.com
 https://example.com/
https://exa\tmple.com/
https://example.com/\r\nX: y
https://example.com/\0
https://evil.com\@example.com
https://user:pass@example.com/
https://example.com/#x
https://example.com:0/
https://example.com:99999/
https://example.com:80:80/
https://example.com:22/
https://127.0.0.1/
https://127.8.9.1/
https://localhost/
https://LOCALHOST./
https://foo.localhost/
https://2130706433/
https://0x7f.1/
https://0177.0.0.1/
https://127.1/
https://0/
https://0.0.0.0/
https://[::]/
https://①②⑦.⓪.⓪.①/
https://127。0。0。1/
https://ⓛocalhost/
https://127.0.0.1./
https://10.0.0.1/
https://172.16.0.1/
https://192.168.1.1/
https://169.254.169.254/
https://100.64.0.1/
https://[::1]/
https://[::ffff:127.0.0.1]/
https://[64:ff9b::7f00:1]/
https://[2002:7f00:1::]/
https://[fe80::1]/
https://[fd00:ec2::254]/
https://8.8.8.8/
https://intranet/
https://metadata.google.internal/
https://x.local/
https://./
https://a..b/
https://a%2eb.com/
https://256.256.256.256/
https://1.2.3.4.5/
ftp://example.com/
file:///etc/passwd
javascript:alert(1)
";

fn headers_and_secrets_are_held_to_their_rules(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let asked = |endpoint: Value, secret: Option<&str>| {
        let mut body = json!({"endpoints": [endpoint], "events": ["user.created"]});
        body["endpoints"][0]["url"] = json!("https://example.com/h");
        if let Some(secret) = secret {
            body["secret"] = json!(secret);
        }
        world.api.post("/webhooks", &body)
    };
    let many: serde_json::Map<String, Value> = (0..21).map(|n| (format!("X-{n}"), json!("v"))).collect();
    let header = |name: &str, value: &str| json!({"headers": {name: value}});
    for (endpoint, code) in [
        (header("", "v"), "header_name"),
        (header("X Y", "v"), "header_name"),
        (header("X:", "v"), "header_name"),
        (header("X\r\nY", "v"), "header_name"),
        (header("Ünï", "v"), "header_name"),
        (header("HOST", "v"), "header_reserved"),
        (header("webhook-id", "v"), "header_reserved"),
        (header("X-Webhook-Signature", "v"), "header_reserved"),
        (header("Proxy-Authorization", "v"), "header_reserved"),
        (header("X-A", "é"), "header_value"),
        (header("X-A", "a\r\nb: c"), "header_value"),
        (json!({"headers": {"X-A": "1", "x-a": "2"}}), "header_duplicate"),
        (json!({"headers": many}), "header_count"),
        (json!({"headers": {"X-A": 1}}), "wrong_type"),
        (json!({"headers": ["X-A"]}), "wrong_type"),
        (json!({"static_header": {"name": "qn-secret"}}), "required"),
        (json!({"timeout_ms": 999}), "range"),
        (json!({"timeout_ms": "5s"}), "wrong_type"),
        (json!({"timeout_ms": 1e300}), "wrong_type"),
        (json!({"rate_per_second": 0}), "range"),
        (json!({"retry": "often"}), "retry_waits"),
        (json!({"retry": [0]}), "retry_waits"),
    ] {
        let answer = asked(endpoint.clone(), None);
        let told = faults(&answer);
        assert_eq!(answer.status, 422, "{endpoint}: {}", answer.body);
        assert!(told.iter().any(|fault| fault.ends_with(&format!(" {code}"))), "{endpoint}: {told:?}");
    }
    for secret in ["", "1234567", &"s".repeat(1_025), "with spaces in it", "line\nbreak-and-more-of-it"] {
        let answer = asked(json!({}), Some(secret));
        assert_eq!(answer.status, 422, "{secret:?}");
        assert!(faults(&answer)[0].starts_with("secret secret_"), "{}", answer.body);
        assert!(secret.is_empty() || !answer.body.contains(secret));
    }
    assert_eq!(world.api.get("/webhooks").json()["meta"]["total"], 0);
    let good = json!({
        "headers": {"Authorization": "Bearer of-the-receiver"},
        "static_header": {"name": "qn-secret", "value": "static-value-1"},
    });
    let made = asked(good, Some("an-own-secret-of-ours"));
    assert_eq!((made.status, &made.json()["data"]["secret"]), (201, &json!("an-own-secret-of-ours")));
    let shown = world.api.get(&format!("/webhooks/{}", id(&made.json()["data"]))).body;
    assert!(
        !shown.contains("of-the-receiver") && !shown.contains("static-value-1") && !shown.contains("an-own")
    );
}

fn webhooks_are_refused_field_by_field(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let url = "https://example.com/h";
    let many: Vec<String> = (0..1_001).map(|n| format!("a.b{n}")).collect();
    for (body, expected) in [
        (json!([]), vec!["body wrong_type"]),
        (json!({}), vec!["url required", "events required"]),
        (json!({"url": url, "events": "user.created"}), vec!["events wrong_type"]),
        (json!({"url": url, "events": null}), vec!["events wrong_type"]),
        (json!({"url": url, "events": []}), vec!["events required"]),
        (json!({"url": url, "events": many}), vec!["events limit_triggers"]),
        (json!({"url": url, "events": ["user.created", "user.created"]}), vec!["events[1] duplicate"]),
        (
            json!({"url": url, "events": ["a.b", "user.*", "../x", "user.created"]}),
            vec!["events[1] unknown_event_type", "events[2] unknown_event_type"],
        ),
        (json!({"url": url, "events": ["a.b"]}), vec!["events[0] unknown_event_type"]),
        (json!({"url": url, "events": ["webhook.test"]}), vec!["events[0] unknown_event_type"]),
        (
            json!({"url": 1, "events": [1], "name": [], "description": {}}),
            vec!["name wrong_type", "description wrong_type", "url wrong_type", "events[0] wrong_type"],
        ),
        (json!({"url": url, "endpoints": [], "events": ["user.created"]}), vec!["endpoints both_given"]),
        (json!({"url": url, "events": [], "triggers": []}), vec!["triggers both_given"]),
        (
            json!({"url": url, "triggers": [{"event": "user.created", "note": "a\u{0}"}, 5]}),
            vec!["triggers[0].note control_character", "triggers[1] wrong_type"],
        ),
        (json!({"url": url, "events": ["user.created"], "status": "Active"}), vec!["status status"]),
        (json!({"url": url, "events": ["user.created"], "name": " "}), vec!["name required"]),
        (
            json!({"url": url, "events": ["user.created"], "name": "a\u{202e}b"}),
            vec!["name control_character"],
        ),
        (json!({"url": url, "events": ["user.created"], "name": "x".repeat(201)}), vec!["name too_long"]),
        (json!({"url": url, "events": ["user.created", "token.created"]}), vec!["events[1] partner_only"]),
        (
            json!({"url": url, "triggers": [{"event": "webhook.disabled"}]}),
            vec!["triggers[0].event partner_only"],
        ),
        (
            json!({"url": url, "events": ["user.created"], "description": "\u{0}"}),
            vec!["description control_character"],
        ),
    ] {
        let answer = world.api.post("/webhooks", &body);
        let shown = body.to_string();
        assert_eq!(
            (answer.status, faults(&answer)),
            (422, expected.iter().map(ToString::to_string).collect()),
            "{shown:.200}"
        );
    }
    let made = world.webhook(&json!({"url": url, "events": ["user.created"], "colour": "ignored"}));
    let path = format!("/webhooks/{}", id(&made));
    for name in ["id", "bu_id", "created_by", "created_at", "updated_at", "origin", "secret_ciphertext"] {
        let mut body = json!({"url": url, "events": ["user.created"]});
        body[name] = json!("x");
        for answer in [world.api.post("/webhooks", &body), world.api.put(&path, &body)] {
            assert_eq!((answer.status, &answer.json()["code"]), (400, &json!("read_only_field")), "{name}");
            assert_eq!(faults(&answer), [format!("{name} read_only_field")]);
        }
    }
    let sealed = world.api.put(&path, &json!({"secret": "another-secret-of-ours", "endpoints": []}));
    assert_eq!(faults(&sealed), ["secret not_changeable", "endpoints not_changeable"]);
    let last = world.api.get("/webhooks").json();
    assert_eq!((&last["meta"]["total"], &last["data"][0]["updated_at"]), (&json!(1), &made["updated_at"]));
}

fn events_are_refused_before_anything_is_stored(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    let event = |data: &str| format!("{{\"type\":\"user.created\",\"data\":{data}}}");
    for (body, status, code) in [
        (String::new(), 400, "json_syntax"),
        ("{".into(), 400, "json_syntax"),
        ("nonsense".into(), 400, "json_syntax"),
        (event(&format!("{{\"a\":{}}}", deep(63))), 400, "json_depth"),
        (event(&"{\"a\":".repeat(40_000)), 400, "json_depth"),
        (event("{\"a\":1,\"\\u0061\":2}"), 400, "json_duplicate_key"),
        (event("{\"a\":1e400}"), 400, "json_number"),
        (event(&format!("{{\"a\":{}}}", "1".repeat(1_001))), 400, "json_number"),
        (event("{\"a\":\"\\ud800\"}"), 400, "json_surrogate"),
        ("[]".into(), 422, "invalid"),
        ("{}".into(), 422, "invalid"),
        (event("[]"), 422, "invalid"),
        (event("null"), 422, "invalid"),
        ("{\"type\":\"user.created\"}".into(), 422, "invalid"),
        ("{\"type\":7,\"data\":{}}".into(), 422, "invalid"),
        ("{\"type\":\"no.such\",\"data\":{}}".into(), 422, "invalid"),
        ("{\"type\":\"User.Created\",\"data\":{}}".into(), 422, "invalid"),
        ("{\"type\":\"webhook.test\",\"data\":{}}".into(), 422, "invalid"),
        ("{\"type\":\"token.created\",\"data\":{}}".into(), 422, "invalid"),
        ("{\"type\":\"user.created\",\"data\":{},\"created\":\"yesterday\"}".into(), 422, "invalid"),
        ("{\"type\":\"user.created\",\"data\":{},\"subject\":\"usr_x\"}".into(), 422, "invalid"),
        ("{\"type\":\"user.created\",\"data\":{},\"programme\":\"prg_x\"}".into(), 422, "invalid"),
        ("{\"type\":\"user.created\",\"data\":{},\"id\":\"a b\"}".into(), 422, "invalid"),
    ] {
        let answer = world.post_text("/events", body.clone());
        let told = (answer.status, answer.json()["code"].as_str().unwrap_or_default().to_owned());
        assert_eq!(told, (status, code.to_owned()), "{body:.120}: {}", answer.body);
    }
    let keyed = |key: &str| {
        let request = world.request(reqwest::Method::POST, "/events").header("idempotency-key", key);
        crate::support::http::send(request.header("content-type", "application/json").body(event("{}")))
    };
    for key in ["", "a b", "a\tb", "é", &"k".repeat(256)] {
        let answer = keyed(key);
        assert_eq!(
            (answer.status, faults(&answer)),
            (400, vec!["idempotency_key idempotency_key".into()]),
            "{key}"
        );
    }
    assert!(world.api.published().is_empty());
    world.publish(&event(&format!("{{\"a\":{}}}", deep(62))));
}

fn bad_parameters_are_told_one_by_one(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    for (path, expected) in [
        ("/webhooks?limit=0", "limit range"),
        ("/webhooks?limit=101", "limit range"),
        ("/webhooks?limit=-1", "limit range"),
        ("/webhooks?limit=1000000000", "limit range"),
        ("/webhooks?page=0", "page range"),
        ("/webhooks?page=x", "page range"),
        ("/webhooks?page=1&page=1", "page repeated"),
        ("/webhooks?status=Active", "status status"),
        ("/webhooks?status=", "status status"),
        ("/webhooks?event=no.such", "event unknown_event_type"),
        ("/events?limit=0", "limit range"),
        ("/events?type=no.such", "type unknown_event_type"),
        ("/events?before=garbage", "before cursor_invalid"),
        ("/events?before=evt_00000000000000000000000001", "before cursor_invalid"),
    ] {
        let answer = world.api.get(path);
        assert_eq!((answer.status, faults(&answer)), (400, vec![expected.to_owned()]), "{path}");
    }
    let both = faults(&world.api.get("/webhooks?limit=0&status=x"));
    assert_eq!(both, ["limit range", "status status"]);
}
