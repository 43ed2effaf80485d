//! One pass over an event's JSON text that refuses what could not be kept, signed and read back unchanged.

use std::borrow::Cow;

/// How many arrays and objects may be open at once.
pub const MOST_DEPTH: usize = 64;
/// How many characters one number may have.
pub const MOST_NUMBER_CHARS: usize = 1_000;

const DEPTH: &str = "json_depth";
const DUPLICATE_KEY: &str = "json_duplicate_key";
const NUMBER: &str = "json_number";
const SURROGATE: &str = "json_surrogate";
const SYNTAX: &str = "json_syntax";

/// Up to so many keys of one object are compared in pairs; more are sorted.
const FEW_KEYS: usize = 16;
/// A number of this many digits before the point may be too large for a double.
const DIGITS_OF_LARGEST: usize = 309;

/// What is wrong with a JSON text, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.sentence())]
pub struct PayloadFault {
    /// `json_syntax`, `json_depth`, `json_duplicate_key`, `json_surrogate` or `json_number`.
    pub code: &'static str,
    /// The byte at which it was noticed, from 0.
    pub offset: usize,
}

impl PayloadFault {
    /// What happened and what to do, for a person.
    pub fn sentence(&self) -> &'static str {
        match self.code {
            DEPTH => "The JSON is nested too deeply. Nest arrays and objects at most 64 levels deep.",
            DUPLICATE_KEY => "An object names the same key twice. Give every key of an object once.",
            NUMBER => "A number is too long or too large. Send such a number as a string.",
            SURROGATE => {
                "A \\u escape is half of a surrogate pair. Send both halves or the character itself."
            }
            _ => "The body is not valid JSON in UTF-8. Check it with a JSON parser and send it again.",
        }
    }
}

type Scanned<T> = Result<T, PayloadFault>;

struct Key<'a> {
    at: usize,
    text: Cow<'a, [u8]>,
}

struct Scanner<'a> {
    json: &'a [u8],
    at: usize,
    /// The open containers: an array is `None`, an object tells where its keys begin in `keys`.
    open: Vec<Option<usize>>,
    keys: Vec<Key<'a>>,
}

/// A JSON text that passed [`scan`].
#[derive(Debug, Clone, Copy)]
pub struct SoundJson<'a>(&'a [u8]);

impl<'a> SoundJson<'a> {
    /// Scans `bytes`.
    pub fn scan(bytes: &'a [u8]) -> Result<Self, PayloadFault> {
        scan(bytes).map(|()| Self(bytes))
    }

    /// The text as it was received.
    pub const fn bytes(self) -> &'a [u8] {
        self.0
    }
}

/// Checks that `json` is one JSON value in UTF-8 with white space around it at most, no deeper than
/// [`MOST_DEPTH`], without duplicate keys (as decoded), lone surrogates, or numbers that are longer than
/// [`MOST_NUMBER_CHARS`] or overflow a double. `\u0000` is allowed. Time is `O(n log n)` at worst.
pub fn scan(json: &[u8]) -> Result<(), PayloadFault> {
    if let Err(e) = std::str::from_utf8(json) {
        return Err(PayloadFault { code: SYNTAX, offset: e.valid_up_to() });
    }
    let mut scanner =
        Scanner { json, at: 0, open: Vec::with_capacity(8), keys: Vec::with_capacity(FEW_KEYS) };
    while scanner.value()? || scanner.next_value()? {}
    Ok(())
}

impl<'a> Scanner<'a> {
    /// Reads a plain value, or opens a container; true when another value must follow at once.
    fn value(&mut self) -> Scanned<bool> {
        match self.past_space() {
            Some(b'"') => self.string().map(|_| false),
            Some(b'-' | b'0'..=b'9') => self.number().map(|()| false),
            Some(b'{') => {
                self.enter(Some(self.keys.len()))?;
                let empty = self.past_space() == Some(b'}');
                if !empty {
                    self.key()?;
                }
                Ok(!empty)
            }
            Some(b'[') => {
                self.enter(None)?;
                Ok(self.past_space() != Some(b']'))
            }
            Some(b't') => self.literal(b"true"),
            Some(b'f') => self.literal(b"false"),
            Some(b'n') => self.literal(b"null"),
            _ => Err(self.fault(SYNTAX)),
        }
    }

    /// Closes what ends here; true when another value follows, false at the end of the text.
    fn next_value(&mut self) -> Scanned<bool> {
        loop {
            match (self.open.last().copied(), self.past_space()) {
                (None, None) => return Ok(false),
                (Some(container), Some(b',')) => {
                    self.at += 1;
                    if container.is_some() {
                        self.key()?;
                    }
                    return Ok(true);
                }
                (Some(None), Some(b']')) => {}
                (Some(Some(first)), Some(b'}')) => {
                    if let Some(offset) = repeated(self.keys.get_mut(first..).unwrap_or_default()) {
                        return Err(PayloadFault { code: DUPLICATE_KEY, offset });
                    }
                    self.keys.truncate(first);
                }
                _ => return Err(self.fault(SYNTAX)),
            }
            self.open.pop();
            self.at += 1;
        }
    }

