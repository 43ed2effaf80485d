//! The Webhooks Dashboard: global webhooks, and those of programmes.

use std::collections::HashMap;

use actix_web::HttpResponse;
use askama::Template;

use super::row::{Row, since};
use crate::domain::access::permission::Permission;
use crate::domain::id::WebhookId;
use crate::domain::time::Ts;
use crate::domain::webhooks::webhook::{Health, Origin, WebhookStatus};
use crate::ops::Error;
use crate::ops::webhooks::dashboard::{Made, Section as Found, failing, section};
use crate::ops::webhooks::read::{WebhookView, health_hours};
use crate::store::events::rollups::HourRow;
use crate::web::fault::Fault;
use crate::web::form::Fields;
use crate::web::format;
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::Pager;
use crate::web::routes;
use crate::web::shell::{Place, Shell};

/// How many webhooks a section shows.
const ON_A_PAGE: usize = 25;

/// The page `/bu/{bu}/webhooks`; its sections for htmx.
#[derive(Debug, Template)]
#[template(path = "webhooks/dashboard/page.html", blocks = ["sections"])]
pub struct WebhooksDashboard {
    /// The frame.
    pub shell: Shell,
    /// This page as it is now, for refreshes.
    pub href: String,
    /// Where Create Webhook leads, for who may.
    pub create: Option<String>,
    /// Where programmes are chosen.
    pub programmes: String,
    /// The webhook that is failing.
    pub failing: Option<Failing>,
    /// Global Webhooks.
    pub global: Section,
    /// Linked Programme Webhooks.
    pub linked: Section,
}

/// A section of the page.
#[derive(Debug, Clone, Default)]
pub struct Section {
    /// Its rows.
    pub rows: Vec<Row>,
    /// Where it goes on.
    pub pager: Pager,
}

/// What is said of the webhook that is failing.
#[derive(Debug, Clone)]
pub struct Failing {
    /// `alerts.example.com/relay has been failing since 13:40.`
    pub title: String,
    /// What that means.
    pub text: String,
    /// Its details.
    pub why: String,
    /// Its failed events, for who may see them.
    pub events: Option<String>,
}

impl Page for WebhooksDashboard {
    fn fragment(&self) -> askama::Result<String> {
        self.as_sections().render()
    }
}

/// The dashboard. `new` in the address marks a row.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let asked = here.query();
    let made = |origin, after: &str| Made {
        origin,
        programme: None,
        after: asked.text(after).parse().ok(),
        limit: ON_A_PAGE,
    };
    let (global, linked) = (made(Origin::Global, "global"), made(Origin::Programme, "linked"));
    let read = here.run(move |cx, bu| {
        let (global, linked) = (section(cx, bu, global)?, section(cx, bu, linked)?);
        let failing = failing(cx, bu)?;
        let rows = global.page.rows.iter().chain(&linked.page.rows).map(|line| line.webhook.row.id);
        let ids: Vec<WebhookId> = rows.chain(failing.iter().map(|webhook| webhook.row.id)).collect();
        let hours = health_hours(cx, bu, &ids)?;
        Ok::<_, Error>(Read { global, linked, failing, hours, now: cx.now })
    });
    let read = read.await?;
    Ok(here.answer(&WebhooksDashboard::of(&here, &asked, &read)))
}

struct Read {
    global: Found,
    linked: Found,
    failing: Vec<WebhookView>,
    hours: HashMap<WebhookId, Vec<HourRow>>,
    now: Ts,
}

impl WebhooksDashboard {
    fn of(here: &Here, asked: &Fields, read: &Read) -> Self {
        let may = here.may(Permission::WebhooksWrite) && here.api_access();
        let bu = here.bu();
        Self {
            shell: here.shell("Webhooks Dashboard", Place::Dashboard),
            href: address(here, asked, &[]),
            create: may.then(|| routes::webhook_create(bu)),
            programmes: routes::programmes(bu),
            failing: read.failing.iter().find_map(|webhook| Failing::of(here, webhook, read)),
            global: Section::of(here, asked, "global", &read.global, read),
            linked: Section::of(here, asked, "linked", &read.linked, read),
        }
    }
}

/// The address of the dashboard with the places of both sections, but for those in `other`.
fn address(here: &Here, asked: &Fields, other: &[(&str, &str)]) -> String {
    let at = |name: &'static str| {
        let given = other.iter().find(|(key, _)| *key == name);
        (name, given.map_or_else(|| asked.text(name), |(_, value)| *value))
    };
    routes::with_query(&routes::webhooks_dashboard(here.bu()), &[at("global"), at("linked")])
}

impl Section {
    fn of(here: &Here, asked: &Fields, name: &'static str, found: &Found, read: &Read) -> Self {
        let fresh = asked.text("new").parse().ok();
        let total = u64::try_from(found.total).unwrap_or(0);
        let last = found.page.rows.last().filter(|_| found.page.more);
        let is_first = asked.text(name).is_empty();
        Self {
            rows: found
                .page
                .rows
                .iter()
                .map(|line| Row::of(here, line, &read.hours, fresh, read.now))
                .collect(),
            pager: Pager {
                summary: format::count(total, "webhook", "webhooks"),
                newer: (!is_first).then(|| address(here, asked, &[(name, "")])),
                older: last.map(|line| address(here, asked, &[(name, line.webhook.row.id.as_str())])),
            },
        }
    }

    /// Whether it has more than this page.
    pub const fn has_pages(&self) -> bool {
        self.pager.newer.is_some() || self.pager.older.is_some()
    }
}

impl Failing {
    /// What is said; nothing of one that fails for less than an hour, and nothing of what a person switched off.
    fn of(here: &Here, webhook: &WebhookView, read: &Read) -> Option<Self> {
        let row = &webhook.row;
        let is_on = row.status == WebhookStatus::Active;
        if is_on && webhook.health() != Health::Failing {
            return None;
        }
        let url = format::short_url(webhook.url());
        let hours = read.hours.get(&row.id).map_or(&[][..], Vec::as_slice);
        let amount = |n: i64| u64::try_from(n).unwrap_or(0);
        let failed: u64 = hours.iter().map(|hour| amount(hour.failed_attempts)).sum();
        let arrived: u64 = hours.iter().map(|hour| amount(hour.delivered)).sum();
        let tried = match failed + arrived {
            0 => "Nothing was sent in the last 24 hours.".to_owned(),
            all => format!(
                "{} of {} failed in the last 24 hours.",
                format::thousands(failed),
                format::count(all, "attempt", "attempts")
            ),
        };
        let (title, next) = match row.failing_since {
            Some(at) if is_on => (
                since(&format!("{url} has been failing"), at, read.now),
                "Bellwire keeps retrying, and switches it off when nothing arrives for long.",
            ),
            _ if is_on => (format!("{url} is failing"), "Bellwire keeps retrying."),
            _ => (
                format!("{url} was switched off after failing for long"),
                "Nothing was dropped. Send it a test event: when that arrives, it goes on.",
            ),
        };
        let log = routes::log(here.bu());
        let pairs = [("webhook", row.id.as_str()), ("status", "failed")];
        Some(Self {
            title: format!("{title}."),
            text: format!("{tried} {next}"),
            why: routes::webhook(here.bu(), row.id),
            events: here.may(Permission::EventsRead).then(|| routes::with_query(&log, &pairs)),
        })
    }
}
