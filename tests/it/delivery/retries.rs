//! What happens when a receiver does not answer 2xx: recorded, waited for as promised, and given up in the end.

use crate::support::databases::{TestDatabase, both_databases};
use crate::support::installation::{Installation, data, list, text};
use crate::support::patience::PATIENCE;
use crate::support::receiver::{Receiver, Reply};
use bellwire::domain::time::Ts;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

both_databases!(
    a_failed_attempt_is_recorded_and_made_again,
    what_waits_follows_its_schedule,
    an_attempt_that_cannot_succeed_ends_its_delivery_with_the_reason,
    a_receiver_that_is_gone_switches_its_webhook_off,
    a_hanging_endpoint_delays_no_other,
);

fn a_failed_attempt_is_recorded_and_made_again(database: &TestDatabase) {
    let installation = Installation::new(database);
    let tenant = installation.tenant("Acme");
    let (server, receiver) = (installation.serve(), Receiver::start());
    let api = tenant.at(&server);
    let failure = Reply::status(500).header("set-cookie", "sid=1").header("x-why", "tired");
    receiver.on("/in", [failure.body("é".repeat(10_000)), Reply::status(201).body("thanks")]);
    api.webhook(&json!({
        "endpoints": [{
            "url": receiver.url("/in"),
            "headers": {"X-Api-Key": "top-secret", "X-Region": "eu"},
            "static_header": {"name": "qn-secret", "value": "static-secret-1"},
            "retry": [1],
        }],
        "events": ["order.completed"],
    }));

    let id = api.publish("order.completed", &json!({"id": "ord_1"}));
    let event = api.settled(&id);

    assert_eq!(event["outcome"], "delivered");
    let delivery = &list(&event["deliveries"])[0];
    assert_eq!((&delivery["state"], &delivery["last_status"]), (&json!("delivered"), &json!(201)));
    let [first, second] = list(&delivery["attempts"]) else { panic!("two attempts: {delivery:#}") };
    assert_eq!((&first["number"], &second["number"]), (&json!(1), &json!(2)));
    assert_eq!((&first["status"], &first["cause"]), (&json!(500), &json!("http_status")));
    assert!(text(&first["message"]).contains("2xx"), "{first:#}");
    let (body, cut) = (text(&first["response"]["body"]), &first["response"]["body_cut"]);
    assert_eq!((body.as_str(), cut), ("é".repeat(8 * 1024).as_str(), &json!(true)), "16 KiB are kept");
    let (asked, answered) = (&first["request"]["headers"], &first["response"]["headers"]);
    assert_eq!(header(asked, "X-Region"), "eu");
    assert_eq!(header(asked, "webhook-id"), id);
    assert_eq!(header(answered, "x-why"), "tired");
    for hidden in [header(asked, "X-Api-Key"), header(asked, "qn-secret"), header(answered, "set-cookie")] {
        assert!(hidden.chars().all(|c| c == '•') && !hidden.is_empty(), "{hidden}");
    }
    assert!(header(asked, "x-webhook-signature").contains('…'), "{asked}");
    assert_eq!((&second["status"], &second["cause"]), (&json!(201), &Value::Null));
    assert_eq!(
        (&second["response"]["body"], &second["response"]["body_cut"]),
        (&json!("thanks"), &json!(false))
    );

    let waited = started(second).millis_since(started(first)) - first["duration_ms"].as_i64().unwrap();
    assert!((1_000..10_000).contains(&waited), "1 s, up to a quarter more, and a moment: {waited} ms");
    let told = format!("{event}{}", server.said());
    for secret in ["top-secret", "static-secret-1", "sid=1"] {
        assert!(!told.contains(secret), "{secret} is shown nowhere");
    }
}

fn what_waits_follows_its_schedule(database: &TestDatabase) {
    let installation = Installation::new(database);
    let tenant = installation.tenant("Acme");
    let (server, receiver) = (installation.serve(), Receiver::start());
    let api = tenant.at(&server);
    // A path, its answer, the schedule, and the shortest and longest wait in seconds after the first failure.
    let busy = |value: &str| Reply::status(503).header("retry-after", value);
    let table = [
        ("/published", Reply::status(500), json!("published"), 5.0, 6.25),
        ("/own", Reply::status(404), json!([300]), 300.0, 375.0),
        ("/later", busy("7200"), json!([60]), 7_200.0, 7_200.0),
        ("/many", Reply::status(429).header("retry-after", "900"), json!([60]), 900.0, 900.0),
        ("/sooner", busy("0"), json!([60]), 60.0, 75.0),
        ("/never", busy("9999999999"), json!([60]), 86_400.0, 86_400.0),
        ("/garbage", busy("inf"), json!([60]), 60.0, 75.0),
        ("/not-asked", Reply::status(500).header("retry-after", "7200"), json!([60]), 60.0, 75.0),
    ];
    for (path, reply, retry, _, _) in &table {
        receiver.on(path, [reply.clone()]);
        api.webhook(&json!({
            "endpoints": [{"url": receiver.url(path), "retry": retry}], "events": ["order.completed"],
        }));
    }

    let id = api.publish("order.completed", &json!({}));
    let event = api.event_when(&id, |event| {
        let tried_once = |d: &Value| d["state"] == "ready" && list(&d["attempts"]).len() == 1;
        list(&event["deliveries"]).iter().all(tried_once)
    });

    assert_eq!(event["outcome"], "retrying");
    let deliveries = list(&event["deliveries"]);
    assert_eq!(deliveries.len(), table.len());
    for ((path, _, _, least, most), delivery) in table.iter().zip(deliveries) {
        assert!(text(&delivery["url"]).ends_with(path), "in the order of making: {delivery:#}");
        let attempt = &list(&delivery["attempts"])[0];
        let ended = started(attempt) + Duration::from_millis(attempt["duration_ms"].as_u64().unwrap());
        let next = Ts::parse(&text(&delivery["next_attempt_at"])).unwrap();
        // Judging comes a moment after the end of the attempt, on a busy machine a longer one. The attempt's
        // two times are rounded, so that its end may seem a moment later than it was.
        let waits = Duration::from_millis(u64::try_from(next.millis_since(ended)).unwrap()).as_secs_f64();
        assert!((*least - 0.05..*most + 10.0).contains(&waits), "{path} waits {waits} s");
    }
    assert_eq!(receiver.requests().len(), table.len(), "nothing is early");
}

