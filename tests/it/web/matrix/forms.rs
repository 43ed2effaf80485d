//! The matrix through its forms: looked at before it is saved, saved at once or not at all, and never lost.

use super::sheet::Sheet;
use crate::support::databases::{TestDatabase, both_databases};
use crate::web::reach;
use crate::web::site::{Site, between};
use serde_json::json;

both_databases!(
    what_is_ticked_is_looked_at_first_and_then_saved_at_once,
    the_last_event_of_a_webhook_is_not_taken,
    a_change_in_between_is_told_and_no_tick_is_lost,
    a_pasted_address_makes_one_webhook_whose_secret_is_shown_once,
    a_search_and_another_page_keep_what_was_ticked,
    partner_only_events_are_not_for_programmes,
    a_viewer_and_other_units_change_nothing,
    a_webhook_that_another_partner_manages_stays_as_it_is,
);

fn path(site: &Site) -> String {
    format!("/bu/{}/matrix", site.bu)
}

fn events(site: &Site, webhook: &str) -> Vec<String> {
    let shown = site.api.get(&format!("/webhooks/{webhook}")).json();
    let mut events: Vec<String> = serde_json::from_value(shown["data"]["events"].clone()).unwrap();
    events.sort();
    events
}

fn what_is_ticked_is_looked_at_first_and_then_saved_at_once(database: &TestDatabase) {
    let (site, url) = (Site::open(database), "https://example.com/h");
    // Made before the webhooks that hear of people.
    let (person, path) = (site.person("developer"), path(&site));
    let filter = json!([{"path": "total", "op": "gt", "value": 100}]);
    let body = json!({"name": "Desk <b>", "url": url, "triggers": [
        {"event": "order.completed", "filter": filter, "note": "big ones"}, {"event": "user.created"}]});
    let desk = site.api.post("/webhooks", &body).json()["data"]["id"].as_str().unwrap().to_owned();
    let crm = site.webhook("CRM", "https://crm.example.com/h");
    let before = database.digest();
    let mut sheet = Sheet::open(&person, &path);
    assert!(sheet.is_on(&desk, "order.completed") && !sheet.is_on(&desk, "team.created"));
    for (webhook, event) in [(&desk, "user.created"), (&desk, "team.created"), (&crm, "team.deleted")] {
        sheet.tick(webhook, event);
    }
    let asked = sheet.press(&person, &path, "review");
    assert_eq!(asked.status, 200, "{asked:?}");
    let dialog = between(&asked.body, "<dialog", "</dialog>").unwrap();
    assert!(
        dialog.contains("2 events added, 1 event removed. Nothing is saved until you apply."),
        "{dialog}"
    );
    let first = |text: &str| dialog.find(text).unwrap_or_else(|| panic!("{text} is not told: {dialog}"));
    assert!(first("Desk &#60;b&#62;") > 0 && first("crm.example.com/h") > 0);
    assert!(first("Added</span> <code>team.created") < first("Removed</span> <code>user.created"));
    database.assert_unchanged(&before, "looking at the change");

    let done = sheet.press(&person, &path, "apply");
    assert_eq!((done.status, done.header("location")), (303, path.as_str()), "{done:?}");
    assert!(person.get(&path).body.contains("Changes applied"));
    assert_eq!(events(&site, &desk), ["order.completed", "team.created"]);
    assert_eq!(events(&site, &crm), ["order.completed", "team.deleted"]);
    let kept = site.api.get(&format!("/webhooks/{desk}")).json()["data"]["triggers"][0].clone();
    assert_eq!((&kept["filter"], &kept["note"]), (&filter, &json!("big ones")));
    let audited = database.lines(
        "SELECT actor_name || ' ' || target_id AS line FROM audit WHERE action = 'webhook.updated' ORDER BY seq",
    );
    let mut both = [format!("Ada {desk}"), format!("Ada {crm}")];
    both.sort();
    assert_eq!(audited, both);
    assert_eq!(Sheet::open(&person, &path).press(&person, &path, "review").status, 422, "nothing to apply");
}

fn the_last_event_of_a_webhook_is_not_taken(database: &TestDatabase) {
    let site = Site::open(database);
    let (person, path) = (site.person("developer"), path(&site));
    let (desk, crm) =
        (site.webhook("Desk", "https://a.example/h"), site.webhook("CRM", "https://b.example/h"));
    let before = database.digest();
    let mut sheet = Sheet::open(&person, &path);
    sheet.tick(&desk, "order.completed");
    sheet.tick(&crm, "user.created");
    for button in ["review", "apply"] {
        let refused = sheet.press(&person, &path, button);
        assert_eq!(refused.status, 422);
        let sentence =
            "“Desk” would be left without events. Keep at least one of them, or delete the webhook.";
        assert!(refused.body.contains(sentence), "{refused:?}");
        assert!(refused.body.contains("<title>Error: Event matrix"));
        let again = Sheet::of(&refused.body);
        assert!(
            !again.is_on(&desk, "order.completed") && again.is_on(&crm, "user.created"),
            "ticks are kept"
        );
    }
    database.assert_unchanged(&before, "a change that was refused in part");
}

