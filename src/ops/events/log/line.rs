//! One entry of the log, made of an event or of one delivery.

use std::collections::HashMap;

use super::Place;
use crate::domain::id::EventId;
use crate::domain::time::Ts;
use crate::ops::events::inspect::{Outcome, outcome};
use crate::ops::webhooks::reach::FarUnit;
use crate::store::events::deliveries::DeliveryRow;
use crate::store::events::events::EventHead;

/// The events that happened elsewhere, with their units as far as the caller may know of them.
pub type Far = HashMap<EventId, Option<FarUnit>>;

/// One entry of the log.
#[derive(Debug, Clone)]
pub struct LogLine {
    /// Where it stands: no two entries stand at one place.
    pub place: Place,
    /// The event.
    pub event: EventId,
    /// Its type.
    pub event_type: String,
    /// When it was stored; in the log of a webhook, when the delivery was made.
    pub at: Ts,
    /// What became of it.
    pub outcome: Outcome,
    /// How many attempts were made, over all its deliveries.
    pub attempts: i32,
    /// The last HTTP status.
    pub last_status: Option<i32>,
    /// How long the last attempt took, in milliseconds.
    pub last_duration_ms: Option<i32>,
    /// The business unit it happened in, when it is not the one whose log this is.
    pub unit: Option<String>,
}

impl LogLine {
    /// An event with all its deliveries.
    pub(super) fn of_event(head: &EventHead, sent: &[DeliveryRow]) -> Self {
        let last = sent.iter().filter(|d| d.last_duration_ms.is_some()).max_by_key(|d| d.id);
        Self {
            place: Place::Event(head.id),
            event: head.id,
            event_type: head.event_type.clone(),
            at: head.received_at,
            outcome: outcome(sent),
            attempts: sent.iter().map(|d| d.attempts + d.interruptions).sum(),
            last_status: last.and_then(|d| d.last_status),
            last_duration_ms: last.and_then(|d| d.last_duration_ms),
            unit: None,
        }
    }

    /// One delivery of a webhook.
    pub(super) fn of_sent(row: &DeliveryRow, far: &Far) -> Self {
        Self {
            place: Place::Delivery(row.id),
            event: row.event_id,
            event_type: row.event_type.clone(),
            at: row.created_at,
            outcome: outcome(std::slice::from_ref(row)),
            attempts: row.attempts + row.interruptions,
            last_status: row.last_status,
            last_duration_ms: row.last_duration_ms,
            unit: far.get(&row.event_id).cloned().flatten().map(|unit| unit.name),
        }
    }
}

/// Whether the caller may know of an event: it happened here, or in another unit of theirs.
pub(super) fn is_seen(far: &Far, event: EventId) -> bool {
    far.get(&event).is_none_or(Option::is_some)
}
