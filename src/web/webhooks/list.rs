//! The Webhooks tab: Create Webhooks Link and Saved Webhooks.

use std::collections::HashMap;

use actix_web::HttpResponse;
use askama::Template;

use crate::domain::access::permission::Permission;
use crate::domain::id::{WebhookId, WebhookKind};
use crate::domain::time::Ts;
use crate::domain::webhooks::webhook::{InactiveReason, WebhookStatus};
use crate::ops::access::teams;
use crate::ops::webhooks::catalogue::{self, TypeView};
use crate::ops::webhooks::edit;
use crate::ops::webhooks::read::{HOURS_OF_HEALTH, WebhookView, health_hours};
use crate::ops::webhooks::search::{Found, Search, search};
use crate::store::access::teams::TeamRow;
use crate::store::events::rollups::HourRow;
use crate::web::fault::Fault;
use crate::web::flash::Flash;
use crate::web::form::{Checked, Fields};
use crate::web::format::{self, Moment};
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::{Choice, Mark, Notice, Pager, Tone};
use crate::web::routes;
use crate::web::shell::{Place, Shell};
use crate::web::spark::{Hour, Spark};
use crate::web::webhooks::secret::Fresh;
use crate::web::webhooks::wizard::Wizard;

/// How many webhooks stand on a page.
const ON_A_PAGE: usize = 25;

/// The choices of the status filter: value and label; the first one filters nothing.
pub const STATUSES: [(&str, &str); 4] =
    [("", "All statuses"), ("active", "Active"), ("inactive", "Inactive"), ("failing", "Failing")];

/// The page `/bu/{bu}/admin/webhooks`; its table for htmx.
#[derive(Debug, Template)]
#[template(path = "webhooks/list.html", blocks = ["rows", "tab", "modal"])]
pub struct WebhookList {
    /// The frame.
    pub shell: Shell,
    /// The address of this list without filters.
    pub href: String,
    /// How many webhooks the business unit has, filters aside.
    pub total: String,
    /// The address of this login's Connect page, with host.
    pub connect_link: String,
    /// Where Add Webhook leads, for who may add one here.
    pub add: Option<String>,
    /// What is searched for.
    pub q: String,
    /// The status that is filtered by; empty for all.
    pub status: String,
    /// The choices of the status filter.
    pub statuses: Vec<Choice>,
    /// The event types to filter by.
    pub types: Vec<Choice>,
    /// The number of the login whose webhooks are looked for; empty for any.
    pub login: String,
    /// The teams to filter by.
    pub teams: Vec<Choice>,
    /// Whether more filters are unfolded.
    pub more_open: bool,
    /// What the address of this page says, so that a switch comes back to it.
    pub kept: Vec<(&'static str, String)>,
    /// Whether the business unit has no webhook at all.
    pub none_saved: bool,
    /// The rows of this page.
    pub rows: Vec<Row>,
    /// Where the list goes on.
    pub pager: Pager,
    /// The secret that this answer shows, once.
    pub fresh: Option<Fresh>,
    /// What was refused.
    pub notice: Option<Notice>,
    /// The dialog over the list that adds a webhook.
    pub wizard: Option<Wizard>,
}

/// One saved webhook.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its whole id.
    pub id: String,
    /// The id as tables show it.
    pub short_id: String,
    /// The short number of the login that made it.
    pub login: String,
    /// The short number of the login it is for; empty for any.
    pub for_login: String,
    /// The team it is for; empty for none.
    pub team: String,
    /// Its name.
    pub name: String,
    /// Its description; may be empty.
    pub description: String,
    /// Its first event type.
    pub event: String,
    /// How many more there are: `+2`; empty for none.
    pub more_events: String,
    /// All event types in one line.
    pub all_events: String,
    /// The first endpoint's whole address.
    pub url: String,
    /// The same without scheme.
    pub short_url: String,
    /// The last 24 hours.
    pub health: Spark,
    /// The last attempt of any delivery.
    pub last_sent: Option<LastSent>,
    /// Whether it is active.
    pub active: bool,
    /// Why it is inactive, in a word; empty while it is active or when a person switched it off.
    pub inactive_reason: String,
    /// Unique in the page, so that the switch keeps the focus.
    pub switch_id: String,
    /// What the switch is read as: `Order desk active`.
    pub switch_label: String,
    /// Where the switch posts to, for who may.
    pub toggle: Option<String>,
    /// Where the X leads, for who may.
    pub delete: Option<String>,
    /// Its details.
    pub details: String,
}

/// The last attempt of a webhook.
#[derive(Debug, Clone)]
pub struct LastSent {
    /// When.
    pub at: Moment,
    /// What came of it.
    pub outcome: Mark,
}

impl Page for WebhookList {
    fn fragment(&self) -> askama::Result<String> {
        if self.wizard.is_some() {
            self.as_modal().render()
        } else if self.fresh.is_some() || self.notice.is_some() {
            self.as_tab().render()
        } else {
            self.as_rows().render()
        }
    }
}

