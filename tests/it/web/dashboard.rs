//! The Webhooks Dashboard and a programme's Integrations Dashboard, without scripts: who creates what where.

use super::reach::{create, made};
use super::site::{Person, Site, between, until};
use crate::support::databases::TestDatabase;
use crate::support::receiver::Receiver;
use serde_json::json;

const SECRET: (&str, &str) = ("secret", "a-secret-of-sixteen");
const URL: (&str, &str) = ("url", "https://example.com/hooks");
const PARTNER_ONLY: &str = "programme.created";

/// A programme of the first unit; its id.
pub fn programme(site: &Site, database: &TestDatabase) -> String {
    let id = "prg_000000000000000000000000m1";
    let bu = &site.bu;
    database.execute(&format!("INSERT INTO programmes VALUES ('{id}', '{bu}', 'Kestrel Miles', 1)"));
    id.to_owned()
}

/// A section of a page by its id.
fn section<'a>(page: &'a str, id: &str) -> &'a str {
    between(page, &format!("id=\"{id}\""), "</section>").expect("a section")
}

fn offers(page: &str, event: &str) -> bool {
    page.contains(&format!("name=\"events\" value=\"{event}\""))
}

#[test]
fn a_global_webhook_is_created_and_marked_and_may_have_events_for_partners() {
    let database = TestDatabase::sqlite();
    let (site, receiver) = (Site::open(&database), Receiver::start());
    let person = site.person("developer");
    let (dashboard, new) = (site.inside("/webhooks"), site.inside("/webhooks/new"));
    let empty = person.get(&dashboard).body;
    let global = section(&empty, "global");
    assert!(global.contains("No global webhooks yet") && global.contains(&new), "{global}");
    let linked = section(&empty, "linked");
    assert!(linked.contains("Integrations Dashboard") && !linked.contains(&new), "{linked}");

    let page = person.get(&new);
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(offers(&page.body, PARTNER_ONLY) && offers(&page.body, "order.completed"));
    assert!(!offers(&page.body, "webhook.test"), "nobody subscribes to tests");
    let secret = between(
        &page.body,
        "name=\"secret\" type=\"text\" required minlength=\"16\" maxlength=\"256\" value=\"",
        "\"",
    );
    let secret = secret.expect("a secret that was generated").to_owned();
    assert!(secret.starts_with("whsec_"), "{secret}");
    let url = receiver.url("/orders");
    let fields =
        [("url", url.as_str()), ("secret", &secret), ("events", "order.completed"), ("events", PARTNER_ONLY)];
    let answer = create(&person, &new, &fields);
    let id = made(&answer);
    assert!(answer.header("location").starts_with(&dashboard));
    let page = person.get(answer.header("location")).body;
    let global = section(&page, "global");
    assert!(global.contains(&format!("id=\"row-{id}\" class=\"fresh marked\"")), "{global}");
    assert!(page.contains("Webhook added") && !page.contains(&secret));

    let event = site.publish();
    let request = receiver.wait_for(1, std::time::Duration::from_secs(30)).remove(0);
    assert!(request.text().contains(&event));
    until(|| section(&person.get(&dashboard).body, "global").contains("Delivering").then_some(()));
    let logs = person.get(&site.inside(&format!("/logs?webhook={id}"))).body;
    assert!(page.contains(&format!("/logs?webhook={id}")) && logs.contains(&event));
}

