//! The Integrations Dashboard of one programme: its webhooks, its latest events, and API access.

use actix_web::HttpResponse;
use askama::Template;

use super::row::Row;
use crate::domain::access::permission::Permission;
use crate::domain::id::{ProgrammeId, ProgrammeKind, WebhookId};
use crate::domain::webhooks::webhook::Origin;
use crate::ops::Error;
use crate::ops::access::programmes;
use crate::ops::webhooks::dashboard::{Latest, Made, latest, live_tokens, programme, section};
use crate::ops::webhooks::read::health_hours;
use crate::web::events::log::mark;
use crate::web::fault::{Fault, see};
use crate::web::format::{self, Moment};
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::{Choice, Mark, Pager};
use crate::web::routes;
use crate::web::shell::{Place, Shell};

/// How many webhooks stand on a page.
const ON_A_PAGE: usize = 25;
/// How many of the latest events are shown.
const LATEST: i64 = 4;

/// The page `/bu/{bu}/programmes/{prg}`.
#[derive(Debug, Template)]
#[template(path = "webhooks/dashboard/programme.html", blocks = ["hooks"])]
pub struct IntegrationsDashboard {
    /// The frame.
    pub shell: Shell,
    /// This page's own address.
    pub href: String,
    /// The programme's whole id.
    pub id: String,
    /// The id as pages show it.
    pub short_id: String,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created: Moment,
    /// The programmes to choose from.
    pub programmes: Vec<Choice>,
    /// Where they are listed.
    pub all_programmes: String,
    /// Where Add Webhook leads, for who may.
    pub add: Option<String>,
    /// Its webhooks.
    pub rows: Vec<Row>,
    /// Where they go on.
    pub pager: Pager,
    /// The Webhooks Dashboard.
    pub dashboard: String,
    /// Where global webhooks are made, for who may.
    pub create_global: Option<String>,
    /// Its latest events.
    pub latest: Vec<LatestRow>,
    /// Event Logs.
    pub log: String,
    /// What is said of API access.
    pub api: String,
    /// Where tokens are managed, when API access is part of the plan.
    pub tokens: Option<String>,
}

/// One of the latest events.
#[derive(Debug, Clone)]
pub struct LatestRow {
    /// Its page.
    pub href: String,
    /// Its type.
    pub event_type: String,
    /// Its whole id.
    pub id: String,
    /// The id as tables show it.
    pub short_id: String,
    /// What came of it.
    pub outcome: Mark,
    /// When it happened.
    pub at: Moment,
}

impl Page for IntegrationsDashboard {
    fn fragment(&self) -> askama::Result<String> {
        self.as_hooks().render()
    }
}

/// The dashboard of the programme in the path. Another one chosen in the select leads to its own address.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let asked = here.query();
    let id = here.id::<ProgrammeKind>("prg")?;
    if let Some(other) = asked.typed("programme") {
        let other: ProgrammeId = other.parse().map_err(|_| Fault::Missing)?;
        here.run(move |cx, bu| programme(cx, bu, other).map(drop)).await?;
        return Ok(see(&routes::programme(here.bu(), other)));
    }
    let after = asked.text("after").parse().ok();
    let made = Made { origin: Origin::Programme, programme: Some(id), after, limit: ON_A_PAGE };
    let may_see = here.may(Permission::EventsRead);
    let read = here.run(move |cx, bu| {
        let programme = programme(cx, bu, id)?;
        let found = section(cx, bu, made)?;
        let ids: Vec<WebhookId> = found.page.rows.iter().map(|line| line.webhook.row.id).collect();
        let latest = if may_see { latest(cx, bu, id, LATEST)? } else { Vec::new() };
        let hours = health_hours(cx, bu, &ids)?;
        Ok::<_, Error>((
            (programme, programmes::list(cx, bu)?),
            (found, hours),
            (latest, live_tokens(cx, bu)?),
            cx.now,
        ))
    });
    let ((programme, all), (found, hours), (latest, tokens), now) = read.await?;
    let (bu, href) = (here.bu(), routes::programme(here.bu(), id));
    let may = here.may(Permission::WebhooksWrite) && here.api_access();
    let choices = all.iter().map(|row| (row.id.as_str(), row.name.as_str()));
    let total = format::count(u64::try_from(found.total).unwrap_or(0), "webhook", "webhooks");
    let last = found.page.rows.last().filter(|_| found.page.more);
    let page_after = |after: &str| routes::with_query(&href, &[("after", after)]);
    let page = IntegrationsDashboard {
        shell: here.shell("Integrations Dashboard", Place::Programmes),
        id: id.to_string(),
        short_id: id.short(),
        name: programme.name.clone(),
        created: Moment::relative(programme.created_at, now),
        programmes: Choice::list(choices, id.as_str()),
        all_programmes: routes::programmes(bu),
        add: may.then(|| routes::programme_webhook_create(bu, id)),
        rows: found
            .page
            .rows
            .iter()
            .map(|line| Row::of(&here, line, &hours, asked.text("new").parse().ok(), now))
            .collect(),
        pager: Pager {
            summary: total,
            newer: after.is_some().then(|| href.clone()),
            older: last.map(|line| page_after(line.webhook.row.id.as_str())),
        },
        href,
        dashboard: routes::webhooks_dashboard(bu),
        create_global: may.then(|| routes::webhook_create(bu)),
        latest: latest.iter().map(|one| LatestRow::of(&here, one)).collect(),
        log: routes::log(bu),
        api: api(here.api_access(), tokens),
        tokens: here.api_access().then(|| routes::api(bu)),
    };
    Ok(here.answer(&page))
}

fn api(part_of_plan: bool, tokens: Option<usize>) -> String {
    match (part_of_plan, tokens) {
        (false, _) => "API access is not part of this business unit’s plan.".to_owned(),
        (true, None) => "API access is part of this business unit’s plan.".to_owned(),
        (true, Some(0)) => "No token can read or change this programme’s data yet.".to_owned(),
        (true, Some(n)) => {
            let tokens = format::count(n as u64, "token", "tokens");
            format!("{tokens} can read or change this programme’s data.")
        }
    }
}

impl LatestRow {
    fn of(here: &Here, one: &Latest) -> Self {
        Self {
            href: routes::event(here.bu(), one.event),
            event_type: one.event_type.clone(),
            id: one.event.to_string(),
            short_id: one.event.short(),
            outcome: mark(one.outcome),
            at: Moment::clock(one.at),
        }
    }
}
