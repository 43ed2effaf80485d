//! Adding an event type of one's own, and changing it.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use serde_json::Value;

use super::delete::own;
use crate::domain::access::permission::Permission;
use crate::domain::problem::FieldErrors;
use crate::domain::webhooks::catalogue::EventTypeDraft;
use crate::ops::webhooks::catalogue::{self, EventTypeChange, TypeView};
use crate::ops::{Error, Refusal};
use crate::web::fault::Fault;
use crate::web::flash::Flash;
use crate::web::form::{Checked, Fields};
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::{Field, Notice, Tone};
use crate::web::routes;
use crate::web::shell::{Place, Shell};

/// The pages `/bu/{bu}/catalogue/new` and `/bu/{bu}/catalogue/{type}/edit`.
#[derive(Debug, Template)]
#[template(path = "webhooks/catalogue/edit.html")]
pub struct TypeEdit {
    /// The frame.
    pub shell: Shell,
    /// What the page does: `Add event type`.
    pub heading: &'static str,
    /// This page's own address.
    pub href: String,
    /// The catalogue.
    pub list: String,
    /// Where Cancel leads.
    pub back: String,
    /// Whether the type is new, and so gets its name.
    pub is_new: bool,
    /// Its name.
    pub name: Field,
    /// Its name for people.
    pub label: Field,
    /// Its heading.
    pub group: Field,
    /// What it says.
    pub description: Field,
    /// A sample, as typed.
    pub sample: Field,
    /// A schema, as typed.
    pub schema: Field,
    /// Whether new webhooks should do without it.
    pub deprecated: bool,
    /// Which field has the focus; empty for none.
    pub focus: &'static str,
    /// What was refused.
    pub notice: Option<Notice>,
}

impl Page for TypeEdit {}

/// What was typed.
#[derive(Debug, Default)]
struct Typed {
    name: String,
    label: String,
    group: String,
    description: String,
    sample: String,
    schema: String,
    deprecated: bool,
}

/// The empty form, for who may add a type.
pub async fn open_new(here: Here) -> Result<HttpResponse, Fault> {
    may_add(&here)?;
    Ok(here.answer(&TypeEdit::draw(&here, None, Typed::default(), &FieldErrors::default(), None)))
}

/// Adds the type, and goes to it.
pub async fn send_new(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    may_add(&here)?;
    let typed = Typed::read(&form);
    let made = match typed.json() {
        Err(errors) => Err(errors.into()),
        Ok((sample, schema)) => {
            let draft = EventTypeDraft {
                name: typed.name.clone(),
                description: typed.description.clone(),
                label: Some(typed.label.clone()),
                group: Some(typed.group.clone()),
                schema: Some(schema).filter(|v| !v.is_null()),
                sample: Some(sample).filter(|v| !v.is_null()),
            };
            here.try_run(move |cx, bu| catalogue::add(cx, bu, draft)).await?
        }
    };
    match made {
        Ok(one) => Ok(here.done(&routes::event_type(here.bu(), &one.name), Flash::TypeAdded)),
        Err(error) => refused(&here, None, typed, error),
    }
}

/// The form with what is stored.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let one = own(&here).await?;
    let typed = Typed::of(&one);
    Ok(here.answer(&TypeEdit::draw(&here, Some(&one.name), typed, &FieldErrors::default(), None)))
}

/// Changes the type, and goes back to it.
pub async fn send(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let name = own(&here).await?.name;
    let typed = Typed { name: name.clone(), ..Typed::read(&form) };
    let made = match typed.json() {
        Err(errors) => Err(errors.into()),
        Ok((sample, schema)) => {
            let change = EventTypeChange {
                description: Some(typed.description.clone()),
                label: Some(typed.label.clone()),
                group: Some(typed.group.clone()),
                deprecated: Some(typed.deprecated),
                schema: Some(schema),
                sample: Some(sample),
            };
            let wanted = name.clone();
            here.try_run(move |cx, bu| catalogue::change(cx, bu, &wanted, change)).await?
        }
    };
    match made {
        Ok(one) => Ok(here.done(&routes::event_type(here.bu(), &one.name), Flash::TypeChanged)),
        Err(error) => refused(&here, Some(&name), typed, error),
    }
}

