//! What arrives: the bytes that were published, signed in every way that is documented, with the headers asked for.

use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::Api;
use crate::support::installation::{Installation, data, list, text};
use crate::support::patience::PATIENCE;
use crate::support::receiver::{Receiver, Reply, Request};
use crate::support::verifiers::{node_sample, npm_package, pypi_package};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

both_databases!(
    a_delivery_verifies_in_every_published_way,
    the_body_is_the_bytes_that_were_published,
    every_attempt_sends_the_same_bytes_under_the_same_id,
    an_own_secret_signs_and_own_headers_are_sent,
);

fn a_delivery_verifies_in_every_published_way(database: &TestDatabase) {
    let installation = Installation::new(database);
    let tenant = installation.tenant("Acme");
    let (server, receiver) = (installation.serve(), Receiver::start());
    let api = tenant.at(&server);
    let made = api.webhook(&json!({"url": receiver.url("/in"), "events": ["order.completed"]}));
    let secret = text(&made["secret"]);
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");

    api.publish("order.completed", &json!({"id": "ord_1", "note": "Grüße, 世界 ✓"}));

    let request = receiver.wait_for(1, PATIENCE).remove(0);
    for verifier in [node_sample, npm_package, pypi_package] {
        verifier(&request, &secret).unwrap();
    }
    let mut forged = request;
    *forged.body.last_mut().unwrap() = b' ';
    for verifier in [node_sample, npm_package, pypi_package] {
        assert!(verifier(&forged, &secret).is_err());
    }
}

fn the_body_is_the_bytes_that_were_published(database: &TestDatabase) {
    let installation = Installation::new(database);
    let tenant = installation.tenant("Acme");
    let (server, receiver) = (installation.serve(), Receiver::start());
    let api = tenant.at(&server);
    api.simple_webhook(&receiver.url("/in"), "data.created");
    let payload = r#"{ "z":1,"a" : 12345678901234567890123, "f":1.0, "e":1E5, "t":"\u00e9\/é\ud83d\ude00",
        "list":[ 3,2 ,1], "nested":{"b":null,"a":{}} }"#;

    let sent = format!(r#"{{"data":  {payload} , "type":"data.created","created":"2026-01-31T09:15:30Z"}}"#);
    let id = text(&data(&api.try_post("/events", &[], &sent).unwrap(), 202)["id"]);

    let request = receiver.wait_for(1, PATIENCE).remove(0);
    let expected =
        format!(r#"{{"id":"{id}","type":"data.created","created":"2026-01-31T09:15:30Z","data":{payload}}}"#);
    assert_eq!(request.text(), expected);
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/in"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("webhook-id"), Some(id.as_str()));
    assert!(request.header("user-agent").unwrap().starts_with("Bellwire/"));
}

fn every_attempt_sends_the_same_bytes_under_the_same_id(database: &TestDatabase) {
    let installation = Installation::new(database);
    let tenant = installation.tenant("Acme");
    let (server, receiver) = (installation.serve(), Receiver::start());
    let api = tenant.at(&server);
    receiver.on("/in", [Reply::status(500), Reply::hang_up(), Reply::status(200)]);
    let made = api.webhook(
        &json!({"endpoints": [{"url": receiver.url("/in"), "retry": [1, 1]}], "events": ["data.created"]}),
    );

    let id = api.publish("data.created", &json!({"n": 1}));

    let requests = receiver.wait_for(3, PATIENCE);
    assert_eq!(list(&api.settled(&id)["deliveries"])[0]["state"], "delivered");
    for request in &requests {
        assert_eq!(request.body, requests[0].body);
        assert_eq!(request.header("webhook-id"), Some(id.as_str()));
        assert_eq!(request.header("x-webhook-signature"), requests[0].header("x-webhook-signature"));
        node_sample(request, &text(&made["secret"])).unwrap();
    }
    let times: Vec<i64> =
        requests.iter().map(|r| r.header("webhook-timestamp").unwrap().parse().unwrap()).collect();
    assert!(times[0] < times[1] && times[1] < times[2], "each attempt is dated by itself: {times:?}");
}

fn an_own_secret_signs_and_own_headers_are_sent(database: &TestDatabase) {
    const SECRET: &str = "partner-chosen-secret";
    let installation = Installation::new(database);
    let tenant = installation.tenant("Acme");
    let (server, receiver) = (installation.serve(), Receiver::start());
    let api = tenant.at(&server);
    let made = api.webhook(&json!({
        "endpoints": [{
            "url": receiver.url("/in?key=a%20b"),
            "headers": {"X-Region": "eu-west", "Authorization": "Bearer abc"},
            "static_header": {"name": "qn-secret", "value": "static-value-0001"},
        }],
        "events": ["user.created"],
        "secret": SECRET,
    }));
    assert_eq!(made["secret"], SECRET);
    refuses_reserved_headers(&api, &receiver.url("/reserved"));

    api.publish("user.created", &json!({"id": "usr_1"}));

    let request = receiver.wait_for(1, PATIENCE).remove(0);
    assert_eq!(request.path, "/in?key=a%20b");
    assert_eq!(request.header("x-region"), Some("eu-west"));
    assert_eq!(request.header("authorization"), Some("Bearer abc"));
    assert_eq!(request.header("qn-secret"), Some("static-value-0001"));
    node_sample(&request, SECRET).unwrap();
    assert_eq!(request.header("webhook-signature"), Some(standard_signature(&request, SECRET).as_str()));
    let mut names: Vec<String> = request.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count, "no header is sent twice: {names:?}");
}

fn refuses_reserved_headers(api: &Api, url: &str) {
    let reserved = [
        "Host",
        "Content-Length",
        "content-type",
        "Content-Encoding",
        "Transfer-Encoding",
        "TE",
        "Trailer",
        "Connection",
        "Keep-Alive",
        "Upgrade",
        "Expect",
        "User-Agent",
        "Accept-Encoding",
        "Date",
        "Via",
        "Forwarded",
        "X-Forwarded-For",
        "Proxy-Authorization",
        "Sec-Fetch-Site",
        "webhook-id",
        "Webhook-Signature",
        "X-Webhook-Signature",
        "X-Webhook-Anything",
        "X-Bellwire-Hop",
    ];
    for name in reserved {
        for part in [json!({"headers": {name: "x"}}), json!({"static_header": {"name": name, "value": "x"}})]
        {
            let mut endpoint = json!({"url": url});
            endpoint.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
            let answer = api.post("/webhooks", &json!({"endpoints": [endpoint], "events": ["user.created"]}));
            assert_eq!(answer.status, 422, "{name}: {answer:?}");
            assert_eq!(answer.json()["errors"][0]["code"], "header_reserved", "{name}: {answer:?}");
        }
    }
}

/// The one entry that the Standard Webhooks specification asks for, with a secret that is taken as it stands.
fn standard_signature(request: &Request, secret: &str) -> String {
    let header = |name| request.header(name).unwrap();
    let signed = format!("{}.{}.{}", header("webhook-id"), header("webhook-timestamp"), request.text());
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}
