//! The API's documentation: for everybody, from the served description, with nothing from elsewhere.

use super::site::Site;
use crate::support::browser::browse;
use crate::support::databases::TestDatabase;
use bellwire::api::openapi;
use serde_json::Value;

fn operations() -> Vec<Value> {
    let paths = openapi::document().value()["paths"].as_object().expect("paths");
    paths.values().flat_map(|item| item.as_object().expect("operations").values().cloned()).collect()
}

#[test]
fn every_operation_is_shown_to_whoever_asks() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let page = site.visitor().get("/docs/api");
    assert_eq!(page.status, 200);
    for operation in operations() {
        let id = operation["operationId"].as_str().expect("an id");
        assert!(page.body.contains(&format!("<section class=\"card\" id=\"{id}\">")), "{id} is missing");
        assert!(page.body.contains(&format!("<a href=\"#{id}\">")), "nothing leads to {id}");
        assert!(page.body.contains(&format!("id=\"{id}_request\"")), "{id} has no request to copy");
    }
    for section in ["authentication", "verify", "retries", "errors", "rate-limits", "pulling"] {
        assert!(page.body.contains(&format!("id=\"{section}\"")), "{section} is missing");
    }
    for sample in
        ["createHmac", "compare_digest", "secure_compare", "hash_equals", "hmac.Equal", "MessageDigest"]
    {
        assert!(page.body.contains(sample), "{sample} is missing");
    }
    let base = site.url("/api/v1/events");
    assert!(page.body.contains(&format!("curl -X POST {base}")), "requests go to {base}");
}

#[test]
fn a_request_is_copied_in_a_browser_whose_console_stays_quiet() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    browse(async |browser| {
        browser.window.goto(site.url("/docs/api")).await?;
        browser.find("#publish_event button[data-copy-from=publish_event_request]").await?.click().await?;
        browser.find("nav.toc a[href='#verify']").await?.click().await?;
        browser.find("#verify pre").await?;
        browser.assert_quiet().await
    });
}

#[test]
fn the_navigation_leads_to_it() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let page = site.person("viewer").get(&site.webhooks());
    assert!(page.body.contains("href=\"/docs/api\""));
}