fn an_attempt_that_cannot_succeed_ends_its_delivery_with_the_reason(database: &TestDatabase) {
    let installation = Installation::new(database);
    let tenant = installation.tenant("Acme");
    let (server, receiver, canary) = (installation.serve(), Receiver::start(), Receiver::start());
    let api = tenant.at(&server);
    let closed = Receiver::start().url("/closed");
    receiver.on("/moved", [Reply::redirect(&canary.url("/moved"))]);
    receiver.on("/refresh", [Reply::status(400).header("refresh", &format!("0; url={}", canary.url("/")))]);
    receiver.on("/silent", [Reply::hang()]);
    receiver.on("/dropped", [Reply::hang_up()]);
    // An address, the cause and the status that are told.
    let table = [
        (receiver.url("/moved"), "redirect_not_followed", json!(302)),
        (receiver.url("/refresh"), "http_status", json!(400)),
        (receiver.url("/silent"), "timeout", Value::Null),
        (receiver.url("/dropped"), "protocol_error", Value::Null),
        (closed, "connect_failed", Value::Null),
        (receiver.url("/tls").replace("http://", "https://"), "tls_failed", Value::Null),
    ];
    for (url, _, _) in &table {
        api.webhook(&json!({
            "endpoints": [{"url": url, "retry": "none", "timeout_ms": 1_000}], "events": ["data.updated"],
        }));
    }

    let event = api.settled(&api.publish("data.updated", &json!({})));

    assert_eq!(event["outcome"], "failed");
    for ((url, cause, status), delivery) in table.iter().zip(list(&event["deliveries"])) {
        assert_eq!((&delivery["url"], &delivery["state"]), (&json!(url), &json!("exhausted")));
        let [attempt] = list(&delivery["attempts"]) else { panic!("one attempt: {delivery:#}") };
        assert_eq!((&attempt["cause"], &attempt["status"]), (&json!(cause), status), "{url}: {attempt:#}");
        assert_eq!(delivery["cause"], json!(cause));
        let took = attempt["duration_ms"].as_i64().unwrap();
        assert!(took < 3_000 && (*cause != "timeout" || took >= 1_000), "{url} took {took} ms");
    }
    assert_eq!(canary.connections(), 0, "no redirect is followed");
}

fn a_receiver_that_is_gone_switches_its_webhook_off(database: &TestDatabase) {
    let installation = Installation::new(database);
    let tenant = installation.tenant("Acme");
    let (server, receiver) = (installation.serve(), Receiver::start());
    let api = tenant.at(&server);
    receiver.on("/in", [Reply::status(410)]);
    let made = api.webhook(&json!({"url": receiver.url("/in"), "events": ["data.deleted"]}));

    let event = api.settled(&api.publish("data.deleted", &json!({})));

    let delivery = &list(&event["deliveries"])[0];
    assert_eq!((&delivery["state"], &delivery["cause"]), (&json!("exhausted"), &json!("gone")));
    assert_eq!(list(&delivery["attempts"]).len(), 1, "410 is not tried again");
    let webhook = data(&api.get(&format!("/webhooks/{}", text(&made["id"]))), 200);
    assert_eq!((&webhook["status"], &webhook["inactive_reason"]), (&json!("inactive"), &json!("gone")));
    let next = api.settled(&api.publish("data.deleted", &json!({})));
    let delivery = &list(&next["deliveries"])[0];
    assert_eq!((&delivery["state"], &delivery["cause"]), (&json!("skipped"), &json!("webhook_inactive")));
    assert_eq!(receiver.requests().len(), 1);
}

fn a_hanging_endpoint_delays_no_other(database: &TestDatabase) {
    let installation = Installation::new(database);
    let tenant = installation.tenant("Acme");
    let (server, hanging, quick) = (installation.serve(), Receiver::start(), Receiver::start());
    let api = tenant.at(&server);
    hanging.on("/in", [Reply::hang()]);
    for url in [hanging.url("/in"), quick.url("/in")] {
        api.webhook(&json!({"endpoints": [{"url": url, "timeout_ms": 30_000}], "events": ["data.created"]}));
    }
    let began = Instant::now();

    for n in 0..100 {
        api.publish("data.created", &json!({"n": n}));
    }

    quick.wait_for(100, Duration::from_secs(20));
    assert!(began.elapsed() < Duration::from_secs(25), "before the first of the others has ended");
    let waiting = hanging.wait_for(8, PATIENCE).len();
    assert_eq!(waiting, 8, "so many are under way to one endpoint, and no more");
    hanging.release();
    hanging.wait_for(100, PATIENCE);
}

fn started(attempt: &Value) -> Ts {
    Ts::parse(&text(&attempt["started_at"])).expect("a moment")
}

/// The value of a header among lines of name and value.
fn header(lines: &Value, name: &str) -> String {
    let line = list(lines).iter().find(|line| line[0].as_str().is_some_and(|n| n.eq_ignore_ascii_case(name)));
    text(&line.unwrap_or_else(|| panic!("no {name} in {lines}"))[1])
}
