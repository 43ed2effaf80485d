//! The API's documentation: for everybody, from the served description, with nothing from elsewhere.

use super::site::{Site, between};
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
fn every_status_and_code_of_the_description_is_among_the_error_codes() {
    let database = TestDatabase::sqlite();
    let page = Site::open(&database).visitor().get("/docs/api");
    let table =
        between(&page.body, "<section class=\"card\" id=\"errors\"", "</section>").expect("a section");
    let shared = openapi::document().value()["components"]["responses"].as_object().expect("shared answers");
    let own = operations();
    let own = own.iter().flat_map(|operation| operation["responses"].as_object().expect("answers").values());
    let mut seen = 0;
    for answer in shared.values().chain(own) {
        let examples = &answer["content"]["application/problem+json"]["examples"];
        for (code, example) in examples.as_object().into_iter().flatten() {
            let line = format!("<span class=\"code\">{}</span>", example["value"]["status"]);
            let meaning = between(table, &line, "</tr>").unwrap_or_else(|| panic!("{line} is missing"));
            assert!(meaning.contains(code), "{line} without {code}");
            seen += 1;
        }
    }
    assert!(seen > 40, "only {seen} codes");
}

#[test]
fn a_request_names_ids_by_variables_that_are_explained() {
    let database = TestDatabase::sqlite();
    let page = Site::open(&database).visitor().get("/docs/api");
    let start = between(&page.body, "id=\"authentication\"", "</section>").expect("a section");
    let mut seen = 0;
    for operation in operations() {
        let id = operation["operationId"].as_str().expect("an id");
        let request = between(&page.body, &format!("<pre id=\"{id}_request\""), "</pre>").expect("a request");
        assert!(!request.contains("01ks8pge00e8z8g4m6qv2r9t5x"), "{id} names an id that is nobody's");
        for rest in request.split('$').skip(1) {
            let variable = rest.split(|c: char| !c.is_ascii_uppercase() && c != '_').next().unwrap();
            assert!(start.contains(&format!("<code>${variable}</code>")), "${variable} is not explained");
            seen += usize::from(variable.ends_with("_ID"));
        }
    }
    assert!(seen > 10, "only {seen} ids");
    assert!(page.body.contains("/api/v1/events?after=oldest"), "a first request for the feed is missing");
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
