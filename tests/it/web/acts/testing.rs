//! Test events in the dashboard: what is sent to whom, what each answered, and what is refused.

use crate::support::databases::{TestDatabase, both_databases};
use crate::support::receiver::{Receiver, Reply};
use crate::web::site::{Person, Site, between, until};
use crate::web::wizard::typing::Form;
use serde_json::{Value, json};

both_databases!(
    a_test_goes_where_it_is_sent_with_the_payload_that_was_typed,
    each_endpoint_tells_what_it_answered,
    a_payload_that_could_not_be_published_is_not_sent,
    a_webhook_takes_ten_tests_a_minute,
    the_test_of_another_webhook_is_not_shown,
);

fn two(site: &Site, receiver: &Receiver) -> (String, [String; 2]) {
    let header = json!({"name": "qn-secret", "value": "the-static-value"});
    let endpoints =
        json!([{"url": receiver.url("/one"), "static_header": header}, {"url": receiver.url("/two")}]);
    let body =
        json!({"name": "Desk", "endpoints": endpoints, "events": ["order.completed"], "secret": SECRET});
    let made = site.api.post("/webhooks", &body).json()["data"].clone();
    let endpoint = |i: usize| made["endpoints"][i]["id"].as_str().unwrap().to_owned();
    (made["id"].as_str().unwrap().to_owned(), [endpoint(0), endpoint(1)])
}

const SECRET: &str = "the-secret-of-the-webhook";

fn page(site: &Site, id: &str) -> String {
    format!("{}/{id}/test", site.webhooks())
}

/// The page with the results, once every endpoint has answered.
fn results(person: &Person, form: &Form) -> String {
    let sent = form.send(person, "send");
    assert_eq!(sent.status, 303, "{}", sent.body);
    let to = sent.header("location").to_owned();
    until(|| Some(person.get(&to).body).filter(|page| !page.contains("Waiting for its answer")))
}

fn a_test_goes_where_it_is_sent_with_the_payload_that_was_typed(database: &TestDatabase) {
    let (site, receiver) = (Site::open(database), Receiver::start());
    let (id, [_, second]) = two(&site, &receiver);
    let person = site.person("developer");
    let form = Form::at(&person, &page(&site, &id));
    assert!(form.answer.body.contains("goes to both endpoints now. It is not retried."));
    assert_eq!((form.value("event"), form.value("endpoint")), ("order.completed", ""));
    let sample: Value = serde_json::from_str(form.value("payload")).unwrap();
    assert!(sample.is_object());
    // Another type brings its sample, unless something was typed.
    let other = form.with_text("event", "user.created").press(&person, "look");
    assert_ne!(other.value("payload"), form.value("payload"));
    let typed =
        other.with("payload", "{\"total\": 1.50,  \"who\": \"it's <b>\"}").with("event", "order.refunded");
    let typed = typed.press(&person, "look");
    assert_eq!(typed.value("payload"), "{\"total\": 1.50,  \"who\": \"it's <b>\"}");
    let shown = results(&person, &typed.with("endpoint", &second));
    let requests = receiver.requests();
    assert_eq!(requests.len(), 1, "one endpoint only");
    assert_eq!(requests[0].path, "/two");
    let body = requests[0].text();
    assert!(
        body.contains("\"type\":\"order.refunded\"")
            && body.ends_with("\"data\":{\"total\": 1.50,  \"who\": \"it's <b>\"}}"),
        "{body}"
    );
    assert!(shown.contains("Answered in ") && shown.contains("Send again") && !shown.contains("<b>\"}"));
    assert!(!shown.contains(SECRET));
    let kept = database.lines("SELECT source AS line FROM events");
    assert_eq!(kept, ["test"]);
}

fn each_endpoint_tells_what_it_answered(database: &TestDatabase) {
    let (site, receiver) = (Site::open(database), Receiver::start());
    let (id, _) = two(&site, &receiver);
    receiver.on("/one", [Reply::status(503).header("x-why", "night").body("<script>no</script>")]);
    receiver.on("/two", [Reply::hang_up()]);
    let person = site.person("developer");
    let form = Form::at(&person, &page(&site, &id));
    let shown = results(&person, &form);
    assert!(shown.contains("and not with 2xx") && shown.contains("503 Service Unavailable"), "{shown}");
    assert!(shown.contains("&#60;script&#62;no&#60;/script&#62;") && !shown.contains("<script>no"));
    assert!(shown.contains("Not HTTP") || shown.contains("No connection"), "{shown}");
    // The command holds what was sent, signed, and no secret.
    let sent = receiver.requests().into_iter().find(|request| request.path == "/one").unwrap();
    let signature = sent.header("x-webhook-signature").unwrap();
    let command = between(&shown, "id=\"test-curl-1\"", "</pre>").unwrap();
    assert!(command.contains(&format!("x-webhook-signature: {signature}")), "{command}");
    assert!(command.contains(sent.header("webhook-signature").unwrap()), "{command}");
    assert!(command.contains("$QN_SECRET") && !shown.contains("the-static-value") && !shown.contains(SECRET));
    assert_eq!(receiver.requests().len(), 2, "nothing is retried");
}

