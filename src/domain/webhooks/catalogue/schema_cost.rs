//! What checking against a schema can cost, judged before the schema is used.

use serde_json::Value;

use crate::domain::problem::FieldErrors;

/// How many parts a schema may have once its references are written out.
const MOST_PARTS: usize = 1_000;
/// Keywords that hold schemas by name; the name is not a keyword.
const NAMED: [&str; 4] = ["properties", "patternProperties", "dependentSchemas", "dependencies"];
/// Keywords that hold values or definitions, which cost nothing by themselves.
const FREE: [&str; 6] = ["const", "enum", "default", "examples", "$defs", "definitions"];

/// A walk through a schema along its references.
struct Walk<'a> {
    root: &'a Value,
    parts: usize,
    /// The references being followed, each with how often something inside came back to it or above.
    open: Vec<(&'a str, usize)>,
}

/// Refuses, with an error on the field `schema`: references that leave the schema, schemas that grow
/// beyond measure when references are written out, and schemas that contain themselves more than
/// once, because the work would double with each level of the data.
pub(super) fn is_affordable(schema: &Value) -> Result<(), FieldErrors> {
    Walk { root: schema, parts: 0, open: vec![("#", 0)] }.part(schema, true)
}

impl<'a> Walk<'a> {
    fn part(&mut self, schema: &'a Value, outermost: bool) -> Result<(), FieldErrors> {
        self.parts += 1;
        if self.parts > MOST_PARTS {
            return refuse(
                "This schema has too many parts once its references are followed. Make it smaller.",
            );
        }
        match schema {
            Value::Array(items) => items.iter().try_for_each(|item| self.part(item, false)),
            Value::Object(keywords) => {
                keywords.iter().try_for_each(|(keyword, value)| self.keyword(keyword, value, outermost))
            }
            _ => Ok(()),
        }
    }

    fn keyword(&mut self, keyword: &str, value: &'a Value, outermost: bool) -> Result<(), FieldErrors> {
        match (keyword, value) {
            ("$ref", Value::String(target)) => self.reference(target),
            ("$dynamicRef" | "$recursiveRef", _) => refuse("Use $ref; dynamic references are not supported."),
            ("$id", _) if !outermost => {
                refuse("A part of a schema cannot have an $id of its own. Remove it.")
            }
            (_, Value::Object(named)) if NAMED.contains(&keyword) => {
                named.values().try_for_each(|schema| self.part(schema, false))
            }
            (_, Value::Object(_) | Value::Array(_)) if !FREE.contains(&keyword) => self.part(value, false),
            _ => Ok(()),
        }
    }

    fn reference(&mut self, target: &'a str) -> Result<(), FieldErrors> {
        let Some(pointer) = target.strip_prefix('#').filter(|p| p.is_empty() || p.starts_with('/')) else {
            return refuse(
                "References must point inside this schema, as in #/$defs/name. Copy what is needed.",
            );
        };
        if let Some(back_to) = self.open.iter().position(|(open, _)| *open == target) {
            for (_, returns) in self.open.iter_mut().skip(back_to) {
                *returns += 1;
                if *returns > 1 {
                    return refuse(
                        "This schema contains itself in more than one place. Leave one of them open.",
                    );
                }
            }
            return Ok(());
        }
        let Some(found) = self.root.pointer(pointer) else {
            return refuse(
                "A $ref points at nothing in this schema. Point it at a part, as in #/$defs/name.",
            );
        };
        self.open.push((target, 0));
        let walked = self.part(found, pointer.is_empty());
        self.open.pop();
        walked
    }
}

fn refuse(message: &'static str) -> Result<(), FieldErrors> {
    Err(FieldErrors::one("schema", "schema", message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::webhooks::catalogue::Validator;
    use serde_json::json;

    #[test]
    fn references_stay_inside_the_schema() {
        for target in
            ["https://example.com/a.json", "file:///etc/hostname", "other.json#/a", "#anchor", "//a"]
        {
            assert!(
                is_affordable(&json!({"properties": {"a": {"items": {"$ref": target}}}})).is_err(),
                "{target}"
            );
        }
        assert!(is_affordable(&json!({"allOf": [{"$dynamicRef": "#a"}]})).is_err());
        assert!(is_affordable(&json!({"properties": {"a": {"$id": "https://example.com/"}}})).is_err());
        assert!(is_affordable(&json!({"properties": {"$ref": {"type": "string"}, "$id": {}}})).is_ok());
        assert!(is_affordable(&json!({"const": {"$ref": "https://example.com/"}})).is_ok());
    }

    #[test]
    fn a_schema_that_doubles_at_each_step_is_refused() {
        let step =
            |n: usize| json!({"allOf": [{"$ref": format!("#/$defs/{n}")}, {"$ref": format!("#/$defs/{n}")}]});
        let defs: serde_json::Map<_, _> = (0..40).map(|n| (n.to_string(), step(n + 1))).collect();
        let mut schema = json!({"$ref": "#/$defs/0", "$defs": defs});
        schema["$defs"]["40"] = json!({});
        assert!(is_affordable(&schema).is_err());
        let twice = json!({"properties": {"a": {"$ref": "#"}}});
        assert!(is_affordable(&json!({"allOf": [twice, twice]})).is_err());
    }

    #[test]
    fn a_tree_and_a_long_chain_are_accepted_and_work() {
        let tree = json!({"type": "object", "properties": {"children": {"items": {"$ref": "#"}}}});
        let validator = Validator::compile(&tree).unwrap();
        assert!(validator.check(&json!({"children": [{"children": [{}]}]})).is_ok());
        assert!(validator.check(&json!({"children": [{"children": [7]}]})).is_err());

        let link = |n: usize| (n.to_string(), json!({"$ref": format!("#/$defs/{}", n + 1)}));
        let mut chain =
            json!({"$ref": "#/$defs/0", "$defs": (0..900).map(link).collect::<serde_json::Map<_, _>>()});
        chain["$defs"]["900"] = json!({"required": ["id"]});
        assert!(Validator::compile(&chain).unwrap().check(&json!({})).is_err());
    }
}
