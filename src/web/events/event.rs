//! One event: what each webhook did with it, each attempt, and the payload.

use askama::Template;

use crate::web::events::log::Log;
use crate::web::format::Moment;
use crate::web::page::Page;
use crate::web::parts::{CodeBlock, Mark, Step, Tone};
use crate::web::shell::Shell;

/// The page `/bu/{bu}/logs/{evt}`; list and detail for htmx.
#[derive(Debug, Template)]
#[template(path = "events/event.html", blocks = ["split"])]
pub struct EventPage {
    /// The frame.
    pub shell: Shell,
    /// The list beside the event.
    pub log: Log,
    /// The list it came from, filters included.
    pub back: String,
    /// The event.
    pub event: Event,
}

/// One event as its page shows it.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its whole id.
    pub id: String,
    /// Its type.
    pub event_type: String,
    /// What came of it over all webhooks.
    pub outcome: Mark,
    /// More about that: `2 of 3 webhooks got it`; may be empty.
    pub note: String,
    /// When it happened.
    pub created: Moment,
    /// The login it is about; empty for none.
    pub subject: String,
    /// What each webhook's endpoint did with it.
    pub deliveries: Vec<Delivery>,
    /// The body as it was sent; nothing once it is no longer kept.
    pub payload: Option<CodeBlock>,
}

/// The event on its way to one endpoint, or why it never went.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Unique in the page, without spaces.
    pub heading_id: String,
    /// The webhook's name.
    pub webhook: String,
    /// The endpoint's address without scheme; empty when nothing was to be sent.
    pub endpoint: String,
    /// What came of it.
    pub outcome: Mark,
    /// More about that: `Attempt 4 of 10 at 14:09:22, in 6 min`; may be empty.
    pub note: String,
    /// Where Resend posts to, for who may.
    pub resend: Option<String>,
    /// The attempt that is to come.
    pub next: Option<Step>,
    /// The attempts that were made, newest first.
    pub attempts: Vec<Attempt>,
    /// How it began: `Event created`, `matched 1 trigger`.
    pub first: Step,
}

/// One HTTP request of a delivery.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Colour and shape of its node.
    pub tone: Tone,
    /// `Attempt 3`.
    pub title: String,
    /// The status, or what came instead: `503`, `Timeout`.
    pub answer: Mark,
    /// How long it took: `127 ms`.
    pub took: String,
    /// When it began.
    pub at: Moment,
    /// Whether it is unfolded.
    pub open: bool,
    /// What went wrong, in plain words; may be empty.
    pub error: String,
    /// The phases: `Name lookup 3 ms · connection 12 ms`; may be empty.
    pub timings: String,
    /// Request and response, as far as they are kept.
    pub parts: Vec<CodeBlock>,
}

impl Page for EventPage {
    fn fragment(&self) -> askama::Result<String> {
        self.as_split().render()
    }
}
