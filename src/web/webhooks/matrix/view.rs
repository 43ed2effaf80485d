//! The page of the matrix, as data with ready words.

use std::collections::BTreeSet;

use askama::Template;

use super::ticked::Ticked;
use crate::domain::access::permission::Permission;
use crate::domain::id::WebhookId;
use crate::domain::problem::FieldErrors;
use crate::domain::webhooks::webhook::{Origin, WebhookStatus};
use crate::ops::webhooks::catalogue::{self, TypeView};
use crate::ops::webhooks::matrix::{Matrix, Planned, version};
use crate::ops::webhooks::read::WebhookView;
use crate::web::form::Fields;
use crate::web::format;
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::{Choice, Field, Notice, Tone};
use crate::web::routes;
use crate::web::shell::{Place, Shell};
use crate::web::webhooks::secret::Fresh;

/// The page `/bu/{bu}/matrix`; its form for htmx.
#[derive(Debug, Template)]
#[template(path = "webhooks/matrix/page.html", blocks = ["matrix"])]
pub struct MatrixPage {
    /// The frame.
    pub shell: Shell,
    /// The address of the matrix without a search.
    pub href: String,
    /// The event catalogue.
    pub catalogue: String,
    /// What is searched for among the types.
    pub q: String,
    /// The place in the list of webhooks that this page starts after; empty for the beginning.
    pub after: String,
    /// Whether the login may change something.
    pub may_write: bool,
    /// Whether a webhook can be made here.
    pub may_add: bool,
    /// The webhooks beside each other.
    pub columns: Vec<Column>,
    /// The same, to choose one on a phone.
    pub picks: Vec<Choice>,
    /// The types under their headings.
    pub groups: Vec<Group>,
    /// How many types were found: `30 event types`.
    pub found: String,
    /// What is not applied yet: `3 changes are not applied yet.`; empty for nothing.
    pub pending: String,
    /// What the form keeps of cells that it does not show: name and value.
    pub kept: Vec<(&'static str, String)>,
    /// The address of the new webhook.
    pub url: Field,
    /// The id of the new webhook.
    pub new_id: String,
    /// `2 webhooks`.
    pub total: String,
    /// Where newer webhooks stand: what is sent; none for nowhere.
    pub newer: bool,
    /// After which webhook the older ones stand.
    pub older: Option<String>,
    /// What was refused.
    pub notice: Option<Notice>,
    /// What will change, before it is saved.
    pub review: Option<Review>,
    /// The secret that this answer shows, once.
    pub fresh: Option<Fresh>,
}

/// One webhook of the matrix.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its details.
    pub href: String,
    /// Its name.
    pub name: String,
    /// The addresses of its endpoints without scheme.
    pub urls: Vec<String>,
    /// Whose it is or why it does not send: `Another partner’s`, `Programme`, `Inactive`; empty for nothing to say.
    pub note: String,
    /// What the form says of it: id, version, and the rows that are stored; empty for one that cannot be changed.
    pub value: String,
}

/// Types under one heading.
#[derive(Debug, Clone)]
pub struct Group {
    /// The heading.
    pub label: String,
    /// The types.
    pub lines: Vec<Line>,
}

/// One type with a cell for each webhook.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its place in the form, from 0.
    pub at: usize,
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub label: String,
    /// Offered to global webhooks only.
    pub partner_only: bool,
    /// No longer offered.
    pub deprecated: bool,
    /// Whether the new webhook shall get it.
    pub new: bool,
    /// The cells, in the order of the columns.
    pub cells: Vec<Cell>,
}

/// One crossing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// Its column, from 0.
    pub column: usize,
    /// Whether it is ticked.
    pub on: bool,
    /// Whether it cannot be ticked.
    pub closed: bool,
}

/// What will change.
#[derive(Debug, Clone)]
pub struct Review {
    /// `3 events added, 1 removed, 1 new webhook`.
    pub summary: String,
    /// Each webhook with what changes.
    pub columns: Vec<ReviewColumn>,
    /// Everything that is to be sent along: name and value.
    pub kept: Vec<(&'static str, String)>,
}

/// What will change at one webhook.
#[derive(Debug, Clone)]
pub struct ReviewColumn {
    /// Its name.
    pub name: String,
    /// Its addresses without scheme.
    pub urls: Vec<String>,
    /// What to know: that it is new, or inactive; empty for nothing.
    pub note: String,
    /// The events it will get.
    pub add: Vec<String>,
    /// The events it will get no more.
    pub remove: Vec<String>,
}

/// What the address asks for, or the form beside its cells.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// What is searched for.
    pub q: String,
    /// After which webhook the page starts.
    pub after: Option<WebhookId>,
    /// Which column a phone shows.
    pub pick: usize,
}

