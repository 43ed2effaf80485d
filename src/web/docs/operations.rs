//! The operations of a description: each with a request to copy, its answer and its fields.

use serde_json::{Map, Value};

use crate::web::json_view::{self, Piece};
use crate::web::parts::CodeBlock;

/// The operations of one subject.
#[derive(Debug)]
pub struct Group {
    /// Its name: `Event types`.
    pub name: String,
    /// What it is about, in one sentence.
    pub about: String,
    /// Its operations, in the order of the description.
    pub operations: Vec<Operation>,
}

/// One operation.
#[derive(Debug)]
pub struct Operation {
    /// Unique in the page: `create_webhook`.
    pub id: String,
    /// `Create webhook`.
    pub title: String,
    /// `POST`.
    pub method: String,
    /// `/api/v1/webhooks`.
    pub path: String,
    /// What it does.
    pub about: String,
    /// The scope that it needs; empty when it needs none.
    pub scope: String,
    /// What stands in the address, the headers and the body.
    pub fields: Vec<Field>,
    /// As curl.
    pub request: CodeBlock,
    /// What comes back where that is JSON; several when it has several forms.
    pub answers: Vec<CodeBlock>,
    /// The other statuses that can come: `400, 401`.
    pub problems: String,
}

/// Something that a request may say.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Where it stands: `query`, `body`.
    pub place: String,
    /// Whether it must be there.
    pub required: bool,
    /// What it says.
    pub about: String,
}

/// Operations by tag, in the order of the tags.
pub fn groups(document: &Value, base: &str) -> Vec<Group> {
    let tags = document.get("tags").and_then(Value::as_array);
    let group = |tag: &Value| {
        let name = text(tag, "name");
        let operations = all(document).filter(|(_, _, o)| o.pointer("/tags/0").is_some_and(|t| *t == *name));
        let operations = operations.map(|(path, method, o)| operation(document, base, path, method, o));
        Group { about: text(tag, "description"), operations: operations.collect(), name }
    };
    tags.into_iter().flatten().map(group).collect()
}

fn all(document: &Value) -> impl Iterator<Item = (&String, &String, &Value)> {
    let paths = members(document, "paths");
    paths.flat_map(|(path, item)| {
        item.as_object().into_iter().flatten().map(move |(method, operation)| (path, method, operation))
    })
}

fn operation(document: &Value, base: &str, path: &str, method: &str, operation: &Value) -> Operation {
    let id = text(operation, "operationId");
    let statuses = || members(operation, "responses");
    let good = statuses().find(|(status, _)| status.starts_with('2'));
    let problems: Vec<&str> =
        statuses().map(|(status, _)| status.as_str()).filter(|status| !status.starts_with('2')).collect();
    Operation {
        title: text(operation, "summary"),
        about: text(operation, "description"),
        method: method.to_uppercase(),
        path: path.to_owned(),
        scope: operation
            .pointer("/security/0/token/0")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        fields: parameters(operation).chain(body(document, operation)).collect(),
        request: block(&format!("{id}_request"), "Request", curl(document, base, path, method, operation)),
        answers: good.map(|(status, answer)| answers(&id, status, answer)).unwrap_or_default(),
        problems: problems.join(", "),
        id,
    }
}

fn answers(id: &str, status: &str, answer: &Value) -> Vec<CodeBlock> {
    let Some(content) = answer.pointer("/content/application~1json") else { return Vec::new() };
    let one = content
        .get("example")
        .map(|example| block(&format!("{id}_answer"), &format!("Response {status}"), json(example)));
    let several = members(content, "examples").filter_map(|(name, example)| {
        let label = format!("Response {status}, {}", text(example, "summary"));
        Some(block(&format!("{id}_answer_{name}"), &label, json(example.get("value")?)))
    });
    one.into_iter().chain(several).collect()
}

