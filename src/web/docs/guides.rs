//! The parts of the documentation that are about more than one operation.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::domain::events::retry::PUBLISHED_WAITS;
use crate::web::docs::operations::{block, json, members, plain, text};
use crate::web::json_view::Piece;
use crate::web::parts::CodeBlock;

/// What the statuses say that each operation answers with codes of its own.
const OWN: [(&str, &str); 2] = [
    ("409", "It clashes with what is there already."),
    ("410", "What would come next is no longer kept. The problem holds in next a cursor to go on with."),
];

/// The samples are files of their own: the tests run them as they stand.
const SAMPLES: [(&str, &str, &str); 8] = [
    ("verify_node", "Node", include_str!("../../../docs/samples/verify.js")),
    ("verify_python", "Python", include_str!("../../../docs/samples/verify.py")),
    ("verify_ruby", "Ruby", include_str!("../../../docs/samples/verify.rb")),
    ("verify_php", "PHP", include_str!("../../../docs/samples/verify.php")),
    ("verify_go", "Go", include_str!("../../../docs/samples/verify.go")),
    ("verify_java", "Java", include_str!("../../../docs/samples/Verify.java")),
    ("verify_csharp", "C#", include_str!("../../../docs/samples/verify.cs")),
    ("verify_rust", "Rust", include_str!("../../../docs/samples/verify.rs")),
];

/// The event types of some resources.
#[derive(Debug)]
pub struct Payloads {
    /// Unique in the page.
    pub id: &'static str,
    /// `Users`.
    pub name: &'static str,
    /// Each type with when it happens, and what is sent.
    pub types: Vec<(String, String, CodeBlock)>,
}

/// A request with a token.
pub fn first_request(base: &str) -> CodeBlock {
    let pieces = vec![
        plain(&format!("curl {base}/api/v1/me \\\n  -H ")),
        Piece { class: "j-s", text: "\"Authorization: Bearer $BELLWIRE_TOKEN\"".to_owned() },
    ];
    block("first_request", "Request", pieces)
}

/// The first request for the feed.
pub fn pull(base: &str) -> CodeBlock {
    let pieces = vec![
        plain("curl "),
        Piece { class: "j-s", text: format!("\"{base}/api/v1/events?after=oldest&wait=30\"") },
        plain(" \\\n  -H "),
        Piece { class: "j-s", text: "\"Authorization: Bearer $BELLWIRE_TOKEN\"".to_owned() },
    ];
    block("pull", "Request", pieces)
}

/// How to check a signature, one block for each language.
pub fn samples() -> Vec<CodeBlock> {
    SAMPLES.iter().map(|(id, name, code)| block(id, name, vec![plain(code.trim_end())])).collect()
}

/// The published waits in words.
pub fn waits() -> String {
    let word = |seconds: &u32| match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3_600),
    };
    PUBLISHED_WAITS.iter().map(word).collect::<Vec<_>>().join(", ")
}

/// What is sent for each type of the catalogue.
pub fn payloads(document: &Value) -> Vec<Payloads> {
    let of = |wanted: fn(&str) -> bool| {
        let types = members(document, "webhooks").filter(move |(name, _)| wanted(name));
        let types = types.filter_map(|(name, item)| {
            let post = item.get("post")?;
            let example = post.pointer("/requestBody/content/application~1json/example")?;
            let sent = block(&format!("payload_{}", name.replace('.', "_")), name, json(example));
            Some((name.clone(), text(post, "description"), sent))
        });
        types.collect()
    };
    vec![
        Payloads { id: "payloads-users", name: "Users", types: of(|name| name.starts_with("user.")) },
        Payloads { id: "payloads-data", name: "Data", types: of(|name| name.starts_with("data.")) },
        Payloads {
            id: "payloads-more",
            name: "More events",
            types: of(|name| !name.starts_with("user.") && !name.starts_with("data.")),
        },
    ]
}

/// A problem as it is sent.
pub fn problem(document: &Value) -> CodeBlock {
    let example = document
        .pointer("/components/responses/Invalid/content/application~1problem+json/examples/invalid/value");
    block("problem", "Problem", example.map(json).unwrap_or_default())
}

/// Each status with what it says and its codes.
pub fn errors(document: &Value) -> Vec<(String, String)> {
    let shared = document.get("components").unwrap_or(&Value::Null);
    let line = |(_, answer): (&String, &Value)| {
        let examples = answer.pointer("/content/application~1problem+json/examples")?.as_object()?;
        let status = examples.values().next()?.pointer("/value/status")?.as_u64()?;
        Some((status.to_string(), text(answer, "description").replace('`', "")))
    };
    let mut lines: Vec<_> = members(shared, "responses").filter_map(line).collect();
    for (status, about) in OWN {
        let codes: Vec<String> = codes(document, status).into_iter().collect();
        lines.push((status.to_owned(), format!("{about} Codes: {}.", codes.join(", "))));
    }
    lines.sort();
    lines
}

/// The codes that operations answer themselves with this status.
fn codes(document: &Value, status: &str) -> BTreeSet<String> {
    let operations = members(document, "paths").flat_map(|(_, item)| item.as_object().into_iter().flatten());
    let pointer = format!("/responses/{status}/content/application~1problem+json");
    let contents = operations.filter_map(|(_, operation)| operation.pointer(&pointer));
    contents.flat_map(|content| members(content, "examples")).map(|(code, _)| code.clone()).collect()
}
