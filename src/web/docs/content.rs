//! What the documentation says, read from the description.

use serde_json::Value;

use crate::domain::access::permission::Permission;
use crate::web::docs::guides::{self, Payloads};
use crate::web::docs::operations::{self, Group};
use crate::web::parts::CodeBlock;

/// Everything on the page.
#[derive(Debug)]
pub struct Content {
    /// Where the API is: `https://hooks.example.com/api/v1`.
    pub base: String,
    /// Operations by subject.
    pub groups: Vec<Group>,
    /// Each scope with what it allows.
    pub scopes: Vec<(&'static str, &'static str)>,
    /// A request with a token.
    pub first_request: CodeBlock,
    /// The first request for the feed.
    pub pull: CodeBlock,
    /// How to check a signature, one block for each language.
    pub samples: Vec<CodeBlock>,
    /// The waits after each failed attempt: `5 s, 5 min, …`.
    pub waits: String,
    /// Event types by resource, each with its payload.
    pub payloads: Vec<Payloads>,
    /// A problem as it is sent.
    pub problem: CodeBlock,
    /// Each status with what it says.
    pub errors: Vec<(String, String)>,
    /// Whether events can be pulled from a cursor on.
    pub can_pull: bool,
}

impl Content {
    /// Reads a description; `base` is the public address without a slash behind.
    pub fn read(document: &Value, base: &str) -> Self {
        let groups = operations::groups(document, base);
        let list = document.pointer("/paths/~1api~1v1~1events/get/parameters").and_then(Value::as_array);
        let can_pull = list.into_iter().flatten().any(|p| p.get("name").is_some_and(|name| name == "after"));
        Self {
            base: format!("{base}/api/v1"),
            groups,
            scopes: Permission::ALL.iter().map(|scope| (scope.as_str(), scope.sentence())).collect(),
            first_request: guides::first_request(base),
            pull: guides::pull(base),
            samples: guides::samples(),
            waits: guides::waits(),
            payloads: guides::payloads(document),
            problem: guides::problem(document),
            errors: guides::errors(document),
            can_pull,
        }
    }
}
