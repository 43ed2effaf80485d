//! One line of Event Logs, in the list and in its stream.

use std::time::Duration;

use askama::Template;

use super::{mark, with_filters};
use crate::domain::id::BuId;
use crate::domain::time::Ts;
use crate::ops::events::log::LogLine;
use crate::web::form::Fields;
use crate::web::format::{self, Moment};
use crate::web::parts::Mark;
use crate::web::routes;

/// One event of the list.
#[derive(Debug, Clone)]
pub struct Row {
    /// Unique in the list: a webhook's log shows an event again for each time it was sent.
    pub key: String,
    /// Changes with anything that it shows.
    pub version: String,
    /// Its whole id.
    pub id: String,
    /// The id as tables show it.
    pub short_id: String,
    /// Its page, with the list's filters.
    pub href: String,
    /// Its type.
    pub event_type: String,
    /// The business unit it happened in, when that is another one; empty otherwise.
    pub unit: String,
    /// When it happened.
    pub at: Moment,
    /// What came of it.
    pub outcome: Mark,
    /// Attempts, last status and duration in one line: `3 attempts · 503 · 127 ms`; empty for none.
    pub attempts: String,
    /// Whether it is the one beside the list.
    pub current: bool,
    /// Whether it has just come in.
    pub fresh: bool,
}

/// The row alone, as the stream sends it.
#[derive(Template)]
#[template(path = "events/_row.html")]
struct Alone<'a> {
    row: &'a Row,
}

impl Row {
    /// The row alone.
    pub fn draw(&self) -> askama::Result<String> {
        Alone { row: self }.render()
    }

    /// The row of `line` in the list of `bu` that `asked` narrows, as seen at `now`.
    pub fn of(bu: BuId, asked: &Fields, line: &LogLine, now: Ts) -> Self {
        let tries = (line.attempts > 0)
            .then(|| format::count(u64::try_from(line.attempts).unwrap_or(0), "attempt", "attempts"));
        let took = line.last_duration_ms.and_then(|ms| u64::try_from(ms).ok());
        let took = took.map(|ms| format::duration(Duration::from_millis(ms)));
        let facts = [tries, line.last_status.map(|status| status.to_string()), took];
        let (outcome, facts) = (mark(line.outcome), facts.into_iter().flatten().collect::<Vec<_>>());
        Self {
            key: line.place.to_string(),
            version: version(line),
            id: line.event.to_string(),
            short_id: line.event.short(),
            href: with_filters(&routes::event(bu, line.event), asked, asked.text("after")),
            event_type: line.event_type.clone(),
            unit: line.unit.clone().unwrap_or_default(),
            at: Moment::in_list(line.at, now),
            outcome,
            attempts: facts.join(" · "),
            current: false,
            fresh: false,
        }
    }
}

/// What changes when anything that a row shows does.
pub fn version(line: &LogLine) -> String {
    let shown = [line.last_status, line.last_duration_ms].map(|n| n.unwrap_or(-1).to_string());
    format!("{:?}-{}-{}", line.outcome, line.attempts, shown.join("-"))
}
