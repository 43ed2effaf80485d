//! A whole filter: read from JSON, and put to an event.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::{Condition, Operator, Path};
use crate::domain::problem::FieldErrors;

/// How many conditions a filter may have.
pub const MOST_CONDITIONS: usize = 20;
/// The longest text compared with, in bytes.
pub const LONGEST_TEXT: usize = 1_000;
/// How many values a list may have.
pub const MOST_VALUES: usize = 100;

/// Conditions joined by AND; without any, every event passes. As JSON: `[{"path","op","value"}]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Filter(Vec<Condition>);

impl Filter {
    /// Reads a filter from JSON, or says everything that is wrong with it. `null` is the empty filter; the
    /// value of `exists` may be left out and is then `true`. Fields are `filter`, `filter[i]` and
    /// `filter[i].path`, `.op`, `.value`; codes `filter_form`, `filter_count`, `filter_path`, `filter_operator`
    /// and `filter_value`.
    pub fn check(raw: Value) -> Result<Self, FieldErrors> {
        let items = match raw {
            Value::Null => Vec::new(),
            Value::Array(items) => items,
            _ => return Err(FieldErrors::one("filter", "filter_form", NOT_A_LIST)),
        };
        if items.len() > MOST_CONDITIONS {
            return Err(FieldErrors::one("filter", "filter_count", TOO_MANY));
        }
        let mut errors = FieldErrors::default();
        let mut conditions = Vec::with_capacity(items.len());
        for (i, item) in items.into_iter().enumerate() {
            match item {
                Value::Object(members) => conditions.extend(check_condition(i, members, &mut errors)),
                _ => errors.push(format!("filter[{i}]"), "filter_form", NOT_A_CONDITION),
            }
        }
        errors.or(Self(conditions))
    }

    /// The conditions, in order.
    pub fn conditions(&self) -> &[Condition] {
        &self.0
    }

    /// Whether every event passes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an event's `data` passes; the index of the first condition that does not hold otherwise.
    pub fn matches(&self, data: &Value) -> Result<(), usize> {
        self.0.iter().position(|condition| !condition.holds(data)).map_or(Ok(()), Err)
    }
}

impl<'de> Deserialize<'de> for Filter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::check(Value::deserialize(deserializer)?).map_err(|errors| {
            let first = errors.iter().next().map(|e| format!("{}: {}", e.field, e.message));
            D::Error::custom(first.unwrap_or_default())
        })
    }
}

const NOT_A_LIST: &str = "The filter is not a list of conditions. Send [{\"path\", \"op\", \"value\"}].";
const TOO_MANY: &str = "The filter has too many conditions. Keep at most 20.";
const NOT_A_CONDITION: &str =
    "The condition is not readable. Give it a path, an op and a value, and nothing else.";
const BAD_PATH: &str =
    "The path cannot be read. Write it like customer.country or /customer/country, in at most 200 bytes.";
const BAD_OPERATOR: &str =
    "The operator is not known. Use eq, ne, lt, le, gt, ge, contains, starts_with, exists or in.";

fn check_condition(i: usize, mut members: Map<String, Value>, errors: &mut FieldErrors) -> Option<Condition> {
    let path = members.remove("path").as_ref().and_then(Value::as_str).and_then(Path::parse);
    if path.is_none() {
        errors.push(format!("filter[{i}].path"), "filter_path", BAD_PATH);
    }
    let op: Option<Operator> =
        members.remove("op").as_ref().and_then(Value::as_str).and_then(|op| op.parse().ok());
    if op.is_none() {
        errors.push(format!("filter[{i}].op"), "filter_operator", BAD_OPERATOR);
    }
    let value = members.remove("value");
    let value = op.and_then(|op| {
        check_value(op, value)
            .map_err(|message| errors.push(format!("filter[{i}].value"), "filter_value", message))
            .ok()
    });
    // A misspelt member would otherwise change in silence which events are sent.
    if !members.is_empty() {
        errors.push(format!("filter[{i}]"), "filter_form", NOT_A_CONDITION);
        return None;
    }
    Some(Condition { path: path?, op: op?, value: value? })
}

