//! Webhooks that hear all business units of a global partner: which events they get, who sees them, who manages them.

use super::site::{Person, Site, between};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::Answer;
use crate::support::receiver::Receiver;
use serde_json::json;
use std::time::Duration;

both_databases!(
    a_partners_webhook_hears_every_unit_it_may_access_as_grants_change,
    what_happened_in_another_unit_is_shown_to_nobody_else,
    a_partners_webhook_is_changed_by_its_logins_alone,
    a_token_reaches_as_far_as_the_login_that_made_it,
);

const LIMIT: Duration = Duration::from_secs(30);
const ALL: &[&str] = &["--all"];

/// Sends Create Webhook as it stands on the page at `path`.
pub fn create(person: &Person, path: &str, fields: &[(&str, &str)]) -> Answer {
    let page = person.get(path).body;
    let token = between(&page, r#"name="csrf" value=""#, "\"").expect("a form").to_owned();
    let draft = between(&page, r#"name="draft" value=""#, "\"").expect("a draft").to_owned();
    let all: Vec<_> = fields.iter().copied().chain([("draft", draft.as_str())]).collect();
    person.send(path, &token, &all)
}

/// The id of the webhook that an answer leads to the mark of.
pub fn made(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{answer:?}");
    answer.header("location").split_once("?new=").expect("the new row is marked").1.to_owned()
}

/// A webhook of the global partner that hears all its units.
pub fn wide(site: &Site, person: &Person, url: &str) -> String {
    let fields = [
        ("url", url),
        ("secret", "a-secret-of-sixteen"),
        ("events", "order.completed"),
        ("reach", "partner"),
    ];
    made(&create(person, &site.inside("/webhooks/new"), &fields))
}

/// The events that came in, once there are so many, in their order.
fn arrived(receiver: &Receiver, count: usize) -> Vec<String> {
    let id = |body: &str| between(body, r#""id":""#, "\"").expect("an id").to_owned();
    receiver.wait_for(count, LIMIT).iter().map(|request| id(request.text())).collect()
}

fn a_partners_webhook_hears_every_unit_it_may_access_as_grants_change(database: &TestDatabase) {
    let (site, receiver) = (Site::open(database), Receiver::start());
    let (atlas, number) = site.global("developer");
    let globex = site.other_partner.to_string();
    let globex = ["--unit", globex.as_str()];
    let form = atlas.get(&site.inside("/webhooks/new")).body;
    assert!(form.contains("All business units Atlas may access"), "{form}");
    wide(&site, &atlas, &receiver.url("/wide"));

    site.other_publish();
    let first = site.publish();
    assert_eq!(arrived(&receiver, 1), std::slice::from_ref(&first));
    site.partner("grant", number, &globex);
    let second = site.other_publish();
    assert_eq!(arrived(&receiver, 2)[1], second);
    site.partner("withdraw", number, &globex);
    site.other_publish();
    let third = site.publish();
    assert_eq!(arrived(&receiver, 3)[2], third);
    site.partner("grant", number, ALL);
    let fourth = site.other_publish();
    assert_eq!(arrived(&receiver, 4)[3], fourth);
    database.execute("UPDATE business_units SET api_access = FALSE WHERE name = 'Globex'");
    database.execute("UPDATE business_units SET api_access = TRUE WHERE name = 'Globex'");
    let fifth = site.other_publish();
    assert_eq!(arrived(&receiver, 5)[4], fifth);

    // Out of its own unit, the partner hears nothing through a webhook there.
    let kestrel = database.lines("SELECT CAST(id AS TEXT) AS line FROM partners WHERE name = 'Kestrel'");
    site.partner("withdraw", number, ALL);
    site.partner("grant", number, &globex);
    site.partner("withdraw", number, &["--unit", &kestrel[0]]);
    site.other_publish();
    let own = site.publish();
    let held_back = site.api.get(&format!("/events/{own}")).json();
    assert_eq!(held_back["data"]["deliveries"][0]["state"], "filtered", "{held_back}");
    assert_eq!(held_back["data"]["deliveries"][0]["cause"], "reach", "{held_back}");
    let mut sent = database.lines("SELECT event_id AS line FROM deliveries WHERE state <> 'filtered'");
    let mut meant = vec![first, second, third, fourth, fifth];
    sent.sort();
    meant.sort();
    assert_eq!(sent, meant, "each once, and nothing of a unit at a time when it was not granted");
}

fn what_happened_in_another_unit_is_shown_to_nobody_else(database: &TestDatabase) {
    let (site, receiver) = (Site::open(database), Receiver::start());
    let (atlas, number) = site.global("developer");
    let owner = site.person("owner");
    site.partner("grant", number, ALL);
    let webhook = wide(&site, &atlas, &receiver.url("/wide"));
    let (far, near) = (site.other_publish(), site.publish());
    arrived(&receiver, 2);
    let delivery =
        database.lines(&format!("SELECT id AS line FROM deliveries WHERE event_id = '{far}'")).remove(0);
    let log = site.inside(&format!("/logs?webhook={webhook}"));
    let event = site.inside(&format!("/logs/{far}"));

    let seen = atlas.get(&log).body;
    assert!(seen.contains(&far) && seen.contains(&near) && seen.contains("Globex"), "{seen}");
    let page = atlas.get(&event);
    assert!(page.status == 200 && page.body.contains("Globex"), "{page:?}");
    assert!(!owner.get(&log).body.contains(&far) && owner.get(&log).body.contains(&near));
    assert_eq!(owner.get(&event).status, 404);
    let listed = site.api.get(&format!("/webhooks/{webhook}/deliveries")).json();
    let events: Vec<_> = listed["data"].as_array().unwrap().iter().map(|d| d["event"].clone()).collect();
    assert!(!listed.to_string().contains(&far) && events.len() == 1, "{listed}");
    assert_eq!(site.api.get(&format!("/deliveries/{delivery}")).status, 404);
    assert_eq!(site.api.post(&format!("/deliveries/{delivery}/resend"), &json!({})).status, 404);
    assert_eq!(site.api.get(&format!("/events/{far}")).status, 404);
    let theirs = site.other_api.get(&format!("/events/{far}")).json();
    assert_eq!(theirs["data"]["deliveries"], json!([]), "the webhook is not the other unit's to see");

    // Sent again, it arrives under the id it always had, while its unit may be heard.
    let again = format!("{event}/deliveries/{delivery}/resend");
    let token = atlas.token(&log.replace("/logs", "/webhooks"));
    assert_eq!(atlas.send(&again, &token, &[]).status, 303);
    assert_eq!(arrived(&receiver, 3)[2], far);
    site.partner("withdraw", number, ALL);
    assert_eq!(atlas.get(&event).status, 404, "at once");
    assert!(!atlas.get(&log).body.contains(&far));
    assert_eq!(atlas.send(&again, &token, &[]).status, 404);
}

fn a_partners_webhook_is_changed_by_its_logins_alone(database: &TestDatabase) {
    let site = Site::open(database);
    let (atlas, number) = site.global("developer");
    let owner = site.person("owner");
    site.partner("grant", number, ALL);
    let webhook = wide(&site, &atlas, "https://example.com/wide");
    let events = site.inside(&format!("/webhooks/{webhook}/events"));
    let stored = || {
        let hooks = "SELECT name || reach || COALESCE(CAST(updated_at AS TEXT), '') AS line FROM webhooks";
        let rest = ["secrets", "replays", "deliveries", "endpoints"].map(|table| {
            database.lines(&format!("SELECT CAST(COUNT(*) AS TEXT) AS line FROM {table}")).remove(0)
        });
        (database.lines(hooks), rest)
    };
    let before = stored();

    let offer = owner.get(&site.inside("/webhooks/new")).body;
    assert!(!offer.contains("name=\"reach\""), "a channel partner has nothing to choose");
    let fields = [("url", "https://example.com/h"), ("secret", "a-secret-of-sixteen")];
    let fields = [&fields[..], &[("events", "order.completed"), ("reach", "partner")]].concat();
    assert_eq!(create(&owner, &site.inside("/webhooks/new"), &fields).status, 422);
    assert_eq!(owner.get(&events).status, 403);
    let token = owner.token(&site.webhooks());
    assert_eq!(owner.send(&events, &token, &[("events", "user.created")]).status, 403);
    let path = format!("/webhooks/{webhook}");
    let url = json!({"url": "https://elsewhere.example/"});
    for refused in [
        site.api.put(&path, &url),
        site.api.put(&path, &json!({"reach": "business_unit"})),
        site.api.post(&format!("{path}/secret/rotate"), &json!({})),
        site.api.post(&format!("{path}/test"), &json!({})),
        site.api.post("/replays", &json!({"webhook": webhook})),
    ] {
        assert_eq!((refused.status, &refused.json()["code"]), (403, &json!("other_partner")), "{refused:?}");
    }
    assert_eq!(stored(), before, "others change nothing");
    assert_eq!(site.api.get(&path).json()["data"]["reach"], "partner", "that it is there is no secret");

    let list = atlas.get(&site.inside("/webhooks")).body;
    assert!(list.contains("All units of Atlas") && list.contains(&events), "{list}");
    let token = atlas.token(&events);
    assert_eq!(atlas.send(&events, &token, &[("events", "user.created")]).status, 303);
    assert!(!owner.get(&site.inside("/webhooks")).body.contains(&events));
    assert_eq!(site.api.delete(&path).status, 200, "the unit can always be rid of it");
}

fn a_token_reaches_as_far_as_the_login_that_made_it(database: &TestDatabase) {
    let site = Site::open(database);
    let (atlas, _) = site.global("developer");
    let body =
        |reach: &str| json!({"url": "https://example.com/h", "events": ["order.completed"], "reach": reach});
    let refused = site.api.post("/webhooks", &body("partner")).json();
    assert_eq!(refused["errors"][0]["code"], "not_offered", "{refused}");
    assert_eq!(site.api.post("/webhooks", &body("galaxy")).json()["errors"][0]["field"], "reach");
    let narrow = site.api.post("/webhooks", &body("business_unit")).json();
    let narrow = format!("/webhooks/{}", narrow["data"]["id"].as_str().unwrap());

    let new = format!("{}/tokens/new", site.tokens());
    let page = atlas.get(&new).body;
    let form_id = between(&page, "name=\"form_id\" value=\"", "\"").unwrap().to_owned();
    let fields = [("name", "atlas"), ("expires", ""), ("form_id", &form_id)];
    let scopes = ["webhooks:read", "webhooks:write", "webhooks:test"].map(|scope| ("scopes", scope));
    let token = atlas.token(&new);
    let shown = atlas.send(&new, &token, &[&fields[..], &scopes].concat()).body;
    let api = site.api_with(between(&shown, "id=\"token-secret\" class=\"break\">", "<").expect("a secret"));
    let made = api.post("/webhooks", &body("partner"));
    assert_eq!((made.status, &made.json()["data"]["reach"]), (201, &json!("partner")), "{made:?}");
    let path = format!("/webhooks/{}", made.json()["data"]["id"].as_str().unwrap());
    let back = api.put(&path, &json!({"reach": "business_unit"}));
    assert_eq!(back.json()["data"]["reach"], "business_unit", "{back:?}");
    assert_eq!(site.api.put(&path, &json!({"name": "Mine"})).status, 403, "it stays the partner's");
    assert_eq!(api.put(&path, &json!({"reach": "partner"})).json()["data"]["reach"], "partner");
    let refused = api.put(&narrow, &json!({"reach": "partner"})).json();
    assert_eq!(
        refused["errors"][0]["code"], "not_offered",
        "the unit's own webhooks stay its own: {refused}"
    );
}