fn a_payload_that_could_not_be_published_is_not_sent(database: &TestDatabase) {
    let (site, receiver) = (Site::open(database), Receiver::start());
    let (id, _) = two(&site, &receiver);
    let schema =
        json!({"type": "object", "required": ["total"], "properties": {"total": {"type": "number"}}});
    let own = json!({"name": "till.closed", "description": "A till was closed.", "schema": schema, "sample": {"total": 5}});
    assert_eq!(site.api.post("/event-types", &own).status, 201);
    let person = site.person("developer");
    let form = Form::at(&person, &page(&site, &id));
    let large = format!("{{\"a\": \"{}\"}}", "é".repeat(140_000));
    for (payload, says) in [
        ("", "not valid JSON"),
        ("{", "not valid JSON"),
        ("[1]", "must be a JSON object"),
        ("{\"a\": 1, \"a\": 2}", "the same key twice"),
        (&format!("{}{}", "[".repeat(65), "]".repeat(65)), "nested too deeply"),
        (&large, "too large"),
    ] {
        let refused = form.with_text("payload", payload).press(&person, "send");
        assert_eq!(refused.answer.status, 422, "{says}");
        assert!(refused.answer.body.contains(says), "{says}");
        assert!(refused.answer.body.contains("<title>Error: Send test event"), "{says}");
    }
    let misfit = form
        .with_text("event", "till.closed")
        .with("payload", "{\"total\": \"five\"}")
        .press(&person, "send");
    assert_eq!(misfit.answer.status, 422);
    assert!(misfit.answer.body.contains("total: Must be of type number."), "{}", misfit.answer.body);
    assert_eq!(misfit.value("payload"), "{\"total\": \"five\"}");
    assert_eq!(form.with_text("event", "moon.landed").send(&person, "send").status, 422);
    let gone = form.with_text("endpoint", "ep_00000000000000000000000001").press(&person, "send");
    assert!(gone.answer.body.contains("The webhook has no such endpoint any more."));
    assert!(receiver.requests().is_empty());
    // As large as what may be published is not too large for the form.
    let most = format!("{{\"a\": \"{}\"}}", "é".repeat(131_000));
    assert_eq!(form.with("payload", &most).send(&person, "send").status, 303);
}

fn a_webhook_takes_ten_tests_a_minute(database: &TestDatabase) {
    let (site, receiver) = (Site::open(database), Receiver::start());
    let id = site.webhook("Desk", &receiver.url("/in"));
    let person = site.person("developer");
    let api = || site.api.post(&format!("/webhooks/{id}/test"), &json!({})).status;
    assert!((0..10).all(|_| api() == 200));
    let form = Form::at(&person, &page(&site, &id));
    let path = page(&site, &id);
    let fields = [("event", "order.completed"), ("payload", "{}"), ("press", "send")];
    let refused = person.send(&path, form.value("csrf"), &fields);
    assert_eq!(refused.status, 429);
    assert!(!refused.header("retry-after").is_empty());
    assert!(
        refused.body.contains("A webhook takes 10 tests a minute.") && refused.body.contains("id=\"test\"")
    );
    assert_eq!(receiver.requests().len(), 10);
}

fn the_test_of_another_webhook_is_not_shown(database: &TestDatabase) {
    let (site, receiver) = (Site::open(database), Receiver::start());
    let (id, _) = two(&site, &receiver);
    let other = site.webhook("Other", &receiver.url("/other"));
    let person = site.person("developer");
    let sent = Form::at(&person, &page(&site, &id)).send(&person, "send");
    let (_, event) = sent.header("location").split_once('?').unwrap();
    assert_eq!(person.get(&format!("{}?{event}", page(&site, &id))).status, 200);
    assert_eq!(person.get(&format!("{}?{event}", page(&site, &other))).status, 404);
    let real = site.publish();
    for wrong in [real.as_str(), "evt_00000000000000000000000001", "x"] {
        assert_eq!(person.get(&format!("{}?event={wrong}", page(&site, &id))).status, 404, "{wrong}");
    }
}
