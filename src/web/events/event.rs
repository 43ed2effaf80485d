//! One event: what each webhook did with it, each attempt, and the payload.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::domain::access::permission::Permission;
use crate::domain::events::attempt::{Attempt as Tried, HeaderLines};
use crate::domain::events::cause::Cause;
use crate::domain::events::delivery::{DeliveryKind, DeliveryState};
use crate::domain::id::{DeliveryKind as DeliveryIdKind, EventKind};
use crate::domain::time::Ts;
use crate::ops::Error;
use crate::ops::events::inspect::{self, DeliveryView, EventView, outcome};
use crate::ops::events::resend::resend as send_again;
use crate::store::events::events::EventRow;
use crate::web::events::log::{Log, mark, reading, with_filters};
use crate::web::fault::Fault;
use crate::web::flash::Flash;
use crate::web::form::Checked;
use crate::web::format::{self, Moment};
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::{CodeBlock, Mark, Step, Tone};
use crate::web::shell::{Place, Shell};
use crate::web::{json_view, routes};

/// The longest payload that is written into a command, in bytes; a longer one is read from a file.
const LONGEST_COMMAND: usize = 4_096;

/// The element of the list's page that shows one event.
const DETAIL: &str = "event";

/// The page `/bu/{bu}/logs/{evt}`.
#[derive(Debug, Template)]
#[template(path = "events/event.html")]
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

/// The event alone, for the list that has it put beside itself.
#[derive(Debug, Template)]
#[template(path = "events/one.html")]
struct Chosen {
    shell: Shell,
    back: String,
    event: Event,
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
    /// The business unit it happened in, when that is another one; empty otherwise.
    pub unit: String,
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
    /// The webhook's details.
    pub webhook_href: String,
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
    /// The request as a command, where anything was to be sent.
    pub curl: Option<CodeBlock>,
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

impl Page for EventPage {}

impl Page for Chosen {}

/// One event beside the list it was chosen from; alone where htmx has the list already.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let id = here.id::<EventKind>("evt")?;
    let asked = here.query();
    let back = with_filters(&routes::log(here.bu()), &asked, asked.text("after"));
    let shell = here.shell("Event", Place::Log);
    if here.wants_fragment() && here.target() == DETAIL {
        let (view, now) = here.run(move |cx, bu| Ok((inspect::get(cx, bu, id)?, cx.now))).await?;
        let event = Event::of(&here, &view, now);
        return Ok(here.answer(&Chosen { shell, back, event }));
    }
    let list = reading(&asked)?;
    let (view, list, now) =
        here.run(move |cx, bu| Ok((inspect::get(cx, bu, id)?, list(cx, bu)?, cx.now))).await?;
    let page = EventPage {
        shell,
        log: Log::of(&here, &asked, &list, Some(id)),
        back,
        event: Event::of(&here, &view, now),
    };
    Ok(here.answer(&page))
}

/// Sends one delivery of the event again, and goes back to the event.
pub async fn resend(Checked { by: here, .. }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let (event, delivery) = (here.id::<EventKind>("evt")?, here.id::<DeliveryIdKind>("dlv")?);
    here.run(move |cx, bu| {
        let row = inspect::delivery(cx, bu, delivery)?.row;
        if row.event_id == event { send_again(cx, bu, delivery) } else { Err(Error::NotFound) }
    })
    .await?;
    Ok(here.done(&routes::event(here.bu(), event), Flash::Resent))
}