fn a_change_in_between_is_told_and_no_tick_is_lost(database: &TestDatabase) {
    let site = Site::open(database);
    let (desk, crm) =
        (site.webhook("Desk", "https://a.example/h"), site.webhook("CRM", "https://b.example/h"));
    let (person, path) = (site.person("developer"), path(&site));
    let mut sheet = Sheet::open(&person, &path);
    sheet.tick(&desk, "user.created");
    sheet.tick(&desk, "user.updated");
    sheet.tick(&crm, "user.created");
    let theirs = json!({"events": ["order.completed", "user.updated", "team.created"]});
    assert_eq!(site.api.put(&format!("/webhooks/{desk}"), &theirs).status, 200);
    let told = sheet.press(&person, &path, "apply");
    assert_eq!(told.status, 409, "{told:?}");
    assert!(told.body.contains("“Desk” was changed by somebody else in the meantime. Nothing was saved."));
    assert_eq!(events(&site, &crm), ["order.completed"]);
    let again = Sheet::of(&told.body);
    for (webhook, event) in [(&desk, "user.created"), (&desk, "team.created"), (&crm, "user.created")] {
        assert!(again.is_on(webhook, event), "{webhook} {event}");
    }
    assert_eq!(again.press(&person, &path, "apply").status, 303);
    assert_eq!(events(&site, &desk), ["order.completed", "team.created", "user.created", "user.updated"]);
    assert_eq!(events(&site, &crm), ["order.completed", "user.created"]);

    let mut late = Sheet::open(&person, &path);
    late.tick(&desk, "user.deleted");
    late.tick(&crm, "user.deleted");
    assert_eq!(site.api.delete(&format!("/webhooks/{desk}")).status, 200);
    let told = late.press(&person, &path, "apply");
    assert_eq!(told.status, 409);
    assert_eq!(Sheet::of(&told.body).press(&person, &path, "apply").status, 303, "the rest can be applied");
    assert_eq!(events(&site, &crm), ["order.completed", "user.created", "user.deleted"]);
}

fn a_pasted_address_makes_one_webhook_whose_secret_is_shown_once(database: &TestDatabase) {
    let site = Site::open(database);
    let desk = site.webhook("Desk", "https://a.example/h");
    let (person, path) = (site.person("developer"), path(&site));
    let mut sheet = Sheet::open(&person, &path);
    sheet.tick_new("order.refunded");
    sheet.tick_new("webhook.created");
    sheet.tick(&desk, "user.created");
    for bad in ["", "ftp://hub.example/in", "https://10.0.0.1/in"] {
        sheet.set("url", bad);
        let refused = sheet.press(&person, &path, "review");
        assert_eq!(refused.status, 422, "{bad}");
        assert!(refused.body.contains("id=\"mx-url-err\""), "{bad}");
        assert!(Sheet::of(&refused.body).fields.contains(&("url".to_owned(), bad.to_owned())), "{bad}");
    }
    sheet.set("url", "https://hub.example/in");
    assert!(sheet.press(&person, &path, "review").body.contains("1 new webhook"));
    let made = sheet.press(&person, &path, "apply");
    assert_eq!((made.status, made.header("cache-control")), (200, "no-store"), "{made:?}");
    let secret = between(&made.body, "id=\"webhook-secret\" class=\"break\">", "<").unwrap().to_owned();
    assert!(secret.starts_with("whsec_"), "{secret}");
    assert!(!person.get(&path).body.contains(&secret));
    let all = site.api.get("/webhooks").json();
    let new =
        all["data"].as_array().unwrap().iter().find(|one| one["url"] == "https://hub.example/in").unwrap();
    assert_eq!(events(&site, new["id"].as_str().unwrap()), ["order.refunded", "webhook.created"]);
    assert_eq!(events(&site, &desk), ["order.completed", "user.created"]);

    let again = sheet.press(&person, &path, "apply");
    assert_eq!(again.status, 409, "sent again");
    assert!(!again.body.contains("whsec_"));
    assert_eq!(site.api.get("/webhooks").json()["meta"]["total"], 2);
}