    fn enter(&mut self, container: Option<usize>) -> Scanned<()> {
        if self.open.len() == MOST_DEPTH {
            return Err(self.fault(DEPTH));
        }
        self.open.push(container);
        self.at += 1;
        Ok(())
    }

    fn key(&mut self) -> Scanned<()> {
        if self.past_space() != Some(b'"') {
            return Err(self.fault(SYNTAX));
        }
        let at = self.at;
        let escaped = self.string()?;
        let quoted = self.json.get(at..self.at).unwrap_or_default();
        let text = if escaped {
            let decoded: String = serde_json::from_slice(quoted).map_err(|_| self.fault(SYNTAX))?;
            Cow::Owned(decoded.into_bytes())
        } else {
            Cow::Borrowed(quoted.get(1..quoted.len() - 1).unwrap_or_default())
        };
        self.keys.push(Key { at, text });
        if self.past_space() != Some(b':') {
            return Err(self.fault(SYNTAX));
        }
        self.at += 1;
        Ok(())
    }

    /// Reads a string; true when it holds an escape.
    fn string(&mut self) -> Scanned<bool> {
        self.at += 1;
        let mut escaped = false;
        loop {
            let rest = self.json.get(self.at..).unwrap_or_default();
            let plain = rest.iter().position(|b| matches!(b, b'"' | b'\\' | ..=0x1F));
            self.at += plain.unwrap_or(rest.len());
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(escaped);
                }
                Some(b'\\') => self.escape()?,
                _ => return Err(self.fault(SYNTAX)),
            }
            escaped = true;
        }
    }

    fn escape(&mut self) -> Scanned<()> {
        self.at += match self.json.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') => match (self.unit(self.at), self.unit(self.at + 6)) {
                (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
                (Some(0xD800..=0xDFFF), _) => return Err(self.fault(SURROGATE)),
                (Some(_), _) => 6,
                (None, _) => return Err(self.fault(SYNTAX)),
            },
            _ => return Err(self.fault(SYNTAX)),
        };
        Ok(())
    }

    /// The UTF-16 unit that a `\u` escape at `at` names.
    fn unit(&self, at: usize) -> Option<u32> {
        let hex = self.json.get(at..at + 6)?.strip_prefix(b"\\u")?;
        hex.iter().try_fold(0, |unit, b| Some(unit * 16 + char::from(*b).to_digit(16)?))
    }

    fn number(&mut self) -> Scanned<()> {
        let start = self.at;
        self.eat(b"-");
        let whole = self.digits()?;
        if whole.len() > 1 && whole.starts_with(b"0") {
            return Err(self.fault(SYNTAX));
        }
        let fraction = if self.eat(b".") { self.digits()? } else { &[] };
        let mut exponent = 0;
        if self.eat(b"eE") {
            let negative = self.peek() == Some(b'-');
            self.eat(b"+-");
            exponent = self
                .digits()?
                .iter()
                .fold(0_i64, |n, b| n.saturating_mul(10).saturating_add(i64::from(b - b'0')));
            exponent = if negative { -exponent } else { exponent };
        }
        let text = self.json.get(start..self.at).unwrap_or_default();
        let small = exponent <= 0 && whole.len() < DIGITS_OF_LARGEST;
        if text.len() > MOST_NUMBER_CHARS || !(small || fits_a_double(text, whole, fraction, exponent)) {
            return Err(PayloadFault { code: NUMBER, offset: start });
        }
        Ok(())
    }

    /// Reads one digit or more.
    fn digits(&mut self) -> Scanned<&'a [u8]> {
        let rest = self.json.get(self.at..).unwrap_or_default();
        let many = rest.iter().position(|b| !b.is_ascii_digit()).unwrap_or(rest.len());
        self.at += many;
        if many == 0 { Err(self.fault(SYNTAX)) } else { Ok(rest.get(..many).unwrap_or_default()) }
    }

    fn literal(&mut self, word: &[u8]) -> Scanned<bool> {
        if !self.json.get(self.at..).unwrap_or_default().starts_with(word) {
            return Err(self.fault(SYNTAX));
        }
        self.at += word.len();
        Ok(false)
    }

    fn eat(&mut self, any: &[u8]) -> bool {
        let found = self.peek().is_some_and(|b| any.contains(&b));
        self.at += usize::from(found);
        found
    }

    fn past_space(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
        self.peek()
    }

    fn peek(&self) -> Option<u8> {
        self.json.get(self.at).copied()
    }

    fn fault(&self, code: &'static str) -> PayloadFault {
        PayloadFault { code, offset: self.at }
    }
}

