//! What is told of a connection that could not be secured, so that its admin can put it right.

use crate::support::databases::{TestDatabase, both_databases};
use crate::support::installation::{Installation, OPEN, list, text};
use crate::support::program::Program;
use crate::support::secured::{Secured, authority};
use serde_json::json;

both_databases!(why_a_connection_could_not_be_secured_is_kept_with_the_attempt);

const SELF_SIGNED: &str = "The certificate is self-signed. Install one of a public certificate authority.";
const EXPIRED: &str = "The certificate expired on 18 Jan 2021. Renew it.";
const ANOTHER: &str = "The certificate is for another host. Install one for the host of the URL.";

fn why_a_connection_could_not_be_secured_is_kept_with_the_attempt(database: &TestDatabase) {
    let trusted = authority();
    let program = Program::new().with_database(database).with_env("SSL_CERT_FILE", trusted.to_str().unwrap());
    let installation = Installation::of(program);
    let tenant = installation.tenant("Acme");
    let server = installation.serve();
    let api = tenant.at(&server);
    let receivers = ["good", "expired", "other", "self"].map(Secured::with);
    for receiver in &receivers {
        let endpoints = json!([{"url": receiver.url(), "retry": "none"}]);
        api.webhook(&json!({"endpoints": endpoints, "events": ["order.completed"]}));
    }
    let told = |event: &serde_json::Value| -> Vec<String> {
        let tell = |delivery: &serde_json::Value| {
            let [attempt] = list(&delivery["attempts"]) else { panic!("one attempt: {delivery:#}") };
            assert_eq!(attempt["message"], delivery["message"], "{delivery:#}");
            match attempt["cause"].as_str() {
                None => text(&delivery["state"]),
                Some(cause) => {
                    assert_eq!(cause, "tls_failed");
                    text(&attempt["message"])
                }
            }
        };
        list(&event["deliveries"]).iter().map(tell).collect()
    };
    let event = api.settled(&api.publish("order.completed", &json!({})));
    let named = "The certificate is for other.example. Install one for the host of the URL.";
    assert_eq!(told(&event), ["delivered", EXPIRED, named, SELF_SIGNED]);
    let expired = text(&list(&event["deliveries"])[1]["webhook"]);
    let tested = api.post(&format!("/webhooks/{expired}/test"), &json!({})).json();
    assert_eq!((&tested["success"], &tested["message"]), (&json!(false), &json!(EXPIRED)));
    assert_eq!(server.stop().code(), Some(0));

    // Names inside a private network are not told where its answers are not.
    let server = installation.program.serve(OPEN.iter().filter(|one| **one != "--egress-keep-responses"));
    let api = tenant.at(&server);
    let event = api.settled(&api.publish("order.completed", &json!({})));
    assert_eq!(told(&event), ["delivered", EXPIRED, ANOTHER, SELF_SIGNED]);
}
