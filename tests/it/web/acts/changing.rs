//! Name, scope, triggers, endpoints and destinations as plain forms: what they change, and for whom.

use crate::support::databases::{TestDatabase, both_databases};
use crate::support::receiver::{Receiver, Reply};
use crate::web::site::{PASSWORD, Person, Site, until};
use crate::web::wizard::typing::Form;
use serde_json::{Value, json};

both_databases!(
    a_webhook_is_edited_and_the_later_of_two_is_told,
    triggers_are_applied_all_at_once,
    an_endpoint_is_added_set_and_removed,
    a_destination_is_changed_after_a_recent_password_only,
    credentials_do_not_follow_to_another_host,
    who_may_not_change_webhooks_sees_none_of_their_forms,
);

fn shown(site: &Site, id: &str) -> Value {
    site.api.get(&format!("/webhooks/{id}")).json()["data"].clone()
}

fn at(site: &Site, id: &str, page: &str) -> String {
    format!("{}/{id}/{page}", site.webhooks())
}

/// The last row of the audit log: what was done, and what of it is kept.
fn audited(database: &TestDatabase) -> String {
    let sql = "SELECT action || ' ' || COALESCE(before, '') || ' ' || COALESCE(after, '') AS line \
        FROM audit WHERE action <> 'access.denied' ORDER BY seq";
    database.lines(sql).pop().expect("a row")
}

fn a_webhook_is_edited_and_the_later_of_two_is_told(database: &TestDatabase) {
    let site = Site::open(database);
    let id = site.webhook("Order desk", "https://example.com/h");
    let (one, other) = (site.person("developer"), site.person("admin"));
    let path = at(&site, &id, "edit");
    let (form, late) = (Form::at(&one, &path), Form::at(&other, &path));
    assert_eq!((form.value("w-name"), form.value("w-active")), ("Order desk", "on"));
    let wrong = form.with("w-name", " ").with("w-for", "99999").press(&one, "next");
    assert!(wrong.is_wrong("w-name", "A name is required."));
    assert!(wrong.answer.body.contains("<title>Error: Edit webhook"));
    let wrong = wrong.with("w-name", "Desk").press(&one, "next");
    assert!(wrong.is_wrong("w-for", "No login of this business unit has this number."));
    let done = wrong.with("w-for", "").with("w-desc", "Why").without("w-active").send(&one, "next");
    assert_eq!(done.status, 303, "{}", done.body);
    let now = shown(&site, &id);
    assert_eq!((&now["name"], &now["description"]), (&json!("Desk"), &json!("Why")));
    assert_eq!((&now["status"], &now["inactive_reason"]), (&json!("inactive"), &json!("user")));

    let refused = late.with("w-name", "Till").press(&other, "next");
    assert_eq!(refused.answer.status, 409);
    assert!(refused.answer.body.contains("Somebody else has changed this webhook since you opened it."));
    assert!(refused.answer.body.contains("It is called “Desk” now and is inactive."));
    assert_eq!(refused.value("w-name"), "Till", "nothing typed is lost");
    assert_eq!(shown(&site, &id)["name"], "Desk");
    assert_eq!(refused.send(&other, "next").status, 303, "who knows of it may go on");
    assert_eq!(
        (&shown(&site, &id)["name"], &shown(&site, &id)["status"]),
        (&json!("Till"), &json!("active"))
    );
    assert!(audited(database).starts_with("webhook.updated"));
}

fn triggers_are_applied_all_at_once(database: &TestDatabase) {
    let site = Site::open(database);
    let filter =
        json!([{"path": "total", "op": "gt", "value": 100}, {"path": "no", "op": "eq", "value": "7"}]);
    let body = json!({
        "url": "https://example.com/h",
        "triggers": [{"event": "order.completed", "filter": filter, "note": "Big ones"}],
    });
    let id = site.api.post("/webhooks", &body).json()["data"]["id"].as_str().unwrap().to_owned();
    let person = site.person("developer");
    site.publish();
    let form = Form::at(&person, &at(&site, &id, "triggers"));
    assert_eq!((form.value("tr0-e"), form.value("tr0-i")), ("order.completed", "Big ones"));
    assert_eq!((form.value("tr0-co0"), form.value("tr0-cv0"), form.value("tr0-cv1")), ("gt", "100", "\"7\""));
    assert!(!form.answer.body.contains("w-active") && !form.answer.body.contains("class=\"steps\""));
    let looked = form.with("tr0-cv1", "").with("tr0-cp1", "").press(&person, "look-0");
    assert!(looked.answer.body.contains("The last order.completed event would have matched."));
    let more = looked.press(&person, "add-trigger").with("tr1-r", "user").press(&person, "look");
    let wrong = more.press(&person, "next");
    assert!(wrong.is_wrong("tr1-e", "Choose an event of this resource."));
    assert!(wrong.answer.body.contains("<title>Error: Edit triggers"));
    assert_eq!(shown(&site, &id)["events"], json!(["order.completed"]), "nothing was applied");
    let done = wrong.with("tr1-e", "user.created").send(&person, "next");
    assert_eq!(done.status, 303, "{}", done.body);
    let now = shown(&site, &id);
    assert_eq!(now["events"], json!(["order.completed", "user.created"]));
    assert_eq!(now["triggers"][0]["filter"], json!([{"path": "total", "op": "gt", "value": 100}]));
    let form = Form::at(&person, &at(&site, &id, "triggers"));
    assert_eq!(form.press(&person, "remove-trigger-0").send(&person, "next").status, 303);
    assert_eq!(shown(&site, &id)["events"], json!(["user.created"]));
}

