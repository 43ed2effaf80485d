//! The Audit log page: every change made in the business unit, and by whom.

use std::time::Duration;

use actix_web::HttpResponse;
use askama::Template;

use super::Row;
use super::trail_row::words;
use crate::domain::time::Ts;
use crate::ops::system::actions::IN_UNITS;
use crate::ops::system::trail::{self, TrailQuery};
use crate::web::fault::Fault;
use crate::web::form::Fields;
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::{Choice, Pager};
use crate::web::routes;
use crate::web::shell::{Place, Shell};

/// How many rows stand on a page.
const ON_A_PAGE: usize = 50;
/// The filters that stand in the address.
const FILTERS: [&str; 5] = ["target", "action", "actor", "from", "to"];
/// The page `/bu/{bu}/admin/audit`.
#[derive(Debug, Template)]
#[template(path = "system/trail.html", blocks = ["rows"])]
pub struct Trail {
    /// The frame.
    pub shell: Shell,
    /// The address of this list without filters.
    pub href: String,
    /// Where the export is asked for.
    pub export: String,
    /// The thing that is looked for: its id, or the number of a login.
    pub target: String,
    /// The choices of what was done.
    pub actions: Vec<Choice>,
    /// What was done, as it is filtered by; empty for everything.
    pub action: String,
    /// Who is looked for.
    pub actor: String,
    /// The earliest moment, as a `datetime-local` input has it, in UTC.
    pub from: String,
    /// The latest moment, likewise.
    pub to: String,
    /// Whether one of the filters under "More filters" is in use.
    pub more_open: bool,
    /// Whether any filter is in use.
    pub filtered: bool,
    /// The rows of this page.
    pub rows: Vec<Row>,
    /// Where the list goes on.
    pub pager: Pager,
}

impl Page for Trail {
    fn fragment(&self) -> askama::Result<String> {
        self.as_rows().render()
    }
}

/// The log, filtered as its address says.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let asked = here.query();
    let before = asked.typed("before").and_then(|text| text.parse().ok());
    let query = TrailQuery { before, limit: ON_A_PAGE, ..reading(&asked) };
    let (found, now) = here.run(move |cx, bu| Ok((trail::page(cx, bu, &query)?, cx.now))).await?;
    let href = routes::audit(here.bu());
    let at = |before: &str| {
        let filters = FILTERS.iter().map(|name| (*name, asked.text(name)));
        routes::with_query(&href, &filters.chain([("before", before)]).collect::<Vec<_>>())
    };
    let last = found.rows.last().filter(|_| found.more);
    let known: Vec<(&str, String)> = IN_UNITS.iter().map(|action| (*action, words(action))).collect();
    let actions = known.iter().map(|(action, words)| (*action, words.as_str()));
    let page = Trail {
        shell: here.shell("Audit log", Place::Audit),
        export: routes::audit_export(here.bu()),
        target: asked.text("target").to_owned(),
        actions: Choice::list(std::iter::once(("", "All actions")).chain(actions), asked.text("action")),
        action: asked.text("action").to_owned(),
        actor: asked.text("actor").to_owned(),
        from: asked.text("from").to_owned(),
        to: asked.text("to").to_owned(),
        more_open: ["actor", "from", "to"].iter().any(|name| asked.typed(name).is_some()),
        filtered: FILTERS.iter().any(|name| asked.typed(name).is_some()),
        rows: found.rows.iter().map(|row| Row::of(&here, row, now)).collect(),
        pager: Pager {
            summary:
                "Times are in UTC. Rows cannot be changed or removed, and each is bound to the one before."
                    .to_owned(),
            newer: before.map(|_| at("")),
            older: last.map(|row| at(&row.row.seq.to_string())),
        },
        href,
    };
    Ok(here.answer(&page))
}

/// What the filters of a page or an export want; those that cannot be read filter nothing.
pub(super) fn reading(asked: &Fields) -> TrailQuery {
    let typed = |name| asked.typed(name).map(str::to_owned);
    TrailQuery {
        actor: typed("actor"),
        action: typed("action"),
        target: typed("target"),
        from: asked.typed("from").and_then(moment),
        to: asked.typed("to").and_then(moment).map(|to| to + Duration::from_millis(59_999)),
        before: None,
        limit: 0,
    }
}

/// Reads what a `datetime-local` input sends: a minute, in UTC.
fn moment(text: &str) -> Option<Ts> {
    let whole = if text.len() == 16 { format!("{text}:00Z") } else { format!("{text}Z") };
    Ts::parse(&whole)
}
