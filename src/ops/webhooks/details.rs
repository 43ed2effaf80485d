//! Webhook Details: everything the page of one webhook shows, read in one look.

use std::time::Duration;

use crate::domain::access::permission::Permission;
use crate::domain::events::attempt::HeaderLines;
use crate::domain::id::{BuId, EndpointId, WebhookId};
use crate::domain::time::Ts;
use crate::ops::Error;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::ops::events::queue::{due_now, sealing_place};
use crate::ops::webhooks::read::{WebhookView, view};
use crate::ops::webhooks::{catalogue, reach};
use crate::store::events::attempts;
use crate::store::events::deliveries::{self, DeliveryRow};
use crate::store::events::events;
use crate::store::events::rollups::{self, Slot, Span};
use crate::store::events::under_way;
use crate::store::pool::Conn;
use crate::store::system::audit::{self, AuditRow};
use crate::store::webhooks::endpoints::EndpointRow;
use crate::store::webhooks::secrets;
use crate::store::webhooks::webhooks;

/// How many deliveries the page shows, and its live list at the most.
pub const RECENT: usize = 50;
/// How many changes it shows.
const CHANGES: i64 = 10;
/// How many waiting deliveries of an endpoint are looked at.
const MOST_WAITING: i64 = 1_000;

/// A webhook with all that its page tells of it.
#[derive(Debug, Clone)]
pub struct Details {
    /// The webhook with its parts.
    pub webhook: WebhookView,
    /// What is known of each of its endpoints, in their order.
    pub endpoints: Vec<Standing>,
    /// The names of its triggers' event types for people, in their order.
    pub labels: Vec<String>,
    /// Its signing secret; none when it cannot be found.
    pub secret: Option<SecretState>,
    /// What waits to be sent once more.
    pub waiting: Waiting,
    /// Its last deliveries, newest first.
    pub recent: Vec<DeliveryRow>,
    /// The last delivery that was sent, with where it went.
    pub last_sent: Option<LastSent>,
    /// The last changes, newest first.
    pub changes: Vec<AuditRow>,
    /// When this was read.
    pub now: Ts,
}

/// What is known of an endpoint beside its row.
#[derive(Debug, Clone)]
pub struct Standing {
    /// How many custom headers it is sent; none when they cannot be read here.
    pub headers: Option<usize>,
    /// Whether it has a signing secret of its own.
    pub own_secret: bool,
    /// Until when it is left alone, as far as this process knows.
    pub rests_until: Option<Ts>,
}

/// The signing secret of a whole webhook, without its value.
#[derive(Debug, Clone, Copy)]
pub struct SecretState {
    /// When it was made, or rotated to.
    pub since: Ts,
    /// Until when the one before signs beside it.
    pub previous_until: Option<Ts>,
}

/// What waits to be sent once more.
#[derive(Debug, Clone, Copy, Default)]
pub struct Waiting {
    /// How many deliveries that failed before.
    pub count: usize,
    /// Whether there may be more than that.
    pub more: bool,
    /// For how long the next one still waits.
    pub next: Option<Duration>,
}

/// A request that was sent, without what it proved itself with.
#[derive(Debug, Clone)]
pub struct LastSent {
    /// Where it went.
    pub url: String,
    /// Its headers as they are kept, credentials masked.
    pub headers: HeaderLines,
    /// The body.
    pub body: Vec<u8>,
}

/// How a webhook did in a stretch of time, and in the one before it.
#[derive(Debug, Clone)]
pub struct Charts {
    /// The slots in which something happened, in no order.
    pub slots: Vec<Slot>,
    /// The time before, of the same length, as a whole; `None` when nothing happened then.
    pub before: Option<Slot>,
}

