//! Text from outside, made ready for reading: JSON set out and coloured, all else as it came.

use crate::domain::events::attempt::HeaderLines;
use std::iter::Peekable;
use std::str::CharIndices;

use serde_json::value::RawValue;

const INDENT: &str = "  ";
/// Deeper levels stay at this one's margin: a small body of brackets must not become a huge page.
const DEEPEST_INDENT: usize = 16;

/// A run of text in one colour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// `j-k` key, `j-s` string, `j-n` number, `j-l` literal, `j-c` quiet; empty for plain text.
    pub class: &'static str,
    /// The text, not yet escaped for HTML.
    pub text: String,
}

/// A body as a person reads it: JSON on lines and in colours, its keys in their order and its
/// numbers byte for byte; anything else as text, invalid bytes replaced. Control and direction
/// characters are made visible in both. Never fails.
pub fn body(bytes: &[u8]) -> Vec<Piece> {
    let mut out = Pieces::default();
    match serde_json::from_slice::<&RawValue>(bytes) {
        Ok(json) => set_out(json.get(), &mut out),
        Err(_) => out.push("", &String::from_utf8_lossy(bytes)),
    }
    out.0
}

/// A request or answer as it stood on the wire: first line, headers, an empty line, the body. The
/// first word of the first line is coloured; parts that are empty are left out.
pub fn message(first_line: &str, headers: &HeaderLines, bytes: &[u8]) -> Vec<Piece> {
    let mut out = Pieces::default();
    if !first_line.is_empty() {
        let (word, rest) = first_line.split_once(' ').unwrap_or((first_line, ""));
        out.push("j-k", word);
        out.push("", &format!(" {rest}\n"));
    }
    for (name, value) in headers.iter() {
        out.push("j-c", &format!("{}:", spelled(name)));
        out.push("", &format!(" {value}\n"));
    }
    if !bytes.is_empty() {
        if !out.0.is_empty() {
            out.push("", "\n");
        }
        for piece in body(bytes) {
            out.push(piece.class, &piece.text);
        }
    }
    out.0
}

/// The name of a header as HTTP/1.1 spells it: `Webhook-Id`. Its case means nothing.
fn spelled(name: &str) -> String {
    let mut starts = true;
    let spell = |c: char| {
        let spelled = if starts { c.to_ascii_uppercase() } else { c };
        starts = c == '-';
        spelled
    };
    name.chars().map(spell).collect()
}

#[derive(Default)]
struct Pieces(Vec<Piece>);

impl Pieces {
    fn push(&mut self, class: &'static str, text: &str) {
        if text.is_empty() {
            return;
        }
        let shown = text.chars().map(visible);
        match self.0.last_mut() {
            Some(last) if last.class == class => last.text.extend(shown),
            _ => self.0.push(Piece { class, text: shown.collect() }),
        }
    }

    fn line(&mut self, depth: usize) {
        self.push("", &format!("\n{}", INDENT.repeat(depth.min(DEEPEST_INDENT))));
    }
}

/// Control characters as their pictures; characters that turn the reading direction as `\u{fffd}`,
/// because they can make a text look like another one.
fn visible(c: char) -> char {
    match c {
        '\n' | '\t' => c,
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(char::REPLACEMENT_CHARACTER),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            char::REPLACEMENT_CHARACTER
        }
        _ => c,
    }
}

