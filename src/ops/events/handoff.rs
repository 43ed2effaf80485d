//! What passes between the operations and the delivery engine.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::events::attempt::Attempt;
use crate::domain::events::delivery::DeliveryKind;
use crate::domain::events::retry::RetryPolicy;
use crate::domain::id::{BuId, DeliveryId, EndpointId, EventId, WebhookId};
use crate::domain::webhooks::secret::SigningSecret;
use crate::domain::webhooks::target_url::TargetUrl;
use crate::store::events::deliveries::DeliveryRow;

/// So many leases lost in a row make a delivery suspect.
pub const SUSPECT_AFTER: i32 = 2;

/// A delivery that this node holds a lease on, with what is needed to send it.
#[derive(Debug, Clone)]
pub struct Handed {
    /// The delivery.
    pub delivery: DeliveryId,
    /// The webhook's business unit.
    pub bu: BuId,
    /// The event: `webhook-id`, the same at every attempt.
    pub event: EventId,
    /// The event's type.
    pub event_type: Arc<str>,
    /// The webhook.
    pub webhook: WebhookId,
    /// The endpoint.
    pub endpoint: EndpointId,
    /// Why it exists.
    pub kind: DeliveryKind,
    /// The fencing number: a settle under another number changes nothing.
    pub lease_no: i64,
    /// Failed attempts so far that count.
    pub attempts: i32,
    /// Attempts whose outcome is unknown, and faults of ours; they do not count.
    pub interruptions: i32,
    /// Whether somebody waits for it: it goes before others, and also to an endpoint that is left alone.
    pub is_urgent: bool,
    /// Leases on it that were lost in a row: nobody knows whether it or another ended its worker.
    pub crashes: i32,
    /// The body to send: exactly these bytes, at every attempt.
    pub body: Arc<[u8]>,
}

impl Handed {
    /// The delivery as stored, with its event's body.
    pub fn new(row: &DeliveryRow, event_type: Arc<str>, body: Arc<[u8]>) -> Self {
        Self {
            delivery: row.id,
            bu: row.bu_id,
            event: row.event_id,
            event_type,
            webhook: row.webhook_id,
            endpoint: row.endpoint_id,
            kind: row.kind,
            lease_no: row.lease_no,
            attempts: row.attempts,
            interruptions: row.interruptions,
            is_urgent: row.kind == DeliveryKind::Test,
            crashes: 0,
            body,
        }
    }

    /// Whether it may be what ends its worker: its attempts are noted before they begin, and the next crash
    /// in one of them is its last.
    pub const fn is_suspect(&self) -> bool {
        self.crashes >= SUSPECT_AFTER
    }

    /// The number of the attempt that comes next.
    pub const fn next_number(&self) -> i32 {
        self.attempts + self.interruptions + 1
    }
}

/// Where an endpoint's deliveries go now, with its secrets in the clear. Never logged.
pub struct Destination {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// Its webhook.
    pub webhook: WebhookId,
    /// The tenant.
    pub bu: BuId,
    /// Whether deliveries may be sent; a test is sent to an inactive webhook too.
    pub standing: Standing,
    /// The address, checked again on loading: rules may have become stricter.
    pub url: Option<TargetUrl>,
    /// Its text as stored.
    pub url_text: String,
    /// Live signing secrets, newest first. Empty when none can be opened.
    pub secrets: Vec<SigningSecret>,
    /// The secret that the single-valued hex header is made with: the oldest live one.
    pub hex_secret: usize,
    /// Custom headers, credentials included.
    pub headers: Vec<(String, String)>,
    /// The static secret header.
    pub static_header: Option<(String, String)>,
    /// How long an attempt may take as a whole.
    pub timeout: Duration,
    /// How failed attempts are repeated.
    pub retry: RetryPolicy,
    /// Deliveries a second at the most.
    pub rate_per_second: Option<i32>,
}

/// Whether a webhook's deliveries may go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// They may.
    Active,
    /// The webhook is switched off.
    Inactive,
    /// The webhook is deleted.
    Deleted,
}

/// Destinations by endpoint; an endpoint that is gone is absent.
pub type Destinations = HashMap<EndpointId, Arc<Destination>>;

/// What came of one attempt, to be settled.
#[derive(Debug)]
pub struct Outcome {
    /// The delivery as it was handed out.
    pub handed: Handed,
    /// The attempt, when a request was tried; `None` when the delivery was held back before.
    pub attempt: Option<Attempt>,
    /// What to do with the delivery.
    pub verdict: Verdict,
}

/// What becomes of a delivery after an attempt. Made by `settle::judge`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It arrived.
    Delivered,
    /// Try again at this moment; the failed attempt counts.
    Retry(crate::domain::time::Ts),
    /// Try again at this moment; the fault was ours and does not count.
    Postpone(crate::domain::time::Ts),
    /// Every attempt failed.
    Exhausted,
    /// The receiver is gone: this delivery ends, and its webhook is switched off.
    Gone,
    /// A rule stopped it.
    Cancelled(crate::domain::events::cause::Cause),
}

/// The delivery engine, as the operations see it.
pub trait Handoff: Send + Sync {
    /// How many more deliveries this node would take right now; 0 when it does not deliver.
    fn room(&self) -> usize;

    /// How many of these may be for this endpoint; 0 while it is left alone or has more waiting in the
    /// database. Cheap: it is asked for every delivery that is made.
    fn room_for(&self, endpoint: EndpointId) -> usize;

    /// Takes deliveries that are leased to this node; never more than `room` and `room_for` said.
    fn hand(&self, deliveries: Vec<Handed>);

    /// Something about a webhook's endpoints changed: forget what is known of them.
    fn changed(&self, webhook: WebhookId);

    /// Deliveries became ready in the database.
    fn wake(&self);

    /// Outcomes became durable: there is room for others.
    fn recorded(&self);
}

/// How much room is left while deliveries are made that are not handed over yet.
pub struct Room<'a> {
    handoff: &'a dyn Handoff,
    left: usize,
    left_for: HashMap<EndpointId, usize>,
}

impl<'a> Room<'a> {
    /// The room there is now.
    pub fn of(handoff: &'a dyn Handoff) -> Self {
        Self { handoff, left: handoff.room(), left_for: HashMap::new() }
    }

    /// Takes a place for a delivery to this endpoint, if there is one.
    pub fn take(&mut self, endpoint: EndpointId) -> bool {
        if self.left == 0 {
            return false;
        }
        let left_for = self.left_for.entry(endpoint).or_insert_with(|| self.handoff.room_for(endpoint));
        let is_taken = *left_for > 0;
        *left_for -= usize::from(is_taken);
        self.left -= usize::from(is_taken);
        is_taken
    }
}

/// For processes that do not deliver: everything is left to the database.
pub struct NoDelivery;

impl Handoff for NoDelivery {
    fn room(&self) -> usize {
        0
    }
    fn room_for(&self, _endpoint: EndpointId) -> usize {
        0
    }
    fn hand(&self, _deliveries: Vec<Handed>) {}
    fn changed(&self, _webhook: WebhookId) {}
    fn wake(&self) {}
    fn recorded(&self) {}
}
