//! What Bellwire sends to receivers, one request for each event type of the catalogue.

use serde_json::{Map, Value, json};

use crate::domain::webhooks::catalogue::{self, EventType};

/// The headers of every delivery.
const HEADERS: [(&str, &str, &str); 4] = [
    (
        "X-Webhook-Signature",
        "HMAC-SHA-256 of the raw body in lower-case hex, keyed with the secret as it is shown.",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ),
    (
        "webhook-id",
        "The event's id, the same at every attempt (Standard Webhooks).",
        "evt_01ks8pge00e8z8g4m6qv2r9t5x",
    ),
    (
        "webhook-timestamp",
        "When the attempt was signed, in seconds since 1970 (Standard Webhooks).",
        "1773563400",
    ),
    (
        "webhook-signature",
        "One `v1,` signature for each live secret, separated by spaces (Standard Webhooks).",
        "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    ),
];

/// The `webhooks` of the document, made from the built-in catalogue.
pub fn webhooks() -> Value {
    catalogue::builtin()
        .iter()
        .map(|found| (found.name.clone(), json!({"post": delivery(found)})))
        .collect::<Map<_, _>>()
        .into()
}

/// The headers that deliveries refer to.
pub fn parameters() -> Value {
    let header = |(name, about, example): &(&str, &str, &str)| {
        let parameter = json!({"name": name, "in": "header", "required": true, "description": about,
                               "schema": {"type": "string"}, "example": example});
        ((*name).to_owned(), parameter)
    };
    HEADERS.iter().map(header).collect::<Map<_, _>>().into()
}

fn delivery(found: &EventType) -> Value {
    let parameters: Vec<Value> =
        HEADERS.iter().map(|(name, ..)| json!({"$ref": format!("#/components/parameters/{name}")})).collect();
    let mut data = found.schema.clone().unwrap_or_else(|| json!({"type": "object"}));
    if let Some(data) = data.as_object_mut() {
        data.shift_remove("$schema");
    }
    let example = json!({
        "id": "evt_01ks8pge00e8z8g4m6qv2r9t5x", "type": found.name, "created": "2026-03-15T08:30:00Z",
        "data": found.sample,
    });
    json!({
        "operationId": format!("on_{}", found.name.replace('.', "_")),
        "tags": ["Webhooks"],
        "summary": found.label,
        "description": format!("{}.", found.description),
        "deprecated": found.deprecated,
        "security": [],
        "parameters": parameters,
        "requestBody": {"required": true, "content": {"application/json": {
            "schema": {
                "type": "object",
                "required": ["id", "type", "created", "data"],
                "properties": {
                    "id": {"$ref": "#/components/schemas/EventId"},
                    "type": {"type": "string", "const": found.name},
                    "created": {"$ref": "#/components/schemas/Timestamp"},
                    "data": data,
                },
            },
            "example": example,
        }}},
        "responses": {
            "2XX": {"description": "Received. Any other answer, and none within the endpoint's time, is tried again."},
            "410": {"description": "Gone: the webhook is switched off."},
        },
    })
}
