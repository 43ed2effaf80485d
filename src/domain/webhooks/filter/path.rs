//! Where in a payload a condition looks.

use serde_json::Value;

/// The longest path, in bytes.
pub const LONGEST_PATH: usize = 200;

/// Where in the payload's `data` a condition looks: `/a/b` (JSON pointer) or `a.b.0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    text: String,
    steps: Vec<String>,
}

impl Path {
    /// Reads a path of 1 to 200 bytes; `None` when it is neither a JSON pointer nor dotted.
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() || text.len() > LONGEST_PATH || text.chars().any(char::is_control) {
            return None;
        }
        let steps: Vec<String> = match text.strip_prefix('/') {
            Some(pointer) => pointer.split('/').map(unescaped).collect::<Option<_>>()?,
            None => text.split('.').map(str::to_owned).collect(),
        };
        let is_dotted = !text.starts_with('/');
        if is_dotted && steps.iter().any(String::is_empty) {
            return None;
        }
        Some(Self { text: text.to_owned(), steps })
    }

    /// The path as it was typed.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What lies there. A step into a list is an index from 0, written without leading zeros.
    pub fn find<'a>(&self, data: &'a Value) -> Option<&'a Value> {
        self.steps.iter().try_fold(data, |at, step| match at {
            Value::Object(members) => members.get(step),
            Value::Array(items) => index(step).and_then(|i| items.get(i)),
            _ => None,
        })
    }
}

/// A step of a JSON pointer with `~1` and `~0` read as `/` and `~`; `None` for any other use of `~`.
fn unescaped(step: &str) -> Option<String> {
    let mut parts = step.split('~');
    let mut text = parts.next()?.to_owned();
    for part in parts {
        let (sign, rest) = match part.strip_prefix('0') {
            Some(rest) => ('~', rest),
            None => ('/', part.strip_prefix('1')?),
        };
        text.push(sign);
        text.push_str(rest);
    }
    Some(text)
}

fn index(step: &str) -> Option<usize> {
    let is_plain = step.bytes().all(|b| b.is_ascii_digit()) && (step == "0" || !step.starts_with('0'));
    step.parse().ok().filter(|_| is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_spellings_lead_to_the_same_place() {
        let data = json!({"items": [{"sku": "x"}], "a/b": {"m~n": 1}, "0": "zero"});
        let find = |path: &str| Path::parse(path).unwrap().find(&data).cloned();
        assert_eq!(find("items.0.sku"), Some(json!("x")));
        assert_eq!(find("/items/0/sku"), Some(json!("x")));
        assert_eq!(find("/a~1b/m~0n"), Some(json!(1)));
        assert_eq!(find("0"), Some(json!("zero")));
        for path in ["items.00.sku", "items.+0.sku", "items.1", "items.-", "items.0.sku.x", "/", "/items/"] {
            assert_eq!(find(path), None, "{path}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        let long = "p".repeat(LONGEST_PATH + 1);
        for bad in ["", ".", ".a", "a.", "a..b", "/a~2", "/a~", "a\0", long.as_str()] {
            assert!(Path::parse(bad).is_none(), "{bad:?}");
        }
        assert!(Path::parse(&long[1..]).is_some());
    }
}
