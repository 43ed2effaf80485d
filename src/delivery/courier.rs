//! One attempt: a request is sent, the answer is judged by its status line, and both are written down.

use std::borrow::Cow;
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use tokio::time::{Instant, timeout_at};

use crate::clock::Clock;
use crate::delivery::lanes::Sign;
use crate::delivery::outgoing::{MASK, Route};
use crate::delivery::transport::{Failure, Transport};
use crate::domain::events::attempt::{Attempt, HeaderLines, MOST_RESPONSE_BYTES};
use crate::domain::events::cause::Cause;
use crate::domain::events::delivery::DeliveryKind;
use crate::domain::events::retry::retry_after;
use crate::domain::time::Ts;
use crate::ops::events::handoff::Handed;

const MOST_HEADERS: usize = 40;
const MOST_HEADER_BYTES: usize = 4 * 1024;

/// Makes attempts; one for the engine.
pub struct Courier {
    transport: Transport,
    clock: Clock,
}

/// What came of one attempt.
pub struct Tried {
    /// The record of it.
    pub attempt: Attempt,
    /// How long the receiver asked to be left alone.
    pub retry_after: Option<Duration>,
}

/// What came back of a body.
#[derive(Default)]
struct Kept {
    bytes: Vec<u8>,
    cut: bool,
}

impl Courier {
    /// A courier that sends through `transport` and dates by `clock`.
    pub fn new(transport: Transport, clock: Clock) -> Self {
        Self { transport, clock }
    }

    /// Sends `handed` along `route`. Takes no longer than the destination allows, whatever the receiver does.
    pub async fn attempt(&self, route: &Route, handed: &Handed) -> Tried {
        let began = Instant::now();
        let deadline = began + route.destination.timeout;
        let mut attempt = blank(handed, &self.clock, &route.destination.url_text);
        let answered = self.send(route, handed, &mut attempt, deadline).await;
        let retry_after = match answered {
            Ok(retry_after) => retry_after,
            Err(Failure { cause, detail }) => {
                attempt.cause = Some(cause);
                attempt.detail = detail;
                None
            }
        };
        attempt.duration_ms = i32::try_from(began.elapsed().as_millis()).unwrap_or(i32::MAX);
        Tried { attempt, retry_after }
    }

    async fn send(
        &self,
        route: &Route,
        handed: &Handed,
        attempt: &mut Attempt,
        deadline: Instant,
    ) -> Result<Option<Duration>, Failure> {
        let url = route.url()?;
        let outgoing = route.request(handed.event.as_str(), &handed.body, attempt.started_at)?;
        attempt.request_headers = outgoing.shown;
        let sending = self.transport.send(url, outgoing.request);
        let received = timeout_at(deadline, sending).await.map_err(|_| Cause::Timeout)??;

        // From here on the outcome is settled: whatever becomes of the body, the status line decides.
        let status = received.response.status();
        attempt.status = Some(i32::from(status.as_u16()));
        attempt.cause = cause_of(status);
        attempt.response_headers = kept_headers(received.response.headers());
        let asked = asked_delay(status, received.response.headers(), self.clock.now());
        let kept = read_body(received.response, received.may_keep, deadline).await;
        attempt.response_body = kept.bytes;
        attempt.response_cut = kept.cut;
        Ok(asked)
    }
}

impl Tried {
    /// What this says about the endpoint. A test that fails says nothing: somebody is trying something out.
    /// A receiver that is gone has a path of its own.
    pub fn sign(&self, kind: DeliveryKind) -> Sign {
        let is_overload = self.attempt.cause == Some(Cause::Timeout)
            || self.attempt.status.is_some_and(|status| matches!(status, 429 | 502..=504));
        match self.attempt.cause {
            None => Sign::Success,
            Some(cause) if cause.is_ours() || cause == Cause::Gone => Sign::Nothing,
            Some(_) if kind == DeliveryKind::Test => Sign::Nothing,
            Some(_) => Sign::Failure { is_overload, asked: self.retry_after },
        }
    }
}

/// The record of an attempt that broke inside this process: nobody knows what the receiver saw.
pub fn broken(handed: &Handed, clock: &Clock, cause: Cause) -> Attempt {
    Attempt { cause: Some(cause), ..blank(handed, clock, "") }
}

fn blank(handed: &Handed, clock: &Clock, url: &str) -> Attempt {
    Attempt {
        id: clock.id(),
        delivery: handed.delivery,
        bu: handed.bu,
        endpoint: handed.endpoint,
        number: handed.next_number(),
        started_at: clock.now(),
        duration_ms: 0,
        status: None,
        cause: None,
        detail: None,
        url: url.to_owned(),
        request_headers: HeaderLines::default(),
        response_headers: HeaderLines::default(),
        response_body: Vec::new(),
        response_cut: false,
    }
}

fn cause_of(status: StatusCode) -> Option<Cause> {
    match status.as_u16() {
        200..=299 => None,
        300..=399 => Some(Cause::RedirectNotFollowed),
        410 => Some(Cause::Gone),
        _ => Some(Cause::HttpStatus),
    }
}

fn asked_delay(status: StatusCode, headers: &HeaderMap, now: Ts) -> Option<Duration> {
    if !matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        return None;
    }
    retry_after(headers.get(RETRY_AFTER)?.to_str().ok()?, now)
}

/// The first headers that fit, with what could be used to pose as somebody masked.
fn kept_headers(headers: &HeaderMap) -> HeaderLines {
    let mut room = MOST_HEADER_BYTES;
    let lines = headers.iter().take(MOST_HEADERS).map(|(name, value)| {
        let is_secret = matches!(name.as_str(), "set-cookie" | "set-cookie2" | "authorization")
            || name.as_str().starts_with("proxy-");
        let value = if is_secret { Cow::Borrowed(MASK) } else { String::from_utf8_lossy(value.as_bytes()) };
        (name.as_str(), value)
    });
    lines
        .take_while(|(name, value)| {
            let fits = room.checked_sub(name.len() + value.len());
            room = fits.unwrap_or(0);
            fits.is_some()
        })
        .collect()
}

/// Reads up to the limit, then lets go of the connection. A body that ends in time lets the connection be
/// used again, so it is read even when nothing of it may be kept.
async fn read_body(mut response: Response, may_keep: bool, deadline: Instant) -> Kept {
    let mut kept = Kept::default();
    let mut read = 0;
    loop {
        match timeout_at(deadline, response.chunk()).await {
            Ok(Ok(Some(chunk))) => {
                let fits = chunk.len().min(MOST_RESPONSE_BYTES - read);
                read += fits;
                if may_keep {
                    kept.bytes.extend_from_slice(chunk.get(..fits).unwrap_or_default());
                }
                kept.cut = !may_keep || fits < chunk.len();
                if fits < chunk.len() {
                    return kept;
                }
            }
            Ok(Ok(None)) => return kept,
            Ok(Err(_)) | Err(_) => {
                kept.cut = true;
                return kept;
            }
        }
    }
}

#[cfg(test)]
mod tests;