impl Event {
    /// The delivery, when there is just one.
    pub const fn only(&self) -> Option<&Delivery> {
        match self.deliveries.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    fn of(here: &Here, view: &EventView, now: Ts) -> Self {
        let event = &view.event;
        let rows: Vec<_> = view.deliveries.iter().map(|d| d.row.clone()).collect();
        let arrived = rows.iter().filter(|row| row.state == DeliveryState::Delivered).count();
        let note = match rows.len() {
            0 | 1 => String::new(),
            all => format!("{arrived} of {all} deliveries arrived"),
        };
        Self {
            id: event.id.to_string(),
            event_type: event.event_type.clone(),
            outcome: mark(outcome(&rows)),
            note,
            created: Moment::full(event.created_at),
            subject: event.subject.map(|user| user.to_string()).unwrap_or_default(),
            unit: view.unit.as_ref().map(|unit| unit.name.clone()).unwrap_or_default(),
            deliveries: view.deliveries.iter().map(|d| Delivery::of(here, event, d, now)).collect(),
            payload: Some(CodeBlock {
                id: "payload".to_owned(),
                label: "Payload".to_owned(),
                mark: None,
                pieces: json_view::body(&event.body),
                note: None,
            }),
        }
    }
}

impl Delivery {
    fn of(here: &Here, event: &EventRow, view: &DeliveryView, now: Ts) -> Self {
        let row = &view.row;
        let kind = match row.kind {
            DeliveryKind::Event => "Event created",
            DeliveryKind::Test => "Test sent",
            DeliveryKind::Replay => "Sent again",
        };
        let held_back = matches!(row.state, DeliveryState::Skipped | DeliveryState::Filtered);
        let tried = row.attempts + row.interruptions;
        let next = row.next_at.filter(|_| row.state == DeliveryState::Ready).map(|at| Step {
            tone: Tone::Wait,
            title: format!("Attempt {}", tried + 1),
            note: "scheduled".to_owned(),
            at: Moment::clock(at),
        });
        let first = Step {
            tone: if held_back { Tone::Off } else { Tone::Ok },
            title: kind.to_owned(),
            note: match row.kind {
                _ if held_back => "nothing was sent",
                DeliveryKind::Event => "matched 1 trigger",
                DeliveryKind::Test | DeliveryKind::Replay => "",
            }
            .to_owned(),
            at: Moment::clock(row.created_at),
        };
        let most = view.most_attempts;
        let stopped = row.state != DeliveryState::Delivered;
        let note = match (&next, row.cause.filter(|_| stopped)) {
            (Some(next), _) if tried > 0 => {
                let at = row.next_at.map(|at| format::relative(at, now)).unwrap_or_default();
                format!("Attempt {} of {most} at {}, {at}", row.attempts + 1, next.at.word)
            }
            (None, Some(_)) => view.why().unwrap_or_default().to_owned(),
            _ => String::new(),
        };
        Self {
            heading_id: format!("at-{}", row.id),
            webhook: view.webhook.clone(),
            webhook_href: routes::webhook(here.bu(), row.webhook_id),
            endpoint: format::short_url(&view.url).to_owned(),
            outcome: state(row.state, tried),
            note,
            resend: here
                .may(Permission::DeliveriesWrite)
                .then(|| routes::resend(here.bu(), row.event_id, row.id)),
            next,
            attempts: view
                .attempts
                .iter()
                .rev()
                .zip(0..)
                .map(|(tried, at)| Attempt::of(tried, at == 0))
                .collect(),
            first,
            curl: (!view.url.is_empty() && !held_back).then(|| curl(event, view)),
        }
    }
}

/// The request of a delivery as a command. It is not signed: that takes the secret.
fn curl(event: &EventRow, view: &DeliveryView) -> CodeBlock {
    let url = view.attempts.last().map_or(view.url.as_str(), |tried| tried.url.as_str());
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    let body = match std::str::from_utf8(&event.body) {
        Ok(body) if body.len() <= LONGEST_COMMAND => quoted(body),
        _ => "@payload.json".to_owned(),
    };
    let note = if body.starts_with('@') {
        "Save the payload as payload.json. Signatures are left out: they take the secret."
    } else {
        "Signatures are left out: they take the secret."
    };
    let command = format!(
        "curl -X POST {} \\\n  -H 'Content-Type: application/json' \\\n  -H 'Webhook-Id: {}' \\\n  \
         --data-binary {body}",
        quoted(url),
        event.id,
    );
    CodeBlock {
        id: format!("curl-{}", view.row.id),
        label: "curl".to_owned(),
        mark: None,
        pieces: json_view::message(&command, &HeaderLines::default(), b""),
        note: Some(note.to_owned()),
    }
}

/// Where a delivery stands, in a word.
fn state(state: DeliveryState, tried: i32) -> Mark {
    match state {
        DeliveryState::Ready if tried > 0 => Mark::new(Tone::Wait, "Retrying"),
        DeliveryState::Ready | DeliveryState::Leased => Mark::new(Tone::Wait, "Sending"),
        DeliveryState::Delivered => Mark::new(Tone::Ok, "Delivered"),
        DeliveryState::Exhausted => Mark::new(Tone::Bad, "Failed"),
        DeliveryState::Cancelled => Mark::new(Tone::Off, "Cancelled"),
        DeliveryState::Skipped => Mark::new(Tone::Off, "Skipped"),
        DeliveryState::Filtered => Mark::new(Tone::Off, "Filtered"),
    }
}

impl Attempt {
    fn of(tried: &Tried, open: bool) -> Self {
        let tone = match tried.cause {
            None => Tone::Ok,
            Some(cause) if cause.is_ours() => Tone::Wait,
            Some(_) => Tone::Bad,
        };
        let answer = match (tried.status, tried.cause) {
            (Some(status), _) => status.to_string(),
            (None, Some(cause)) => short(cause).to_owned(),
            (None, None) => String::new(),
        };
        let part = |part: &str, label: &str, mark, pieces, note| CodeBlock {
            id: format!("{part}-{}", tried.id),
            label: label.to_owned(),
            mark,
            pieces,
            note,
        };
        let mut parts = Vec::new();
        if !tried.request_headers.is_empty() {
            parts.push(part("request", "Request", None, request(tried), None));
        }
        if let Some(status) = tried.status {
            let reason = u16::try_from(status).ok().and_then(|s| StatusCode::from_u16(s).ok());
            let reason = reason.and_then(|s| s.canonical_reason()).unwrap_or_default();
            let mark = Mark::new(tone, format!("{status} {reason}").trim_end());
            let pieces = json_view::message("", &tried.response_headers, &tried.response_body);
            let cut = tried.response_cut.then(|| "cut at 16 KiB".to_owned());
            parts.push(part("response", "Response", Some(mark), pieces, cut));
        }
        Self {
            tone,
            title: format!("Attempt {}", tried.number),
            answer: Mark::new(tone, answer),
            took: format::duration(Duration::from_millis(u64::try_from(tried.duration_ms).unwrap_or(0))),
            at: Moment::clock(tried.started_at),
            open,
            error: tried.why().unwrap_or_default().to_owned(),
            timings: String::new(),
            parts,
        }
    }
}

/// The request as it stood on the wire, its body aside.
fn request(tried: &Tried) -> Vec<json_view::Piece> {
    let Ok(url) = url::Url::parse(&tried.url) else {
        return json_view::message(&format!("POST {} HTTP/1.1", tried.url), &tried.request_headers, b"");
    };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let host = format!("{}{port}", url.host_str().unwrap_or_default());
    let headers: HeaderLines =
        [("host", host.as_str())].into_iter().chain(tried.request_headers.iter()).collect();
    json_view::message(&format!("POST {} HTTP/1.1", url.path()), &headers, b"")
}

/// What came instead of a status, in a word or two.
pub const fn short(cause: Cause) -> &'static str {
    match cause {
        Cause::DnsFailure => "No such host",
        Cause::BlockedAddress => "Address refused",
        Cause::ConnectFailed => "No connection",
        Cause::TlsFailed => "TLS failed",
        Cause::Timeout => "Timeout",
        Cause::ProtocolError => "Not HTTP",
        Cause::SecretUnreadable | Cause::NetworkDown => "Not sent",
        Cause::Interrupted => "Interrupted",
        _ => "Failed",
    }
}