/// One webhook of `bu` with all that its page tells of it.
pub fn details(cx: &Cx, bu: BuId, id: WebhookId) -> Result<Details, Error> {
    // Moments of the queue are told by its own clock.
    let due = due_now(&cx.tools);
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksRead)?;
        let row = webhooks::find(conn, bu, id)?.ok_or(Error::NotFound)?;
        let webhook = view(conn, row)?;
        let secrets = secrets::live(conn, &[id], cx.now)?;
        let standing = |endpoint: &EndpointRow| Standing {
            headers: count_headers(cx, endpoint),
            own_secret: secrets.iter().any(|secret| secret.endpoint_id == Some(endpoint.id)),
            rests_until: cx.tools.known.resting.until(endpoint.id, cx.now),
        };
        let endpoints = webhook.endpoints.iter().map(standing).collect();
        let mut labels = Vec::new();
        for name in webhook.events() {
            let found = catalogue::find(conn, bu, name)?;
            labels.push(found.map_or_else(|| name.to_owned(), |found| found.label));
        }
        // Newest first.
        let mut of_whole = secrets.iter().filter(|secret| secret.endpoint_id.is_none());
        let secret = of_whole.next().map(|newest| SecretState {
            since: newest.created_at,
            previous_until: of_whole.filter_map(|old| old.retires_at).max(),
        });
        let ids: Vec<EndpointId> = webhook.endpoints.iter().map(|endpoint| endpoint.id).collect();
        let waiting = waiting(conn, bu, &ids, due)?;
        let recent = deliveries::of_webhook(conn, bu, id, None, i64::try_from(RECENT).unwrap_or(i64::MAX))?;
        let recent = reach::only_seen(cx, conn, bu, recent)?;
        let last_sent = last_sent(conn, bu, &recent)?;
        let changes = audit::of_target(conn, bu, id.as_str(), CHANGES)?;
        Ok(Details { webhook, endpoints, labels, secret, waiting, recent, last_sent, changes, now: cx.now })
    })
}

/// How one webhook of `bu` did in this span, and in the time before it.
pub fn charts(cx: &Cx, bu: BuId, id: WebhookId, span: &Span) -> Result<Charts, Error> {
    let length = span.until.since(span.from);
    // One slot: the whole of it. A span of days is no whole number of such slots from minutes on, so the width
    // stays what it was, and the sums are added up here.
    let earlier = Span { from: span.from - length, until: span.from, width: span.width };
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::DeliveriesRead)?;
        webhooks::find(conn, bu, id)?.ok_or(Error::NotFound)?;
        let slots = rollups::slots(conn, bu, id, span)?;
        let before = rollups::slots(conn, bu, id, &earlier)?;
        Ok(Charts { slots, before: before.into_iter().reduce(Slot::and) })
    })
}

/// The last deliveries of one webhook of `bu`, newest first, at most [`RECENT`].
pub fn recent(cx: &Cx, bu: BuId, id: WebhookId) -> Result<Vec<DeliveryRow>, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::DeliveriesRead)?;
        webhooks::find(conn, bu, id)?.ok_or(Error::NotFound)?;
        let rows = deliveries::of_webhook(conn, bu, id, None, i64::try_from(RECENT).unwrap_or(i64::MAX))?;
        reach::only_seen(cx, conn, bu, rows)
    })
}

/// Only their number: neither names nor values leave this place.
fn count_headers(cx: &Cx, endpoint: &EndpointRow) -> Option<usize> {
    let Some(sealed) = &endpoint.headers_sealed else { return Some(0) };
    let json = cx.tools.keys.open(&sealing_place("headers_sealed", endpoint), sealed).ok()?;
    serde_json::from_slice::<Vec<(serde::de::IgnoredAny, serde::de::IgnoredAny)>>(&json)
        .ok()
        .map(|all| all.len())
}

fn waiting(conn: &mut Conn, bu: BuId, endpoints: &[EndpointId], now: Ts) -> Result<Waiting, Error> {
    let mut found = Waiting::default();
    let mut next: Option<Ts> = None;
    for endpoint in endpoints {
        let rows = under_way::waiting(conn, bu, *endpoint, MOST_WAITING)?;
        found.more |= i64::try_from(rows.len()).unwrap_or(i64::MAX) >= MOST_WAITING;
        for (_, due) in rows.into_iter().filter(|(tried, _)| *tried > 0) {
            found.count += 1;
            next = [next, due].into_iter().flatten().min();
        }
    }
    found.next = next.map(|next| next.since(now));
    Ok(found)
}

fn last_sent(conn: &mut Conn, bu: BuId, recent: &[DeliveryRow]) -> Result<Option<LastSent>, Error> {
    let Some(tried) = recent.iter().find(|row| row.last_duration_ms.is_some()) else { return Ok(None) };
    let Some(attempt) = attempts::of_deliveries(conn, bu, &[tried.id])?.pop() else { return Ok(None) };
    let Some(event) = events::find(conn, bu, tried.event_id)? else { return Ok(None) };
    Ok(Some(LastSent { url: attempt.url, headers: attempt.request_headers, body: event.body }))
}