impl Asked {
    /// Reads the fields; what cannot be read asks for nothing.
    pub fn read(fields: &Fields) -> Self {
        Self {
            q: fields.text("q").trim().to_owned(),
            after: fields.text("after").parse().ok(),
            pick: fields.text("pick").parse().unwrap_or(0),
        }
    }
}

/// What came of the last press of a button.
#[derive(Debug, Default)]
pub struct Turn {
    /// What is wrong.
    pub errors: FieldErrors,
    /// What was refused.
    pub notice: Option<Notice>,
    /// What would change.
    pub planned: Option<Vec<Planned>>,
    /// The secret of a webhook that was made.
    pub fresh: Option<Fresh>,
}

impl Page for MatrixPage {
    fn fragment(&self) -> askama::Result<String> {
        self.as_matrix().render()
    }
}

impl MatrixPage {
    /// The matrix with what was ticked, and what came of it. `new_id` is for the webhook that may be made.
    pub fn draw(
        here: &Here,
        asked: &Asked,
        matrix: &Matrix,
        ticked: &Ticked,
        new_id: WebhookId,
        turn: Turn,
    ) -> Self {
        let may_write = here.may(Permission::WebhooksWrite);
        let found = catalogue::found(&matrix.types, &asked.q);
        let names: Vec<&str> = found.iter().map(|one| one.name.as_str()).collect();
        let rows = &matrix.columns.rows;
        let columns: Vec<Column> = rows
            .iter()
            .map(|webhook| Column::of(here, webhook, &names, ticked, matrix.locked.contains(&webhook.row.id)))
            .collect();
        let refused = notice(&turn);
        let is_wrong = refused.is_some();
        let mut shell = here.shell("Event matrix", Place::Matrix);
        if is_wrong {
            shell.title = format!("Error: {}", shell.title);
        } else if turn.planned.is_some() {
            "Apply changes to the event matrix".clone_into(&mut shell.title);
        }
        let fields = ticked.fields();
        let pending = match ticked.count() {
            0 => String::new(),
            1 => "1 change is not applied yet.".to_owned(),
            n => format!("{} changes are not applied yet.", format::thousands(n as u64)),
        };
        let may_add = may_write && here.api_access();
        let new = may_add.then(|| ("new".to_owned(), "New webhook".to_owned()));
        let listed = columns.iter().zip(0..).map(|(one, at): (_, usize)| (at.to_string(), one.name.clone()));
        let picks: Vec<(String, String)> = new.into_iter().chain(listed).collect();
        Self {
            href: routes::matrix(here.bu()),
            catalogue: routes::catalogue(here.bu()),
            q: asked.q.clone(),
            after: asked.after.map(|id| id.to_string()).unwrap_or_default(),
            may_write,
            may_add,
            groups: groups(&found, matrix, ticked, may_write),
            found: format::count(found.len() as u64, "event type", "event types"),
            pending,
            picks: picks
                .into_iter()
                .zip(0..)
                .map(|((_, label), at): (_, usize)| Choice {
                    value: at.to_string(),
                    label,
                    chosen: at == asked.pick,
                })
                .collect(),
            columns,
            review: turn.planned.map(|planned| Review::of(planned, ticked, fields.clone())),
            kept: fields,
            url: Field {
                value: ticked.url.clone(),
                errors: turn.errors.of("url").map(|error| error.message.to_string()).collect(),
            },
            new_id: new_id.to_string(),
            total: format::count(u64::try_from(matrix.total).unwrap_or(0), "webhook", "webhooks"),
            newer: asked.after.is_some(),
            older: rows.last().filter(|_| matrix.columns.more).map(|last| last.row.id.to_string()),
            notice: refused,
            fresh: turn.fresh,
            shell,
        }
    }
}

/// Everything that was refused in one notice; what belongs to the field of the address stands there too.
fn notice(turn: &Turn) -> Option<Notice> {
    if turn.errors.is_empty() {
        return turn.notice.clone();
    }
    let mut said = BTreeSet::new();
    let texts: Vec<String> = turn
        .errors
        .iter()
        .map(|error| error.message.to_string())
        .filter(|text| said.insert(text.clone()))
        .collect();
    let title = "Nothing was saved.".to_owned();
    Some(Notice { tone: Tone::Bad, title, text: texts.join(" ") })
}

