//! Values that are refused, by the kind of the field, each with the row of the table that it stands in.

use super::addresses::ADDRESSES;
use serde_json::{Map, Value, json};

/// One refused value.
pub struct Refused {
    /// The row.
    pub row: &'static str,
    pub value: Value,
    /// The codes of which each fault has one.
    pub codes: Vec<&'static str>,
}

/// Names as they are typed, and as they are kept.
pub const NAMES: [(&str, &str); 6] = [
    ("Order desk", "Order desk"),
    (" Cafe\u{301} ", "Café"),
    ("👩‍💻 shop", "👩‍💻 shop"),
    ("متجر", "متجر"),
    ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ("=1+1'; DROP TABLE webhooks", "=1+1'; DROP TABLE webhooks"),
];

fn of(row: &'static str, code: &'static str, values: impl IntoIterator<Item = Value>) -> Vec<Refused> {
    let codes: Vec<&'static str> = code.split('|').collect();
    values.into_iter().map(|value| Refused { row, value, codes: codes.clone() }).collect()
}

fn texts(row: &'static str, code: &'static str, texts: &[&str]) -> Vec<Refused> {
    of(row, code, texts.iter().map(|text| json!(text)))
}

/// What is no text.
fn no_text() -> Vec<Refused> {
    of("R12", "wrong_type", [json!(1), json!(true), json!(null), json!([]), json!({})])
}

/// Every value that a field of this kind refuses.
pub fn refused(kind: &str) -> Vec<Refused> {
    match kind {
        "name" | "label" | "description" | "note" => written(kind),
        "status" => join([texts("R17", "status", &["Active", "x", "deleted", "", "\u{0}"]), no_text()]),
        "url" => join([addresses(), no_text()]),
        "events" => events(),
        "event" | "test_event" | "type_filter" | "published_type" | "type_name" => types(kind),
        "secret" => secrets(),
        "list" => of(
            "R12",
            "wrong_type|required",
            [json!("x"), json!(1), json!({}), json!(null), json!([]), json!([1])],
        ),
        "headers" => headers(),
        "static" => statics(),
        "number" => of(
            "R7",
            "range|wrong_type",
            [json!(0), json!(-1), json!(1e300), json!(1.5), json!("5"), json!(99_999_999_999_i64), json!([])],
        ),
        "overlap" => of(
            "R7",
            "range|wrong_type",
            [
                json!(-1),
                json!(604_801),
                json!(1e300),
                json!(1.5),
                json!("5"),
                json!(99_999_999_999_i64),
                json!([]),
            ],
        ),
        "retry" => waits(),
        "reference" => join([
            texts(
                "I13",
                "unknown_reference",
                &[
                    "",
                    "x",
                    "wh_1",
                    "wh_00000000000000000000000001",
                    "prg_00000000000000000000000001",
                    "\u{0}",
                ],
            ),
            of("R12", "wrong_type|unknown_reference", [json!(1), json!([]), json!({})]),
        ]),
        "subject" => of(
            "I13",
            "unknown_reference|wrong_type",
            [
                json!(""),
                json!("usr_x"),
                json!("usr_00000000000000000000000001"),
                json!(999_999),
                json!(-1),
                json!([]),
            ],
        ),
        "time" => texts(
            "R20",
            "not_a_time",
            &[
                "",
                "yesterday",
                "0000-13-01T00:00:00Z",
                "+300000-01-01T00:00:00Z",
                "2026-01-01T00:00:00",
                "2026-01-01",
                "1",
            ],
        ),
        "states" => of(
            "R12",
            "states|wrong_type",
            [json!(["x"]), json!("delivered"), json!([1]), json!(["Delivered"])],
        ),
        "flag" => of("R12", "wrong_type", [json!("true"), json!(1), json!([])]),
        "payload" => of(
            "R12",
            "not_an_object|wrong_type|required",
            [json!([]), json!(1), json!("x"), json!(null), json!(true)],
        ),
        "own_id" => join([
            texts("G2", "own_id", &["", "a b", "é", "a\u{0}", &"k".repeat(256)]),
            of("R12", "wrong_type", [json!(1), json!([])]),
        ]),
        other => panic!("no kind is called {other}"),
    }
}

fn written(kind: &str) -> Vec<Refused> {
    let long = |n: usize| "x".repeat(n);
    let hiding = ["a\u{0}b", "a\nb", "a\u{202e}b", "a\u{200b}b", "\u{200b}", "a\u{2066}b", "\u{feff}"];
    match kind {
        "name" => join([
            texts("R13", "required", &["", " ", "\t\n"]),
            texts("R13", "too_long", &[&long(101), &long(201)]),
            texts("R13", "control_character", &hiding),
            no_text(),
        ]),
        "label" => join([
            texts("R13", "too_long", &[&long(101), &long(201)]),
            texts("R13", "control_character", &hiding),
            of("R12", "wrong_type", [json!(1), json!(true), json!([]), json!({})]),
        ]),
        "description" | "note" => join([
            texts("R13", "too_long", &[&long(1_001)]),
            texts("R8", "control_character", &["\u{0}", "a\u{1b}[31m"]),
            of("R12", "wrong_type", [json!(1), json!(true), json!([]), json!({})]),
        ]),
        other => panic!("no kind is called {other}"),
    }
}

