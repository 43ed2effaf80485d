//! What came of a test so far: one line for each endpoint, with its answer and the request as a command.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;

use super::curl::curl;
use crate::domain::events::cause::Cause;
use crate::domain::events::delivery::DeliveryState;
use crate::domain::id::EndpointId;
use crate::ops::events::handoff::Destination;
use crate::ops::events::inspect::{DeliveryView, EventView};
use crate::web::events::event::short;
use crate::web::format;
use crate::web::json_view::{self, Piece};
use crate::web::parts::{CodeBlock, Mark, Tone};

/// A test that was sent.
#[derive(Debug)]
pub struct Sent {
    /// When: `14:03:10`.
    pub at: String,
    /// Where to look again, while an endpoint has not answered.
    pub poll: Option<String>,
    /// The endpoints.
    pub answers: Vec<Answered>,
    /// The body as it was sent.
    pub body: CodeBlock,
}

/// One endpoint.
#[derive(Debug)]
pub struct Answered {
    /// Its number, from 1.
    pub number: usize,
    /// Its icon.
    pub icon: &'static str,
    /// Its address without scheme.
    pub url: String,
    /// What happened: `Answered in 342 ms`.
    pub said: String,
    /// The status, or what came instead.
    pub answer: Mark,
    /// What it answered.
    pub response: Option<CodeBlock>,
    /// The request as a command.
    pub command: Option<CodeBlock>,
}

impl Sent {
    /// What came of it so far; `poll` is where more is told.
    pub fn of(view: &EventView, to: &HashMap<EndpointId, Arc<Destination>>, poll: String) -> Self {
        let is_done = view.deliveries.iter().all(|delivery| delivery.row.state.is_final());
        let answer = |(i, delivery): (usize, &DeliveryView)| Answered::of(i + 1, view, delivery, to);
        Self {
            at: format::clock(view.event.created_at),
            poll: (!is_done).then_some(poll),
            answers: view.deliveries.iter().enumerate().map(answer).collect(),
            body: block("test-body", "Payload as it was sent", json_view::body(&view.event.body)),
        }
    }
}

impl Answered {
    fn of(
        number: usize,
        view: &EventView,
        delivery: &DeliveryView,
        to: &HashMap<EndpointId, Arc<Destination>>,
    ) -> Self {
        let row = &delivery.row;
        let tried = delivery.attempts.last();
        let took = tried.map(|tried| Duration::from_millis(u64::try_from(tried.duration_ms).unwrap_or(0)));
        let took = took.map(format::duration).unwrap_or_default();
        let status = tried.and_then(|tried| tried.status);
        let tone = match row.state {
            DeliveryState::Delivered => Tone::Ok,
            DeliveryState::Ready | DeliveryState::Leased => Tone::Wait,
            _ => Tone::Bad,
        };
        let why = delivery.why().unwrap_or_default().to_owned();
        let (said, word) = match (tone, status, row.cause) {
            (Tone::Wait, _, _) => ("Waiting for its answer".to_owned(), "Sending".to_owned()),
            (Tone::Ok, status, _) => {
                (format!("Answered in {took}"), status.map(|s| s.to_string()).unwrap_or_default())
            }
            (_, Some(status), Some(Cause::HttpStatus) | None) => {
                (format!("Answered in {took}, and not with 2xx"), status.to_string())
            }
            (_, Some(status), Some(_)) => (why, status.to_string()),
            (_, None, Some(cause)) => (why, short(cause).to_owned()),
            (_, None, None) => ("It was stopped before it was sent.".to_owned(), "Stopped".to_owned()),
        };
        let response = tried.zip(status).map(|(tried, status)| {
            let reason = u16::try_from(status).ok().and_then(|s| StatusCode::from_u16(s).ok());
            let reason = reason.and_then(|s| s.canonical_reason()).unwrap_or_default();
            let pieces = json_view::message("", &tried.response_headers, &tried.response_body);
            CodeBlock {
                mark: Some(Mark::new(tone, format!("{status} {reason}").trim_end())),
                note: tried.response_cut.then(|| "cut at 16 KiB".to_owned()),
                ..block(&format!("test-answer-{number}"), &format!("Answer of endpoint {number}"), pieces)
            }
        });
        let command = tried.zip(to.get(&row.endpoint_id)).and_then(|(tried, to)| {
            let event = view.event.id.to_string();
            let text = curl(to.clone(), &event, &view.event.body, tried.started_at)?;
            let label = format!("Request to endpoint {number} as curl");
            Some(block(&format!("test-curl-{number}"), &label, vec![Piece { class: "", text }]))
        });
        Self {
            number,
            icon: if tone == Tone::Bad { "circle-alert" } else { tone.icon() },
            url: format::short_url(&delivery.url).to_owned(),
            said,
            answer: Mark::new(tone, word),
            response,
            command,
        }
    }
}

fn block(id: &str, label: &str, pieces: Vec<Piece>) -> CodeBlock {
    CodeBlock { id: id.to_owned(), label: label.to_owned(), mark: None, pieces, note: None }
}
