//! Sending one delivery again: a new delivery of the same event to the same endpoint, on a person's word.

use std::sync::Arc;

use serde_json::json;

use crate::domain::access::permission::Permission;
use crate::domain::events::delivery::DeliveryKind;
use crate::domain::id::{BuId, DeliveryId, EventId};
use crate::domain::webhooks::webhook::WebhookStatus;
use crate::ops::Error;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::ops::events::handoff::Handed;
use crate::ops::events::queue::due_now;
use crate::ops::events::route::LEASE;
use crate::ops::system::audit::{self, Entry};
use crate::ops::webhooks::reach;
use crate::store::events::deliveries::{self, DeliveryRow};
use crate::store::events::events;
use crate::store::webhooks::{endpoints, webhooks};

/// What is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resent {
    /// The event, with the id it always had.
    pub event: EventId,
    /// The new delivery.
    pub delivery: DeliveryId,
}

/// Sends a delivery of `bu` again. `webhook_deleted`, `endpoint_deleted` and `webhook_inactive` when there
/// is nowhere to send it to, `event_expired` when its event is no longer kept, `delivery_under_way` while the
/// event is on its way to that endpoint already; one that only waits for a later retry does not count.
pub fn resend(cx: &Cx, bu: BuId, id: DeliveryId) -> Result<Resent, Error> {
    let mut handed = None;
    let resent = cx.write(|conn| {
        authorize(cx, conn, bu, Permission::DeliveriesWrite)?;
        let old = deliveries::find(conn, bu, id)?.ok_or(Error::NotFound)?;
        let old = reach::only_seen(cx, conn, bu, vec![old])?.pop().ok_or(Error::NotFound)?;
        let deleted =
            || Error::conflict("webhook_deleted", "The webhook was deleted. Nothing can be sent to it.");
        let webhook = webhooks::find(conn, bu, old.webhook_id)?.ok_or_else(deleted)?;
        reach::guard(cx, conn, &webhook)?;
        if webhook.status == WebhookStatus::Inactive {
            let text = "The webhook is inactive. Switch it on, then send this again.";
            return Err(Error::conflict("webhook_inactive", text));
        }
        let here = endpoints::of_webhooks(conn, bu, &[webhook.id])?;
        if !here.iter().any(|endpoint| endpoint.id == old.endpoint_id) {
            let text = "The endpoint was removed from the webhook. Nothing can be sent to it.";
            return Err(Error::conflict("endpoint_deleted", text));
        }
        let expired =
            || Error::conflict("event_expired", "The event is no longer kept, so it cannot be sent again.");
        let stood_in = events::units_of(conn, &[old.event_id])?.pop();
        let (_, unit) = stood_in.ok_or_else(expired)?;
        if unit != bu && !reach::hears(conn, &webhook, unit)? {
            let text = "The webhook does not hear the business unit of this event any more.";
            return Err(Error::conflict("out_of_reach", text));
        }
        let event = events::hold(conn, unit, old.event_id)?.ok_or_else(expired)?;
        // The event is held, so that of two who ask at once the second sees what the first made.
        let on_its_way = |row: &DeliveryRow| {
            row.endpoint_id == old.endpoint_id && !row.state.is_final() && row.next_at <= Some(cx.now)
        };
        if deliveries::of_events(conn, bu, &[old.event_id])?.iter().any(on_its_way) {
            let text = "The event is on its way to this endpoint already. Wait for the outcome.";
            return Err(Error::conflict("delivery_under_way", text));
        }
        let kind = DeliveryKind::Replay;
        let row = DeliveryRow::due(
            cx.id(),
            &event,
            old.webhook_id,
            old.endpoint_id,
            kind,
            cx.now,
            due_now(&cx.tools),
        );
        let row = row.of_unit(bu);
        let room = cx.tools.handoff.room() > 0;
        let row = if room { row.leased(cx.tools.node, cx.tools.clock.lease_now() + LEASE) } else { row };
        deliveries::insert(conn, std::slice::from_ref(&row))?;
        if room {
            let body: Arc<[u8]> = event.body.as_slice().into();
            let one = Handed::new(&row, event.event_type.as_str().into(), body);
            handed = Some(Handed { is_urgent: true, ..one });
        }
        let entry = Entry {
            action: "delivery.resent",
            target_kind: "delivery",
            target_id: id.to_string(),
            before: None,
            after: Some(json!({"delivery": row.id, "event": event.id, "webhook": webhook.id})),
        };
        audit::record(cx, conn, Some(bu), entry)?;
        Ok(Resent { event: event.id, delivery: row.id })
    })?;
    match handed {
        Some(one) => cx.tools.handoff.hand(vec![one]),
        None => cx.tools.handoff.wake(),
    }
    Ok(resent)
}
