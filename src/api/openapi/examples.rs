//! Examples of whole bodies, put together from those of their fields; so they always fit their schemas.

use serde_json::{Map, Value, json};

use crate::api::openapi::finish::set;
use crate::api::openapi::problems::SAMPLE_CURSOR;

/// How deep schemas lie within each other at the most.
const DEEPEST: usize = 12;

/// What the fields alone do not tell: operation, status, the object, its field, and its value there.
const OVERLAYS: [(&str, &str, &str, &str, &str); 3] = [
    ("create_webhook", "201", "/data", "secret", "whsec_Ck4Fg8mZcR1xS6nTq0vWb3yHj7uLd9pEaX2kMiOo5tU="),
    ("get_webhook", "200", "/data", "secret", crate::domain::webhooks::secret::MASKED),
    ("get_event", "200", "/data", "outcome", "delivered"),
];

/// Gives every JSON body of an operation an example, unless it has one.
pub fn fill(document: &mut Value) {
    let schemas = document.pointer("/components/schemas").cloned().unwrap_or_default();
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    let operations = paths.into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut);
    for operation in operations.flat_map(Map::values_mut) {
        let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(body) = operation.get_mut("requestBody") {
            content(body, &schemas, &id, "");
        }
        let answers = operation.get_mut("responses").and_then(Value::as_object_mut);
        for (status, answer) in answers.into_iter().flatten() {
            content(answer, &schemas, &id, status);
        }
    }
}

fn content(part: &mut Value, schemas: &Value, id: &str, status: &str) {
    let Some(json) = part.pointer_mut("/content/application~1json").and_then(Value::as_object_mut) else {
        return;
    };
    if json.contains_key("example") {
        return;
    }
    let Some(mut example) = json.get("schema").and_then(|schema| sample(schema, schemas, 0)) else { return };
    for (_, _, object, field, value) in OVERLAYS.iter().filter(|o| o.0 == id && o.1 == status) {
        set(&mut example, object, field, (*value).into());
    }
    if (id, status) == ("list_events", "200") {
        json.insert("examples".to_owned(), listed_and_pulled(&example));
    } else {
        json.insert("example".to_owned(), example);
    }
}

/// A page of events in both of its forms: what is pulled has its data and no outcome.
fn listed_and_pulled(listed: &Value) -> Value {
    let mut pulled = listed.clone();
    set(&mut pulled, "/data/0", "data", json!({"id": "ord_1", "total": "49.00"}));
    if let Some(event) = pulled.pointer_mut("/data/0").and_then(Value::as_object_mut) {
        event.shift_remove("outcome");
    }
    set(&mut pulled, "", "meta", json!({"limit": 100, "next": SAMPLE_CURSOR, "more": false}));
    json!({
        "list": {"summary": "newest first", "value": listed},
        "pull": {"summary": "with after, oldest first", "value": pulled},
    })
}

/// Whether `null` is one of the values.
pub fn is_nullable(schema: &Value) -> bool {
    let is_null = |kind: &Value| kind == "null";
    let among = |name: &str| {
        schema.get(name).and_then(Value::as_array).is_some_and(|all| all.iter().any(is_nullable))
    };
    match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().any(is_null),
        Some(kind) => is_null(kind),
        None => among("oneOf") || among("anyOf"),
    }
}

/// A value that fits the schema; none when nothing is known of it.
fn sample(schema: &Value, schemas: &Value, depth: usize) -> Option<Value> {
    if depth > DEEPEST {
        return None;
    }
    if let Some(known) = own_example(schema) {
        return Some(known);
    }
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        return sample(schemas.get(name.rsplit('/').next()?)?, schemas, depth + 1);
    }
    if is_nullable(schema) {
        return Some(Value::Null);
    }
    if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
        let objects = parts.iter().filter_map(|part| sample(part, schemas, depth + 1));
        let members = objects.filter_map(|object| object.as_object().cloned()).flatten();
        return Some(members.collect::<Map<_, _>>().into());
    }
    if let Some(first) = schema.get("oneOf").or(schema.get("anyOf")).and_then(|choices| choices.get(0)) {
        return sample(first, schemas, depth + 1);
    }
    if let Some(first) = schema.pointer("/enum/0") {
        return Some(first.clone());
    }
    match schema.get("type")?.as_str()? {
        "array" => Some(
            schema.get("items").and_then(|items| sample(items, schemas, depth + 1)).into_iter().collect(),
        ),
        "object" => Some(object(schema, schemas, depth)),
        "boolean" => Some(json!(false)),
        "integer" | "number" => Some(schema.get("minimum").cloned().unwrap_or_else(|| json!(1))),
        _ => Some(json!("text")),
    }
}

fn own_example(schema: &Value) -> Option<Value> {
    schema.get("example").or(schema.pointer("/examples/0")).or(schema.get("const")).cloned()
}

/// What is required, and what has an example of its own.
fn object(schema: &Value, schemas: &Value, depth: usize) -> Value {
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|all| all.iter().any(|known| known == name));
    let properties = schema.get("properties").and_then(Value::as_object);
    let shown = properties
        .into_iter()
        .flatten()
        .filter(|(name, property)| is_required(name) || own_example(property).is_some());
    shown
        .filter_map(|(name, property)| Some((name.clone(), sample(property, schemas, depth + 1)?)))
        .collect::<Map<_, _>>()
        .into()
}