#[test]
fn what_is_missing_is_told_beside_it_and_nothing_typed_is_lost() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let person = site.person("developer");
    let new = site.inside("/webhooks/new");
    let answer = create(&person, &new, &[("url", "ftp://example.com"), ("secret", "short")]);
    assert_eq!(answer.status, 422);
    let page = &answer.body;
    for part in ["<title>Error: Create Webhook", "p-url-err", "p-sec-err", "Choose at least one event."] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(page.contains("value=\"ftp://example.com\"") && page.contains("value=\"short\""));
    let other = create(&person, &new, &[URL, ("secret", ""), ("events", "order.completed")]);
    assert!(other.status == 422 && other.body.contains("value=\"order.completed\" checked"), "{other:?}");
    let generated = create(&person, &new, &[URL, ("generate", "1"), ("events", "order.completed")]);
    assert!(generated.status == 200 && generated.body.contains("value=\"whsec_"), "{generated:?}");
    assert!(generated.body.contains("value=\"order.completed\" checked"));
    let unknown = create(&person, &new, &[URL, SECRET, ("events", "no.such")]);
    assert!(unknown.status == 422 && unknown.body.contains("not in the catalogue"), "{unknown:?}");
    assert_eq!(site.api.get("/webhooks").json()["meta"]["total"], 0);

    // The form makes one webhook, however often it is sent.
    let page = person.get(&new).body;
    let token = between(&page, r#"name="csrf" value=""#, "\"").unwrap().to_owned();
    let draft = between(&page, r#"name="draft" value=""#, "\"").unwrap().to_owned();
    let fields = [URL, SECRET, ("events", "order.completed"), ("draft", &draft)];
    assert_eq!(person.send(&new, &token, &fields).status, 303);
    assert_eq!(person.send(&new, &token, &fields).status, 409);
    let forged = [URL, SECRET, ("events", "order.completed"), ("draft", "AAAA")];
    assert_eq!(person.send(&new, &token, &forged).status, 403);
    assert_eq!(site.api.get("/webhooks").json()["meta"]["total"], 1);
}

#[test]
fn managing_events_changes_events_and_nothing_else() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let person = site.person("developer");
    let body = json!({"url": "https://example.com/h", "triggers": [
        {"event": "order.completed", "filter": [{"path": "total", "op": "gt", "value": 100}], "note": "Big"},
        {"event": "order.refunded"}]});
    let made = site.api.post("/webhooks", &body).json();
    let id = made["data"]["id"].as_str().expect("an id").to_owned();
    let events = site.inside(&format!("/webhooks/{id}/events"));
    let page = person.get(&events).body;
    for part in ["<span data-count-out>2</span>", "value=\"order.refunded\" checked", "Apply Changes"] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(!page.contains("name=\"url\"") && !page.contains("name=\"secret\""), "both are disabled");
    let token = person.token(&events);
    for fixed in [("url", "https://evil.example/"), ("secret", "another-secret-16")] {
        let refused = person.send(&events, &token, &[("events", "user.created"), fixed]);
        assert!(refused.status == 422 && refused.body.contains("is not changed here"), "{refused:?}");
    }
    let none = person.send(&events, &token, &[]);
    assert!(none.status == 422 && none.body.contains("Choose at least one event."), "{none:?}");
    let change = [("events", "order.completed"), ("events", PARTNER_ONLY)];
    let applied = person.send(&events, &token, &change);
    assert_eq!((applied.status, applied.header("location")), (303, site.inside("/webhooks").as_str()));
    let now = site.api.get(&format!("/webhooks/{id}")).json();
    assert_eq!(now["data"]["url"], "https://example.com/h");
    let names: Vec<_> = now["data"]["events"].as_array().unwrap().iter().collect();
    assert!(names.len() == 2 && names.contains(&&json!(PARTNER_ONLY)), "{now}");
    let kept = now["data"]["triggers"].as_array().unwrap().iter().find(|t| t["event"] == "order.completed");
    assert_eq!(kept.expect("the trigger that stayed")["note"], "Big", "with its filter and note");
}

#[test]
fn a_programme_gets_webhooks_of_its_own_without_events_for_partners() {
    let database = TestDatabase::sqlite();
    let (site, receiver) = (Site::open(&database), Receiver::start());
    let person = site.person("developer");
    let prg = programme(&site, &database);
    let (home, new) =
        (site.inside(&format!("/programmes/{prg}")), site.inside(&format!("/programmes/{prg}/webhooks/new")));
    let empty = person.get(&home).body;
    assert!(empty.contains("No webhooks yet") && empty.contains(&new), "{empty}");
    let form = person.get(&new).body;
    assert!(
        offers(&form, "order.completed") && !offers(&form, PARTNER_ONLY) && !form.contains("name=\"reach\"")
    );

    let refused = create(&person, &new, &[URL, SECRET, ("events", PARTNER_ONLY)]);
    assert!(
        refused.status == 422 && refused.body.contains("Only global webhooks get this event."),
        "{refused:?}"
    );
    let url = receiver.url("/miles");
    let answer =
        create(&person, &new, &[("url", &url), SECRET, ("events", "order.completed"), ("reach", "partner")]);
    let id = made(&answer);
    assert!(answer.header("location").starts_with(&home), "{answer:?}");
    assert!(
        person.get(answer.header("location")).body.contains(&format!("class=\"marked\" id=\"row-{id}\""))
    );
    let read = site.api.get(&format!("/webhooks/{id}")).json();
    assert_eq!(
        (&read["data"]["origin"], &read["data"]["reach"]),
        (&json!("programme"), &json!("business_unit"))
    );
    let dashboard = person.get(&site.inside("/webhooks")).body;
    let linked = section(&dashboard, "linked");
    assert!(linked.contains(&format!("row-{id}")) && linked.contains("Kestrel Miles"), "{linked}");
    assert!(!section(&dashboard, "global").contains(&id));
    let events = site.inside(&format!("/webhooks/{id}/events"));
    assert!(linked.contains(&events) && !offers(&person.get(&events).body, PARTNER_ONLY));
    let token = person.token(&events);
    let refused = person.send(&events, &token, &[("events", PARTNER_ONLY)]);
    assert!(
        refused.status == 422 && refused.body.contains("Only global webhooks get this event."),
        "{refused:?}"
    );
    let elsewhere = create(&person, &site.inside("/webhooks/new"), &[URL, SECRET, ("programme", &prg)]);
    assert_eq!(elsewhere.status, 403, "I16: only its own dashboard creates a programme's webhooks");

    // Only what happens in the programme is sent, and its dashboard shows it.
    site.publish();
    let event =
        site.api.post("/events", &json!({"type": "order.completed", "data": {}, "programme": prg})).json();
    let event = event["data"]["id"].as_str().expect("an id").to_owned();
    let request = receiver.wait_for(1, std::time::Duration::from_secs(30)).remove(0);
    assert!(request.text().contains(&event), "{}", request.text());
    until(|| section(&person.get(&home).body, "hooks").contains("Delivering").then_some(()));
    assert!(person.get(&home).body.contains(&event));
    assert_eq!(receiver.requests().len(), 1);
    let other = person.get(&format!("{home}?programme={prg}"));
    assert_eq!((other.status, other.header("location")), (303, home.as_str()));
}

