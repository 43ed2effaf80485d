//! The Connect address: a page for people, JSON for tools, and nothing for those who only know it.

use super::site::{Person, Site, between};
use crate::support::axe::axe;
use crate::support::browser::{SCREENS, browse};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::{Answer, send};
use crate::support::installation::{list, text};
use reqwest::Method;
use reqwest::blocking::RequestBuilder;
use serde_json::{Value, json};

both_databases!(
    a_tool_is_told_what_it_may_subscribe_to_and_how,
    the_address_alone_grants_nothing,
    a_person_sees_a_page_with_the_same,
);

const JSON: (&str, &str) = ("accept", "application/json");

/// The link of the login, as the Webhooks tab shows it, without the host.
fn link(site: &Site, person: &Person) -> String {
    let page = person.get(&site.webhooks()).body;
    let whole = between(&page, "id=\"cwl\" type=\"text\" value=\"", "\"").expect("the Create Webhooks Link");
    format!("/bu/{}", whole.split_once("/bu/").expect("an address of a unit").1)
}

fn with_token(site: &Site, path: &str, token: &str) -> RequestBuilder {
    site.visitor().request(Method::GET, path).bearer_auth(token)
}

fn code(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.header("content-type"), "application/problem+json", "{answer:?}");
    (answer.status, text(&answer.json()["code"]))
}

fn a_tool_is_told_what_it_may_subscribe_to_and_how(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("developer");
    let link = link(&site, &person);
    assert!(link.starts_with(&format!("/bu/{}/connect/", site.bu)), "{link}");
    site.api.post("/event-types", &json!({"name": "parcel.shipped", "sample": {"weight": 3}}));
    site.api.post("/event-types", &json!({"name": "parcel.lost"}));
    site.api.put("/event-types/parcel.lost", &json!({"deprecated": true}));

    let told = send(with_token(&site, &link, &site.token("--all-scopes")));
    assert_eq!((told.status, told.header("content-type")), (200, "application/json"), "{told:?}");
    assert!(!told.header("ratelimit-policy").is_empty() || told.header("cache-control") == "no-store");
    let data = &told.json()["data"];
    assert_eq!(data["business_unit"], json!({"id": site.bu, "name": "Kestrel"}));
    let base = text(&data["base_url"]);
    assert!(base.ends_with("/api/v1"));
    assert_eq!(
        data["subscribe"],
        json!({
            "method": "POST", "url": format!("{base}/hooks"), "scope": "webhooks:write",
            "body": {"target_url": "https://example.com/hook", "event": "order.completed"},
        })
    );
    assert_eq!(data["unsubscribe"]["url"], format!("{base}/hooks/{{id}}"));
    assert_eq!(data["pull"]["url"], format!("{base}/events?after=oldest&wait=30"));
    let events: Vec<&Value> = list(&data["resources"]).iter().flat_map(|r| list(&r["events"])).collect();
    let find = |name: &str| events.iter().find(|event| event["type"] == name);
    assert_eq!(find("parcel.shipped").expect("a type of this unit")["sample"]["data"], json!({"weight": 3}));
    assert_eq!(find("order.completed").expect("a built-in type")["sample"]["type"], "order.completed");
    for absent in ["webhook.test", "token.created", "parcel.lost"] {
        assert!(find(absent).is_none(), "{absent}");
    }
    // What is offered can be subscribed to, all of it.
    for event in &events {
        let hook = json!({"target_url": "https://example.com/hook", "event": event["type"]});
        assert_eq!(site.api.post("/hooks", &hook).status, 201, "{event}");
    }
    // As a signed-in person, without a token.
    let (name, value) = JSON;
    let same = send(person.request(Method::GET, &link).header(name, value));
    assert_eq!((same.status, &same.json()["data"]), (200, data));
    let viewer = site.person("viewer");
    let theirs = send(viewer.request(Method::GET, &self::link(&site, &viewer)).header(name, value)).json();
    assert_eq!((&theirs["data"]["subscribe"], &theirs["data"]["unsubscribe"]), (&json!(null), &json!(null)));
    assert!(theirs["data"]["pull"].is_object());
}

fn the_address_alone_grants_nothing(database: &TestDatabase) {
    let site = Site::open(database);
    let link = link(&site, &site.person("developer"));
    let (name, value) = JSON;
    let nobody = send(site.visitor().request(Method::GET, &link).header(name, value));
    assert_eq!(code(&nobody), (401, "unauthorized".to_owned()));
    assert!(nobody.header("www-authenticate").starts_with("Bearer"));
    assert_eq!(code(&send(with_token(&site, &link, "bwl_wrong"))), (401, "unauthorized".to_owned()));
    let visitor = site.visitor().get(&link);
    assert_eq!(visitor.status, 303);
    assert!(visitor.header("location").starts_with("/login?next=%2Fbu%2F"), "{visitor:?}");

    let narrow = send(with_token(&site, &link, &site.token("--scopes=webhooks:write")));
    assert_eq!(code(&narrow), (403, "insufficient_scope".to_owned()));
    assert_eq!(narrow.json()["required_scope"], "event-types:read");
    let all = site.token("--all-scopes");
    let other_unit = link.replace(&site.bu, &site.other_bu);
    let number = link.rsplit('/').next().unwrap();
    for missing in [
        other_unit.clone(),
        link.replace(&format!("/{number}"), "/9999"),
        link.replace(&format!("/{number}"), "/x"),
        link.replace(&site.bu, "bu_x"),
        link.replace(&site.bu, "bu_00000000000000000000000001"),
    ] {
        assert_eq!(
            code(&send(with_token(&site, &missing, &all))),
            (404, "not_found".to_owned()),
            "{missing}"
        );
    }
    let stranger = site.person("admin");
    assert_eq!(stranger.get(&other_unit).status, 404);
    let forged = send(site.visitor().request(Method::POST, &link).header(name, value));
    assert!(matches!(forged.status, 403 | 405), "{forged:?}");
}

fn a_person_sees_a_page_with_the_same(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("developer");
    let page = person.get(&link(&site, &person));
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    for expected in ["API base URL", "/api/v1/hooks", "wait=30", "order.completed", "Sample of quote.sent"] {
        assert!(page.body.contains(expected), "{expected}");
    }
    let viewer = site.person("viewer");
    let theirs = viewer.get(&link(&site, &viewer)).body;
    assert!(!theirs.contains("/api/v1/hooks") && theirs.contains("wait=30"));
    let browser = send(
        person.request(Method::GET, &link(&site, &person)).header("accept", "text/html,application/json"),
    );
    assert!(browser.header("content-type").starts_with("text/html"));
}

#[test]
fn the_page_fits_every_screen_in_both_themes() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let person = site.person("developer");
    let link = link(&site, &person);
    browse(async |browser| {
        site.sign_in(&browser, &person.email, &link).await?;
        for (width, height) in SCREENS {
            browser.resize(width, height).await?;
            for dark in [false, true] {
                browser.darken(dark).await?;
                browser.window.goto(site.url(&link)).await?;
                browser.find("#events summary").await?.click().await?;
                let what = format!("{link} at {width}, dark {dark}");
                assert_eq!(browser.overflow().await?, 0, "{what}");
                axe(&browser, &what).await?;
            }
        }
        browser.assert_quiet().await
    });
}
