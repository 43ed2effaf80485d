//! Which problems each kind of request can meet, as shared answers of the description.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::IntoResponses;
use utoipa::openapi::{Ref, RefOr, Response};

/// A cursor in examples. It is of no installation.
pub const SAMPLE_CURSOR: &str = "ryvb4aqbbsHireHWlPQfxzEwNDI";

/// Every request that carries a token.
pub struct Guarded;

/// A request whose address names something.
pub struct Named;

/// A request with parameters behind the `?`.
pub struct Asked;

/// A request with a body.
pub struct Sent;

/// A problem that several requests share.
struct Shared {
    status: u16,
    name: &'static str,
    /// What happened, as a whole sentence.
    about: &'static str,
    /// The stable codes, each with the sentence of an example.
    codes: &'static [(&'static str, &'static str)],
    /// Headers beside those of every answer.
    headers: &'static [&'static str],
}

const SHARED: &[Shared] = &[
    Shared {
        status: 400,
        name: "BadRequest",
        about: "A parameter or a header is not valid, or the body cannot be read.",
        codes: &[
            ("invalid_parameters", "Some parameters are not valid. See `errors` for each of them."),
            ("read_only_field", "Some fields cannot be set. Leave out the fields named in `errors`."),
            (
                "json_syntax",
                "The body is not valid JSON in UTF-8. Check it with a JSON parser and send it again.",
            ),
            ("json_depth", "The JSON is nested too deeply. Nest arrays and objects at most 64 levels deep."),
            ("json_duplicate_key", "An object names the same key twice. Give every key of an object once."),
            ("json_number", "A number is too long or too large. Send such a number as a string."),
            (
                "json_surrogate",
                "A \\u escape is half of a surrogate pair. Send both halves or the character itself.",
            ),
            ("body_broken", "The body ended early or could not be read. Send it again, whole."),
            ("host_missing", "A request names its host once. Send one Host header."),
        ],
        headers: &[],
    },
    Shared {
        status: 401,
        name: "Unauthorized",
        about: "There is no token, or it is not known, expired or revoked.",
        codes: &[("unauthorized", "Send a valid API token as `Authorization: Bearer <token>`.")],
        headers: &["WWW-Authenticate"],
    },
    Shared {
        status: 403,
        name: "Forbidden",
        about: "The token may not do this; `required_scope` names the scope that it lacks.",
        codes: &[
            ("insufficient_scope", "This needs a token with the scope webhooks:write."),
            (
                "no_api_access",
                "API access is not part of this business unit's plan. Ask the operator for it.",
            ),
            ("dashboard_only", "A token may not do this. Sign in to the dashboard to do it."),
            (
                "other_partner",
                "This webhook hears several business units. Only logins of the partner that made it, and tokens \
                 they made, change it.",
            ),
        ],
        headers: &[],
    },
    Shared {
        status: 404,
        name: "NotFound",
        about: "There is nothing at this address, or it is not yours.",
        codes: &[(
            "not_found",
            "There is nothing at this address, or it is not yours. Check the path and the id.",
        )],
        headers: &[],
    },
    Shared {
        status: 405,
        name: "MethodNotAllowed",
        about: "The address does not take this method.",
        codes: &[(
            "method_not_allowed",
            "This address does not take this method. The Allow header names those it takes.",
        )],
        headers: &["Allow"],
    },
    Shared {
        status: 408,
        name: "BodyTimeout",
        about: "The body took too long to arrive.",
        codes: &[("body_timeout", "The body did not arrive within 15 seconds. Send it again, faster.")],
        headers: &[],
    },
    Shared {
        status: 412,
        name: "PreconditionFailed",
        about: "`If-Match` asks for a version, and nothing here has one.",
        codes: &[(
            "precondition_failed",
            "Nothing here has versions, so that no condition on one holds. Leave out If-Match.",
        )],
        headers: &[],
    },
    Shared {
        status: 413,
        name: "BodyTooLarge",
        about: "The body is too large.",
        codes: &[("body_too_large", "The body is larger than 64 KiB. Send less at once.")],
        headers: &[],
    },
    Shared {
        status: 415,
        name: "MediaType",
        about: "The body is not JSON, or it is encoded in a way that is not taken.",
        codes: &[
            ("media_type", "The body must be JSON in UTF-8. Send it with `Content-Type: application/json`."),
            (
                "content_encoding",
                "This content encoding is not taken here. Send the body as it is; events may be gzipped.",
            ),
        ],
        headers: &[],
    },
    Shared {
        status: 421,
        name: "Misdirected",
        about: "The host of the address is not this installation.",
        codes: &[(
            "misdirected",
            "There is no Bellwire under this name. Use the address the operator has set.",
        )],
        headers: &[],
    },
    Shared {
        status: 422,
        name: "Invalid",
        about: "The body was understood but breaks some rules; `errors` names each field, code and sentence.",
        codes: &[(
            "invalid",
            "The request was understood but breaks some rules. See `errors` for each of them.",
        )],
        headers: &[],
    },
    Shared {
        status: 429,
        name: "RateLimited",
        about: "There were too many requests.",
        codes: &[("rate_limited", "There were too many requests. Try again in 1 s.")],
        headers: &["Retry-After", "RateLimit", "RateLimit-Policy"],
    },
    Shared {
        status: 500,
        name: "Internal",
        about: "Something went wrong here.",
        codes: &[(
            "internal",
            "Something went wrong here. Try again; if it stays, give the operator the request id.",
        )],
        headers: &[],
    },
    Shared {
        status: 503,
        name: "Unavailable",
        about: "Nothing can be stored or read right now, and nothing was changed.",
        codes: &[
            (
                "unavailable",
                "Nothing can be stored or read right now, and nothing was changed. Try again later.",
            ),
            (
                "storage_full",
                "The storage of this installation is full, and nothing was changed. Try again later.",
            ),
        ],
        headers: &["Retry-After"],
    },
];

