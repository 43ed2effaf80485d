//! Event Logs: the list of what happened, beside one event.

mod row;
mod tail;

use std::time::Duration;

use actix_web::HttpResponse;
use askama::Template;

use crate::domain::access::permission::Permission;
use crate::domain::id::{BuId, EventId, WebhookId};
use crate::domain::time::Ts;
use crate::ops::Error;
use crate::ops::cx::Cx;
use crate::ops::events::inspect::Outcome;
use crate::ops::events::log::{self, LogPage, LogQuery, MOST_LOOKED_AT};
use crate::ops::webhooks::{catalogue, search};
use crate::web::fault::Fault;
use crate::web::form::Fields;
use crate::web::format;
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::{Choice, Mark, Pager, Tone};
use crate::web::shell::{Place, Shell};
use crate::web::{routes, tail as live};

pub use row::Row;
pub use tail::tail;

/// How many entries stand on a page.
const ON_A_PAGE: usize = 25;
/// How many webhooks can be chosen from.
const MOST_CHOICES: i64 = 200;
/// The filters that stand in the list's address.
const FILTERS: [&str; 7] = ["q", "status", "webhook", "type", "code", "from", "to"];
/// Those of them that the form of a replay has too.
const REPLAYED: [&str; 4] = ["webhook", "type", "from", "to"];
/// The choices of the status filter: value and label; the first one filters nothing.
const STATUSES: [(&str, &str); 7] = [
    ("", "All statuses"),
    ("delivered", "Delivered"),
    ("pending", "Sending"),
    ("retrying", "Retrying"),
    ("failed", "Failed"),
    ("held_back", "Held back"),
    ("unsent", "Not sent"),
];

/// The page `/bu/{bu}/logs`, with no event chosen; list and detail for htmx.
#[derive(Debug, Template)]
#[template(path = "events/log.html", blocks = ["split"])]
pub struct EventLog {
    /// The frame.
    pub shell: Shell,
    /// The list.
    pub log: Log,
}

/// The list and its filters, as both pages of Event Logs show it.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// The address of the list without filters.
    pub href: String,
    /// Where a replay of what is listed is started, for who may.
    pub replay: Option<String>,
    /// The list of replays.
    pub replays: String,
    /// The list as its address has it, made anew.
    pub refresh: String,
    /// Where further lines come from; only where the list begins with the newest.
    pub tail: Option<String>,
    /// How long events are kept: `for 30 days`
    pub kept: String,
    /// The event id, or its beginning, that is searched for.
    pub q: String,
    /// The choices of the status filter.
    pub statuses: Vec<Choice>,
    /// The webhooks to filter by.
    pub webhooks: Vec<Choice>,
    /// The event types to filter by.
    pub types: Vec<Choice>,
    /// The HTTP status to filter by, as typed.
    pub code: String,
    /// The earliest moment, as a `datetime-local` input has it, in UTC.
    pub from: String,
    /// The latest moment, likewise.
    pub to: String,
    /// Whether one of the filters under "More filters" is in use.
    pub more_open: bool,
    /// Whether any filter is in use.
    pub filtered: bool,
    /// Whether that is the search for an id alone.
    pub only_by_id: bool,
    /// Where to go on, when nothing was found among the entries that one search looks at.
    pub go_on: Option<String>,
    /// The rows of this page, newest first.
    pub rows: Vec<Row>,
    /// Where the list goes on.
    pub pager: Pager,
}

impl Page for EventLog {
    fn fragment(&self) -> askama::Result<String> {
        self.as_split().render()
    }
}

/// The list, filtered as its address says.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let asked = here.query();
    let found = here.run(reading(&asked)?).await?;
    let log = Log::of(&here, &asked, &found, None);
    Ok(here.answer(&EventLog { shell: here.shell("Event Logs", Place::Log), log }))
}

/// What the list shows, as read in one go.
pub struct Found {
    page: LogPage,
    webhooks: Vec<(WebhookId, String)>,
    types: Vec<String>,
    now: Ts,
}

/// Reads what the filters in `asked` want. An unknown webhook is not there; other filters that cannot be
/// read find nothing or filter nothing, as each says.
pub fn reading(
    asked: &Fields,
) -> Result<impl FnOnce(&Cx, BuId) -> Result<Found, Error> + Send + use<>, Fault> {
    let after = asked.typed("after").map(|text| log::Place::parse(text).ok_or(Fault::Missing)).transpose()?;
    let query = LogQuery { after, ..query(asked)? };
    Ok(move |cx: &Cx, bu: BuId| {
        Ok(Found {
            page: log::log(cx, bu, &query)?,
            webhooks: search::names(cx, bu, MOST_CHOICES)?,
            types: catalogue::list(cx, bu)?.into_iter().map(|found| found.name).collect(),
            now: cx.now,
        })
    })
}

/// The first page of what the filters in `asked` want.
fn query(asked: &Fields) -> Result<LogQuery, Fault> {
    let webhook = asked.typed("webhook").map(|text| text.parse().map_err(|_| Fault::Missing)).transpose()?;
    Ok(LogQuery {
        webhook,
        after: None,
        id: asked.typed("q").map(str::to_owned),
        event_type: asked.typed("type").map(str::to_owned),
        outcome: outcome_of(asked.text("status")),
        // A status that is no number is one that nothing has.
        status: asked.typed("code").map(|text| text.parse().unwrap_or(0)),
        from: asked.typed("from").and_then(moment),
        to: asked.typed("to").and_then(moment).map(|to| to + Duration::from_millis(59_999)),
        limit: ON_A_PAGE,
    })
}

