//! One webhook as both dashboards show it, with its Manage menu.

use std::collections::HashMap;

use crate::domain::access::permission::Permission;
use crate::domain::id::WebhookId;
use crate::domain::time::Ts;
use crate::domain::webhooks::webhook::{Health, WebhookStatus};
use crate::ops::webhooks::dashboard::Line;
use crate::ops::webhooks::read::WebhookView;
use crate::store::events::rollups::HourRow;
use crate::web::format::{self, Moment};
use crate::web::here::Here;
use crate::web::parts::{Mark, Tone};
use crate::web::routes;
use crate::web::spark::Spark;
use crate::web::webhooks::list::{day, reason};

/// How many event types a row names.
const NAMED: usize = 2;

/// One webhook.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its whole id.
    pub id: String,
    /// The id as tables show it.
    pub short_id: String,
    /// The first endpoint's whole address.
    pub url: String,
    /// The same without scheme.
    pub short_url: String,
    /// The same in the pieces between which a line may break.
    pub pieces: Vec<String>,
    /// How far it hears, when that is further than its unit; empty otherwise.
    pub reach: String,
    /// The name of its programme; empty for a global one.
    pub programme: String,
    /// The Integrations Dashboard of that programme.
    pub programme_at: String,
    /// Its first event types.
    pub events: Vec<String>,
    /// How many more there are: `+2`; empty for none.
    pub more_events: String,
    /// All event types in one line.
    pub all_events: String,
    /// How it is doing.
    pub status: Mark,
    /// The last 24 hours.
    pub health: Spark,
    /// When it was sent something last.
    pub last_sent: Option<Moment>,
    /// Whether it was made just now.
    pub fresh: bool,
    /// What can be done with it.
    pub menu: Menu,
}

/// The Manage menu.
#[derive(Debug, Clone)]
pub struct Menu {
    /// Unique in the page.
    pub id: String,
    /// Manage Events, for who may.
    pub events: Option<String>,
    /// View Event Logs, for who may.
    pub logs: Option<String>,
    /// Webhook Details.
    pub details: String,
    /// Whether more than looking is possible there.
    pub edit: bool,
    /// Delete, for who may.
    pub delete: Option<String>,
}

impl Row {
    /// The row of a webhook; `fresh` is the one that was made just now.
    pub fn of(
        here: &Here,
        line: &Line,
        hours: &HashMap<WebhookId, Vec<HourRow>>,
        fresh: Option<WebhookId>,
        now: Ts,
    ) -> Self {
        let (webhook, bu) = (&line.webhook, here.bu());
        let row = &webhook.row;
        let hours = hours.get(&row.id).map_or(&[][..], Vec::as_slice);
        let may = here.may(Permission::WebhooksWrite);
        let events: Vec<&str> = webhook.events().collect();
        let more = events.len().saturating_sub(NAMED);
        let short_url = format::short_url(webhook.url());
        let log = || routes::with_query(&routes::log(bu), &[("webhook", row.id.as_str())]);
        Self {
            id: row.id.to_string(),
            short_id: row.id.short(),
            url: webhook.url().to_owned(),
            pieces: short_url.split_inclusive('/').map(str::to_owned).collect(),
            short_url: short_url.to_owned(),
            reach: webhook.partner.as_ref().map_or_else(String::new, |name| format!("All units of {name}")),
            programme: webhook.programme.clone().unwrap_or_default(),
            programme_at: row.programme_id.map(|id| routes::programme(bu, id)).unwrap_or_default(),
            more_events: if more == 0 { String::new() } else { format!("+{more}") },
            all_events: events.join(", "),
            events: events.into_iter().take(NAMED).map(str::to_owned).collect(),
            status: status(webhook, now),
            health: Spark::draw(&day(hours, now)),
            last_sent: row.last_sent_at.map(|at| Moment::relative(at, now)),
            fresh: fresh == Some(row.id),
            menu: Menu {
                id: format!("manage-{}", row.id),
                events: (may && line.managed).then(|| routes::webhook_events(bu, row.id)),
                logs: here.may(Permission::EventsRead).then(log),
                details: routes::webhook(bu, row.id),
                edit: may && line.managed,
                delete: may.then(|| routes::webhook_delete(bu, row.id)),
            },
        }
    }
}

/// How a webhook is doing, in a word or two.
fn status(webhook: &WebhookView, now: Ts) -> Mark {
    let row = &webhook.row;
    if row.status == WebhookStatus::Inactive {
        return match row.inactive_reason.map(reason).unwrap_or_default() {
            "" => Mark::new(Tone::Off, "Inactive"),
            why => Mark::new(Tone::Off, format!("Inactive: {why}")),
        };
    }
    match webhook.health() {
        Health::New => Mark::new(Tone::Off, "Nothing sent yet"),
        Health::Healthy => Mark::new(Tone::Ok, "Delivering"),
        Health::Degraded => Mark::new(Tone::Wait, "Retrying"),
        Health::Failing => {
            Mark::new(Tone::Bad, row.failing_since.map_or("Failing".into(), |at| since("Failing", at, now)))
        }
    }
}

/// `Failing since 13:40`, with the day when that is not today.
pub(super) fn since(what: &str, at: Ts, now: Ts) -> String {
    let clock: String = format::clock(at).chars().take(5).collect();
    let (then, today) = (format::day(at, now), format::day(now, now));
    if then == today { format!("{what} since {clock}") } else { format!("{what} since {then}, {clock}") }
}
