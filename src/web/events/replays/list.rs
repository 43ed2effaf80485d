//! The list of replays.

use actix_web::HttpResponse;
use askama::Template;

use super::words;
use crate::domain::access::permission::Permission;
use crate::domain::id::ReplayId;
use crate::domain::time::Ts;
use crate::ops::events::replay::{self, NamedReplay};
use crate::web::fault::Fault;
use crate::web::format::{self, Moment};
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::{Mark, Pager};
use crate::web::routes;
use crate::web::shell::{Place, Shell};

/// How many replays stand on a page.
const ON_A_PAGE: usize = 25;

/// The page `/bu/{bu}/replays`.
#[derive(Debug, Template)]
#[template(path = "events/replays/list.html")]
pub struct ReplayList {
    /// The frame.
    pub shell: Shell,
    /// Where Event Logs are.
    pub log: String,
    /// Where a replay is started, for who may.
    pub start: Option<String>,
    /// The rows of this page, newest first.
    pub rows: Vec<Row>,
    /// Where the list goes on.
    pub pager: Pager,
}

/// One replay of the list.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its page.
    pub href: String,
    /// The id as tables show it.
    pub short_id: String,
    /// The name of its webhook.
    pub webhook: String,
    /// What it sends: `failed and skipped events`.
    pub what: String,
    /// Between which moments.
    pub span: String,
    /// Where it stands.
    pub state: Mark,
    /// `97 of 156`.
    pub done: String,
    /// When it was started.
    pub at: Moment,
}

impl Page for ReplayList {}

/// The list from the place in the address on.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let asked = here.query();
    let before = asked.typed("after").map(|text| text.parse::<ReplayId>().map_err(|_| Fault::Missing));
    let before = before.transpose()?;
    let (found, now) = here.run(move |cx, bu| Ok((replay::list(cx, bu, before, ON_A_PAGE)?, cx.now))).await?;
    let href = routes::replays(here.bu());
    let last = found.rows.last().filter(|_| found.more).map(|last| last.replay.id.to_string());
    let count = format::count(found.rows.len() as u64, "replay", "replays");
    Ok(here.answer(&ReplayList {
        shell: here.shell("Replays", Place::Log),
        log: routes::log(here.bu()),
        start: here.may(Permission::DeliveriesWrite).then(|| routes::replay_new(here.bu())),
        rows: found.rows.iter().map(|one| Row::of(&here, one, now)).collect(),
        pager: Pager {
            summary: count,
            newer: before.map(|_| href.clone()),
            older: last.map(|last| routes::with_query(&href, &[("after", &last)])),
        },
    }))
}

impl Row {
    fn of(here: &Here, one: &NamedReplay, now: Ts) -> Self {
        let view = &one.replay;
        let number = |n: i64| format::thousands(u64::try_from(n).unwrap_or(0));
        Self {
            href: routes::replay(here.bu(), view.id),
            short_id: view.id.short(),
            webhook: one.webhook.clone(),
            what: words::what(&view.selection),
            span: words::span(&view.selection),
            state: words::mark(view),
            done: format!("{} of {}", number(view.done), number(view.total)),
            at: Moment::relative(view.created_at, now),
        }
    }
}