/// Whether the number stays below infinity. Counting digits decides all but the last power of ten; there
/// the parser that will read the payload later has the word.
fn fits_a_double(text: &[u8], whole: &[u8], fraction: &[u8], exponent: i64) -> bool {
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let lead = if whole == b"0" {
        match fraction.iter().position(|b| *b != b'0') {
            Some(zeros) => -1 - count(zeros),
            None => return true,
        }
    } else {
        count(whole.len()) - 1
    };
    match lead.saturating_add(exponent) {
        ..308 => true,
        308 => serde_json::from_slice::<f64>(text).is_ok(),
        _ => false,
    }
}

/// Where a key stands that another key of the same object equals. May reorder the keys.
fn repeated(keys: &mut [Key<'_>]) -> Option<usize> {
    if keys.len() <= FEW_KEYS {
        let mut seen = keys.iter().enumerate();
        return seen.find_map(|(i, key)| keys.iter().take(i).any(|k| k.text == key.text).then_some(key.at));
    }
    keys.sort_unstable_by(|a, b| a.text.cmp(&b.text).then(a.at.cmp(&b.at)));
    let mut pairs = keys.iter().zip(keys.iter().skip(1));
    pairs.find_map(|(a, b)| (a.text == b.text).then_some(b.at))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn code(json: &str) -> &'static str {
        scan(json.as_bytes()).map_or_else(|fault| fault.code, |()| "")
    }

    #[test]
    fn each_fault_has_its_code() {
        let nest = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        let many = (0..5_000).map(|i| format!("\"k{i}\":0,")).collect::<Vec<_>>().concat();
        for (json, expected) in [
            (nest(64), ""),
            (nest(65), DEPTH),
            ("{\"a\":".repeat(100_000), DEPTH),
            (r#"{"a":1,"\u0061":2}"#.into(), DUPLICATE_KEY),
            (r#"{"a":{"a":1},"b":[{"a":1},{"a":1}]}"#.into(), ""),
            (format!("{{{many}\"k4999\":0}}"), DUPLICATE_KEY),
            (format!("{{{many}\"k5000\":0}}"), ""),
            (r#"["\ud800"]"#.into(), SURROGATE),
            (r#"["\udc00\ud800"]"#.into(), SURROGATE),
            (r#"["\ud83d\ude00\u0000"]"#.into(), ""),
            ("1e400".into(), NUMBER),
            ("1.7976931348623157e308".into(), ""),
            ("1.7976931348623159e308".into(), NUMBER),
            ("[-0, 0e99999999999999999999, 1e-400, 12345678901234567890123]".into(), ""),
            (format!("0.{}", "1".repeat(998)), ""),
            (format!("0.{}", "1".repeat(999)), NUMBER),
            ("{} x".into(), SYNTAX),
            ("\u{feff}{}".into(), SYNTAX),
        ] {
            assert_eq!(code(&json), expected, "{}", json.get(..60).unwrap_or(&json));
        }
        assert_eq!(scan(b"[\"\xff\"]"), Err(PayloadFault { code: SYNTAX, offset: 2 }));
        assert_eq!(scan(br#"{"a":1, "a":2}"#), Err(PayloadFault { code: DUPLICATE_KEY, offset: 8 }));
    }

    fn document() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 48, 20, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map("[ab\\\\\"\u{0}é]{0,3}", inner, 0..20)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_sound_document_passes(value in document()) {
            prop_assert_eq!(scan(value.to_string().as_bytes()), Ok(()));
            prop_assert_eq!(scan(&serde_json::to_vec_pretty(&value).unwrap()), Ok(()));
        }

        #[test]
        fn a_damaged_document_is_judged_as_serde_json_judges_it(
            value in document(),
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>(),
                prop::sample::select(&b"{}[]:,\"\\ud8D0 19.-+eEtn\x01\xC3\xA9"[..])), 1..4),
        ) {
            let mut json = value.to_string().into_bytes();
            for (place, replace, byte) in damage {
                let at = place.index(json.len());
                json.splice(at..at + usize::from(replace), [byte]);
            }
            let (ours, theirs) = (scan(&json), serde_json::from_slice::<Value>(&json));
            let stricter = ours.is_err_and(|fault| fault.code == DUPLICATE_KEY);
            prop_assert!(stricter || ours.is_ok() == theirs.is_ok(), "{:?} {:?}", ours, theirs);
        }

        #[test]
        fn a_number_is_judged_as_serde_json_judges_it(
            json in "-?(0|[1-9][0-9]{0,320})(\\.0{0,320}[0-9]{1,20})?([eE][+-]?[0-9]{1,4})?",
        ) {
            prop_assert_eq!(scan(json.as_bytes()).is_ok(), serde_json::from_str::<Value>(&json).is_ok());
        }
    }
}
