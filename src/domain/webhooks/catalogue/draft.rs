//! Event types added at run time: what is asked for, and what may be stored.

use serde_json::Value;

use super::{Validator, builtin, find};
use crate::domain::access::name;
use crate::domain::problem::FieldErrors;
use crate::domain::webhooks::trigger::{is_event_type, resource_and_event};

/// The longest description of an event type, in characters.
pub const LONGEST_DESCRIPTION: usize = 500;
/// The longest label of an event type, in characters.
pub const LONGEST_LABEL: usize = 100;
/// The longest heading of an event type in pickers, in characters.
pub const LONGEST_GROUP: usize = 60;
/// The most a schema and a sample may each take, in bytes of compact JSON.
pub const MOST_JSON_BYTES: usize = 64 * 1024;

/// An event type as someone asks for it.
#[derive(Debug, Clone, Default)]
pub struct EventTypeDraft {
    /// The name: `order.shipped`.
    pub name: String,
    /// When it happens; may be empty.
    pub description: String,
    /// A short title; made from the name when left out.
    pub label: Option<String>,
    /// The heading in pickers; that of the resource when left out.
    pub group: Option<String>,
    /// JSON Schema 2020-12 that published `data` must fit.
    pub schema: Option<Value>,
    /// An example of `data`.
    pub sample: Option<Value>,
}

/// An event type that may be stored: every field keeps the rules of the catalogue.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEventType {
    /// Lower-case, dotted, and not the name of a built-in type.
    pub name: String,
    /// The name before its last dot.
    pub resource: String,
    /// The name after its last dot.
    pub event: String,
    /// Never empty, at most [`LONGEST_LABEL`] characters.
    pub label: String,
    /// At most [`LONGEST_DESCRIPTION`] characters.
    pub description: String,
    /// Never empty, at most [`LONGEST_GROUP`] characters.
    pub group: String,
    /// A schema [`Validator::compile`] accepts.
    pub schema: Option<Value>,
    /// An object that fits `schema`.
    pub sample: Option<Value>,
}

impl EventTypeDraft {
    /// The type that may be stored, or everything that is wrong. Fields: `name`, `label`, `group`,
    /// `description`, `schema`, `sample` (`sample/…` where it does not fit). Codes: `required`, `format`,
    /// `taken`, `too_long`, `control_character`, `too_large`, `not_an_object`, `schema`.
    pub fn check(self) -> Result<NewEventType, FieldErrors> {
        let mut errors = FieldErrors::default();
        errors.keep(check_name(&self.name));
        let (resource, event) = resource_and_event(&self.name);
        let label = name::label("label", self.label.as_deref().unwrap_or_default(), LONGEST_LABEL);
        let label = errors.keep(label).filter(|l| !l.is_empty()).unwrap_or_else(|| title(&self.name));
        let group = name::label("group", self.group.as_deref().unwrap_or_default(), LONGEST_GROUP);
        let group = errors.keep(group).filter(|g| !g.is_empty()).unwrap_or_else(|| group_of(resource));
        let description = text("description", &self.description, LONGEST_DESCRIPTION);
        let description = errors.keep(description).unwrap_or_default();
        let validator = self.schema.as_ref().and_then(|schema| {
            errors.keep(small("schema", schema).and_then(|()| Validator::compile(schema)))
        });
        if let Some(sample) = &self.sample {
            errors.keep(check_sample(sample, validator.as_ref()));
        }
        errors.or(NewEventType {
            resource: resource.to_owned(),
            event: event.to_owned(),
            name: self.name,
            label,
            description,
            group,
            schema: self.schema,
            sample: self.sample,
        })
    }
}

fn check_name(name: &str) -> Result<(), FieldErrors> {
    let (code, message) = if name.is_empty() {
        ("required", "An event type needs a name, such as order.shipped.")
    } else if !is_event_type(name) {
        (
            "format",
            "A name is lower-case words joined by dots, such as order.shipped, at most 100 characters.",
        )
    } else if find(name).is_some() {
        ("taken", "A built-in event type has this name. Choose another.")
    } else {
        return Ok(());
    };
    Err(FieldErrors::one("name", code, message))
}