/// The value as the operator needs it, or a sentence that says what it needs.
fn check_value(op: Operator, value: Option<Value>) -> Result<Value, &'static str> {
    let is_single = |value: &Value| match value {
        Value::String(text) => text.len() <= LONGEST_TEXT,
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
        Value::Array(_) | Value::Object(_) => false,
    };
    let (is_sound, message) = match (op, &value) {
        (Operator::Exists, None | Some(Value::Null)) => return Ok(Value::Bool(true)),
        (Operator::Exists, Some(value)) => {
            (value.is_boolean(), "The value does not fit. Use true or false, or leave it out.")
        }
        (Operator::In, Some(Value::Array(values))) => (
            (1..=MOST_VALUES).contains(&values.len()) && values.iter().all(is_single),
            "The list does not fit. Give 1 to 100 texts or numbers, each of at most 1,000 bytes.",
        ),
        (Operator::In, _) => (false, "The value is not a list. Give a list of texts or numbers."),
        (Operator::Eq | Operator::Ne | Operator::Contains, Some(value)) => (
            is_single(value),
            "The value does not fit. Use a text of at most 1,000 bytes, a number, true, false or null.",
        ),
        (Operator::StartsWith, Some(value)) => (
            value.is_string() && is_single(value),
            "The value does not fit. Use a text of at most 1,000 bytes.",
        ),
        (Operator::Lt | Operator::Le | Operator::Gt | Operator::Ge, Some(value)) => (
            (value.is_number() || value.is_string()) && is_single(value),
            "The value does not fit. Use a number, or a text of at most 1,000 bytes.",
        ),
        (_, None) => (false, "The value is missing. Enter what to compare with."),
    };
    if is_sound { Ok(value.unwrap_or_default()) } else { Err(message) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_first_condition_that_fails_is_named() {
        let filter = Filter::check(json!([
            {"path": "total", "op": "ge", "value": 100}, {"path": "/country", "op": "in", "value": ["DE", "FR"]},
            {"path": "coupon", "op": "exists", "value": false}, {"path": "paid", "op": "exists"},
        ])).unwrap();
        assert_eq!(filter.matches(&json!({"total": 100, "country": "DE", "paid": 1})), Ok(()));
        assert_eq!(filter.matches(&json!({"total": 100, "country": "IT"})), Err(1));
        assert_eq!(Filter::default().matches(&json!({})), Ok(()));
        let words: Vec<String> = filter.conditions().iter().map(ToString::to_string).collect();
        assert_eq!(
            words,
            ["total ≥ 100", "/country in \"DE\", \"FR\"", "coupon does not exist", "paid exists"]
        );
        let text = serde_json::to_string(&filter).unwrap();
        assert!(text.starts_with(r#"[{"path":"total","op":"ge","value":100},"#));
        assert_eq!(serde_json::from_str::<Filter>(&text).unwrap(), filter);
    }

    #[test]
    fn everything_wrong_with_a_filter_is_told_at_once() {
        let faults = |raw: Value| -> Vec<String> {
            let errors = Filter::check(raw).unwrap_err();
            errors.iter().map(|e| format!("{} {}", e.field, e.code)).collect()
        };
        assert_eq!(faults(json!({"path": "a"})), ["filter filter_form"]);
        assert_eq!(faults(json!(vec![json!({}); 21])), ["filter filter_count"]);
        assert_eq!(
            faults(json!([{"path": "a..b", "op": "like"}, 1, {"path": "a", "op": "eq", "valeu": 1}])),
            [
                "filter[0].path filter_path",
                "filter[0].op filter_operator",
                "filter[1] filter_form",
                "filter[2].value filter_value",
                "filter[2] filter_form",
            ]
        );
        assert!(serde_json::from_str::<Filter>(r#"[{"path":"a","op":"x"}]"#).is_err());
    }

    #[test]
    fn a_value_that_does_not_fit_its_operator_is_refused() {
        let has_error = |op: &str, value: Value| {
            let checked = Filter::check(json!([{"path": "a", "op": op, "value": value}]));
            checked.is_err_and(|e| e.of("filter[0].value").any(|e| e.code == "filter_value"))
        };
        for op in ["eq", "ne", "lt", "contains", "starts_with", "in", "exists"] {
            assert!(has_error(op, json!({})), "{op}");
            assert!(has_error(op, json!("x".repeat(1001))), "{op}");
        }
        assert!(
            has_error("lt", json!(true))
                && has_error("ge", json!(null))
                && has_error("starts_with", json!(1))
        );
        assert!(
            has_error("in", json!([]))
                && has_error("in", json!([[1]]))
                && has_error("in", json!(vec![1; 101]))
        );
        assert!(!has_error("in", json!(vec![1; 100])) && !has_error("eq", json!("x".repeat(1000))));
    }
}
