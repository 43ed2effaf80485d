//! The one showing of a token's secret.

use crate::domain::access::permission::Permission;
use crate::domain::access::token::TokenSecret;
use crate::ops::access::tokens::TokenRow;
use crate::web::format;
use crate::web::json_view::Piece;
use crate::web::parts::CodeBlock;

/// The secret of a token that was made for this request.
#[derive(Debug)]
pub struct Fresh {
    /// The token's name.
    pub name: String,
    /// The secret: it stands in this answer and nowhere else.
    pub secret: TokenSecret,
    /// A command that tries it, without the secret in it.
    pub try_it: CodeBlock,
    /// What it may do.
    pub scopes: Vec<&'static str>,
    /// For how long: `No expiry.`, `Ends 3 Dec 2025, 09:00:00 UTC.`
    pub expiry: String,
    /// What becomes of the token it succeeds; empty for none.
    pub old: String,
}

impl Fresh {
    /// The showing of `secret`, at an API whose root is `base_url`.
    pub fn new(base_url: &str, row: &TokenRow, secret: TokenSecret, old: String) -> Self {
        let path = if row.scopes.contains(Permission::WebhooksRead) { "webhooks" } else { "me" };
        let plain = |text: String| Piece { class: "", text };
        let header = "\"Authorization: Bearer $BELLWIRE_TOKEN\"".to_owned();
        Self {
            name: row.name.clone(),
            secret,
            try_it: CodeBlock {
                id: "try-it".to_owned(),
                label: "Try it".to_owned(),
                mark: None,
                pieces: vec![
                    plain(format!("curl {base_url}/{path} \\\n  -H ")),
                    Piece { class: "j-s", text: header },
                ],
                note: None,
            },
            scopes: row.scopes.iter().map(Permission::as_str).collect(),
            expiry: row
                .expires_at
                .map_or_else(|| "No expiry.".to_owned(), |at| format!("Ends {}.", format::full(at))),
            old,
        }
    }
}