fn check_sample(sample: &Value, validator: Option<&Validator>) -> Result<(), FieldErrors> {
    if !sample.is_object() {
        return Err(FieldErrors::one(
            "sample",
            "not_an_object",
            "A sample is a JSON object. Send one, or leave it out.",
        ));
    }
    small("sample", sample)?;
    let Some(Err(misfits)) = validator.map(|v| v.check(sample)) else { return Ok(()) };
    let mut errors = FieldErrors::default();
    for misfit in misfits {
        let field = format!("sample{}", misfit.field.strip_prefix("data").unwrap_or_default());
        errors.push(field, misfit.code, misfit.message);
    }
    errors.or(())
}

/// `given` without space around it.
fn text(field: &'static str, given: &str, longest: usize) -> Result<String, FieldErrors> {
    let text = given.trim();
    if text.chars().count() > longest {
        return Err(FieldErrors::one(field, "too_long", format!("Use at most {longest} characters.")));
    }
    Ok(text.to_owned())
}

fn small(field: &'static str, json: &Value) -> Result<(), FieldErrors> {
    if json.to_string().len() > MOST_JSON_BYTES {
        return Err(FieldErrors::one(field, "too_large", "Larger than 64 KiB. Make it smaller."));
    }
    Ok(())
}

/// `order.shipped_late` as `Order shipped late`.
fn title(name: &str) -> String {
    let words = name.replace(['.', '_'], " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// The heading the resource's built-in types stand under, so that `order.shipped` joins them.
fn group_of(resource: &str) -> String {
    let kin = builtin().iter().find(|t| t.resource == resource);
    kin.map_or_else(|| title(resource), |t| t.group.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn codes(draft: EventTypeDraft) -> Vec<String> {
        draft.check().expect_err("refused").iter().map(|e| format!("{} {}", e.field, e.code)).collect()
    }

    #[test]
    fn a_name_is_enough_and_titles_are_made_of_it() {
        let made =
            EventTypeDraft { name: "gift_card.sent_late".into(), ..Default::default() }.check().unwrap();
        assert_eq!((made.label.as_str(), made.group.as_str()), ("Gift card sent late", "Gift card"));
        assert_eq!((made.resource.as_str(), made.event.as_str()), ("gift_card", "sent_late"));
        let made =
            EventTypeDraft { name: "order.shipped".into(), label: Some(" ".into()), ..Default::default() };
        let made = made.check().unwrap();
        assert_eq!((made.label.as_str(), made.group.as_str()), ("Order shipped", "Orders"));
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let draft = EventTypeDraft {
            name: "Order.Shipped".into(),
            description: "d".repeat(501),
            label: Some("l".repeat(101)),
            group: Some("g".repeat(61)),
            schema: Some(json!({"type": 7})),
            sample: Some(json!([])),
        };
        assert_eq!(
            codes(draft),
            [
                "name format",
                "label too_long",
                "group too_long",
                "description too_long",
                "schema schema",
                "sample not_an_object"
            ]
        );
        assert_eq!(codes(EventTypeDraft::default()), ["name required"]);
        assert_eq!(
            codes(EventTypeDraft { name: "webhook.test".into(), ..Default::default() }),
            ["name taken"]
        );
    }

    #[test]
    fn schema_and_sample_are_held_to_64_kib_and_to_each_other() {
        let draft = |schema: Value, sample: Value| EventTypeDraft {
            name: "order.shipped".into(),
            schema: Some(schema),
            sample: Some(sample),
            ..Default::default()
        };
        let large = json!({"description": "x".repeat(MOST_JSON_BYTES)});
        assert_eq!(codes(draft(large.clone(), large)), ["schema too_large", "sample too_large"]);
        let schema = json!({"properties": {"id": {"type": "string"}}});
        assert_eq!(codes(draft(schema.clone(), json!({"id": 7}))), ["sample/id schema"]);
        assert!(draft(schema, json!({"id": "ord_1"})).check().is_ok());
    }
}