/// Sets out a text that is known to be JSON; the depth it can reach was bounded by that check.
fn set_out(json: &str, out: &mut Pieces) {
    let mut rest = json.char_indices().peekable();
    let mut depth = 0_usize;
    while let Some((start, c)) = rest.next() {
        match c {
            '{' | '[' => {
                skip_space(&mut rest);
                out.push("", c.encode_utf8(&mut [0; 4]));
                if let Some((_, close)) = rest.next_if(|(_, c)| matches!(c, '}' | ']')) {
                    out.push("", close.encode_utf8(&mut [0; 4]));
                } else {
                    depth += 1;
                    out.line(depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                out.line(depth);
                out.push("", c.encode_utf8(&mut [0; 4]));
            }
            ',' => {
                out.push("", ",");
                out.line(depth);
            }
            ':' => out.push("", ": "),
            '"' => {
                let text = json.get(start..end_of_string(json, &mut rest)).unwrap_or_default();
                skip_space(&mut rest);
                let key = matches!(rest.peek(), Some((_, ':')));
                out.push(if key { "j-k" } else { "j-s" }, text);
            }
            c if c.is_ascii_whitespace() => {}
            c => {
                let end = end_of_word(json, &mut rest);
                let class = if c.is_ascii_alphabetic() { "j-l" } else { "j-n" };
                out.push(class, json.get(start..end).unwrap_or_default());
            }
        }
    }
}

fn skip_space(rest: &mut Peekable<CharIndices<'_>>) {
    while rest.next_if(|(_, c)| c.is_ascii_whitespace()).is_some() {}
}

fn end_of_string(json: &str, rest: &mut Peekable<CharIndices<'_>>) -> usize {
    while let Some((at, c)) = rest.next() {
        match c {
            '\\' => drop(rest.next()),
            '"' => return at + 1,
            _ => {}
        }
    }
    json.len()
}

fn end_of_word(json: &str, rest: &mut Peekable<CharIndices<'_>>) -> usize {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    while rest.next_if(|(_, c)| inside(*c)).is_some() {}
    rest.peek().map_or(json.len(), |(at, _)| *at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(pieces: &[Piece]) -> String {
        pieces.iter().map(|p| p.text.as_str()).collect()
    }

    #[test]
    fn json_is_set_out_in_its_own_order_with_its_own_numbers() {
        let pieces = body(br#"{"b":1.50,"a":{"x":[],"y":{ }},"n":1e400,"t":[true,null,"a\"}"]}"#);
        let lines = "{\n  \"b\": 1.50,\n  \"a\": {\n    \"x\": [],\n    \"y\": {}\n  },\n  \"n\": 1e400,\n  \
                     \"t\": [\n    true,\n    null,\n    \"a\\\"}\"\n  ]\n}";
        assert_eq!(text(&pieces), lines);
        let class = |text: &str| pieces.iter().find(|p| p.text == text).map(|p| p.class);
        assert_eq!(class("\"b\""), Some("j-k"));
        assert_eq!(class("1.50"), Some("j-n"));
        assert_eq!(class("null"), Some("j-l"));
        assert_eq!(class("\"a\\\"}\""), Some("j-s"));
    }

    #[test]
    fn what_is_not_json_is_shown_as_text_with_nothing_hidden() {
        assert_eq!(text(&body(b"<h1>\r\n\0\xff\x1b[31m</h1>")), "<h1>␍\n␀\u{fffd}␛[31m</h1>");
        assert_eq!(text(&body("\"a\u{202e}b\"".as_bytes())), "\"a\u{fffd}b\"");
        assert_eq!(body(b""), []);
    }

    #[test]
    fn a_body_of_brackets_does_not_become_a_huge_page() {
        let deep = format!("{}{}", "[".repeat(8_192), "]".repeat(8_192));
        assert!(text(&body(deep.as_bytes())).len() < 40 * deep.len());
    }

    #[test]
    fn a_message_reads_as_it_stood_on_the_wire() {
        let headers = HeaderLines::from_iter([("Host", "a.example\r\nX: y")]);
        let pieces = message("POST /in HTTP/1.1", &headers, b"[1]");
        assert_eq!(text(&pieces), "POST /in HTTP/1.1\nHost: a.exampleX: y\n\n[\n  1\n]");
        assert_eq!(text(&message("", &HeaderLines::default(), b"no")), "no");
    }

    proptest! {
        #[test]
        fn no_byte_of_json_is_lost(value in json()) {
            let shown = text(&body(value.to_string().as_bytes()));
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
        }

        #[test]
        fn nothing_makes_it_fail(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _pieces = message("GET", &HeaderLines::default(), &bytes);
        }
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            any::<i64>().prop_map(Into::into),
            any::<bool>().prop_map(Into::into),
            "[ -~]{0,12}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                proptest::collection::btree_map("[ -~]{0,6}", inner, 0..5)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }
}