fn an_endpoint_is_added_set_and_removed(database: &TestDatabase) {
    let (site, receiver) = (Site::open(database), Receiver::start());
    let id = site.webhook("Order desk", &receiver.url("/one"));
    let person = site.person("developer");
    let new = Form::at(&person, &at(&site, &id, "endpoints/new"));
    let wrong = new.with("ep0-url", "http://10.0.4.12/in").press(&person, "next");
    assert!(wrong.is_wrong("ep0-url", "The address is not on the public internet."));
    receiver.on("/two", [Reply::status(500)]);
    let wrong = wrong.with("ep0-url", &receiver.url("/two")).with("ep0-info", "Backup");
    let wrong = wrong.with("ep0-hk0", "X-Region").with("ep0-hv0", "eu").press(&person, "add-header-0");
    assert_eq!(wrong.value("ep0-hv0"), "eu");
    assert_eq!(wrong.send(&person, "next").status, 303);
    let now = shown(&site, &id);
    let second = now["endpoints"][1]["id"].as_str().unwrap().to_owned();
    assert_eq!(now["endpoints"][1]["name"], "Backup");
    let event = site.publish();
    let delivery = until(|| {
        let all = site.api.get(&format!("/events/{event}")).json()["data"]["deliveries"].clone();
        let waits = all.as_array().unwrap().iter().find(|one| one["attempts"][0]["status"] == 500).cloned();
        waits.map(|one| one["id"].as_str().unwrap().to_owned())
    });

    let page = at(&site, &id, &format!("endpoints/{second}"));
    database.execute("UPDATE sessions SET reauth_at = 1");
    let form = Form::at(&person, &page);
    let wrong = form.with("ep0-retry", "own").with("ep0-waits", "soon").press(&person, "next");
    assert!(wrong.is_wrong("ep0-waits", "retry schedule"));
    let done = wrong.with("ep0-waits", "90s, 2h").with("ep0-to", "30").with("ep0-rate", "5");
    assert_eq!(done.with("ep0-info", "Spare").send(&person, "next").status, 303, "this needs no password");
    let set = shown(&site, &id)["endpoints"][1].clone();
    assert_eq!(
        (&set["name"], &set["timeout_ms"], &set["retry"]),
        (&json!("Spare"), &json!(30_000), &json!([90, 7200]))
    );
    assert_eq!(Form::at(&person, &page).value("ep0-waits"), "90s, 2h");

    let asked = person.get(&format!("{page}/remove")).body;
    assert!(
        asked.contains("gets nothing more from")
            && asked.contains("1 delivery under way to it is cancelled.")
    );
    let token = person.token(&page);
    assert_eq!(person.send(&format!("{page}/remove"), &token, &[]).status, 303);
    assert_eq!(shown(&site, &id)["endpoints"].as_array().unwrap().len(), 1);
    let gone = site.api.get(&format!("/deliveries/{delivery}")).json()["data"].clone();
    assert_eq!((&gone["state"], &gone["cause"]), (&json!("cancelled"), &json!("endpoint_deleted")));
    assert_eq!(person.get(&page).status, 404);
    let first = site.endpoint(&id);
    let last = at(&site, &id, &format!("endpoints/{first}/remove"));
    assert!(person.get(&last).body.contains("is the only endpoint of"));
    assert_eq!(person.send(&last, &token, &[]).status, 409);
    assert_eq!(site.endpoint(&id), first);
}

/// A webhook with a header, a static secret and an own signing secret; its id and the page of its destination.
fn guarded(site: &Site, url: &str) -> (String, String) {
    let endpoint = json!({
        "url": url,
        "headers": {"Authorization": "Bearer stored-credential", "X-Region": "stored-region"},
        "static_header": {"name": "qn-secret", "value": "stored-static-value"},
        "secret": "stored-signing-secret",
    });
    let body = json!({"name": "Desk", "endpoints": [endpoint], "events": ["order.completed"]});
    let id = site.api.post("/webhooks", &body).json()["data"]["id"].as_str().unwrap().to_owned();
    let page = at(site, &id, &format!("endpoints/{}/destination", site.endpoint(&id)));
    (id, page)
}