/// The shared answers by name, for the document's components.
pub fn shared() -> BTreeMap<String, Value> {
    SHARED.iter().map(|problem| (problem.name.to_owned(), problem.answer())).collect()
}

impl Shared {
    fn answer(&self) -> Value {
        let examples: serde_json::Map<String, Value> = self
            .codes
            .iter()
            .map(|(code, detail)| ((*code).to_owned(), example(self.status, code, detail)))
            .collect();
        let headers: serde_json::Map<String, Value> = self
            .headers
            .iter()
            .map(|name| ((*name).to_owned(), json!({"$ref": format!("#/components/headers/{name}")})))
            .collect();
        let codes: Vec<String> = self.codes.iter().map(|(code, _)| format!("`{code}`")).collect();
        json!({
            "description": format!("{} Codes: {}.", self.about, codes.join(", ")),
            "headers": headers,
            "content": {"application/problem+json": {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": examples,
            }},
        })
    }
}

/// A reference to the shared answer of this status, as it stands among the answers of an operation.
pub fn reference(status: u16) -> Value {
    let name = SHARED.iter().find(|problem| problem.status == status).map_or("", |problem| problem.name);
    json!({"$ref": format!("#/components/responses/{name}")})
}

/// A named example of a problem.
pub fn example(status: u16, code: &str, detail: &str) -> Value {
    let title = actix_web::http::StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason());
    let mut problem = json!({
        "success": false, "type": format!("/problems/{code}"), "title": title, "status": status,
        "detail": detail, "code": code, "errors": [],
        "request_id": "6f1f1b52-0c9e-4d7a-9a51-3a1f0f7c2f6e",
    });
    let extra = match code {
        "insufficient_scope" => Some(("required_scope", json!("webhooks:write"))),
        "cursor_expired" => Some(("next", json!(SAMPLE_CURSOR))),
        "invalid" => Some(("errors", fault("url", "scheme", "Use an https:// address."))),
        "invalid_parameters" => {
            Some(("errors", fault("limit", "range", "Use a whole number from 1 to 100.")))
        }
        "read_only_field" => {
            Some(("errors", fault("id", "read_only_field", "This field cannot be set. Leave it out.")))
        }
        _ => None,
    };
    if let (Some(map), Some((name, value))) = (problem.as_object_mut(), extra) {
        map.insert(name.to_owned(), value);
    }
    json!({"value": problem})
}

fn fault(field: &str, code: &str, message: &str) -> Value {
    json!([{"field": field, "code": code, "message": message}])
}

type Answers = BTreeMap<String, RefOr<Response>>;

fn answers(statuses: &[u16]) -> Answers {
    let named = SHARED.iter().filter(|problem| statuses.contains(&problem.status));
    named.map(|p| (p.status.to_string(), RefOr::Ref(Ref::from_response_name(p.name)))).collect()
}

impl IntoResponses for Guarded {
    fn responses() -> Answers {
        answers(&[401, 403, 429, 500, 503])
    }
}

impl IntoResponses for Named {
    fn responses() -> Answers {
        answers(&[404])
    }
}

impl IntoResponses for Asked {
    fn responses() -> Answers {
        answers(&[400])
    }
}

impl IntoResponses for Sent {
    fn responses() -> Answers {
        answers(&[400, 408, 413, 415, 422])
    }
}
