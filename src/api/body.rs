//! JSON objects as clients send them: read field by field, with every wrong type told at once.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::str::FromStr;

use actix_web::HttpRequest;
use actix_web::web::{Bytes, Payload};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::api::error::Problem;
use crate::domain::events::payload::SoundJson;
use crate::domain::problem::{FieldErrors, READ_ONLY_FIELD};
use crate::http::body::{self, Rules};

const WRONG_TYPE: &str = "wrong_type";
/// Fields that no request sets, whatever it is about.
const NOBODYS: [&str; 6] = ["id", "bu_id", "created_by", "created_at", "role", "secret_ciphertext"];

/// Reads the object in a request's body; 422 when it is JSON but no object, 400 when it holds fields that are
/// nobody's to set.
pub async fn object(request: &HttpRequest, payload: Payload) -> Result<Fields, Problem> {
    let bytes = body::read(request, payload, Rules::default()).await?;
    let sound = SoundJson::scan(&bytes)?;
    match serde_json::from_slice(sound.bytes())? {
        Value::Object(left) => {
            let fields = Fields { left, written: bytes.clone(), ..Fields::default() };
            fields.refuse(&NOBODYS).map(|()| fields)
        }
        _ => Err(FieldErrors::one("body", WRONG_TYPE, "Send a JSON object.").into()),
    }
}

/// The same, or an empty object when there is no body.
pub async fn object_or_none(request: &HttpRequest, payload: Payload) -> Result<Fields, Problem> {
    if body::is_absent(request) { Ok(Fields::default()) } else { object(request, payload).await }
}

/// The fields of an object. What nobody takes is ignored.
#[derive(Default)]
pub struct Fields {
    left: Map<String, Value>,
    /// The body they stand in; empty for an object inside another.
    written: Bytes,
    /// The object's own name with a dot behind; empty at the top.
    part: String,
    errors: FieldErrors,
}

impl Fields {
    /// 400 when one of these fields is there: they are not the caller's to set.
    pub fn refuse(&self, read_only: &[&'static str]) -> Result<(), Problem> {
        let mut errors = FieldErrors::default();
        for name in read_only.iter().filter(|name| self.has(name)) {
            errors.push(*name, READ_ONLY_FIELD, "This field cannot be set. Leave it out.");
        }
        errors.or(()).map_err(Problem::from)
    }

    /// Whether the field is there.
    pub fn has(&self, name: &str) -> bool {
        self.left.contains_key(name)
    }

    /// A text whose characters are judged elsewhere.
    pub fn text(&mut self, name: &str) -> Option<String> {
        match self.left.remove(name)? {
            Value::String(text) => Some(text),
            _ => self.wrong(name, "Send a text."),
        }
    }

    /// A text without control characters except line breaks and tabs.
    pub fn prose(&mut self, name: &str) -> Option<String> {
        let text = self.text(name)?;
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            self.fault(name, "control_character", "Control characters cannot be stored. Remove them.");
            return None;
        }
        Some(text)
    }

    /// A whole number, or `null` for none.
    pub fn int(&mut self, name: &str) -> Option<i32> {
        match self.left.remove(name)? {
            Value::Null => None,
            value => match value.as_i64().map(i32::try_from) {
                Some(Ok(number)) => Some(number),
                _ => self.wrong(name, "Send a whole number of usual size."),
            },
        }
    }

