//! The catalogue as a list under headings.

use actix_web::HttpResponse;
use askama::Template;

use crate::domain::access::permission::Permission;
use crate::ops::webhooks::catalogue::{self, TypeView};
use crate::web::fault::Fault;
use crate::web::format;
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::routes;
use crate::web::shell::{Place, Shell};

/// The page `/bu/{bu}/catalogue`; its list for htmx.
#[derive(Debug, Template)]
#[template(path = "webhooks/catalogue/list.html", blocks = ["types"])]
pub struct Catalogue {
    /// The frame.
    pub shell: Shell,
    /// The address of the list without a search.
    pub href: String,
    /// Where a type is added, for who may.
    pub add: Option<String>,
    /// What is searched for.
    pub q: String,
    /// `30 event types`.
    pub found: String,
    /// The types under their headings.
    pub groups: Vec<Group>,
}

/// Types under one heading.
#[derive(Debug, Clone)]
pub struct Group {
    /// The heading.
    pub label: String,
    /// The types.
    pub rows: Vec<Row>,
}

/// One type of the list.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its page.
    pub href: String,
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub label: String,
    /// What it says; may be empty.
    pub description: String,
    /// What to know of it, in a word or two each.
    pub badges: Vec<&'static str>,
}

impl Page for Catalogue {
    fn fragment(&self) -> askama::Result<String> {
        self.as_types().render()
    }
}

/// The list, searched as its address says.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let q = here.query().text("q").trim().to_owned();
    let types = here.run(catalogue::list).await?;
    let found = catalogue::found(&types, &q);
    let mut groups: Vec<Group> = Vec::new();
    for one in &found {
        let row = Row {
            href: routes::event_type(here.bu(), &one.name),
            name: one.name.clone(),
            label: one.label.clone(),
            description: one.description.clone(),
            badges: badges(one),
        };
        match groups.last_mut().filter(|group| group.label == one.group) {
            Some(group) => group.rows.push(row),
            None => groups.push(Group { label: one.group.clone(), rows: vec![row] }),
        }
    }
    Ok(here.answer(&Catalogue {
        shell: here.shell("Event catalogue", Place::Matrix),
        href: routes::catalogue(here.bu()),
        add: here.may(Permission::EventTypesWrite).then(|| routes::event_type_new(here.bu())),
        q,
        found: format::count(found.len() as u64, "event type", "event types"),
        groups,
    }))
}

/// What to know of a type.
pub fn badges(one: &TypeView) -> Vec<&'static str> {
    let all = [(one.partner_only, "Partner only"), (one.deprecated, "Deprecated"), (one.own, "Your own")];
    all.into_iter().filter(|(is_so, _)| *is_so).map(|(_, word)| word).collect()
}