#[test]
fn a_viewer_looks_and_creates_nothing() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let prg = programme(&site, &database);
    let id = site.webhook("Desk", "https://example.com/h");
    let viewer = site.person("viewer");
    let page = viewer.get(&site.inside("/webhooks")).body;
    assert!(page.contains("example.com/") && page.contains("View Event Logs") && page.contains("Details"));
    for act in ["Create Webhook</a>", "Manage Events", "Delete</a>"] {
        assert!(!page.contains(act), "{act}");
    }
    let token = viewer.token(&site.inside("/webhooks"));
    for path in
        ["/webhooks/new", &format!("/programmes/{prg}/webhooks/new"), &format!("/webhooks/{id}/events")]
    {
        assert_eq!(viewer.get(&site.inside(path)).status, 403, "{path}");
        assert_eq!(
            viewer.send(&site.inside(path), &token, &[("events", "user.created")]).status,
            403,
            "{path}"
        );
    }
    assert_eq!(viewer.get(&site.inside(&format!("/programmes/{prg}"))).status, 200);
}

#[test]
fn another_units_programme_and_webhooks_do_not_exist() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let person = site.person("owner");
    let theirs = "prg_000000000000000000000000m2";
    let bu = &site.other_bu;
    database.execute(&format!("INSERT INTO programmes VALUES ('{theirs}', '{bu}', 'Globex Points', 1)"));
    let never = "prg_000000000000000000000000m3";
    let webhook = site.other_webhook();
    for prg in [theirs, never] {
        for path in [format!("/programmes/{prg}"), format!("/programmes/{prg}/webhooks/new")] {
            assert_eq!(person.get(&site.inside(&path)).status, 404, "{path}");
        }
        let ours = programme_path(&site, &person, prg);
        assert_eq!(ours, 404, "{prg}");
    }
    assert_eq!(person.get(&site.inside(&format!("/webhooks/{webhook}/events"))).status, 404);
    assert_eq!(person.get(&format!("/bu/{bu}/webhooks")).status, 404);
}

/// What a form with a good draft is answered with in a programme.
fn programme_path(site: &Site, person: &Person, prg: &str) -> u16 {
    let page = person.get(&site.inside("/webhooks/new")).body;
    let token = between(&page, r#"name="csrf" value=""#, "\"").unwrap().to_owned();
    let draft = between(&page, r#"name="draft" value=""#, "\"").unwrap().to_owned();
    let path = site.inside(&format!("/programmes/{prg}/webhooks/new"));
    person.send(&path, &token, &[URL, SECRET, ("events", "order.completed"), ("draft", &draft)]).status
}

#[test]
fn a_failing_webhook_is_named_at_the_top() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let person = site.person("developer");
    let id = site.webhook("Desk", "https://example.com/relay");
    let set = "last_sent_ok = FALSE, last_sent_at = 1763640000000000, failing_since = 1763630000000000";
    database.execute(&format!("UPDATE webhooks SET {set} WHERE id = '{id}'"));
    let page = person.get(&site.inside("/webhooks")).body;
    let notice = between(&page, "id=\"failing\"", "</div></div>").expect("a notice");
    assert!(notice.contains("example.com/relay has been failing since 20 Nov") && notice.contains("See why"));
    assert!(section(&page, "global").contains("Failing since 20 Nov"), "{page}");
    database.execute(&format!(
        "UPDATE webhooks SET status = 'inactive', inactive_reason = 'failing' WHERE id = '{id}'"
    ));
    let page = person.get(&site.inside("/webhooks")).body;
    assert!(page.contains("was switched off after failing for long"), "{page}");
}