/// The list, searched and filtered as its address says.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let page = WebhookList::load(&here, &here.query()).await?;
    Ok(here.answer(&page))
}

/// Switches a webhook off, and goes back to where the switch stood.
pub async fn pause(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let id = here.id::<WebhookKind>("wh")?;
    here.run(move |cx, bu| edit::pause(cx, bu, id)).await?;
    Ok(here.done(&back(&here, &form, id), Flash::Paused))
}

/// Switches a webhook on, and goes back to where the switch stood.
pub async fn resume(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let id = here.id::<WebhookKind>("wh")?;
    here.run(move |cx, bu| edit::activate(cx, bu, id)).await?;
    Ok(here.done(&back(&here, &form, id), Flash::Resumed))
}

/// Where a switch stood: on the page of its webhook, or in the list.
fn back(here: &Here, form: &Fields, id: WebhookId) -> String {
    if form.text("from") == "details" {
        routes::webhook(here.bu(), id)
    } else {
        address(here, form, (form.text("after"), form.text("before")))
    }
}

/// What the address of the list may filter by.
const FILTERS: [&str; 5] = ["q", "status", "type", "login", "team"];

/// The address of the list with the filters of `asked`, for the page after one webhook or before another.
fn address(here: &Here, asked: &Fields, (after, before): (&str, &str)) -> String {
    let filters = FILTERS.map(|name| (name, asked.text(name)));
    let pairs: Vec<_> = filters.into_iter().chain([("after", after), ("before", before)]).collect();
    routes::with_query(&routes::webhooks(here.bu()), &pairs)
}

impl WebhookList {
    /// The list without filters.
    pub(super) async fn plain(here: &Here) -> Result<Self, Fault> {
        Self::load(here, &Fields::default()).await
    }

    /// The same with a secret that is shown this once.
    pub(in crate::web) fn showing(self, fresh: Fresh) -> Self {
        Self { fresh: Some(fresh), ..self }
    }

    /// The same with what was refused.
    pub(in crate::web) fn noting(self, notice: Notice) -> Self {
        Self { notice: Some(notice), ..self }
    }

    /// The same under the dialog that adds a webhook.
    pub(in crate::web) fn under(mut self, wizard: Wizard) -> Self {
        self.shell.title.clone_from(&wizard.page_title);
        Self { wizard: Some(wizard), ..self }
    }

    async fn load(here: &Here, asked: &Fields) -> Result<Self, Fault> {
        let (status, failing) = match asked.text("status") {
            "failing" => (None, true),
            word => (word.parse::<WebhookStatus>().ok(), false),
        };
        let wanted = Search {
            text: asked.text("q").to_owned(),
            status,
            failing,
            event: asked.typed("type").map(str::to_owned),
            // What is no number is nobody's.
            login: asked.typed("login").map(|text| text.parse().unwrap_or(-1)),
            team: asked.text("team").parse().ok(),
            after: asked.text("after").parse().ok(),
            before: asked.text("before").parse().ok(),
            limit: ON_A_PAGE,
        };
        let before = wanted.before.is_some();
        let (found, hours, offer, now, back) = here
            .run(move |cx, bu| {
                let mut found = search(cx, bu, &wanted)?;
                // The first page is whole, however few webhooks are newer than those one comes from.
                let back = before && found.page.more;
                if before && !back {
                    found = search(cx, bu, &Search { before: None, after: None, ..wanted })?;
                }
                let ids: Vec<WebhookId> = found.page.rows.iter().map(|webhook| webhook.row.id).collect();
                let hours = health_hours(cx, bu, &ids)?;
                Ok((found, hours, (catalogue::offered(cx, bu)?, teams::list(cx, bu)?), cx.now, back))
            })
            .await?;
        let mut list = Self::of(here, asked, &found, &hours, now);
        list.offer(asked, &offer);
        list.turn(here, asked, &found, (back, before));
        Ok(list)
    }

    /// What there is to filter by.
    fn offer(&mut self, asked: &Fields, (types, teams): &(Vec<TypeView>, Vec<TeamRow>)) {
        let types = types.iter().map(|one| (one.name.as_str(), one.name.as_str()));
        self.types = Choice::list([("", "All event types")].into_iter().chain(types), asked.text("type"));
        let teams = teams.iter().map(|team| (team.id.as_str(), team.name.as_str()));
        self.teams = Choice::list([("", "All teams")].into_iter().chain(teams), asked.text("team"));
    }

    /// Where the list goes on both ways. `back` when newer webhooks precede a page that was gone back to.
    fn turn(&mut self, here: &Here, asked: &Fields, found: &Found, (back, before): (bool, bool)) {
        let rows = &found.page.rows;
        let id = |one: Option<&WebhookView>| one.map(|webhook| webhook.row.id);
        let (first, last) = (id(rows.first()), id(rows.last()));
        let is_later = !before && !asked.text("after").is_empty();
        let newer = first.filter(|_| back || is_later);
        self.pager.newer = match newer {
            Some(first) => Some(address(here, asked, ("", first.as_str()))),
            None => is_later.then(|| address(here, asked, ("", ""))),
        };
        let older = last.filter(|_| back || found.page.more);
        self.pager.older = older.map(|last| address(here, asked, (last.as_str(), "")));
    }

