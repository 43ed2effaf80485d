//! Schemas of event types: which are accepted, and how `data` is held against one.

use std::fmt::Write as _;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{PatternOptions, ValidationError};
use serde_json::Value;

use super::schema_cost::is_affordable;
use crate::domain::problem::FieldErrors;

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
/// How many misfits of one payload are told.
const MOST_MISFITS: usize = 20;
/// How long a name, a path or a rule taken from elsewhere may be in a message, in characters.
const LONGEST_QUOTE: usize = 120;

/// A schema ready for use.
#[derive(Debug)]
pub struct Validator(jsonschema::Validator);

impl Validator {
    /// Makes `schema` ready. Refused, with errors on the field `schema`: what is not an object, not
    /// JSON Schema 2020-12, refers to anything outside itself, or could take very long to check.
    /// Nothing is ever fetched.
    pub fn compile(schema: &Value) -> Result<Self, FieldErrors> {
        let refuse = |code, message: String| Err(FieldErrors::one("schema", code, message));
        let Some(object) = schema.as_object() else {
            return refuse("not_an_object", "A schema is a JSON object. Send one, or leave it out.".into());
        };
        if object.get("$schema").is_some_and(|d| d.as_str().map(|d| d.trim_end_matches('#')) != Some(DIALECT))
        {
            return refuse(
                "schema",
                format!("Only JSON Schema 2020-12 is supported. Set $schema to {DIALECT}."),
            );
        }
        is_affordable(schema)?;
        // Patterns run on what others publish, so they use the engine that takes linear time.
        let patterns = PatternOptions::regex().size_limit(1 << 20).dfa_size_limit(1 << 20);
        let options = jsonschema::draft202012::options().offline().with_pattern_options(patterns);
        match options.build(schema) {
            Ok(validator) => Ok(Self(validator)),
            Err(error) => refuse("schema", why_not_a_schema(&error)),
        }
    }

    /// Whether `data` fits. Each misfit is an error with code `schema` on the field
    /// `data/pointer/path`; messages name the rule and never the value. At most 20 are told.
    pub fn check(&self, data: &Value) -> Result<(), FieldErrors> {
        let mut errors = FieldErrors::default();
        for misfit in self.0.iter_errors(data).take(MOST_MISFITS) {
            let field = format!("data{}", misfit.instance_path().as_str());
            errors.push(quote(&field), "schema", why_no_fit(&misfit));
        }
        errors.or(())
    }
}

fn why_not_a_schema(error: &ValidationError<'_>) -> String {
    if matches!(error.kind(), ValidationErrorKind::Referencing(_)) {
        return "A $ref points at nothing in this schema. Point it at a part that exists, as in #/$defs/name."
            .to_owned();
    }
    let place = error.instance_path().as_str();
    let mut message = "This is not a valid JSON Schema 2020-12".to_owned();
    if !place.is_empty() {
        // Writing to a string cannot fail.
        let _ = write!(message, ": look at {}", quote(place));
    }
    if matches!(error.kind(), ValidationErrorKind::Format { .. }) {
        message.push_str(". Patterns may not be very large, look around or refer back");
    }
    message.push('.');
    message
}

