//! One condition of a filter, and whether it holds.

use std::cmp::Ordering;
use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use serde_json::{Number, Value};

use super::Path;
use crate::domain::words::words;

words! {
    /// How a condition compares what it finds with its value.
    Operator {
        /// The same value.
        Eq = "eq",
        /// Another value, or none at all.
        Ne = "ne",
        /// A smaller number, or a text that sorts before.
        Lt = "lt",
        /// Smaller or the same.
        Le = "le",
        /// A greater number, or a text that sorts after.
        Gt = "gt",
        /// Greater or the same.
        Ge = "ge",
        /// A text that holds the value, or a list with the value among its members.
        Contains = "contains",
        /// A text that begins with the value.
        StartsWith = "starts_with",
        /// Something is there, `null` included; with the value `false`, nothing is.
        Exists = "exists",
        /// One of a list of values.
        In = "in",
    }
}

impl Operator {
    /// The operator as it is shown to people: `≥`, `starts with`.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Ne => "≠",
            Self::Lt => "<",
            Self::Le => "≤",
            Self::Gt => ">",
            Self::Ge => "≥",
            Self::Contains => "contains",
            Self::StartsWith => "starts with",
            Self::Exists => "exists",
            Self::In => "in",
        }
    }
}

/// One condition: what lies at `path` stands in the relation `op` to `value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    pub(super) path: Path,
    pub(super) op: Operator,
    pub(super) value: Value,
}

impl Condition {
    /// Where it looks.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How it compares.
    pub fn op(&self) -> Operator {
        self.op
    }

    /// What it compares with: a list for `in`, a boolean for `exists`, a single value otherwise.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Whether it holds for an event's `data`. Numbers are compared as numbers (`1` is `1.0`), texts by their
    /// characters, and values of different kinds are never equal, smaller or greater: `"5"` is not `5`.
    /// Where nothing lies at the path, only `ne` and `exists: false` hold.
    pub fn holds(&self, data: &Value) -> bool {
        let Some(found) = self.path.find(data) else {
            return match self.op {
                Operator::Ne => true,
                Operator::Exists => self.value == Value::Bool(false),
                _ => false,
            };
        };
        let order = || order(found, &self.value);
        match self.op {
            Operator::Eq => is_same(found, &self.value),
            Operator::Ne => !is_same(found, &self.value),
            Operator::Lt => order() == Some(Ordering::Less),
            Operator::Le => order().is_some_and(Ordering::is_le),
            Operator::Gt => order() == Some(Ordering::Greater),
            Operator::Ge => order().is_some_and(Ordering::is_ge),
            Operator::Contains => match (found, &self.value) {
                (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
                (Value::Array(items), value) => items.iter().any(|item| is_same(item, value)),
                _ => false,
            },
            Operator::StartsWith => match (found, &self.value) {
                (Value::String(text), Value::String(start)) => text.starts_with(start.as_str()),
                _ => false,
            },
            Operator::Exists => self.value == Value::Bool(true),
            Operator::In => {
                self.value.as_array().is_some_and(|values| values.iter().any(|v| is_same(found, v)))
            }
        }
    }
}

fn is_same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => number_order(left, right) == Some(Ordering::Equal),
        _ => left == right,
    }
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => number_order(left, right),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

/// Whole numbers are compared exactly: ids beyond 2^53 would be equal to their neighbours as floats.
fn number_order(left: &Number, right: &Number) -> Option<Ordering> {
    match (left.as_i128(), right.as_i128()) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

/// The condition in plain words: `total ≥ 100`, `country in "DE", "FR"`, `coupon does not exist`.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.as_str();
        match (self.op, &self.value) {
            (Operator::Exists, Value::Bool(false)) => write!(f, "{path} does not exist"),
            (Operator::Exists, _) => write!(f, "{path} exists"),
            (op, Value::Array(values)) => {
                let values: Vec<String> = values.iter().map(Value::to_string).collect();
                write!(f, "{path} {} {}", op.label(), values.join(", "))
            }
            (op, value) => write!(f, "{path} {} {value}", op.label()),
        }
    }
}

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut shape = serializer.serialize_struct("Condition", 3)?;
        shape.serialize_field("path", self.path.as_str())?;
        shape.serialize_field("op", &self.op)?;
        shape.serialize_field("value", &self.value)?;
        shape.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn holds(path: &str, op: &str, value: &Value) -> bool {
        let data = json!({
            "total": 100, "price": 99.5, "id": 9_007_199_254_740_993_u64, "code": "5", "name": "Ärger & Co",
            "tags": ["new", 7], "none": null, "paid": true,
        });
        let path = Path::parse(path).unwrap();
        Condition { path, op: op.parse().unwrap(), value: value.clone() }.holds(&data)
    }

    /// Each line: a path, an operator, and a value as JSON.
    fn lines(table: &str) -> impl Iterator<Item = (&str, &str, Value)> {
        table.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| {
            let mut parts = line.splitn(3, ' ');
            let mut next = || parts.next().unwrap();
            (next(), next(), serde_json::from_str(next()).unwrap())
        })
    }

    #[test]
    fn conditions_compare_numbers_as_numbers_and_texts_as_texts() {
        let true_ones = r#"
            total eq 100.0
            total ne "100"
            total ge 100
            total le 100
            price lt 100
            price gt -1
            id gt 9007199254740992
            code eq "5"
            code lt "6"
            name contains "rger"
            tags contains 7.0
            name starts_with "Ä"
            none exists true
            none eq null
            paid in [true, "yes"]
        "#;
        for (path, op, value) in lines(true_ones) {
            assert!(holds(path, op, &value), "{path} {op} {value}");
        }
        let false_ones = r#"
            code eq 5
            code gt 4
            total lt "200"
            paid ge "t"
            id eq 9007199254740992
            total contains "10"
            tags contains "ne"
            name starts_with "ä"
            none exists false
            paid in ["true"]
        "#;
        for (path, op, value) in lines(false_ones) {
            assert!(!holds(path, op, &value), "{path} {op} {value}");
        }
    }

    #[test]
    fn where_nothing_lies_only_ne_and_its_absence_hold() {
        for op in Operator::ALL {
            let value = match op {
                Operator::In => json!(["x"]),
                Operator::Exists => json!(true),
                _ => json!("x"),
            };
            assert_eq!(holds("no.such", op.as_str(), &value), *op == Operator::Ne, "{op}");
        }
        assert!(holds("no.such", "exists", &json!(false)));
    }
}
