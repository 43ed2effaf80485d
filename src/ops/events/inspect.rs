//! Looking at events: lists, one event with all that became of it, and one delivery.

use std::collections::HashMap;

use crate::domain::access::permission::Permission;
use crate::domain::events::attempt::Attempt;
use crate::domain::events::delivery::DeliveryState;
use crate::domain::events::event::data_of;
use crate::domain::id::{BuId, DeliveryId, EndpointId, EventId, WebhookId};
use crate::domain::page::Page;
use crate::ops::Error;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::ops::events::log::MOST_LOOKED_AT;
use crate::ops::webhooks::reach::{self, FarUnit};
use crate::store::events::attempts;
use crate::store::events::deliveries::{self, DeliveryRow};
use crate::store::events::events::{self, EventFilter, EventRow};
use crate::store::pool::Conn;
use crate::store::webhooks::{endpoints, webhooks};

/// The most deliveries of one event that are looked through to tell its outcome.
const MOST_SHOWN: usize = 200;

/// An event in a list: with what became of it, in a word.
#[derive(Debug, Clone)]
pub struct EventLine {
    /// The event.
    pub event: EventRow,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of an event, over all its deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nobody wanted it.
    Unsent,
    /// Some delivery is on its way for the first time.
    Pending,
    /// Some delivery failed and will be tried again.
    Retrying,
    /// Some delivery was given up.
    Failed,
    /// Every delivery that was to arrive did.
    Delivered,
    /// Every delivery was held back or stopped.
    HeldBack,
}

/// One event with everything that became of it.
#[derive(Debug, Clone)]
pub struct EventView {
    /// The event.
    pub event: EventRow,
    /// Its deliveries, in the order they were made.
    pub deliveries: Vec<DeliveryView>,
    /// The business unit it happened in, when a webhook of this one heard it there.
    pub unit: Option<FarUnit>,
}

/// A delivery with its attempts.
#[derive(Debug, Clone)]
pub struct DeliveryView {
    /// The delivery.
    pub row: DeliveryRow,
    /// The webhook's name; it may be deleted.
    pub webhook: String,
    /// The endpoint's address now.
    pub url: String,
    /// How many attempts its endpoint's schedule allows.
    pub most_attempts: usize,
    /// Its attempts, oldest first.
    pub attempts: Vec<Attempt>,
}

impl DeliveryView {
    /// Why it has not arrived and what to do, in a sentence: what exactly failed at its last attempt, where that is
    /// what it failed for. `None` while nothing did.
    pub fn why(&self) -> Option<&str> {
        let cause = self.row.cause?;
        let last = self.attempts.last().filter(|tried| tried.cause == Some(cause));
        Some(last.and_then(Attempt::why).unwrap_or_else(|| cause.sentence()))
    }
}

/// Which events a list shows.
#[derive(Debug, Clone, Default)]
pub struct EventQuery {
    /// Only after this event in the list: older ones.
    pub before: Option<EventId>,
    /// Only of this type.
    pub event_type: Option<String>,
    /// How many stand on a page.
    pub limit: usize,
}

/// A page of events.
#[derive(Debug, Clone)]
pub struct EventPage {
    /// The events, newest first.
    pub lines: Vec<EventLine>,
    /// After which event to go on, when there may be more. A page of one type may end early, or be empty,
    /// and still go on: no more than [`MOST_LOOKED_AT`] events are looked at for it.
    pub next: Option<EventId>,
}

/// Events of `bu`, newest first.
pub fn list(cx: &Cx, bu: BuId, query: &EventQuery) -> Result<EventPage, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::EventsRead)?;
        let before = match query.before {
            None => events::place_at(conn, bu, None)?,
            Some(id) => events::place(conn, bu, id)?.ok_or_else(|| {
                Error::field("before", "cursor_invalid", "This list does not go on from there.")
            })?,
        };
        let looked_at = i64::try_from(MOST_LOOKED_AT).unwrap_or(i64::MAX);
        let end = match query.event_type {
            Some(_) => events::from_place(conn, bu, before.saturating_sub(looked_at))?,
            None => None,
        };
        let filter = EventFilter {
            before: Some(before),
            from: end.map(|(place, _)| place),
            event_type: query.event_type.clone(),
        };
        let limit = i64::try_from(query.limit + 1).unwrap_or(i64::MAX);
        let page = Page::cut(events::list(conn, bu, &filter, limit)?, query.limit);
        let next = if page.more {
            page.rows.last().map(|event| event.id)
        } else {
            end.filter(|(place, _)| *place > 1 && *place < before).map(|(_, id)| id)
        };
        let ids: Vec<EventId> = page.rows.iter().map(|event| event.id).collect();
        let states = deliveries::by_event(conn, bu, &ids)?;
        let line = |event: EventRow| EventLine {
            outcome: outcome(states.get(&event.id).map(Vec::as_slice).unwrap_or_default()),
            event,
        };
        Ok(EventPage { lines: page.rows.into_iter().map(line).collect(), next })
    })
}

