//! The API's description: what is mounted is described, and what is described is held by `docs/openapi.json`.

use super::world::{OPEN, World};
use crate::support::databases::TestDatabase;
use crate::support::http::send;
use bellwire::api::openapi;
use bellwire::api::routes::{self, Need};
use bellwire::domain::webhooks::catalogue::builtin;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");

/// Every operation of the document with its method and path.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().expect("a path item").iter();
        methods.map(move |(method, operation)| (method.to_uppercase(), path.clone(), operation))
    });
    operations.collect()
}

#[test]
fn what_is_mounted_is_described_and_nothing_else_is() {
    let document = openapi::document().value();
    let described: BTreeSet<_> =
        operations(document).into_iter().map(|(m, p, o)| (m, p, o["security"].clone().to_string())).collect();
    let mounted: BTreeSet<_> = routes::table()
        .into_iter()
        .map(|route| {
            let security = match route.need {
                Need::Scope(scope) => json!([{"token": [scope.as_str()]}]),
                Need::Token | Need::Person => json!([{"token": []}]),
                Need::Nothing => Value::Null,
            };
            (route.method.to_string(), format!("/api/v1{}", route.path), security.to_string())
        })
        .collect();
    assert_eq!(described, mounted);
}

#[test]
fn an_operation_names_the_problems_it_can_meet() {
    for (method, path, operation) in operations(openapi::document().value()) {
        let place = format!("{method} {path}");
        let answers = &operation["responses"];
        assert!(operation["summary"].is_string() && operation["description"].is_string(), "{place}");
        if path == "/api/v1/openapi.json" {
            continue;
        }
        for status in ["401", "403", "429", "500", "503"] {
            assert!(!answers[status].is_null(), "{place} without {status}");
        }
        assert_eq!(answers["422"].is_null(), operation["requestBody"].is_null(), "{place}");
    }
}

#[test]
fn every_example_fits_its_schema() {
    let document = openapi::document().value();
    let mut seen = 0;
    let mut check = |place: &str, media: &Value| {
        let Some(schema) = media["schema"].as_object() else { return };
        let mut root = schema.clone();
        root.insert("components".to_owned(), document["components"].clone());
        let validator = jsonschema::validator_for(&Value::Object(root)).expect("a sound schema");
        let several = media["examples"].as_object().into_iter().flat_map(|all| all.values());
        for example in media.get("example").into_iter().chain(several.map(|example| &example["value"])) {
            seen += 1;
            validator.validate(example).unwrap_or_else(|error| panic!("{place}: {error}"));
        }
    };
    let hooks = document["webhooks"].as_object().expect("webhooks");
    let hooks = hooks.iter().map(|(name, item)| (name.clone(), &item["post"]));
    let routes = operations(document).into_iter().map(|(method, path, o)| (format!("{method} {path}"), o));
    for (place, operation) in hooks.chain(routes) {
        let answers = operation["responses"].as_object().expect("responses").values();
        for part in answers.chain(operation.get("requestBody")) {
            for media in part["content"].as_object().into_iter().flat_map(|all| all.values()) {
                check(&place, media);
            }
        }
    }
    for (name, answer) in document["components"]["responses"].as_object().expect("shared answers") {
        check(name, &answer["content"]["application/problem+json"]);
    }
    assert!(seen > 100, "only {seen} examples");
}

#[test]
fn each_type_of_the_catalogue_has_its_request() {
    let document = openapi::document().value();
    let described = document["webhooks"].as_object().expect("webhooks");
    assert_eq!(described.len(), builtin().len());
    for found in builtin() {
        let body = &described[&found.name]["post"]["requestBody"]["content"]["application/json"];
        assert_eq!(body["example"]["data"], found.sample, "{}", found.name);
    }
}

#[test]
fn the_document_is_served_without_a_token_and_kept_by_its_tag() {
    let database = TestDatabase::sqlite();
    let world = World::start(&database, OPEN);
    let first = send(world.bare(Method::GET, "/openapi.json"));
    assert_eq!(first.status, 200);
    assert_eq!(&first.json(), openapi::document().value());
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with('"'), "{tag}");
    let again = send(world.bare(Method::GET, "/openapi.json").header("if-none-match", &tag));
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(send(world.bare(Method::GET, "/openapi.json").header("if-none-match", "\"a\"")).status, 200);
}

#[test]
fn the_document_is_the_one_that_is_kept() {
    let document = openapi::document();
    let kept = std::fs::read_to_string(KEPT).unwrap_or_default();
    assert!(
        kept == document.text(),
        "docs/openapi.json is not what is served. When the change is meant, renew it with\n\
         cargo run -- openapi > docs/openapi.json"
    );
}
