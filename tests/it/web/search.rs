//! Search in a business unit: what is found, what never is, and the dialog by keyboard.

use super::site::{Person, Site, between};
use crate::support::axe::axe;
use crate::support::browser::{browse, browse_without_scripts};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::send;
use crate::web::wizard::typing::Form;
use reqwest::Method;
use serde_json::json;
use thirtyfour::prelude::*;

both_databases!(
    a_few_letters_find_webhooks_events_pages_and_actions,
    nothing_of_another_unit_is_found,
    many_webhooks_are_looked_through,
    webhooks_are_found_by_what_they_are_called_and_send_to_now,
    logins_and_teams_are_found_with_their_pages,
);

/// What a search lists, in words, each with its address.
fn found(person: &Person, site: &Site, q: &str) -> Vec<(String, String)> {
    let asked = url::form_urlencoded::byte_serialize(q.as_bytes()).collect::<String>();
    let page = person.get(&format!("{}/search?q={asked}", site.overview()));
    assert_eq!(page.status, 200, "{q}: {page:?}");
    let list = between(&page.body, "data-for=\"", "</section>").expect("a list").to_owned();
    let hits = list.split("<li><a href=\"").skip(1);
    hits.map(|hit| {
        let label = between(hit, "<span class=\"clip\">", "</span>").expect("a name");
        (label.to_owned(), hit.split('"').next().unwrap().to_owned())
    })
    .collect()
}

fn names(found: &[(String, String)]) -> Vec<&str> {
    found.iter().map(|(name, _)| name.as_str()).collect()
}

fn a_few_letters_find_webhooks_events_pages_and_actions(database: &TestDatabase) {
    let site = Site::open(database);
    let desk = site.webhook("Órder desk", "https://orders.example.com/in");
    site.webhook("Till", "https://tills.example.com/Kassa");
    let event = site.publish();
    let (person, viewer) = (site.person("developer"), site.person("viewer"));
    let address = format!("{}/{desk}", site.webhooks());
    for q in ["order d", "DESK", "orders.example", desk.as_str(), &desk[desk.len() - 6..]] {
        let hits = found(&person, &site, q);
        assert_eq!(hits.first(), Some(&("Órder desk".to_owned(), address.clone())), "{q}: {hits:?}");
    }
    let hits = found(&person, &site, "desk");
    assert_eq!(
        names(&hits),
        ["Órder desk", "Send test event to Órder desk", "View Event Logs of Órder desk"]
    );
    assert_eq!(names(&found(&viewer, &site, "desk")), ["Órder desk", "View Event Logs of Órder desk"]);
    assert_eq!(names(&found(&person, &site, "kassa"))[0], "Till");
    let log = format!("/bu/{}/logs/{event}", site.bu);
    for q in [event.clone(), event.to_uppercase(), event[..20].to_owned(), event[4..].to_owned()] {
        assert_eq!(found(&person, &site, &q), [("order.completed".to_owned(), log.clone())], "{q}");
    }
    assert!(found(&person, &site, "completed").contains(&("order.completed".to_owned(), log)));
    assert_eq!(names(&found(&person, &site, "api"))[..2], ["API", "API docs"]);
    assert_eq!(names(&found(&person, &site, "add we")), ["Add Webhook"]);
    assert!(found(&viewer, &site, "add we").is_empty(), "a viewer adds none");
    let nothing = person.get(&format!("{}/search?q=%3Cb%3Enowhere", site.overview())).body;
    assert!(nothing.contains("Nothing found") && nothing.contains("&#60;b&#62;nowhere"));
    assert!(names(&found(&person, &site, "")).contains(&"Overview"), "at first the pages are listed");
    for strange in ["\0", "%", "_", "evt_", "evt_zzz", &"x".repeat(5_000)] {
        found(&person, &site, strange);
    }
    for (target, begins) in [("modal", "<dialog"), ("palette-results", "<div class=\"list\"")] {
        let request = person.request(Method::GET, &format!("{}/search?q=desk", site.overview()));
        let part = send(request.header("hx-request", "true").header("hx-target", target)).body;
        assert!(part.trim_start().starts_with(begins) && part.contains("rder desk"), "{part}");
    }
}

