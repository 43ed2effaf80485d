//! Event Logs: the list of what happened, beside one event.

use askama::Template;

use crate::web::format::Moment;
use crate::web::page::Page;
use crate::web::parts::{Choice, Mark, Pager};
use crate::web::shell::Shell;

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
    /// How long events are kept: `30 days`.
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
    /// The rows of this page, newest first.
    pub rows: Vec<Row>,
    /// Where the list goes on.
    pub pager: Pager,
}

/// One event of the list.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its whole id.
    pub id: String,
    /// The id as tables show it.
    pub short_id: String,
    /// Its page, with the list's filters.
    pub href: String,
    /// Its type.
    pub event_type: String,
    /// When it happened.
    pub at: Moment,
    /// What came of it.
    pub outcome: Mark,
    /// Attempts, last status and duration in one line: `3 attempts · 503 · 127 ms`; empty for none.
    pub attempts: String,
    /// Whether it is the one beside the list.
    pub current: bool,
}

impl Page for EventLog {
    fn fragment(&self) -> askama::Result<String> {
        self.as_split().render()
    }
}