fn why_no_fit(misfit: &ValidationError<'_>) -> String {
    use ValidationErrorKind as Kind;
    let json = |rule: &Value| quote(&rule.to_string());
    match misfit.kind() {
        Kind::Type { kind: TypeKind::Single(one) } => format!("Must be of type {one}."),
        Kind::Type { kind: TypeKind::Multiple(many) } => {
            let names: Vec<String> = many.iter().map(|t| t.to_string()).collect();
            format!("Must be of one of these types: {}.", names.join(", "))
        }
        Kind::Required { property } => {
            format!("The field {} is missing. Add it.", json(property))
        }
        Kind::Enum { options } => format!("Must be one of {}.", json(options)),
        Kind::Constant { expected_value } => format!("Must be {}.", json(expected_value)),
        Kind::Minimum { limit } => format!("Must be at least {}.", json(limit)),
        Kind::Maximum { limit } => format!("Must be at most {}.", json(limit)),
        Kind::ExclusiveMinimum { limit } => format!("Must be more than {}.", json(limit)),
        Kind::ExclusiveMaximum { limit } => format!("Must be less than {}.", json(limit)),
        Kind::MultipleOf { .. } => "Must be a multiple of the number the schema names.".to_owned(),
        Kind::MinLength { limit } => format!("Must be at least {limit} characters long."),
        Kind::MaxLength { limit } => format!("Must be at most {limit} characters long."),
        Kind::MinItems { limit } => format!("Must have at least {limit} items."),
        Kind::MaxItems { limit } => format!("Must have at most {limit} items."),
        Kind::MinProperties { limit } => format!("Must have at least {limit} fields."),
        Kind::MaxProperties { limit } => format!("Must have at most {limit} fields."),
        Kind::UniqueItems => "Must not have the same item twice.".to_owned(),
        Kind::Pattern { pattern } => format!("Must match the pattern {}.", quote(pattern)),
        Kind::Format { format } => format!("Must be a valid {}.", quote(format)),
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            format!("The schema does not have these fields: {}. Remove them.", quote(&unexpected.join(", ")))
        }
        other => format!("Does not fit the schema's rule {}.", quote(other.keyword())),
    }
}

/// `text`, cut where it gets too long for a message.
fn quote(text: &str) -> String {
    match text.char_indices().nth(LONGEST_QUOTE) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refusal(schema: &Value) -> String {
        let errors = Validator::compile(schema).expect_err("refused");
        errors.iter().map(|e| format!("{} {}: {}", e.field, e.code, e.message)).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn misfits_name_the_path_and_the_rule_but_not_the_value() {
        let schema = json!({
            "required": ["id"],
            "properties": {
                "pin": {"maxLength": 3},
                "lines": {"items": {"properties": {"a/b": {"type": "integer"}}}},
                "kind": {"enum": ["one", "two"]},
            },
        });
        let validator = Validator::compile(&schema).unwrap();
        let errors = validator
            .check(&json!({"pin": "s3cret", "lines": [{}, {"a/b": "s3cret"}], "kind": "s3cret"}))
            .unwrap_err();
        let mut told: Vec<String> = errors.iter().map(|e| format!("{}: {}", e.field, e.message)).collect();
        told.sort();
        assert_eq!(
            told,
            [
                "data/kind: Must be one of [\"one\",\"two\"].",
                "data/lines/1/a~1b: Must be of type integer.",
                "data/pin: Must be at most 3 characters long.",
                "data: The field \"id\" is missing. Add it.",
            ]
        );
        assert!(errors.iter().all(|e| e.code == "schema"));
        assert!(validator.check(&json!({"id": 1, "more": true})).is_ok());
    }

    #[test]
    fn long_names_are_cut_and_many_misfits_are_too() {
        let closed = Validator::compile(&json!({"additionalProperties": false})).unwrap();
        let errors = closed.check(&json!({"x".repeat(5_000): 1})).unwrap_err();
        assert!(errors.iter().all(|e| e.message.len() < 300));
        let strings = Validator::compile(&json!({"additionalProperties": {"type": "string"}})).unwrap();
        let many: Value =
            (0..100).map(|n| (format!("k{n}"), json!(n))).collect::<serde_json::Map<_, _>>().into();
        assert_eq!(strings.check(&many).unwrap_err().iter().count(), MOST_MISFITS);
    }

    #[test]
    fn only_schemas_of_the_one_dialect_are_accepted() {
        for (schema, says) in [
            (json!([]), "schema not_an_object:"),
            (json!(true), "schema not_an_object:"),
            (json!({"type": "objekt"}), "look at /type"),
            (json!({"$schema": "http://json-schema.org/draft-07/schema#"}), "Only JSON Schema 2020-12"),
            (json!({"properties": {"a": {"pattern": "(?=a)b"}}}), "Patterns may not"),
            (json!({"pattern": "((a{1,100}){1,100}){1,100}"}), "Patterns may not"),
            (json!({"$ref": "#/$defs/none"}), "points at nothing"),
        ] {
            let told = refusal(&schema);
            assert!(told.contains(says), "{told}");
        }
        assert!(
            Validator::compile(&json!({"$schema": DIALECT, "$ref": "#/$defs/a", "$defs": {"a": {}}})).is_ok()
        );
    }
}