fn may_add(here: &Here) -> Result<(), Fault> {
    if here.may(Permission::EventTypesWrite) {
        return Ok(());
    }
    Err(Error::Forbidden(Refusal::Role(Permission::EventTypesWrite)).into())
}

/// The same form with what was typed.
fn refused(here: &Here, name: Option<&str>, typed: Typed, error: Error) -> Result<HttpResponse, Fault> {
    let (status, errors, notice) = match error {
        Error::Invalid(errors) => (StatusCode::UNPROCESSABLE_ENTITY, errors, None),
        Error::Conflict { code: "event_type_exists", message } => {
            (StatusCode::CONFLICT, FieldErrors::one("name", "taken", message), None)
        }
        Error::Conflict { message, .. } => {
            let title = "The event type was not saved.".to_owned();
            let notice = Notice { tone: Tone::Bad, title, text: message.into_owned() };
            (StatusCode::CONFLICT, FieldErrors::default(), Some(notice))
        }
        other => return Err(other.into()),
    };
    Ok(here.answer_with(status, &TypeEdit::draw(here, name, typed, &errors, notice)))
}

impl Typed {
    fn read(form: &Fields) -> Self {
        let text = |name: &str| form.text(name).trim().to_owned();
        Self {
            name: text("name"),
            label: text("label"),
            group: text("group"),
            description: text("description"),
            sample: text("sample"),
            schema: text("schema"),
            deprecated: form.text("deprecated") == "on",
        }
    }

    fn of(one: &TypeView) -> Self {
        let json = |value: &Option<Value>| {
            value.as_ref().and_then(|v| serde_json::to_string_pretty(v).ok()).unwrap_or_default()
        };
        Self {
            name: one.name.clone(),
            label: one.label.clone(),
            group: one.group.clone(),
            description: one.description.clone(),
            sample: json(&one.sample),
            schema: json(&one.schema),
            deprecated: one.deprecated,
        }
    }

    /// Sample and schema; `null` where nothing was typed.
    fn json(&self) -> Result<(Value, Value), FieldErrors> {
        let mut errors = FieldErrors::default();
        let mut read = |field: &'static str, text: &str| {
            if text.is_empty() {
                return Value::Null;
            }
            serde_json::from_str(text).unwrap_or_else(|error| {
                let message = format!(
                    "This is not JSON: line {}, column {}. Correct it there.",
                    error.line(),
                    error.column()
                );
                errors.push(field, "json", message);
                Value::Null
            })
        };
        let both = (read("sample", &self.sample), read("schema", &self.schema));
        errors.or(both)
    }
}

impl TypeEdit {
    /// `name` is that of the type that is changed; `None` for a new one.
    fn draw(
        here: &Here,
        name: Option<&str>,
        typed: Typed,
        errors: &FieldErrors,
        notice: Option<Notice>,
    ) -> Self {
        let bu = here.bu();
        let heading = if name.is_some() { "Edit event type" } else { "Add event type" };
        let field = |key: &str, value: String| Field {
            value,
            errors: errors
                .iter()
                .filter(|error| error.field == key || error.field.starts_with(&format!("{key}/")))
                .map(|error| error.message.to_string())
                .collect(),
        };
        let is_wrong = !errors.is_empty() || notice.is_some();
        let fields = ["name", "label", "group", "description", "sample", "schema"];
        let first = fields.into_iter().find(|key| !field(key, String::new()).errors.is_empty());
        let title = if is_wrong { format!("Error: {heading}") } else { heading.to_owned() };
        let list = routes::catalogue(bu);
        Self {
            shell: here.shell(&title, Place::Matrix),
            heading,
            href: name.map_or_else(|| routes::event_type_new(bu), |name| routes::event_type_edit(bu, name)),
            back: name.map_or_else(|| list.clone(), |name| routes::event_type(bu, name)),
            list,
            is_new: name.is_none(),
            name: field("name", typed.name),
            label: field("label", typed.label),
            group: field("group", typed.group),
            description: field("description", typed.description),
            sample: field("sample", typed.sample),
            schema: field("schema", typed.schema),
            deprecated: typed.deprecated,
            focus: first.unwrap_or_default(),
            notice,
        }
    }
}
