//! One event type: what it says, a sample, its schema.

use actix_web::HttpResponse;
use askama::Template;
use serde_json::Value;

use super::list::badges;
use crate::domain::access::permission::Permission;
use crate::ops::webhooks::catalogue::{self, TypeView};
use crate::web::fault::Fault;
use crate::web::here::Here;
use crate::web::json_view;
use crate::web::page::Page;
use crate::web::parts::CodeBlock;
use crate::web::routes;
use crate::web::shell::{Place, Shell};

/// The page `/bu/{bu}/catalogue/{type}`.
#[derive(Debug, Template)]
#[template(path = "webhooks/catalogue/one.html")]
pub struct TypePage {
    /// The frame.
    pub shell: Shell,
    /// The catalogue.
    pub back: String,
    /// The type's name.
    pub name: String,
    /// Its name for people.
    pub label: String,
    /// What it says; may be empty.
    pub description: String,
    /// Its heading.
    pub group: String,
    /// What to know of it.
    pub badges: Vec<&'static str>,
    /// Where its events are.
    pub log: String,
    /// Where it is changed, for who may.
    pub edit: Option<String>,
    /// Where it is removed, for who may.
    pub delete: Option<String>,
    /// A sample, if there is one.
    pub sample: Option<CodeBlock>,
    /// Its schema, if there is one.
    pub schema: Option<CodeBlock>,
}

impl Page for TypePage {}

/// The type of this name.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let name = here.in_path("type").to_owned();
    let one = here.run(move |cx, bu| catalogue::get(cx, bu, &name)).await?;
    Ok(here.answer(&TypePage::of(&here, &one)))
}

impl TypePage {
    fn of(here: &Here, one: &TypeView) -> Self {
        let (bu, name) = (here.bu(), &one.name);
        let may = one.own && here.may(Permission::EventTypesWrite);
        let block = |id: &str, label: &str, value: &Value| CodeBlock {
            id: id.to_owned(),
            label: label.to_owned(),
            mark: None,
            pieces: json_view::body(value.to_string().as_bytes()),
            note: None,
        };
        Self {
            shell: here.shell(name, Place::Matrix),
            back: routes::catalogue(bu),
            name: name.clone(),
            label: one.label.clone(),
            description: one.description.clone(),
            group: one.group.clone(),
            badges: badges(one),
            log: routes::with_query(&routes::log(bu), &[("type", name)]),
            edit: may.then(|| routes::event_type_edit(bu, name)),
            delete: may.then(|| routes::event_type_delete(bu, name)),
            sample: one.sample.as_ref().map(|sample| block("sample", "Sample of data", sample)),
            schema: one.schema.as_ref().map(|schema| block("schema", "JSON Schema of data", schema)),
        }
    }
}