fn nothing_of_another_unit_is_found(database: &TestDatabase) {
    let site = Site::open(database);
    let (webhook, event) = (site.other_webhook(), site.other_publish());
    let person = site.person("owner");
    for q in [webhook.as_str(), event.as_str(), &event[..16], "example.com", "order.completed"] {
        assert!(found(&person, &site, q).is_empty(), "{q}");
    }
}

fn logins_and_teams_are_found_with_their_pages(database: &TestDatabase) {
    let site = Site::open(database);
    let (owner, viewer) = (site.person("owner"), site.person("viewer"));
    let teams = format!("/bu/{}/admin/teams", site.bu);
    let token = owner.token(&format!("{teams}/new"));
    let made = owner.send(&format!("{teams}/new"), &token, &[("name", "Nachtschicht S\u{fc}d")]);
    assert_eq!(made.status, 303, "{made:?}");
    let number = database.lines("SELECT CAST(number AS TEXT) AS line FROM users WHERE email LIKE 'viewer@%'");
    let login = ("Ada".to_owned(), format!("/bu/{}/admin/users?q={}", site.bu, number[0]));
    for q in ["viewer@kestrel", &number[0]] {
        assert_eq!(found(&viewer, &site, q), std::slice::from_ref(&login), "{q}");
    }
    assert!(found(&viewer, &site, "ada").contains(&login));
    let listed = viewer.get(&login.1).body;
    assert!(listed.contains("viewer@kestrel.example") && !listed.contains("owner@kestrel.example"));
    let hits = found(&viewer, &site, "schicht sud");
    assert_eq!(names(&hits), ["Nachtschicht S\u{fc}d"]);
    assert!(viewer.get(&hits[0].1).body.contains("Nachtschicht S\u{fc}d"));
    let foreign = site.other_person("owner");
    let elsewhere = foreign.get(&format!("/bu/{}/search?q=schicht", site.other_bu)).body;
    assert!(!elsewhere.contains("Nachtschicht"), "teams and logins of another unit are not found");
    assert!(found(&owner, &site, "globex").is_empty());
}

fn many_webhooks_are_looked_through(database: &TestDatabase) {
    let site = Site::open(database);
    let oldest = site.webhook("The oldest one", "https://old.example.com/in");
    database.execute(&format!(
        "INSERT INTO webhooks (id, bu_id, name, description, status, origin, reach, created_at, rest_hook) \
         WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 2499) \
         SELECT 'wh_7000000000000000000000' || substr(CAST(10000 + i AS TEXT), 2), bu_id, \
         'Copy ' || CAST(i AS TEXT), '', status, origin, reach, created_at, rest_hook \
         FROM webhooks, n WHERE id = '{oldest}'",
    ));
    database.execute(&format!(
        "INSERT INTO webhook_texts (bu_id, webhook_id, folded) SELECT bu_id, id, lower(name) FROM webhooks \
         WHERE id <> '{oldest}' AND bu_id = '{}'",
        site.bu
    ));
    let person = site.person("viewer");
    assert_eq!(names(&found(&person, &site, "oldest"))[0], "The oldest one");
    assert_eq!(names(&found(&person, &site, "old.example"))[0], "The oldest one");
    let some = found(&person, &site, "copy");
    assert_eq!(names(&some)[..3], ["Copy 2499", "Copy 2498", "Copy 2497"], "the newest first");
    assert_eq!(some.iter().filter(|(_, href)| href.contains("/admin/webhooks/")).count(), 6, "and no more");
}

