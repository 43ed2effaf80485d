//! What became of a delivery in the past: attempt after attempt, as its receiver would have answered.

use std::time::{Duration, SystemTime};

use crate::clock::Clock;
use crate::demo::chance::Chance;
use crate::demo::manner::{Answer, Manner};
use crate::domain::events::attempt::{Attempt, HeaderLines};
use crate::domain::events::cause::Cause;
use crate::domain::events::delivery::DeliveryState;
use crate::domain::time::Ts;
use crate::domain::webhooks::header::is_credential;
use crate::ops::events::handoff::Destination;
use crate::store::events::deliveries::DeliveryRow;

const HOUR: Duration = Duration::from_hours(1);
/// What stands in place of a credential, as the engine writes it.
const MASK: &str = "••••••••";
/// How much of an answer is kept.
const MOST_KEPT: usize = 16 * 1024;
/// What began this shortly before now is left to the engine.
const LATEST: Duration = Duration::from_secs(40);

/// An endpoint, and how its receiver has been behaving.
pub struct Way<'a> {
    to: &'a Destination,
    manner: Manner,
    /// Before this moment the receiver was well.
    since: Ts,
    shown: HeaderLines,
}

impl<'a> Way<'a> {
    /// The way to an endpoint of the receiver that answers under `base`.
    pub fn new(to: &'a Destination, base: &str, now: Ts) -> Self {
        let manner = to.url_text.strip_prefix(base).map_or(Manner::Refusing, Manner::of_path);
        let hours = match manner {
            Manner::Broken => 20,
            Manner::Busy => 30,
            Manner::Refusing => 50,
            Manner::Silent => 75,
            Manner::Missing => 100,
            Manner::Ok | Manner::Slow | Manner::Flaky | Manner::Page | Manner::Large => 24 * 365,
        };
        let usual = [
            ("content-type", "application/json"),
            ("user-agent", concat!("Bellwire/", env!("CARGO_PKG_VERSION"))),
            ("accept", "*/*"),
            ("accept-encoding", "identity"),
        ];
        let masked = |value: &'a String, name: &str| if is_credential(name) { MASK } else { value.as_str() };
        let fixed = to.static_header.iter().map(|(name, _)| (name.as_str(), MASK));
        let custom = to.headers.iter().map(|(name, value)| (name.as_str(), masked(value, name)));
        let shown = usual.into_iter().chain(fixed).chain(custom).collect();
        Self { to, manner, since: now - HOUR * hours, shown }
    }

    /// Sends a delivery that was due when it was made, again and again as its endpoint's policy says,
    /// until it ends or `now` has come. Gives the attempts.
    pub fn send(&self, row: &mut DeliveryRow, now: Ts, chance: &mut Chance) -> Vec<Attempt> {
        let mut attempts = Vec::new();
        let mut at = row.created_at + chance.within(Duration::from_millis(30));
        row.next_at = Some(at);
        while at < now - LATEST {
            let (attempt, retry_after) = self.attempt(row, at, chance);
            let ended = ended(&attempt);
            row.attempts += 1;
            row.lease_no += 1;
            row.last_status = attempt.status;
            row.last_duration_ms = Some(attempt.duration_ms);
            row.cause = attempt.cause;
            let failed = attempt.cause.is_some();
            attempts.push(attempt);
            let wait = if failed {
                self.to.retry.next_wait(row.attempts, chance.fraction(), retry_after)
            } else {
                None
            };
            let Some(wait) = wait else {
                row.state = if failed { DeliveryState::Exhausted } else { DeliveryState::Delivered };
                row.next_at = None;
                row.settled_at = Some(ended);
                break;
            };
            at = ended + wait;
            row.next_at = Some(at);
        }
        attempts
    }

    fn attempt(&self, row: &DeliveryRow, at: Ts, chance: &mut Chance) -> (Attempt, Option<Duration>) {
        let manner = if at < self.since { Manner::Ok } else { self.manner };
        let answer = manner.answer(chance).filter(|a| u128::from(a.after_ms) < self.to.timeout.as_millis());
        let timeout_ms = i32::try_from(self.to.timeout.as_millis()).unwrap_or(i32::MAX);
        let mut attempt = Attempt {
            id: Clock::standing(at).id(),
            delivery: row.id,
            bu: row.bu_id,
            endpoint: row.endpoint_id,
            number: row.attempts + 1,
            started_at: at,
            duration_ms: timeout_ms,
            status: None,
            cause: Some(Cause::Timeout),
            detail: None,
            url: self.to.url_text.clone(),
            request_headers: self.request_headers(row, at, chance),
            response_headers: HeaderLines::default(),
            response_body: Vec::new(),
            response_cut: false,
        };
        if manner == Manner::Refusing {
            attempt.duration_ms = 1;
            attempt.cause = Some(Cause::ConnectFailed);
        }
        let retry_after = answer.as_ref().and_then(|answer| answer.retry_after);
        if let Some(answer) = answer {
            answered(&mut attempt, answer);
        }
        (attempt, retry_after.map(|seconds| Duration::from_secs(seconds.into())))
    }

    fn request_headers(&self, row: &DeliveryRow, at: Ts, chance: &mut Chance) -> HeaderLines {
        let mut lines = self.shown.clone();
        // Only the ends of signatures are ever kept, so nobody can tell these from others by checking.
        lines.push_parts("x-webhook-signature", &[&chance.hex(16), "…", &chance.hex(4)]);
        lines.push("webhook-id", row.event_id.as_str());
        lines.push("webhook-timestamp", &at.as_secs().to_string());
        lines.push_parts("webhook-signature", &["v1,", &chance.hex(16), "…", &chance.hex(3), "="]);
        lines
    }
}

fn answered(attempt: &mut Attempt, answer: Answer) {
    attempt.duration_ms = i32::try_from(answer.after_ms).unwrap_or(i32::MAX);
    attempt.status = Some(answer.status.into());
    attempt.cause = (!(200..300).contains(&answer.status)).then_some(Cause::HttpStatus);
    let lines = &mut attempt.response_headers;
    lines.push("content-length", &answer.body.len().to_string());
    lines.push("content-type", answer.content_type);
    if let Some(seconds) = answer.retry_after {
        lines.push("retry-after", &seconds.to_string());
    }
    let epoch_seconds = u64::try_from(ended(attempt).as_secs()).unwrap_or_default();
    let date = SystemTime::UNIX_EPOCH + Duration::from_secs(epoch_seconds);
    attempt.response_headers.push("date", &httpdate::fmt_http_date(date));
    attempt.response_body = answer.body.into_bytes();
    attempt.response_cut = attempt.response_body.len() > MOST_KEPT;
    attempt.response_body.truncate(MOST_KEPT);
}

/// When an attempt ended.
pub fn ended(attempt: &Attempt) -> Ts {
    attempt.started_at + Duration::from_millis(u64::try_from(attempt.duration_ms).unwrap_or_default())
}