/// Reads what a `datetime-local` input sends: a minute, in UTC.
pub fn moment(text: &str) -> Option<Ts> {
    let whole = if text.len() == 16 { format!("{text}:00Z") } else { format!("{text}Z") };
    Ts::parse(&whole)
}

fn outcome_of(word: &str) -> Option<Outcome> {
    Some(match word {
        "delivered" => Outcome::Delivered,
        "pending" => Outcome::Pending,
        "retrying" => Outcome::Retrying,
        "failed" => Outcome::Failed,
        "held_back" => Outcome::HeldBack,
        "unsent" => Outcome::Unsent,
        _ => return None,
    })
}

/// An outcome in a word.
pub fn mark(outcome: Outcome) -> Mark {
    match outcome {
        Outcome::Delivered => Mark::new(Tone::Ok, "Delivered"),
        Outcome::Pending => Mark::new(Tone::Wait, "Sending"),
        Outcome::Retrying => Mark::new(Tone::Wait, "Retrying"),
        Outcome::Failed => Mark::new(Tone::Bad, "Failed"),
        Outcome::HeldBack => Mark::new(Tone::Off, "Held back"),
        Outcome::Unsent => Mark::new(Tone::Off, "Not sent"),
    }
}

/// `path` with the filters of `asked`.
pub fn with_filters(path: &str, asked: &Fields, after: &str) -> String {
    let pairs: Vec<_> = filters(asked).into_iter().chain([("after", after)]).collect();
    routes::with_query(path, &pairs)
}

/// The filters of `asked`.
fn filters(asked: &Fields) -> [(&'static str, &str); 7] {
    FILTERS.map(|name| (name, asked.text(name)))
}

impl Log {
    /// The list as `found`, with `current` beside it.
    pub fn of(here: &Here, asked: &Fields, found: &Found, current: Option<EventId>) -> Self {
        let (href, after) = (routes::log(here.bu()), asked.text("after"));
        let all = ("", "All webhooks");
        let webhooks = found.webhooks.iter().map(|(id, name)| (id.as_str(), name.as_str()));
        let types = found.types.iter().map(|name| (name.as_str(), name.as_str()));
        let next = found.page.next.map(|next| with_filters(&href, asked, &next.to_string()));
        let looked = format::thousands(MOST_LOOKED_AT as u64);
        let summary = match (found.page.stopped, found.page.lines.first()) {
            (true, _) => format!("Looked through {looked} entries"),
            (false, Some(newest)) if newest.at.day() == found.now.day() => {
                format!("Today, {}", format::day(newest.at, found.now))
            }
            (false, Some(newest)) => format::day(newest.at, found.now),
            (false, None) => String::new(),
        };
        Self {
            replay: here.may(Permission::DeliveriesWrite).then(|| {
                let pairs = REPLAYED.map(|name| (name, asked.text(name)));
                routes::with_query(&routes::replay_new(here.bu()), &pairs)
            }),
            replays: routes::replays(here.bu()),
            refresh: with_filters(here.path(), asked, after),
            tail: after
                .is_empty()
                .then(|| live::address(&routes::log_tail(here.bu()), &filters(asked), found.now)),
            kept: here.kept(),
            q: asked.text("q").to_owned(),
            statuses: Choice::list(STATUSES, asked.text("status")),
            webhooks: Choice::list(std::iter::once(all).chain(webhooks), asked.text("webhook")),
            types: Choice::list(std::iter::once(("", "All types")).chain(types), asked.text("type")),
            code: asked.text("code").to_owned(),
            from: asked.text("from").to_owned(),
            to: asked.text("to").to_owned(),
            more_open: ["type", "code", "from", "to"].iter().any(|name| asked.typed(name).is_some()),
            only_by_id: asked.typed("q").is_some()
                && FILTERS.iter().skip(1).all(|name| asked.typed(name).is_none()),
            filtered: FILTERS.iter().any(|name| asked.typed(name).is_some()),
            go_on: next.clone().filter(|_| found.page.lines.is_empty()),
            rows: found
                .page
                .lines
                .iter()
                .map(|line| Row {
                    current: current == Some(line.event),
                    ..Row::of(here.bu(), asked, line, found.now)
                })
                .collect(),
            pager: Pager {
                summary,
                newer: (!after.is_empty()).then(|| with_filters(&href, asked, "")),
                older: next,
            },
            href,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_can_be_asked_for_and_reads_as_it_is_shown() {
        for (value, label) in STATUSES.iter().skip(1) {
            assert_eq!(mark(outcome_of(value).unwrap()).word, *label);
        }
        assert_eq!(outcome_of("nonsense"), None);
    }

    #[test]
    fn a_moment_is_typed_to_the_minute_in_utc() {
        assert_eq!(moment("2025-11-20T14:02").unwrap().to_string(), "2025-11-20T14:02:00Z");
        assert_eq!(moment("2025-11-20T14:02:03").unwrap().to_string(), "2025-11-20T14:02:03Z");
        assert_eq!(moment("yesterday"), None);
    }
}