/// One event of `bu`.
pub fn get(cx: &Cx, bu: BuId, id: EventId) -> Result<EventView, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::EventsRead)?;
        match whole(conn, bu, id) {
            Err(Error::NotFound) => heard(cx, conn, bu, id),
            other => other,
        }
    })
}

/// One event of another unit of the caller's that webhooks of `bu` were sent.
fn heard(cx: &Cx, conn: &mut Conn, bu: BuId, id: EventId) -> Result<EventView, Error> {
    let mut rows = deliveries::of_events(conn, bu, &[id])?;
    let unit = reach::from_afar(cx, conn, bu, &rows)?.remove(&id).flatten().ok_or(Error::NotFound)?;
    let event = events::find(conn, unit.bu, id)?.ok_or(Error::NotFound)?;
    rows.truncate(MOST_SHOWN);
    Ok(EventView { event, deliveries: views(conn, bu, rows)?, unit: Some(unit) })
}

/// One event of `bu`, for operations that checked already who asks.
pub(super) fn whole(conn: &mut Conn, bu: BuId, id: EventId) -> Result<EventView, Error> {
    let event = events::find(conn, bu, id)?.ok_or(Error::NotFound)?;
    let mut rows = deliveries::of_events(conn, bu, &[id])?;
    rows.truncate(MOST_SHOWN);
    Ok(EventView { event, deliveries: views(conn, bu, rows)?, unit: None })
}

/// One delivery of `bu`, with its attempts.
pub fn delivery(cx: &Cx, bu: BuId, id: DeliveryId) -> Result<DeliveryView, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::DeliveriesRead)?;
        let row = deliveries::find(conn, bu, id)?.ok_or(Error::NotFound)?;
        let seen = reach::only_seen(cx, conn, bu, vec![row])?;
        views(conn, bu, seen)?.pop().ok_or(Error::NotFound)
    })
}

/// The payload of an event: the value of `data`, as it was received.
pub fn data(event: &EventRow) -> &[u8] {
    data_of(&event.body, usize::try_from(event.data_at).unwrap_or(0))
}

/// What became of an event whose deliveries are these.
pub fn outcome(deliveries: &[DeliveryRow]) -> Outcome {
    let any = |test: fn(&DeliveryRow) -> bool| deliveries.iter().any(test);
    if deliveries.is_empty() {
        Outcome::Unsent
    } else if any(|d| d.state == DeliveryState::Exhausted) {
        Outcome::Failed
    } else if any(|d| !d.state.is_final() && d.attempts > 0) {
        Outcome::Retrying
    } else if any(|d| !d.state.is_final()) {
        Outcome::Pending
    } else if any(|d| d.state == DeliveryState::Delivered) {
        Outcome::Delivered
    } else {
        Outcome::HeldBack
    }
}

fn views(conn: &mut Conn, bu: BuId, rows: Vec<DeliveryRow>) -> Result<Vec<DeliveryView>, Error> {
    let ids: Vec<DeliveryId> = rows.iter().map(|row| row.id).collect();
    let mut tried: HashMap<DeliveryId, Vec<Attempt>> = HashMap::new();
    for attempt in attempts::of_deliveries(conn, bu, &ids)? {
        tried.entry(attempt.delivery).or_default().push(attempt);
    }
    let mut views = without_attempts(conn, bu, rows)?;
    for view in &mut views {
        view.attempts = tried.remove(&view.row.id).unwrap_or_default();
    }
    Ok(views)
}

/// Deliveries of `bu` for lists, whose attempts nobody looks at.
pub(super) fn without_attempts(
    conn: &mut Conn,
    bu: BuId,
    rows: Vec<DeliveryRow>,
) -> Result<Vec<DeliveryView>, Error> {
    let webhooks: Vec<WebhookId> = rows.iter().map(|row| row.webhook_id).collect();
    let names: HashMap<WebhookId, String> = webhooks::names(conn, bu, &webhooks)?.into_iter().collect();
    let targets: HashMap<EndpointId, (String, usize)> = endpoints::of_webhooks(conn, bu, &webhooks)?
        .into_iter()
        .map(|e| {
            let retry: crate::domain::events::retry::RetryPolicy = e.retry.parse().unwrap_or_default();
            (e.id, (e.url, retry.waits().len() + 1))
        })
        .collect();
    Ok(rows
        .into_iter()
        .map(|row| {
            let (url, most_attempts) = targets.get(&row.endpoint_id).cloned().unwrap_or_default();
            DeliveryView {
                webhook: names.get(&row.webhook_id).cloned().unwrap_or_default(),
                attempts: Vec::new(),
                url,
                most_attempts,
                row,
            }
        })
        .collect())
}