fn a_destination_is_changed_after_a_recent_password_only(database: &TestDatabase) {
    let (site, receiver) = (Site::open(database), Receiver::start());
    let (id, page) = guarded(&site, &receiver.url("/one"));
    let person = site.person("developer");
    let form = Form::at(&person, &page);
    assert!(!form.answer.body.contains("stored-"), "{}", form.answer.body);
    database.execute("UPDATE sessions SET reauth_at = 1");
    let asked = person.get(&page);
    assert_eq!((asked.status, asked.header("location").starts_with("/confirm?next=")), (303, true));
    let moved = form.with("ep0-url", &receiver.url("/two"));
    assert_eq!(moved.send(&person, "next").status, 401);
    assert_eq!(shown(&site, &id)["url"], json!(receiver.url("/one")), "nothing was done");
    let confirmed = person.send("/confirm", form_token(&moved), &[("password", PASSWORD), ("next", &page)]);
    assert_eq!(confirmed.header("location"), page);

    // The host stays, and what is not typed again stays with it.
    let form = Form::at(&person, &page);
    let form = form.with("ep0-url", &receiver.url("/two")).with("ep0-hv1", "typed-region");
    let done = form.send(&person, "next");
    assert_eq!(done.status, 303, "{}", done.body);
    site.publish();
    let sent = until(|| receiver.requests().into_iter().find(|request| request.path == "/two"));
    assert_eq!(sent.header("authorization"), Some("Bearer stored-credential"));
    assert_eq!(sent.header("x-region"), Some("typed-region"));
    assert_eq!(sent.header("qn-secret"), Some("stored-static-value"));
    let kept = audited(database);
    assert!(kept.starts_with("webhook.destination_changed") && kept.contains("/two"), "{kept}");
    assert!(!kept.contains("stored-") && !kept.contains("typed-"), "{kept}");
    let unknown = Form::at(&person, &page).with("ep0-hk2", "X-New").press(&person, "next");
    assert!(unknown.is_wrong("ep0-hv2", "Type the value of this header"));
    assert!(!site.said().contains("stored-"));
}

fn form_token(form: &Form) -> &str {
    form.value("csrf")
}

fn credentials_do_not_follow_to_another_host(database: &TestDatabase) {
    let (site, here, there) = (Site::open(database), Receiver::start(), Receiver::start());
    let (id, page) = guarded(&site, &here.url("/in"));
    let person = site.person("developer");
    let form = Form::at(&person, &page);
    assert!(form.answer.body.contains("Credentials that are sent are dropped when the host changes"));
    let form = form.with("ep0-url", &there.url("/in")).with("ep0-hv1", "typed-region");
    let wrong = form.with("ep0-sec", "own").with("ep0-own", "short").press(&person, "next");
    assert!(wrong.is_wrong("ep0-own", "The secret is too short or too long."));
    let done = wrong.with("ep0-sec", "").send(&person, "next");
    assert_eq!(done.status, 303, "{}", done.body);
    assert!(audited(database).contains("\"dropped_credentials\":2"), "{}", audited(database));
    assert!(person.get(&site.webhooks()).body.contains("credentials that were not typed again were dropped"));
    site.publish();
    let sent = until(|| there.requests().pop());
    assert_eq!((sent.header("authorization"), sent.header("qn-secret")), (None, None));
    assert_eq!(sent.header("x-region"), Some("typed-region"));
    assert!(here.requests().is_empty());
    let shown = shown(&site, &id);
    assert_eq!(shown["url"], json!(there.url("/in")));
}

fn who_may_not_change_webhooks_sees_none_of_their_forms(database: &TestDatabase) {
    let site = Site::open(database);
    let id = site.webhook("Order desk", "https://example.com/h");
    let endpoint = format!("endpoints/{}", site.endpoint(&id));
    let viewer: Person = site.person("viewer");
    let token = viewer.token(&site.webhooks());
    let before = database.digest();
    let (destination, remove) = (format!("{endpoint}/destination"), format!("{endpoint}/remove"));
    let pages =
        ["edit", "triggers", "endpoints/new", &endpoint, &destination, &remove, "secret", "rotate", "test"];
    for page in pages {
        let path = at(&site, &id, page);
        let asked = viewer.get(&path);
        assert_eq!(asked.status, 403, "{page}");
        assert!(asked.body.contains("Your role does not allow you to"), "{page}");
        assert_eq!(viewer.send(&path, &token, &[("press", "next")]).status, 403, "{page}");
    }
    for act in ["rotate/switch", "rotate/end"] {
        assert_eq!(viewer.send(&at(&site, &id, act), &token, &[]).status, 403, "{act}");
    }
    database.assert_unchanged(&before, "what a viewer tried");
}
