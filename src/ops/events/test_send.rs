//! Test events: one real signed request to each endpoint of a webhook, at once, without retries.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::domain::access::permission::Permission;
use crate::domain::events::delivery::DeliveryKind;
use crate::domain::events::event::{MOST_EVENT_BYTES, envelope};
use crate::domain::events::payload::SoundJson;
use crate::domain::id::{BuId, DeliveryId, EndpointId, EventId, WebhookId};
use crate::domain::webhooks::catalogue::Validator;
use crate::ops::Error;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::ops::events::handoff::{Destination, Handed};
use crate::ops::events::inspect::{self, DeliveryView, EventView};
use crate::ops::events::queue::{self, due_now};
use crate::ops::events::route::LEASE;
use crate::ops::webhooks::{catalogue, reach};
use crate::store::events::deliveries::{self, DeliveryRow};
use crate::store::events::events::{self, EventRow};
use crate::store::pool::Conn;
use crate::store::webhooks::endpoints::{self, EndpointRow};
use crate::store::webhooks::webhooks;

/// The type a test carries when none is named.
pub const DEFAULT_TYPE: &str = "webhook.test";
/// How a stored event says that it is a test.
pub const SOURCE: &str = "test";

/// A test as it is asked for.
#[derive(Debug, Clone)]
pub struct TestDraft {
    /// The event type.
    pub event_type: String,
    /// The one endpoint that it goes to; all of them when `None`.
    pub endpoint: Option<EndpointId>,
    /// The value of `data` as JSON; the type's sample when `None`.
    pub data: Option<String>,
}

impl TestDraft {
    /// The sample of this type for every endpoint.
    pub fn sample(event_type: &str) -> Self {
        Self { event_type: event_type.to_owned(), endpoint: None, data: None }
    }
}

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
pub fn check(cx: &Cx, bu: BuId, webhook: WebhookId, draft: &TestDraft) -> Result<(), Error> {
    cx.read(|conn| checked(cx, conn, (bu, webhook), draft).map(drop))
}

/// Sends a test to endpoints of a webhook of `bu`, also of an inactive one. Fields: `event` (`unknown_event_type`), `data`
/// (as publishing names what is wrong with it), `endpoint` (`unknown_reference`).
pub fn send(cx: &Cx, bu: BuId, webhook: WebhookId, draft: &TestDraft) -> Result<TestSent, Error> {
    let mut handed = Vec::new();
    let sent = cx.write(|conn| {
        let (data, endpoints) = checked(cx, conn, (bu, webhook), draft)?;
        let event_type = draft.event_type.as_str();
        let event = event_row(cx, bu, event_type, &data, events::take_places(conn, bu, 1)?);
        events::insert(conn, std::slice::from_ref(&event))?;
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

/// One test of a webhook of `bu` that was sent before, with what came of it so far.
pub fn look(cx: &Cx, bu: BuId, webhook: WebhookId, event: EventId) -> Result<EventView, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksTest)?;
        let view = inspect::whole(conn, bu, event)?;
        let is_own = view.event.source == SOURCE
            && !view.deliveries.is_empty()
            && view.deliveries.iter().all(|delivery| delivery.row.webhook_id == webhook);
        if is_own { Ok(view) } else { Err(Error::NotFound) }
    })
}

/// Where a test of a webhook of `bu` goes, secrets and all: to sign again what was sent, and to show it nowhere.
pub fn destination(
    cx: &Cx,
    bu: BuId,
    webhook: WebhookId,
    endpoint: EndpointId,
) -> Result<Option<Arc<Destination>>, Error> {
    cx.read(|conn| authorize(cx, conn, bu, Permission::WebhooksTest))?;
    let found = queue::destinations(&cx.tools, &[endpoint])?.remove(&endpoint);
    Ok(found.filter(|one| one.bu == bu && one.webhook == webhook))
}

/// What is sent and where to, once it is sure that the caller may send it to this webhook.
fn checked(
    cx: &Cx,
    conn: &mut Conn,
    (bu, webhook): (BuId, WebhookId),
    draft: &TestDraft,
) -> Result<(String, Vec<EndpointRow>), Error> {
    authorize(cx, conn, bu, Permission::WebhooksTest)?;
    let row = webhooks::find(conn, bu, webhook)?.ok_or(Error::NotFound)?;
    reach::guard(cx, conn, &row)?;
    let mut endpoints = endpoints::of_webhooks(conn, bu, &[webhook])?;
    if let Some(one) = draft.endpoint {
        endpoints.retain(|row| row.id == one);
    }
    if endpoints.is_empty() {
        let text = "The webhook has no such endpoint any more. Choose another.";
        return Err(Error::field("endpoint", "unknown_reference", text));
    }
    let unknown = || Error::field("event", "unknown_event_type", "This event type is not in the catalogue.");
    let found = catalogue::find(conn, bu, &draft.event_type)?.ok_or_else(unknown)?;
    let data = match &draft.data {
        None => found.sample.unwrap_or_else(|| serde_json::json!({})).to_string(),
        Some(text) => {
            // Payloads of built-in types are published as they come, so they are tested so.
            fits(text, found.schema.as_ref().filter(|_| !found.built_in))?;
            text.clone()
        }
    };
    Ok((data, endpoints))
}

/// Whether a text can be the payload of an event whose type has this schema, by the rules of publishing.
fn fits(text: &str, schema: Option<&Value>) -> Result<(), Error> {
    let refuse = |code, message| Err(Error::field("data", code, message));
    if text.len() > MOST_EVENT_BYTES {
        return refuse("too_large", "The payload is too large. Use at most 256 KiB.");
    }
    if let Err(fault) = SoundJson::scan(text.as_bytes()) {
        return refuse(fault.code, fault.sentence());
    }
    if !text.trim_start().starts_with('{') {
        return refuse("not_an_object", "The payload must be a JSON object, such as {}.");
    }
    if let Some(schema) = schema {
        let data = serde_json::from_str(text).map_err(|e| Error::Internal(e.to_string()))?;
        Validator::compile(schema)?.check(&data)?;
    }
    Ok(())
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