fn types(kind: &str) -> Vec<Refused> {
    let long = |n: usize| "x".repeat(n);
    match kind {
        "event" => join([
            texts(
                "R12",
                "unknown_event_type",
                &["", "a.b", "user.*", "../x", "User.Created", "user", "webhook.test", "user.created\u{0}"],
            ),
            texts("-", "partner_only", &["token.created", "webhook.disabled"]),
            of("R12", "wrong_type|unknown_event_type", [json!(1), json!([]), json!({}), json!(null)]),
        ]),
        "test_event" => {
            join([texts("R12", "unknown_event_type", &["", "a.b", "user.*", "../x", "\u{0}"]), no_text()])
        }
        "type_filter" => {
            join([texts("R12", "unknown_event_type", &["", "a.b", "user.*", "\u{0}"]), no_text()])
        }
        "published_type" => join([
            texts("R12", "unknown_event_type", &["", "no.such", "user.*", "../x", "User.Created"]),
            texts("R12", "reserved_event_type", &["webhook.test", "token.created"]),
            no_text(),
        ]),
        "type_name" => join([
            texts(
                "R12",
                "required|format",
                &["", "x", "User.Created", "a b.c", "a.b\u{0}", "a..b", &format!("a.{}", long(200))],
            ),
            no_text(),
        ]),
        other => panic!("no kind is called {other}"),
    }
}

fn waits() -> Vec<Refused> {
    of(
        "R12",
        "retry_waits",
        [json!("often"), json!(0), json!([]), json!([0]), json!([86_401]), json!([1.5]), json!(vec![1; 21])],
    )
}

fn join<const N: usize>(parts: [Vec<Refused>; N]) -> Vec<Refused> {
    parts.into_iter().flatten().collect()
}

fn addresses() -> Vec<Refused> {
    let given = ADDRESSES.iter().flat_map(|(row, code, texts)| {
        texts.split(' ').map(move |text| Refused {
            row,
            value: text
                .replace('␠', " ")
                .replace('␉', "\t")
                .replace('␍', "\r")
                .replace('␊', "\n")
                .replace('␀', "\0")
                .into(),
            codes: vec![code],
        })
    });
    let long = format!("https://example.com/{}", "x".repeat(2_048));
    let label = format!("https://{}.example.com/", "x".repeat(64));
    let host = format!("https://{}example.com/", "abcdefgh.".repeat(28));
    given
        .chain(texts("U10", "too_long", &[&long, &label, &host]))
        .chain(texts("U4", "invalid", &[""]))
        .collect()
}

fn events() -> Vec<Refused> {
    let many: Vec<String> = (0..1_001).map(|n| format!("a.b{n}")).collect();
    join([
        of("R12", "wrong_type", [json!("user.created"), json!(null), json!({}), json!([1])]),
        of("R12", "required", [json!([])]),
        of("R12", "limit_triggers", [json!(many)]),
        of("R12", "duplicate", [json!(["user.created", "user.created"])]),
        of(
            "R12",
            "unknown_event_type",
            [json!(["a.b"]), json!(["user.*"]), json!(["../x"]), json!(["user.created", "x"])],
        ),
        of("-", "partner_only", [json!(["user.created", "token.created"])]),
    ])
}

fn secrets() -> Vec<Refused> {
    let token = "bwl_abcdefghijABCDEFGHIJ0123456789abcdefgh4gMjDM";
    join([
        texts(
            "H7",
            "secret_length",
            &["", "1234567", "123456789012345", &"s".repeat(257), &"s".repeat(1_025)],
        ),
        texts(
            "H7",
            "secret_characters|secret_length",
            &["                    ", "line\nbreak-and-more", "nul\0nul-and-more-of-it", "пароль"],
        ),
        texts("H9", "looks_like_token", &[token]),
        no_text(),
    ])
}

fn headers() -> Vec<Refused> {
    let one = |name: &str, value: &str| json!({name: value});
    let many: Map<String, Value> = (0..21).map(|n| (format!("X-{n}"), json!("v"))).collect();
    let long = "x".repeat(201);
    let names = ["", "X Y", "X:", "X\r\nY", "X\0", "Ünï", "(x)", &long].map(|name| one(name, "v"));
    let reserved = [
        "host",
        "CONNECTION",
        "content-length",
        "Content-Type",
        "content-encoding",
        "Transfer-Encoding",
        "te",
        "trailer",
        "upgrade",
        "keep-alive",
        "expect",
        "proxy-authorization",
        "User-Agent",
        "accept-encoding",
        "date",
        "forwarded",
        "X-Forwarded-For",
        "via",
        "sec-fetch-site",
        "webhook-id",
        "X-Webhook-Signature",
        "x-bellwire-hops",
    ];
    let values = ["é", "ключ", "a\r\nb: c", "a\0", "", &"v".repeat(4_097)].map(|value| one("X-A", value));
    join([
        of("H1", "header_name", names),
        of("H2", "header_reserved", reserved.map(|name| one(name, "v"))),
        of("H4", "header_value", values),
        of("H5", "header_duplicate", [json!({"X-A": "1", "x-a": "2"})]),
        of("H5", "header_count", [json!(many)]),
        of("R12", "wrong_type", [json!({"X-A": 1}), json!(["X-A"]), json!("X-A: 1"), json!(1)]),
    ])
}

fn statics() -> Vec<Refused> {
    let one = |name: &str, value: &str| json!({"name": name, "value": value});
    join([
        of("H1", "header_name", [one("", "a-secret-value"), one("X Y", "a-secret-value")]),
        of(
            "H2",
            "header_reserved",
            [one("webhook-signature", "a-secret-value"), one("Host", "a-secret-value")],
        ),
        of(
            "H7",
            "secret_characters",
            [one("qn-secret", ""), one("qn-secret", "é"), one("qn-secret", "a\r\nb: c")],
        ),
        of("R12", "required", [json!({"name": "qn-secret"}), json!({"value": "a-secret-value"}), json!({})]),
        of("R12", "wrong_type", [json!({"name": 1, "value": "v"}), json!("qn-secret"), json!([])]),
    ])
}
