//! What every operation has in common, put into the document once in place of thirty times.

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

use crate::api::openapi::{examples, hooks, problems};
use crate::domain::access::permission::Permission;

const ABOUT: &str = "Publish what happened, and manage what is sent where. Every request carries an API token as \
    `Authorization: Bearer <token>`. Errors are `application/problem+json` with a stable `code`; every answer \
    carries `x-request-id`. What takes `GET` takes `HEAD` too; an address answers other methods that are not described here with 405. Fields may be added to answers at any time; ignore those that you do not know.";

/// Headers that answers refer to.
const HEADERS: [(&str, &str); 6] = [
    ("X-Request-Id", "The id under which the request is logged."),
    ("Allow", "The methods that the address takes."),
    ("WWW-Authenticate", "Always `Bearer`."),
    ("Retry-After", "After how many seconds to ask again."),
    ("RateLimit", "What is left of the limit: `\"api\";r=0;t=1`."),
    ("RateLimit-Policy", "The limit: `\"api\";q=60;w=3` is 60 requests at once, back within 3 seconds."),
];

/// The document as it is served.
pub fn finished(described: &OpenApi) -> Value {
    let mut document = serde_json::to_value(described).unwrap_or_default();
    set(&mut document, "/info", "description", ABOUT.into());
    set(&mut document, "/info", "version", env!("CARGO_PKG_VERSION").into());
    components(&mut document);
    schemas(&mut document);
    set(&mut document, "", "webhooks", hooks::webhooks());
    name_patches(&mut document);
    conditions(&mut document);
    each_operation(&mut document, |operation| {
        title(operation);
        optional_body(operation);
        misplaced(operation);
        request_ids(operation);
        conflicts(operation);
    });
    examples::fill(&mut document);
    document
}

fn components(document: &mut Value) {
    let headers: Map<String, Value> = HEADERS
        .iter()
        .map(|(name, about)| {
            ((*name).to_owned(), json!({"description": about, "schema": {"type": "string"}}))
        })
        .collect();
    let scopes: Vec<String> =
        Permission::ALL.iter().map(|scope| format!("- `{scope}`: {}", scope.sentence())).collect();
    let about = format!(
        "An API token, `bwl_` and 44 letters and digits. Each operation names the scope that it needs:\n\n{}",
        scopes.join("\n")
    );
    let scheme = json!({"token": {"type": "http", "scheme": "bearer", "description": about}});
    set(document, "/components", "securitySchemes", scheme);
    set(document, "/components", "headers", headers.into());
    set(document, "/components", "parameters", hooks::parameters());
    set(document, "/components", "responses", problems::shared().into_iter().collect());
}

/// In answers, what may be null is always there; what may be left out is never null.
fn schemas(document: &mut Value) {
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else {
        return;
    };
    for (name, schema) in schemas.iter_mut() {
        refer(name, schema);
        describe(schema);
        if !is_sent(name) {
            require_nullable(schema);
        }
    }
    schemas.sort_keys();
}

/// Generic answers hold copies of what they are filled with; they refer to it in place of that.
fn refer(name: &str, schema: &mut Value) {
    let mut parts = name.split('_');
    let to =
        |name: Option<&str>| json!({"$ref": format!("#/components/schemas/{}", name.unwrap_or_default())});
    match parts.next() {
        Some("Data") => {
            let filled = match parts.next() {
                Some("Vec") => json!({"type": "array", "items": to(parts.next())}),
                of => to(of),
            };
            set(schema, "/properties", "data", filled);
            set(schema, "/properties/data", "description", "The thing.".into());
        }
        Some("Listing") => {
            set(schema, "/properties/data", "items", to(parts.next()));
            set(schema, "/properties", "meta", to(parts.next()));
            set(schema, "/properties/meta", "description", "Where the page stands in the list.".into());
        }
        _ => {}
    }
}

/// What is said of a property that may be null stands with the property, not with what it is otherwise.
fn describe(schema: &mut Value) {
    let parts = schema.get_mut("allOf").and_then(Value::as_array_mut);
    parts.into_iter().flatten().for_each(describe);
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for property in properties.into_iter().flat_map(Map::values_mut) {
        let choices = property.get_mut("oneOf").and_then(Value::as_array_mut);
        let told =
            choices.into_iter().flatten().filter_map(Value::as_object_mut).find_map(|choice| {
                choice.contains_key("$ref").then(|| choice.shift_remove("description"))?
            });
        if let Some(told) = told {
            set(property, "", "description", told);
        }
    }
}