fn webhooks_are_found_by_what_they_are_called_and_send_to_now(database: &TestDatabase) {
    let site = Site::open(database);
    let id = site.webhook("Órder desk", "https://first.example.com/in");
    let person = site.person("developer");
    let page = format!("{}/{id}", site.webhooks());
    let finds = |q: &str| {
        let listed =
            person.get(&format!("{}?q={q}", site.webhooks())).body.contains(&format!("title=\"{id}\""));
        let searched = found(&person, &site, q).iter().any(|(_, href)| *href == page);
        assert_eq!(listed, searched, "the list and the search find {q:?} alike");
        listed
    };
    assert!(finds("order") && finds("first.example") && !finds("till"));

    let changed = site.api.put(&format!("/webhooks/{id}"), &json!({"name": "Tìll"}));
    assert_eq!(changed.status, 200);
    assert!(finds("till") && !finds("order") && finds("first.example"));

    let changed = site.api.put(&format!("/webhooks/{id}"), &json!({"url": "https://second.example.com/In"}));
    assert_eq!(changed.status, 200);
    assert!(finds("second.example.com/in") && !finds("first.example"));

    let destination = Form::at(&person, &format!("{page}/endpoints/{}/destination", site.endpoint(&id)));
    let moved = destination.with("ep0-url", "https://third.example.com/in").send(&person, "next");
    assert_eq!(moved.status, 303, "{}", moved.body);
    assert!(finds("third.example") && !finds("second.example"));

    let more = Form::at(&person, &format!("{page}/endpoints/new"));
    assert_eq!(more.with("ep0-url", "https://fourth.example.com/in").send(&person, "next").status, 303);
    assert!(finds("fourth.example") && finds("third.example"));
    let shown = site.api.get(&format!("/webhooks/{id}")).json();
    let fourth = shown["data"]["endpoints"][1]["id"].as_str().unwrap().to_owned();
    let away = format!("{page}/endpoints/{fourth}/remove");
    assert_eq!(person.send(&away, &person.token(&away), &[]).status, 303);
    assert!(!finds("fourth.example") && finds("third.example") && finds("till"));

    assert_eq!(site.api.delete(&format!("/webhooks/{id}")).status, 200);
    assert!(!finds("till") && !finds("third.example"));
}

#[test]
fn the_palette_opens_by_key_from_anywhere_and_is_used_by_keyboard() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    site.webhook("Order desk", "https://orders.example.com/in");
    let email = site.person("developer").email;
    let logs = format!("/bu/{}/logs", site.bu);
    browse(async |browser| {
        site.sign_in(&browser, &email, &site.overview()).await?;
        let input = "dialog.palette:modal input:focus";
        let page = browser.find("body").await?;
        page.send_keys(Key::Control + "k").await?;
        let field = browser.find(input).await?;
        axe(&browser, "the palette").await?;
        field.send_keys("nowhere at all").await?;
        browser.find("#palette-results .empty").await?;
        axe(&browser, "the palette, nothing found").await?;
        assert_eq!(browser.find("#palette-said").await?.text().await?, "Nothing found");
        field.send_keys(Key::Escape).await?;
        assert!(browser.gone("dialog:modal").await?);
        // "/" opens it where a page has no search of its own.
        browser.find("body").await?.send_keys("/").await?;
        let field = browser.find(input).await?;
        field.send_keys("event lo").await?;
        browser.find("#palette-results[data-for='event lo']").await?;
        field.send_keys("" + Key::Down).await?;
        browser.find("#palette-results li:first-child a:focus").await?.send_keys("" + Key::Up).await?;
        browser.find(input).await?.send_keys("" + Key::Enter).await?;
        browser.find("#log-filter").await?;
        assert_eq!(browser.window.current_url().await?.path(), logs);
        // Where it has one, it moves there.
        browser.find("body").await?.send_keys("/").await?;
        browser.find("[data-search]:focus").await?;
        browser.assert_quiet().await
    });
}

#[test]
fn search_is_a_page_without_scripts() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    site.webhook("Order desk", "https://orders.example.com/in");
    let email = site.person("developer").email;
    browse_without_scripts(async |browser| {
        site.sign_in(&browser, &email, &site.overview()).await?;
        browser.find("a.jump").await?.click().await?;
        let field = browser.find(".palette input[name=q]").await?;
        field.send_keys("desk" + Key::Enter).await?;
        let hit = browser.find(".palette li a[href*='/admin/webhooks/wh_']").await?;
        assert!(hit.text().await?.contains("Order desk"));
        browser.find(".palette input[name=q]").await?.send_keys("zzz" + Key::Enter).await?;
        browser.find(".palette .empty").await.map(drop)
    });
}