fn parameters(operation: &Value) -> impl Iterator<Item = Field> {
    let all = operation.get("parameters").and_then(Value::as_array);
    let shown = all.into_iter().flatten().filter(|parameter| parameter.get("description").is_some());
    shown.map(|parameter| Field {
        name: text(parameter, "name"),
        place: text(parameter, "in"),
        required: parameter.get("required").is_some_and(|required| required == true),
        about: text(parameter, "description"),
    })
}

fn body<'a>(document: &'a Value, operation: &'a Value) -> impl Iterator<Item = Field> {
    let schema = operation.pointer("/requestBody/content/application~1json/schema");
    let schema = schema.map_or(&Value::Null, |schema| resolve(document, schema));
    let required = schema.get("required").and_then(Value::as_array);
    members(schema, "properties").map(move |(name, property)| {
        let about = property.get("description").or(property.pointer("/oneOf/0/description"));
        Field {
            name: name.clone(),
            place: "body".to_owned(),
            required: required.is_some_and(|all| all.iter().any(|known| known == name.as_str())),
            about: about.and_then(Value::as_str).unwrap_or_default().to_owned(),
        }
    })
}

/// The request as a command line, with what the examples say; ids are variables of the shell.
fn curl(document: &Value, base: &str, path: &str, method: &str, operation: &Value) -> Vec<Piece> {
    let ids = ids(document);
    let mut address = format!("{base}{path}");
    let parameters = operation.get("parameters").and_then(Value::as_array);
    for parameter in parameters.into_iter().flatten().filter(|parameter| text(parameter, "in") == "path") {
        let schema = parameter.get("schema").map(|schema| resolve(document, schema));
        let example = parameter.get("example").or(schema.and_then(|schema| schema.pointer("/examples/0")));
        let example = example.and_then(Value::as_str).unwrap_or_default();
        address = address.replace(&format!("{{{}}}", text(parameter, "name")), example);
    }
    for (id, variable) in &ids {
        address = address.replace(*id, variable);
    }
    let mut pieces = vec![plain(&format!("curl -X {} {address}", method.to_uppercase()))];
    let mut option = |name: &str, value: String| {
        pieces.extend([plain(&format!(" \\\n  {name} ")), Piece { class: "j-s", text: value }]);
    };
    if operation.get("security").is_some() {
        option("-H", "\"Authorization: Bearer $BELLWIRE_TOKEN\"".to_owned());
    }
    if let Some(example) = operation.pointer("/requestBody/content/application~1json/example") {
        option("-H", "\"Content-Type: application/json\"".to_owned());
        let mut body = example.to_string().replace('\'', "'\\''");
        for (id, variable) in &ids {
            body = body.replace(*id, &format!("'\"{variable}\"'"));
        }
        option("-d", format!("'{body}'"));
    }
    pieces
}

/// The ids of the examples, which are nobody's, each with the variable that stands for it: `$WEBHOOK_ID`.
fn ids(document: &Value) -> Vec<(&str, String)> {
    let schemas = document.get("components").unwrap_or(&Value::Null);
    let schemas = members(schemas, "schemas").filter(|(name, _)| name.ends_with("Id"));
    let ids = schemas.filter_map(|(name, schema)| {
        let mut variable = String::new();
        for letter in name.chars() {
            if letter.is_ascii_uppercase() {
                variable.push(if variable.is_empty() { '$' } else { '_' });
            }
            variable.push(letter.to_ascii_uppercase());
        }
        Some((schema.pointer("/examples/0")?.as_str()?, variable))
    });
    ids.collect()
}

/// A block with a button that copies it.
pub fn block(id: &str, label: &str, pieces: Vec<Piece>) -> CodeBlock {
    CodeBlock { id: id.to_owned(), label: label.to_owned(), mark: None, pieces, note: None }
}

/// A value in colours.
pub fn json(value: &Value) -> Vec<Piece> {
    json_view::body(value.to_string().as_bytes())
}

/// A text without colours.
pub fn plain(text: &str) -> Piece {
    Piece { class: "", text: text.to_owned() }
}

/// The text of a member; empty when there is none.
pub fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The members of the object called `name`.
pub fn members<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
    value.get(name).and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let pointer = schema.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(schema)
}
