//! One delivery as a row of the recent ones, on the page and in its stream.

use std::time::Duration;

use askama::Template;

use crate::domain::events::delivery::{DeliveryKind, DeliveryState};
use crate::domain::id::BuId;
use crate::domain::time::Ts;
use crate::store::events::deliveries::DeliveryRow;
use crate::web::events::event::short;
use crate::web::format::{self, Moment};
use crate::web::parts::{Mark, Tone};
use crate::web::routes;

/// A delivery of a webhook.
#[derive(Debug, Clone)]
pub struct Delivered {
    /// Its whole id.
    pub id: String,
    /// Changes with what is known of it: a row of the same id and version is the same row.
    pub version: String,
    /// Its event's page.
    pub href: String,
    /// Its event's type.
    pub event_type: String,
    /// Its event's id.
    pub event: String,
    /// The same as tables show it.
    pub short_event: String,
    /// Why it was sent, where that is not the event: `test`; empty otherwise.
    pub kind: &'static str,
    /// The status that came back, or a word for what came instead.
    pub answer: Option<Mark>,
    /// Where it stands, while nothing came back.
    pub state: Option<Mark>,
    /// How long the last attempt took; empty for none.
    pub took: String,
    /// How many attempts were made; empty for none.
    pub attempts: String,
    /// Whether one attempt was enough.
    pub once: bool,
    /// When it was made.
    pub at: Moment,
    /// Whether it has just come in.
    pub fresh: bool,
}

/// The row alone, as the stream sends it.
#[derive(Template)]
#[template(path = "webhooks/details/_row.html")]
struct Alone<'a> {
    row: &'a Delivered,
}

impl Delivered {
    /// The row alone.
    pub fn draw(&self) -> askama::Result<String> {
        Alone { row: self }.render()
    }

    /// The row of a delivery in `bu`, as seen at `now`.
    pub fn of(bu: BuId, row: &DeliveryRow, now: Ts) -> Self {
        let tried = row.attempts + row.interruptions;
        let is_sent = tried > 0 || row.last_duration_ms.is_some();
        let answer = is_sent.then(|| answer(row)).flatten();
        let took = row.last_duration_ms.filter(|_| is_sent).and_then(|ms| u64::try_from(ms).ok());
        Self {
            id: row.id.to_string(),
            version: version(row),
            href: routes::event(bu, row.event_id),
            event_type: row.event_type.clone(),
            event: row.event_id.to_string(),
            short_event: row.event_id.short(),
            kind: match row.kind {
                DeliveryKind::Event => "",
                DeliveryKind::Test => "test",
                DeliveryKind::Replay => "sent again",
            },
            state: if answer.is_none() { Some(state(row.state, tried)) } else { None },
            answer,
            took: took.map(|ms| format::duration(Duration::from_millis(ms))).unwrap_or_default(),
            attempts: if tried == 0 { String::new() } else { tried.to_string() },
            once: tried == 1,
            at: moment(row.created_at, now),
            fresh: false,
        }
    }
}

/// What changes when anything that a row shows does.
pub fn version(row: &DeliveryRow) -> String {
    format!("{}-{}-{}", row.state, row.attempts, row.interruptions)
}

/// What came back from the last attempt: a failure that is tried again is one too.
fn answer(row: &DeliveryRow) -> Option<Mark> {
    let failed = row.state != DeliveryState::Delivered;
    let tone = if failed { Tone::Bad } else { Tone::Off };
    match (row.last_status, row.cause) {
        (Some(status), _) if !failed || !(200..300).contains(&status) => {
            Some(Mark::new(tone, status.to_string()))
        }
        (_, Some(cause)) if failed && row.last_duration_ms.is_some() => Some(Mark::new(tone, short(cause))),
        _ => None,
    }
}

fn state(state: DeliveryState, tried: i32) -> Mark {
    match state {
        DeliveryState::Ready if tried > 0 => Mark::new(Tone::Wait, "Retrying"),
        DeliveryState::Ready => Mark::new(Tone::Wait, "Waiting"),
        DeliveryState::Leased => Mark::new(Tone::Wait, "Sending"),
        DeliveryState::Delivered => Mark::new(Tone::Ok, "Delivered"),
        DeliveryState::Exhausted => Mark::new(Tone::Bad, "Failed"),
        DeliveryState::Cancelled => Mark::new(Tone::Off, "Cancelled"),
        DeliveryState::Skipped => Mark::new(Tone::Off, "Skipped"),
        DeliveryState::Filtered => Mark::new(Tone::Off, "Filtered"),
    }
}

/// The time of day, with the day when that is not today.
fn moment(then: Ts, now: Ts) -> Moment {
    let clock = Moment::clock(then);
    if then.day() == now.day() {
        clock
    } else {
        Moment { word: format!("{}, {}", format::day(then, now), then.calendar().strftime("%H:%M")), ..clock }
    }
}