fn groups(found: &[&TypeView], matrix: &Matrix, ticked: &Ticked, may_write: bool) -> Vec<Group> {
    let webhooks = &matrix.columns.rows;
    let stored: Vec<BTreeSet<&str>> = webhooks.iter().map(|one| one.events().collect()).collect();
    let mut groups: Vec<Group> = Vec::new();
    for (at, one) in found.iter().enumerate() {
        let cell = |(column, (webhook, stored)): (usize, (&WebhookView, &BTreeSet<&str>))| {
            let on = ticked.wants(webhook.row.id, &one.name, stored.contains(one.name.as_str()));
            let is_foreign = one.partner_only && webhook.row.origin == Origin::Programme;
            let closed = !may_write || matrix.locked.contains(&webhook.row.id);
            Cell { column, on, closed: closed || (!on && (is_foreign || one.deprecated)) }
        };
        let line = Line {
            at,
            name: one.name.clone(),
            label: one.label.clone(),
            partner_only: one.partner_only,
            deprecated: one.deprecated,
            new: ticked.new.contains(&one.name),
            cells: webhooks.iter().zip(&stored).enumerate().map(cell).collect(),
        };
        match groups.last_mut().filter(|group| group.label == one.group) {
            Some(group) => group.lines.push(line),
            None => groups.push(Group { label: one.group.clone(), lines: vec![line] }),
        }
    }
    groups
}

impl Column {
    fn of(here: &Here, webhook: &WebhookView, names: &[&str], ticked: &Ticked, is_locked: bool) -> Self {
        let stored: BTreeSet<&str> = webhook.events().collect();
        let rows: Vec<String> = names
            .iter()
            .enumerate()
            .filter(|(_, name)| stored.contains(*name))
            .map(|(at, _)| at.to_string())
            .collect();
        // Who ticked something goes on from what was stored then, so that a change in between is noticed.
        let seen = ticked.change.columns.get(&webhook.row.id).map(|column| column.version.clone());
        let seen = seen.unwrap_or_else(|| version(webhook));
        Self {
            href: routes::webhook(here.bu(), webhook.row.id),
            name: webhook.row.name.clone(),
            urls: urls(webhook),
            note: match (webhook.row.status, webhook.row.origin) {
                _ if is_locked => "Another partner’s",
                (WebhookStatus::Inactive, _) => "Inactive",
                (WebhookStatus::Active, Origin::Programme) => "Programme",
                (WebhookStatus::Active, Origin::Global) => "",
            }
            .to_owned(),
            value: if is_locked {
                String::new()
            } else {
                format!("{}:{seen}:{}", webhook.row.id, rows.join(","))
            },
        }
    }
}

impl Review {
    fn of(planned: Vec<Planned>, ticked: &Ticked, kept: Vec<(&'static str, String)>) -> Self {
        let count = |of: fn(&Planned) -> usize| planned.iter().map(of).sum::<usize>();
        let (added, removed) = (count(|one| one.add.len()), count(|one| one.remove.len()));
        let mut facts = Vec::new();
        if added > 0 {
            facts.push(format!("{} added", format::count(added as u64, "event", "events")));
        }
        if removed > 0 {
            facts.push(format!("{} removed", format::count(removed as u64, "event", "events")));
        }
        facts.extend(ticked.change.new.as_ref().map(|_| "1 new webhook".to_owned()));
        let new = ticked.change.new.as_ref().map(|new| ReviewColumn {
            name: "New webhook".to_owned(),
            urls: vec![format::short_url(&new.url).to_owned()],
            note: "It is active at once. Its secret is shown once, right after you apply.".to_owned(),
            add: new.events.iter().cloned().collect(),
            remove: Vec::new(),
        });
        let column = |one: Planned| ReviewColumn {
            name: one.webhook.row.name.clone(),
            urls: urls(&one.webhook),
            note: match one.webhook.row.status {
                WebhookStatus::Active => String::new(),
                WebhookStatus::Inactive => {
                    "It is inactive: nothing is sent until it is switched on.".to_owned()
                }
            },
            add: one.add.into_iter().collect(),
            remove: one.remove.into_iter().collect(),
        };
        let columns = planned.into_iter().map(column).chain(new).collect();
        Self { summary: facts.join(", "), columns, kept }
    }
}

fn urls(webhook: &WebhookView) -> Vec<String> {
    webhook.endpoints.iter().map(|endpoint| format::short_url(&endpoint.url).to_owned()).collect()
}