fn a_search_and_another_page_keep_what_was_ticked(database: &TestDatabase) {
    let site = Site::open(database);
    let oldest = site.webhook("Oldest", "https://a.example/h");
    for n in 0..20 {
        site.webhook(&format!("Hook {n}"), "https://b.example/h");
    }
    let newest = site.webhook("Newest", "https://c.example/h");
    let (person, path) = (site.person("developer"), path(&site));
    let page = person.get(&path);
    let mut sheet = Sheet::of(&page.body);
    assert!(!page.body.contains(&oldest) && page.body.contains("22 webhooks"));
    sheet.tick(&newest, "user.created");
    sheet.set("q", "QUOTE");
    let searched = sheet.press(&person, &path, "show");
    assert!(searched.body.contains("1 change is not applied yet."), "{searched:?}");
    assert!(searched.body.contains("quote.sent") && !searched.body.contains("value=\"user.created\""));
    let mut sheet = Sheet::of(&searched.body);
    sheet.tick(&newest, "quote.sent");
    sheet.tick_new("quote.sent");
    let older = between(&searched.body, "name=\"go\" value=\"wh_", "\"").unwrap();
    sheet.set("go", &format!("wh_{older}"));
    sheet.set("q", "");
    let other = sheet.press(&person, &path, "show");
    assert!(other.body.contains("3 changes are not applied yet."));
    let mut sheet = Sheet::of(&other.body);
    sheet.tick(&oldest, "team.created");
    sheet.set("url", "https://new.example/h");
    assert_eq!(sheet.press(&person, &path, "apply").status, 200);
    assert_eq!(events(&site, &newest), ["order.completed", "quote.sent", "user.created"]);
    assert_eq!(events(&site, &oldest), ["order.completed", "team.created"]);

    // With nothing ticked a search has an address.
    let mut clean = Sheet::open(&person, &path);
    clean.set("q", "team");
    let searched = clean.press(&person, &path, "show");
    assert_eq!((searched.status, searched.header("location")), (303, format!("{path}?q=team").as_str()));
    let found = person.get(&format!("{path}?q=team")).body;
    assert!(found.contains("team.created") && !found.contains("order.completed"));
    assert!(person.get(&format!("{path}?q=%00zz")).body.contains("No event type matches"));
}

fn partner_only_events_are_not_for_programmes(database: &TestDatabase) {
    let site = Site::open(database);
    let desk = site.webhook("Desk", "https://a.example/h");
    database.execute("UPDATE webhooks SET origin = 'programme'");
    let (person, path) = (site.person("developer"), path(&site));
    let page = person.get(&path).body;
    let row = between(&page, "value=\"webhook.created\"", "</tr>").unwrap();
    assert!(row.contains("Partner only") && row.contains("disabled"), "{row}");
    let mut sheet = Sheet::of(&page);
    sheet.tick(&desk, "webhook.created");
    let refused = sheet.press(&person, &path, "apply");
    assert_eq!(refused.status, 422);
    assert!(
        refused.body.contains("“Desk” belongs to a programme, and webhook.created is for global webhooks")
    );
    assert_eq!(events(&site, &desk), ["order.completed"]);
}

fn a_viewer_and_other_units_change_nothing(database: &TestDatabase) {
    let site = Site::open(database);
    let (developer, viewer, path) = (site.person("developer"), site.person("viewer"), path(&site));
    let (desk, theirs) = (site.webhook("Desk", "https://a.example/h"), site.other_webhook());
    let shown = viewer.get(&path).body;
    assert!(
        shown.contains("Desk") && !shown.contains("Apply Changes") && shown.contains(" checked disabled")
    );
    let mut sheet = Sheet::open(&developer, &path);
    sheet.tick(&desk, "user.created");
    let token = viewer.token(&site.webhooks());
    let before = database.digest();
    let fields: Vec<_> = sheet.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let sent = fields.into_iter().chain([("press", "apply")]).collect::<Vec<_>>();
    assert_eq!(viewer.send(&path, &token, &sent).status, 403);
    let never = "wh_00000000000000000000000001";
    let mut told = Vec::new();
    for id in [theirs.as_str(), never] {
        let mut sheet = Sheet::open(&developer, &path);
        sheet.set("kept", &format!("{id}:aaaaaaaaaaaa:+user.created"));
        let answer = sheet.press(&developer, &path, "apply");
        let body = answer.body.replace(answer.header("x-request-id"), "REQUEST");
        let new_id = between(&body, "name=\"new_id\" value=\"", "\"").unwrap().to_owned();
        told.push((answer.status, body.replace(&new_id, "NEW")));
    }
    assert_eq!(told[0].0, 409);
    assert_eq!(told[0], told[1], "another unit's webhook is as good as none");
    database.assert_unchanged(&before, "what was asked of others");
}

fn a_webhook_that_another_partner_manages_stays_as_it_is(database: &TestDatabase) {
    let (site, receiver) = (Site::open(database), "https://example.com/wide");
    let (owner, path) = (site.person("owner"), path(&site));
    let (atlas, _) = site.global("developer");
    let wide = reach::wide(&site, &atlas, receiver);
    let shown = owner.get(&path).body;
    assert!(shown.contains("Another partner’s") && !shown.contains(&format!("value=\"{wide}:")), "{shown}");
    let mut theirs = Sheet::open(&atlas, &path);
    theirs.tick(&wide, "user.created");
    let before = database.digest();
    let refused = theirs.press_with(&owner, &path, "apply", &owner.token(&path));
    assert_eq!(refused.status, 422, "{refused:?}");
    assert!(refused.body.contains("The partner that made it changes it."), "{refused:?}");
    database.assert_unchanged(&before, "a forged column");
    assert_eq!(theirs.press(&atlas, &path, "apply").status, 303);
    assert_eq!(events(&site, &wide), ["order.completed", "user.created"]);
}