    /// Yes or no.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        match self.left.remove(name)? {
            Value::Bool(yes) => Some(yes),
            _ => self.wrong(name, "Send true or false."),
        }
    }

    /// A text that reads as a `T`; another text is a fault with this code and sentence.
    pub fn parsed<T: FromStr>(
        &mut self,
        name: &str,
        code: &'static str,
        sentence: &'static str,
    ) -> Option<T> {
        let parsed = self.text(name)?.parse().ok();
        if parsed.is_none() {
            self.fault(name, code, sentence);
        }
        parsed
    }

    /// Any value, `null` too.
    pub fn any(&mut self, name: &str) -> Option<Value> {
        self.left.remove(name)
    }

    /// Any value of the whole body's object, as it is written: 1.10 stays 1.10.
    pub fn written(&mut self, name: &str) -> Option<String> {
        self.left.remove(name)?;
        let all: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_slice(&self.written).ok()?;
        all.get(name).map(|value| value.get().to_owned())
    }

    /// Any value but `null`.
    pub fn value(&mut self, name: &str) -> Option<Value> {
        self.left.remove(name).filter(|value| !value.is_null())
    }

    /// A list of texts.
    pub fn texts(&mut self, name: &str) -> Option<Vec<String>> {
        let mut texts = Vec::new();
        for (i, item) in self.list(name)?.into_iter().enumerate() {
            match item {
                Value::String(text) => texts.push(text),
                _ => self.fault(&format!("{name}[{i}]"), WRONG_TYPE, "Send a text."),
            }
        }
        Some(texts)
    }

    /// A list of objects, each made into a `T`.
    pub fn objects<T>(&mut self, name: &str, mut read: impl FnMut(&mut Self) -> T) -> Option<Vec<T>> {
        let mut made = Vec::new();
        for (i, item) in self.list(name)?.into_iter().enumerate() {
            made.extend(self.nested(&format!("{name}[{i}]"), item, &mut read));
        }
        Some(made)
    }

    /// One object made into a `T`, or `null` for none.
    pub fn object<T>(&mut self, name: &str, mut read: impl FnMut(&mut Self) -> T) -> Option<T> {
        let value = self.value(name)?;
        self.nested(name, value, &mut read)
    }

    /// An object whose values are all texts, as pairs in its order.
    pub fn pairs(&mut self, name: &str) -> Option<Vec<(String, String)>> {
        let Value::Object(fields) = self.left.remove(name)? else {
            return self.wrong(name, "Send an object of texts.");
        };
        let mut pairs = Vec::new();
        for (key, value) in fields {
            match value {
                Value::String(text) => pairs.push((key, text)),
                _ => return self.wrong(name, "Send an object whose values are all texts."),
            }
        }
        Some(pairs)
    }

    /// Notes a fault of a field.
    pub fn fault(&mut self, name: &str, code: &'static str, message: &'static str) {
        self.errors.push(format!("{}{name}", self.part), code, message);
    }

    /// `value` when nothing was wrong, all faults otherwise.
    pub fn or<T>(self, value: T) -> Result<T, Problem> {
        self.errors.or(value).map_err(Problem::from)
    }

    fn list(&mut self, name: &str) -> Option<Vec<Value>> {
        match self.left.remove(name)? {
            Value::Array(list) => Some(list),
            _ => self.wrong(name, "Send a list."),
        }
    }

    fn nested<T>(&mut self, name: &str, value: Value, read: &mut impl FnMut(&mut Self) -> T) -> Option<T> {
        let Value::Object(left) = value else { return self.wrong(name, "Send an object.") };
        let part = format!("{}{name}.", self.part);
        let mut inner = Self { left, part, errors: std::mem::take(&mut self.errors), ..Self::default() };
        let made = read(&mut inner);
        self.errors = inner.errors;
        Some(made)
    }

    fn wrong<T>(&mut self, name: &str, message: &'static str) -> Option<T> {
        self.fault(name, WRONG_TYPE, message);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_wrong_type_is_told_by_its_place() {
        let Value::Object(map) = json!({
            "name": 1, "note": "a\u{0}b", "rate": 1.5, "events": ["a", 2, null], "status": null,
            "endpoints": [{"url": true, "static": {"name": []}}, 7], "headers": {"A": 1}, "size": null,
        }) else {
            panic!("an object")
        };
        let mut fields = Fields { left: map, ..Fields::default() };
        assert_eq!(fields.text("name"), None);
        assert_eq!(fields.prose("note"), None);
        assert_eq!((fields.int("rate"), fields.int("size"), fields.int("absent")), (None, None, None));
        assert_eq!(fields.texts("events"), Some(vec!["a".to_owned()]));
        assert_eq!(fields.text("status"), None);
        let urls = fields.objects("endpoints", |endpoint| {
            endpoint.object("static", |s| s.text("name"));
            endpoint.text("url")
        });
        assert_eq!(urls, Some(vec![None]));
        assert_eq!(fields.pairs("headers"), None);
        let told: Vec<String> = fields.errors.iter().map(|e| e.field.to_string()).collect();
        let expected = [
            "name",
            "note",
            "rate",
            "events[1]",
            "events[2]",
            "status",
            "endpoints[0].static.name",
            "endpoints[0].url",
            "endpoints[1]",
            "headers",
        ];
        assert_eq!(told, expected);
    }
}