    fn of(
        here: &Here,
        asked: &Fields,
        found: &Found,
        hours: &HashMap<WebhookId, Vec<HourRow>>,
        now: Ts,
    ) -> Self {
        let count = |n: i64| u64::try_from(n).unwrap_or(0);
        let total = format::count(count(found.total), "webhook", "webhooks");
        let active = format::thousands(count(found.active));
        let pairs = FILTERS.into_iter().chain(["after", "before"]);
        let kept = pairs.map(|name| (name, asked.text(name).to_owned()));
        Self {
            shell: here.shell("Webhooks", Place::Webhooks),
            href: routes::webhooks(here.bu()),
            total: format::thousands(count(found.total)),
            connect_link: here.absolute(&routes::connect(here.bu(), here.signed.login.number)),
            add: (here.may(Permission::WebhooksWrite) && here.api_access())
                .then(|| routes::webhook_new(here.bu())),
            q: asked.text("q").to_owned(),
            status: asked.text("status").to_owned(),
            statuses: Choice::list(STATUSES, asked.text("status")),
            types: Vec::new(),
            login: asked.text("login").to_owned(),
            teams: Vec::new(),
            more_open: ["type", "login", "team"].iter().any(|name| asked.typed(name).is_some()),
            kept: kept.filter(|(_, value)| !value.is_empty()).collect(),
            none_saved: found.total == 0,
            rows: found
                .page
                .rows
                .iter()
                .map(|webhook| {
                    Row::of(here, webhook, hours.get(&webhook.row.id).map_or(&[], Vec::as_slice), now)
                })
                .collect(),
            pager: Pager { summary: format!("{total} · {active} active"), newer: None, older: None },
            fresh: None,
            notice: None,
            wizard: None,
        }
    }
}

impl Row {
    fn of(here: &Here, webhook: &WebhookView, hours: &[HourRow], now: Ts) -> Self {
        let (row, bu) = (&webhook.row, here.bu());
        let number = |n: Option<i64>| n.map(|n| n.to_string()).unwrap_or_default();
        let active = row.status == WebhookStatus::Active;
        let may = here.may(Permission::WebhooksWrite);
        let events: Vec<&str> = webhook.events().collect();
        let more = events.len().saturating_sub(1);
        Self {
            id: row.id.to_string(),
            short_id: row.id.short(),
            login: number(webhook.creator),
            for_login: number(webhook.for_login),
            team: webhook.team.clone().unwrap_or_default(),
            name: row.name.clone(),
            description: row.description.clone(),
            event: events.first().copied().unwrap_or_default().to_owned(),
            more_events: if more == 0 { String::new() } else { format!("+{more}") },
            all_events: events.join(", "),
            url: webhook.url().to_owned(),
            short_url: format::short_url(webhook.url()).to_owned(),
            health: Spark::draw(&day(hours, now)),
            last_sent: row.last_sent_at.map(|at| LastSent {
                at: Moment::relative(at, now),
                outcome: match row.last_sent_ok {
                    Some(true) => Mark::new(Tone::Ok, "Delivered"),
                    Some(false) | None => Mark::new(Tone::Bad, "Failed"),
                },
            }),
            active,
            inactive_reason: row.inactive_reason.map(reason).unwrap_or_default().to_owned(),
            switch_id: format!("active-{}", row.id),
            switch_label: format!("{} active", row.name),
            toggle: may.then(|| {
                if active { routes::webhook_pause(bu, row.id) } else { routes::webhook_resume(bu, row.id) }
            }),
            delete: may.then(|| routes::webhook_delete(bu, row.id)),
            details: routes::webhook(bu, row.id),
        }
    }
}

/// The last 24 hours, oldest first, endpoints added up.
pub(super) fn day(hours: &[HourRow], now: Ts) -> Vec<Hour> {
    let amount = |n: i64| u64::try_from(n).unwrap_or(0);
    (0..HOURS_OF_HEALTH)
        .rev()
        .map(|ago| {
            let start = (now - std::time::Duration::from_hours(ago)).hour();
            let mut hour = Hour::default();
            for row in hours.iter().filter(|row| row.hour == start) {
                hour.ok += amount(row.delivered);
                hour.bad += amount(row.exhausted);
            }
            hour
        })
        .collect()
}

/// Why a webhook is inactive, where that needs saying.
pub(super) const fn reason(reason: InactiveReason) -> &'static str {
    match reason {
        InactiveReason::User => "",
        InactiveReason::Failing => "failing",
        InactiveReason::Gone => "gone",
        InactiveReason::NoApiAccess => "no API access",
        InactiveReason::OwnerRemoved => "owner removed",
    }
}
