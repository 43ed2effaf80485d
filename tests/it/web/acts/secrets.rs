//! Signing secrets in the dashboard: shown again on the record, and rotated without a gap.

use crate::support::databases::{TestDatabase, both_databases};
use crate::support::receiver::Receiver;
use crate::web::site::{Person, Site, between, until};
use serde_json::json;

both_databases!(
    a_secret_is_shown_again_after_a_recent_password_and_on_the_record,
    a_rotated_secret_is_shown_once_and_receivers_are_moved_on_in_their_time,
);

fn secret_in(page: &str) -> String {
    between(page, "<output id=\"secret-1\" class=\"break\">", "<").expect("a secret").to_owned()
}

fn actions(database: &TestDatabase) -> Vec<String> {
    database.lines("SELECT action AS line FROM audit WHERE action <> 'access.denied' ORDER BY seq")
}

fn a_secret_is_shown_again_after_a_recent_password_and_on_the_record(database: &TestDatabase) {
    let site = Site::open(database);
    let body = json!({
        "name": "Desk", "events": ["order.completed"], "secret": "the-secret-of-the-webhook",
        "endpoints": [{"url": "https://a.example.com/in"}, {"url": "https://b.example.com/in", "secret": "the-secret-of-b-alone"}],
    });
    let made = site.api.post("/webhooks", &body).json()["data"].clone();
    let (id, b) = (made["id"].as_str().unwrap(), made["endpoints"][1]["id"].as_str().unwrap());
    let path = format!("{}/{id}/secret", site.webhooks());
    let person = site.person("developer");
    let asked = person.get(&path).body;
    assert!(asked.contains("Of b.example.com/in alone") && !asked.contains("the-secret-of"));
    let token = person.token(&path);
    for (endpoint, secret, other) in
        [("", "the-secret-of-the-webhook", "of-b-alone"), (b, "the-secret-of-b-alone", "of-the-webhook")]
    {
        let shown = person.send(&path, &token, &[("endpoint", endpoint)]);
        assert_eq!((shown.status, shown.header("cache-control")), (200, "no-store"));
        assert_eq!(secret_in(&shown.body), secret);
        assert!(!shown.body.contains(other) && !format!("{:?}", shown.headers).contains(secret));
        assert_eq!(actions(database).pop().unwrap(), "webhook.secret_revealed");
    }
    assert!(person.get(&site.webhooks()).body.contains("This stands in the audit log."));
    let first = made["endpoints"][0]["id"].as_str().unwrap();
    assert_eq!(person.send(&path, &token, &[("endpoint", first)]).status, 404, "it has none of its own");
    assert_eq!(person.send(&path, &token, &[("endpoint", "ep_x")]).status, 404);
    database.execute("UPDATE sessions SET reauth_at = 1");
    assert_eq!(person.get(&path).status, 303);
    let (before, late) = (actions(database).len(), person.send(&path, &token, &[]));
    assert_eq!((late.status, late.body.contains("the-secret-of")), (401, false));
    assert_eq!(actions(database).len(), before);
    assert!(!site.said().contains("the-secret-of"));
}

fn signed(site: &Site, receiver: &Receiver, before: usize) -> (String, Option<String>, usize) {
    site.publish();
    let requests = until(|| Some(receiver.requests()).filter(|all| all.len() > before));
    let last = requests.last().unwrap();
    let header = |name: &str| last.header(name).map(str::to_owned);
    let entries = header("webhook-signature").unwrap().split(' ').count();
    (header("x-webhook-signature").unwrap(), header("x-webhook-signature-next"), entries)
}

fn hex(key: &str, receiver: &Receiver) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let body = receiver.requests().pop().unwrap().body;
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(&body);
    hex::encode(mac.finalize().into_bytes())
}

fn a_rotated_secret_is_shown_once_and_receivers_are_moved_on_in_their_time(database: &TestDatabase) {
    let (site, receiver) = (Site::open(database), Receiver::start());
    let body = json!({"url": receiver.url("/in"), "events": ["order.completed"]});
    let made = site.api.post("/webhooks", &body).json()["data"].clone();
    let (id, old) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap().to_owned());
    let person = site.person("developer");
    let path = format!("{}/{id}/rotate", site.webhooks());
    let asked = person.get(&path).body;
    assert!(asked.contains("In 24 hours") && !asked.contains("Signing now"));
    let (token, from) = (person.token(&path), from(&asked));
    let fields = |overlap: &'static str, secret: &'static str| {
        [("overlap", overlap), ("secret", secret), ("from", from.as_str())]
    };
    let wrong = person.send(&path, &token, &fields("24", "short"));
    assert!(wrong.status == 422 && wrong.body.contains("<title>Error: Rotate signing secret"));
    assert!(wrong.body.contains("too short or too long") && !wrong.body.contains("value=\"short\""));
    assert_eq!(person.send(&path, &token, &fields("9999", "")).status, 422);
    let done = person.send(&path, &token, &fields("24", ""));
    assert_eq!((done.status, done.header("cache-control")), (200, "no-store"), "{}", done.body);
    let new = secret_in(&done.body);
    assert!(new.starts_with("whsec_") && new != old && !done.body.contains(&old));
    let again = person.send(&path, &token, &fields("24", ""));
    assert_eq!(again.status, 409, "a reload rotates nothing");
    assert!(again.body.contains("Somebody else has just rotated this secret.") && !again.body.contains(&new));

    let (now, next, entries) = signed(&site, &receiver, 0);
    assert_eq!((now, next, entries), (hex(&old, &receiver), Some(hex(&new, &receiver)), 2));
    let both = person.get(&path).body;
    assert!(both.contains("Signing now") && both.contains("Switch now") && both.contains("End the overlap"));
    act(&person, &path, &token, "switch");
    let (now, next, entries) = signed(&site, &receiver, 1);
    assert_eq!((now, next, entries), (hex(&new, &receiver), None, 2), "the list still carries both");
    assert!(!person.get(&path).body.contains("Switch now"));
    act(&person, &path, &token, "end");
    let (now, next, entries) = signed(&site, &receiver, 2);
    assert_eq!((now, next, entries), (hex(&new, &receiver), None, 1));
    let done = actions(database);
    let all = ["webhook.secret_rotated", "webhook.secret_switched", "webhook.overlap_ended"];
    assert_eq!(done[done.len() - 3..], all, "{done:?}");

    database.execute("UPDATE sessions SET reauth_at = 1");
    for act in ["", "/switch", "/end"] {
        let late = person.send(&format!("{path}{act}"), &token, &fields("0", ""));
        assert_eq!(late.status, 401, "{act}");
    }
    assert!(!site.said().contains(&new[6..]));
}

fn from(page: &str) -> String {
    between(page, "name=\"from\" value=\"", "\"").expect("a version").to_owned()
}

fn act(person: &Person, path: &str, token: &str, act: &str) {
    let done = person.send(&format!("{path}/{act}"), token, &[]);
    assert_eq!(done.status, 303, "{act}: {}", done.body);
}
