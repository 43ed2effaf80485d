//! Test events: one real signed request to each endpoint of a webhook, at once, without retries.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::domain::access::permission::Permission;
use crate::domain::events::delivery::DeliveryKind;
use crate::domain::events::event::envelope;
use crate::domain::id::{BuId, DeliveryId, EventId, WebhookId};
use crate::ops::Error;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::ops::events::handoff::Handed;
use crate::ops::events::inspect::{self, DeliveryView};
use crate::ops::events::queue::due_now;
use crate::ops::events::route::LEASE;
use crate::ops::webhooks::catalogue;
use crate::store::events::deliveries::{self, DeliveryRow};
use crate::store::events::events::{self, EventRow};
use crate::store::pool::Conn;
use crate::store::webhooks::{endpoints, webhooks};

/// The type a test carries when none is named.
pub const DEFAULT_TYPE: &str = "webhook.test";
/// How a stored event says that it is a test.
pub const SOURCE: &str = "test";

/// A test that is under way.
pub struct TestSent {
    /// The event that was made of the type's sample.
    pub event: EventId,
    /// One delivery for each endpoint.
    pub deliveries: Vec<DeliveryId>,
    /// How long the slowest endpoint may take.
    pub longest: Duration,
}

/// Whether [`send`] would send, asked before it is counted. Refuses as that does.
pub fn check(cx: &Cx, bu: BuId, webhook: WebhookId, event_type: &str) -> Result<(), Error> {
    cx.read(|conn| sample(cx, conn, (bu, webhook), event_type).map(drop))
}

/// Sends a sample of `event_type` to every endpoint of a webhook of `bu`, also of an inactive one.
pub fn send(cx: &Cx, bu: BuId, webhook: WebhookId, event_type: &str) -> Result<TestSent, Error> {
    let mut handed = Vec::new();
    let sent = cx.write(|conn| {
        let sample = sample(cx, conn, (bu, webhook), event_type)?;
        let event = event_row(cx, bu, event_type, &sample.to_string(), events::take_places(conn, bu, 1)?);
        events::insert(conn, std::slice::from_ref(&event))?;
        let endpoints = endpoints::of_webhooks(conn, bu, &[webhook])?;
        let room = cx.tools.handoff.room() >= endpoints.len();
        let rows: Vec<DeliveryRow> = endpoints
            .iter()
            .map(|e| {
                DeliveryRow::due(
                    cx.id(),
                    &event,
                    webhook,
                    e.id,
                    DeliveryKind::Test,
                    cx.now,
                    due_now(&cx.tools),
                )
            })
            .map(|row| if room { row.leased(cx.tools.node, cx.tools.clock.lease_now() + LEASE) } else { row })
            .collect();
        deliveries::insert(conn, &rows)?;
        if room {
            let body: Arc<[u8]> = event.body.as_slice().into();
            handed = rows.iter().map(|row| Handed::new(row, event_type.into(), body.clone())).collect();
        }
        let longest = endpoints.iter().map(|e| e.timeout_ms).max().unwrap_or_default();
        Ok(TestSent {
            event: event.id,
            deliveries: rows.iter().map(|row| row.id).collect(),
            longest: Duration::from_millis(u64::try_from(longest).unwrap_or_default()),
        })
    })?;
    if handed.is_empty() {
        cx.tools.handoff.wake();
    } else {
        cx.tools.handoff.hand(handed);
    }
    Ok(sent)
}

/// What came of a test so far: its deliveries, or `None` while one of them is under way.
pub fn result(cx: &Cx, bu: BuId, sent: &TestSent) -> Result<Option<Vec<DeliveryView>>, Error> {
    let view = cx.read(|conn| inspect::whole(conn, bu, sent.event))?;
    let done = view.deliveries.iter().all(|d| d.row.state.is_final());
    Ok(done.then_some(view.deliveries))
}

/// What is sent, once it is sure that the caller may send it to this webhook.
fn sample(
    cx: &Cx,
    conn: &mut Conn,
    (bu, webhook): (BuId, WebhookId),
    event_type: &str,
) -> Result<Value, Error> {
    authorize(cx, conn, bu, Permission::WebhooksTest)?;
    webhooks::find(conn, bu, webhook)?.ok_or(Error::NotFound)?;
    let unknown = || Error::field("event", "unknown_event_type", "This event type is not in the catalogue.");
    let found = catalogue::find(conn, bu, event_type)?.ok_or_else(unknown)?;
    Ok(found.sample.unwrap_or_else(|| serde_json::json!({})))
}

fn event_row(cx: &Cx, bu: BuId, event_type: &str, sample: &str, seq: i64) -> EventRow {
    let id = cx.id();
    let body = envelope(id, event_type, cx.now, sample.as_bytes());
    EventRow {
        id,
        bu_id: bu,
        seq,
        event_type: event_type.to_owned(),
        subject: None,
        programme_id: None,
        source: SOURCE.to_owned(),
        created_at: cx.now,
        received_at: cx.now,
        data_at: i32::try_from(body.data_at).unwrap_or(i32::MAX),
        body: body.bytes,
    }
}
