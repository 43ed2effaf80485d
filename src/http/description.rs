//! The API's description as both faces hand it on: one as a document, the other as pages.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// An OpenAPI document with its text and the tag that changes with it.
#[derive(Debug)]
pub struct Description {
    value: Value,
    text: String,
    etag: String,
}

impl Description {
    /// Writes the document out.
    pub fn new(value: Value) -> Self {
        let text = format!("{value:#}\n");
        let etag =
            format!("\"{}\"", hex::encode(Sha256::digest(text.as_bytes()).get(..16).unwrap_or_default()));
        Self { value, text, etag }
    }

    /// The document.
    pub const fn value(&self) -> &Value {
        &self.value
    }

    /// The document as it is served.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A strong `ETag` of the text, in its quotes.
    pub fn etag(&self) -> &str {
        &self.etag
    }

    /// Whether the value of an `If-None-Match` field names this document.
    pub fn is(&self, if_none_match: &str) -> bool {
        let same = |tag: &str| tag == "*" || tag.trim_start_matches("W/") == self.etag;
        if_none_match.split(',').map(str::trim).any(same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_tag_names_a_document() {
        let document = Description::new(serde_json::json!({"openapi": "3.1.0"}));
        let tag = document.etag();
        assert!(
            ["*", tag, &format!("\"a\", {tag}"), &format!("W/{tag}")].iter().all(|given| document.is(given))
        );
        assert!(!document.is("\"a\"") && !document.is(""));
        assert_ne!(Description::new(serde_json::json!({})).etag(), tag);
    }
}
