//! The last request of a webhook as a command: signed when it is run, with a secret that only a variable names.

use crate::ops::webhooks::details::LastSent;
use crate::web::json_view::Piece;
use crate::web::parts::CodeBlock;

/// The longest body that is shown, in bytes.
const LONGEST: usize = 16 * 1024;
/// What the sender masks stands in the log so.
const MASKED: char = '•';
/// Headers that curl makes itself, or that are made anew.
const OWN: [&str; 8] = [
    "host",
    "content-length",
    "user-agent",
    "accept",
    "accept-encoding",
    "webhook-signature",
    "x-webhook-signature",
    "x-webhook-signature-next",
];

/// The command. What was masked is a variable named after its header. None for a body that would be most of the page.
pub fn curl(sent: &LastSent) -> Option<CodeBlock> {
    if sent.body.len() > LONGEST {
        return None;
    }
    let mut text = format!("BODY={}\n", quoted(&String::from_utf8_lossy(&sent.body)));
    text.push_str("SIGNATURE=$(printf %s \"$BODY\" | openssl dgst -sha256 -hmac \"$WEBHOOK_SECRET\" | sed 's/^.* //')\n");
    text.extend(["curl ", &quoted(&sent.url)]);
    for (name, value) in
        sent.headers.iter().filter(|(name, _)| !OWN.iter().any(|own| own.eq_ignore_ascii_case(name)))
    {
        let line = if value.contains(MASKED) {
            format!("{}\"${}\"", quoted(&format!("{name}: ")), variable(name))
        } else {
            quoted(&format!("{name}: {value}"))
        };
        text.extend([" \\\n  -H ", &line]);
    }
    text.push_str(" \\\n  -H \"x-webhook-signature: $SIGNATURE\" \\\n  --data-binary \"$BODY\"");
    Some(CodeBlock {
        id: "curl".to_owned(),
        label: "Last request as curl".to_owned(),
        mark: None,
        pieces: vec![Piece { class: "", text }],
        note: None,
    })
}

/// A word of a shell, whatever stands in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// `X-Api-Key` becomes `X_API_KEY`.
fn variable(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let name: String = name.chars().map(letter).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_request_ends_its_quotes_and_what_was_masked_is_a_variable() {
        let headers = [
            ("content-type", "application/json"),
            ("webhook-id", "evt_1"),
            ("X-Webhook-Signature", "••••••••"),
            ("X-Api-Key", "••••••••"),
        ];
        let sent = LastSent {
            url: "https://example.com/a?b='&c=$(d)".to_owned(),
            headers: headers.into_iter().collect(),
            body: br#"{"id":"evt_1","data":{"a":"it's `x`"}}"#.to_vec(),
        };
        let block = curl(&sent).unwrap();
        assert_eq!(
            block.pieces[0].text,
            "BODY='{\"id\":\"evt_1\",\"data\":{\"a\":\"it'\\''s `x`\"}}'\n\
             SIGNATURE=$(printf %s \"$BODY\" | openssl dgst -sha256 -hmac \"$WEBHOOK_SECRET\" | sed 's/^.* //')\n\
             curl 'https://example.com/a?b='\\''&c=$(d)' \\\n  -H 'content-type: application/json' \\\n  \
             -H 'webhook-id: evt_1' \\\n  -H 'X-Api-Key: '\"$X_API_KEY\" \\\n  \
             -H \"x-webhook-signature: $SIGNATURE\" \\\n  --data-binary \"$BODY\""
        );
    }
}
