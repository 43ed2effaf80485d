//! The API's description: what is mounted is described, and what is described is held by `docs/openapi.json`.

use super::world::{OPEN, World};
use crate::house::tree::rust_sources;
use crate::support::databases::TestDatabase;
use crate::support::http::send;
use bellwire::api::openapi;
use bellwire::api::routes::{self, Need};
use bellwire::domain::webhooks::catalogue::builtin;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Where conflicts are made, and the operations that answer with them: none where only people get there.
const CONFLICTS: &[(&str, &[&str])] = &[
    ("src/ops/access/account/change.rs", &[]),
    ("src/ops/access/account/reset.rs", &[]),
    ("src/ops/access/partners.rs", &[]),
    ("src/ops/access/programmes.rs", &[]),
    ("src/ops/access/second_factor/manage.rs", &[]),
    ("src/ops/access/second_factor/policy.rs", &[]),
    ("src/ops/access/teams.rs", &[]),
    ("src/ops/access/tokens.rs", &[]),
    ("src/ops/access/tokens/narrow.rs", &[]),
    ("src/ops/access/tokens/rotate.rs", &[]),
    ("src/ops/access/users/change.rs", &[]),
    ("src/ops/access/users/invite.rs", &[]),
    ("src/ops/events/publish/store.rs", &["publish_event", "publish_events"]),
    ("src/ops/events/replay/manage.rs", &["create_replay", "cancel_replay"]),
    ("src/ops/events/resend.rs", &["resend_delivery"]),
    ("src/ops/webhooks/catalogue.rs", &["create_event_type"]),
    ("src/ops/webhooks/catalogue/change.rs", &["update_event_type", "delete_event_type"]),
    ("src/ops/webhooks/create.rs", &["create_webhook", "subscribe_hook"]),
    ("src/ops/webhooks/endpoints.rs", &[]),
    ("src/ops/webhooks/matrix.rs", &[]),
    ("src/ops/webhooks/secrets.rs", &["rotate_webhook_secret"]),
    ("src/ops/webhooks/version.rs", &[]),
];

/// What only a form of the dashboard is answered with: it was sent a second time.
const OF_FORMS: &str = "already_created";

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
        assert!(!answers["421"].is_null(), "{place} without 421");
        assert_eq!(answers["412"].is_null(), method == "GET", "{place} and 412");
        if path == "/api/v1/openapi.json" {
            continue;
        }
        for status in ["401", "403", "429", "500", "503"] {
            assert!(!answers[status].is_null(), "{place} without {status}");
        }
        assert_eq!(answers["422"].is_null(), operation["requestBody"].is_null(), "{place}");
    }
}

/// The codes that the document names for an operation's 409.
fn conflicts_of(operation: &Value) -> BTreeSet<String> {
    let examples = &operation["responses"]["409"]["content"]["application/problem+json"]["examples"];
    examples.as_object().into_iter().flat_map(|all| all.keys().cloned()).collect()
}

#[test]
fn the_conflicts_of_an_operation_are_those_that_its_code_can_answer() {
    let operations = operations(openapi::document().value());
    let mut made: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in rust_sources() {
        for call in file.text.split("Error::conflict(").skip(1) {
            let code = call.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
            let code = code.unwrap_or_else(|| panic!("{} hides the code of a conflict", file.path));
            made.entry(file.path.clone()).or_default().insert(code.to_owned());
        }
    }
    let named: BTreeSet<&str> = CONFLICTS.iter().map(|(path, _)| *path).collect();
    assert_eq!(made.keys().map(String::as_str).collect::<BTreeSet<_>>(), named);
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for (path, ids) in CONFLICTS.iter().filter(|(_, ids)| !ids.is_empty()) {
        let here = operations.iter().filter(|(_, _, o)| ids.contains(&o["operationId"].as_str().unwrap()));
        let documented: BTreeSet<String> = here.flat_map(|(_, _, o)| conflicts_of(o)).collect();
        let mut answered = made[*path].clone();
        answered.remove(OF_FORMS);
        assert_eq!(documented, answered, "{path}");
        seen.extend(*ids);
    }
    for (_, path, operation) in &operations {
        let is_known = seen.contains(operation["operationId"].as_str().unwrap());
        assert_eq!(is_known, !conflicts_of(operation).is_empty(), "{path}");
    }
}

#[test]
fn an_expired_cursor_and_a_pulled_page_are_shown_with_where_to_go_on() {
    let document = openapi::document().value();
    let answers = &document["paths"]["/api/v1/events"]["get"]["responses"];
    let expired = &answers["410"]["content"]["application/problem+json"]["examples"]["cursor_expired"];
    assert!(expired["value"]["next"].is_string(), "{expired}");
    let pulled = &answers["200"]["content"]["application/json"]["examples"]["pull"]["value"];
    assert!(pulled["meta"]["next"].is_string() && pulled["meta"]["more"].is_boolean(), "{pulled}");
    assert!(pulled["data"][0]["data"].is_object(), "{pulled}");
}

#[test]
fn the_requests_of_event_types_and_replays_can_be_sent_as_they_are_shown() {
    let database = TestDatabase::sqlite();
    let world = World::start(&database, OPEN);
    let made = world.webhook(&json!({"url": "https://example.com/h", "events": ["order.completed"]}));
    let operations = operations(openapi::document().value());
    for id in [
        "create_event_type",
        "get_event_type",
        "update_event_type",
        "delete_event_type",
        "get_event_type_sample",
        "create_replay",
    ] {
        let (method, path, operation) =
            operations.iter().find(|(_, _, o)| o["operationId"] == id).expect("an operation");
        let name = operation["parameters"][0]["example"].as_str().unwrap_or_default();
        let path = path.replace("{name}", name).replace("/api/v1", "");
        let mut request = world.request(Method::from_bytes(method.as_bytes()).unwrap(), &path);
        let mut body = operation["requestBody"]["content"]["application/json"]["example"].clone();
        if body["webhook"].is_string() {
            body["webhook"] = made["id"].clone();
        }
        if body.is_object() {
            request = request.json(&body);
        }
        let answer = send(request);
        assert!((200..300).contains(&answer.status), "{id}: {answer:?}");
    }
}

#[test]
fn every_field_and_parameter_says_what_it_is() {
    let document = openapi::document().value();
    let mut silent = Vec::new();
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        let parts = schema["allOf"].as_array().into_iter().flatten();
        for part in parts.chain([schema]) {
            for (field, property) in part["properties"].as_object().into_iter().flatten() {
                if property["description"].as_str().is_none_or(str::is_empty) {
                    silent.push(format!("{name}.{field}"));
                }
            }
        }
    }
    for (method, path, operation) in operations(document) {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let named = parameters.filter(|parameter| parameter["in"] != "path");
        let quiet = named.filter(|parameter| !parameter["description"].is_string());
        silent.extend(quiet.map(|parameter| format!("{method} {path}: {}", parameter["name"])));
    }
    assert_eq!(silent, Vec::<String>::new());
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