fn is_sent(name: &str) -> bool {
    name.ends_with("Body") || name == "Condition"
}

fn require_nullable(schema: &mut Value) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        let parts = schema.get_mut("allOf").and_then(Value::as_array_mut);
        return parts.into_iter().flatten().for_each(require_nullable);
    };
    let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let names = properties.iter().filter(|(name, property)| {
        examples::is_nullable(property) || required.iter().any(|known| known == name.as_str())
    });
    let names: Vec<Value> = names.map(|(name, _)| name.as_str().into()).collect();
    if let Some(map) = schema.as_object_mut().filter(|_| !names.is_empty()) {
        map.insert("required".to_owned(), names.into());
    }
}

/// One handler answers PUT and PATCH; ids of operations differ nevertheless.
fn name_patches(document: &mut Value) {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for path in paths.into_iter().flat_map(Map::values_mut) {
        let Some(id) = path.pointer_mut("/patch/operationId") else { continue };
        *id = id.as_str().unwrap_or_default().replace("update_", "patch_").into();
    }
}

/// What changes something is refused when it asks for a version.
fn conditions(document: &mut Value) {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    let operations = paths.into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut).flatten();
    for (_, operation) in operations.filter(|(method, _)| *method != "get") {
        set(operation, "/responses", "412", problems::reference(412));
    }
}

fn each_operation(document: &mut Value, mut change: impl FnMut(&mut Value)) {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    let operations = paths.into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut);
    operations
        .flat_map(Map::values_mut)
        .filter(|part| part.get("operationId").is_some())
        .for_each(&mut change);
}

/// The id in words is the title; the handler's whole comment is the description.
fn title(operation: &mut Value) {
    let text = |name: &str| {
        operation.get(name).and_then(Value::as_str).unwrap_or_default().trim().replace('\n', " ")
    };
    let id = text("operationId").replace('_', " ");
    let about = [text("summary"), text("description")].join(" ");
    let (first, rest) = id.split_at_checked(1).unwrap_or_default();
    let title = format!("{}{rest}", first.to_uppercase());
    set(operation, "", "description", about.trim().into());
    set(operation, "", "summary", title.into());
}

/// A body that may be left out is not the same as a body that may be null.
fn optional_body(operation: &mut Value) {
    let Some(body) = operation.get_mut("requestBody").filter(|body| body.get("required").is_none()) else {
        return;
    };
    if let Some(given) = body.pointer("/content/application~1json/schema/oneOf/0").cloned() {
        set(body, "/content/application~1json", "schema", given);
    }
}

/// Every request is refused that names another host, and every address tells which methods it takes.
fn misplaced(operation: &mut Value) {
    set(operation, "/responses", "405", problems::reference(405));
    set(operation, "/responses", "421", problems::reference(421));
    if let Some(answers) = operation.get_mut("responses").and_then(Value::as_object_mut) {
        answers.sort_keys();
    }
}

fn request_ids(operation: &mut Value) {
    for (_, answer) in answers(operation).filter(|(_, answer)| answer.get("$ref").is_none()) {
        if answer.get("headers").is_none() {
            set(answer, "", "headers", json!({}));
        }
        set(answer, "/headers", "X-Request-Id", json!({"$ref": "#/components/headers/X-Request-Id"}));
    }
}

/// The codes of a 409 or 410 stand in its description; each is an example.
fn conflicts(operation: &mut Value) {
    for (status, answer) in answers(operation) {
        let Some(status) = [409, 410].into_iter().find(|known| status == &known.to_string()) else {
            continue;
        };
        let about = answer.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
        let codes = about.split('`').skip(1).step_by(2);
        let examples: Map<String, Value> =
            codes.map(|code| (code.to_owned(), problems::example(status, code, &about))).collect();
        set(answer, "/content/application~1problem+json", "examples", examples.into());
    }
}

fn answers(operation: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    operation.get_mut("responses").and_then(Value::as_object_mut).into_iter().flatten()
}

/// Sets a member of the object at `pointer`; nothing when there is no object.
pub fn set(document: &mut Value, pointer: &str, name: &str, value: Value) {
    if let Some(object) = document.pointer_mut(pointer).and_then(Value::as_object_mut) {
        object.insert(name.to_owned(), value);
    }
}
