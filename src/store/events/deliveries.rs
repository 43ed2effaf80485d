//! Table `deliveries`: one event on its way to one endpoint.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::domain::events::cause::Cause;
use crate::domain::events::delivery::{DeliveryKind, DeliveryState};
use crate::domain::id::{BuId, DeliveryId, EndpointId, EventId, Id, NodeId, WebhookId};
use crate::domain::time::Ts;
use crate::store::dialect::ring;
use crate::store::events::events::EventRow;
use crate::store::pool::Conn;
use crate::store::rows::{self, Cell, Statement};
use crate::store::schema::deliveries;

/// A delivery as stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = deliveries)]
pub struct DeliveryRow {
    /// Its id.
    pub id: DeliveryId,
    /// The webhook's tenant.
    pub bu_id: BuId,
    /// The event it carries.
    pub event_id: EventId,
    /// That event's type.
    pub event_type: String,
    /// The webhook.
    pub webhook_id: WebhookId,
    /// The endpoint.
    pub endpoint_id: EndpointId,
    /// Why it exists.
    pub kind: DeliveryKind,
    /// Where it stands.
    pub state: DeliveryState,
    /// Why it failed last, or was held back.
    pub cause: Option<Cause>,
    /// Attempts that count.
    pub attempts: i32,
    /// Attempts that do not count: their outcome is unknown or the fault was ours.
    pub interruptions: i32,
    /// When the next attempt is due.
    pub next_at: Option<Ts>,
    /// Who holds the lease.
    pub lease_owner: Option<NodeId>,
    /// How many leases there were: the fencing number of the current one.
    pub lease_no: i64,
    /// When the lease ends.
    pub lease_until: Option<Ts>,
    /// The last HTTP status.
    pub last_status: Option<i32>,
    /// How long the last attempt took, in milliseconds.
    pub last_duration_ms: Option<i32>,
    /// When it was made.
    pub created_at: Ts,
    /// When it came to its end.
    pub settled_at: Option<Ts>,
}

impl DeliveryRow {
    /// A delivery of `event` made at `now`, and due at the moment `due`: that one is told by the clock of the queue.
    pub fn due(
        id: DeliveryId,
        event: &EventRow,
        webhook: WebhookId,
        endpoint: EndpointId,
        kind: DeliveryKind,
        now: Ts,
        due: Ts,
    ) -> Self {
        Self {
            id,
            bu_id: event.bu_id,
            event_id: event.id,
            event_type: event.event_type.clone(),
            webhook_id: webhook,
            endpoint_id: endpoint,
            kind,
            state: DeliveryState::Ready,
            cause: None,
            attempts: 0,
            interruptions: 0,
            next_at: Some(due),
            lease_owner: None,
            lease_no: 0,
            lease_until: None,
            last_status: None,
            last_duration_ms: None,
            created_at: now,
            settled_at: None,
        }
    }

    /// The same delivery to a webhook of another business unit than the event's.
    #[must_use]
    pub fn of_unit(self, bu_id: BuId) -> Self {
        Self { bu_id, ..self }
    }

    /// The same delivery, born leased to `node`.
    #[must_use]
    pub fn leased(self, node: NodeId, until: Ts) -> Self {
        Self {
            state: DeliveryState::Leased,
            next_at: None,
            lease_owner: Some(node),
            lease_no: 1,
            lease_until: Some(until),
            ..self
        }
    }

    /// The same delivery, held back for good.
    #[must_use]
    pub fn held_back(self, state: DeliveryState, cause: Cause) -> Self {
        Self { state, cause: Some(cause), next_at: None, settled_at: Some(self.created_at), ..self }
    }
}

struct Insert;

impl Statement for Insert {
    const SQL: &'static str = "INSERT INTO deliveries (id, bu_id, event_id, event_type, webhook_id, \
        endpoint_id, kind, state, cause, attempts, interruptions, next_at, lease_owner, lease_no, \
        lease_until, last_status, last_duration_ms, created_at, settled_at) {values}";
}

/// Stores deliveries. Those that nobody holds yet are told to all who deliver, with the commit.
pub fn insert(conn: &mut Conn, rows: &[DeliveryRow]) -> QueryResult<usize> {
    let cells = rows.iter().map(|row| {
        [
            Cell::text(row.id.as_str()),
            Cell::text(row.bu_id.as_str()),
            Cell::text(row.event_id.as_str()),
            Cell::text(&row.event_type),
            Cell::text(row.webhook_id.as_str()),
            Cell::text(row.endpoint_id.as_str()),
            Cell::text(row.kind.as_str()),
            Cell::text(row.state.as_str()),
            Cell::maybe(row.cause.map(Cause::as_str)),
            Cell::Int(Some(row.attempts)),
            Cell::Int(Some(row.interruptions)),
            Cell::BigInt(row.next_at.map(|at| at.0)),
            Cell::maybe(row.lease_owner.as_ref().map(Id::as_str)),
            Cell::BigInt(Some(row.lease_no)),
            Cell::BigInt(row.lease_until.map(|at| at.0)),
            Cell::Int(row.last_status),
            Cell::Int(row.last_duration_ms),
            Cell::BigInt(Some(row.created_at.0)),
            Cell::BigInt(row.settled_at.map(|at| at.0)),
        ]
    });
    let stored = rows::run::<Insert, 19>(conn, cells)?;
    if rows.iter().any(|row| row.state == DeliveryState::Ready) {
        ring(conn)?;
    }
    Ok(stored)
}

/// One delivery of `bu`.
pub fn find(conn: &mut Conn, bu: BuId, id: DeliveryId) -> QueryResult<Option<DeliveryRow>> {
    deliveries::table
        .find(id)
        .filter(deliveries::bu_id.eq(bu))
        .select(DeliveryRow::as_select())
        .first(conn)
        .optional()
}

/// These deliveries of `bu`, newest first; those that are no longer kept are absent.
pub fn of_ids(conn: &mut Conn, bu: BuId, ids: &[DeliveryId]) -> QueryResult<Vec<DeliveryRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    deliveries::table
        .filter(deliveries::id.eq_any(ids).and(deliveries::bu_id.eq(bu)))
        .select(DeliveryRow::as_select())
        .order(deliveries::id.desc())
        .load(conn)
}

/// The deliveries of these events to webhooks of `bu`, in the order they were made.
pub fn of_events(conn: &mut Conn, bu: BuId, events: &[EventId]) -> QueryResult<Vec<DeliveryRow>> {
    deliveries::table
        .filter(deliveries::event_id.eq_any(events).and(deliveries::bu_id.eq(bu)))
        .select(DeliveryRow::as_select())
        .order(deliveries::id)
        .load(conn)
}

/// Those of these events of which a delivery to a webhook of `bu` was given up. The state is bound and not written
/// out, so that SQLite looks at the deliveries of these events and not at all that were ever given up.
pub fn given_up_among(conn: &mut Conn, bu: BuId, events: &[EventId]) -> QueryResult<Vec<EventId>> {
    deliveries::table
        .filter(deliveries::event_id.eq_any(events).and(deliveries::bu_id.eq(bu)))
        .filter(deliveries::state.eq(DeliveryState::Exhausted))
        .select(deliveries::event_id)
        .distinct()
        .load(conn)
}

/// The deliveries of these events to webhooks of `bu` by event; those without any are left out.
pub fn by_event(
    conn: &mut Conn,
    bu: BuId,
    events: &[EventId],
) -> QueryResult<HashMap<EventId, Vec<DeliveryRow>>> {
    let mut found: HashMap<EventId, Vec<DeliveryRow>> = HashMap::new();
    for row in of_events(conn, bu, events)? {
        found.entry(row.event_id).or_default().push(row);
    }
    Ok(found)
}

/// The deliveries of one webhook of `bu` from before `before`, newest first, at most `limit`.
pub fn of_webhook(
    conn: &mut Conn,
    bu: BuId,
    webhook: WebhookId,
    before: Option<DeliveryId>,
    limit: i64,
) -> QueryResult<Vec<DeliveryRow>> {
    between(conn, bu, webhook, (None, before), true, limit)
}

/// The deliveries of one webhook of `bu` from behind `after` up to before `until`, oldest first, at most `limit`.
pub fn of_webhook_from(
    conn: &mut Conn,
    bu: BuId,
    webhook: WebhookId,
    after: Option<DeliveryId>,
    until: Option<DeliveryId>,
    limit: i64,
) -> QueryResult<Vec<DeliveryRow>> {
    between(conn, bu, webhook, (after, until), false, limit)
}

fn between(
    conn: &mut Conn,
    bu: BuId,
    webhook: WebhookId,
    (after, before): (Option<DeliveryId>, Option<DeliveryId>),
    newest_first: bool,
    limit: i64,
) -> QueryResult<Vec<DeliveryRow>> {
    let mut query = deliveries::table
        .filter(deliveries::webhook_id.eq(webhook).and(deliveries::bu_id.eq(bu)))
        .select(DeliveryRow::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(deliveries::id.gt(after));
    }
    if let Some(before) = before {
        query = query.filter(deliveries::id.lt(before));
    }
    let query =
        if newest_first { query.order(deliveries::id.desc()) } else { query.order(deliveries::id.asc()) };
    query.limit(limit).load(conn)
}

/// The deliveries of `bu` that were given up, newest first, at most `limit`.
pub fn failed(conn: &mut Conn, bu: BuId, limit: i64) -> QueryResult<Vec<DeliveryRow>> {
    // Written out, so that both databases know that the partial index fits.
    let given_up = diesel::dsl::sql::<diesel::sql_types::Bool>("state = 'exhausted'");
    deliveries::table
        .filter(deliveries::bu_id.eq(bu))
        .filter(given_up)
        .select(DeliveryRow::as_select())
        .order(deliveries::id.desc())
        .limit(limit)
        .load(conn)
}

/// Which deliveries of a webhook a replay sends again.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// From this place on.
    pub from: DeliveryId,
    /// Up to before this place.
    pub until: DeliveryId,
    /// Only in one of these states.
    pub states: Vec<DeliveryState>,
    /// Only events of this type.
    pub event_type: Option<String>,
}

/// How many deliveries of one webhook of `bu` a replay sends again: of each event to each endpoint the last
/// one, tests apart.
pub fn count_chosen(conn: &mut Conn, bu: BuId, webhook: WebhookId, chosen: &Chosen) -> QueryResult<i64> {
    let is_last = diesel::dsl::sql::<diesel::sql_types::Bool>(
        "NOT EXISTS (SELECT 1 FROM deliveries later WHERE later.event_id = deliveries.event_id \
         AND later.endpoint_id = deliveries.endpoint_id AND later.id > deliveries.id \
         AND later.kind <> 'test')",
    );
    let mut query = deliveries::table
        .filter(deliveries::webhook_id.eq(webhook).and(deliveries::bu_id.eq(bu)))
        .filter(deliveries::id.ge(chosen.from).and(deliveries::id.lt(chosen.until)))
        .filter(deliveries::state.eq_any(chosen.states.clone()))
        .filter(deliveries::kind.ne(DeliveryKind::Test))
        .filter(is_last)
        .into_boxed();
    if let Some(event_type) = &chosen.event_type {
        query = query.filter(deliveries::event_type.eq(event_type.clone()));
    }
    query.count().get_result(conn)
}

/// Those of `events` that have a delivery under way. For upkeep, which serves every tenant.
pub fn still_needed(conn: &mut Conn, events: &[EventId]) -> QueryResult<Vec<EventId>> {
    deliveries::table
        .filter(deliveries::event_id.eq_any(events))
        .filter(deliveries::state.eq_any([DeliveryState::Ready, DeliveryState::Leased]))
        .select(deliveries::event_id)
        .distinct()
        .load(conn)
}

/// At most `limit` deliveries of these events. For upkeep.
pub fn ids_of_events(conn: &mut Conn, events: &[EventId], limit: i64) -> QueryResult<Vec<DeliveryId>> {
    let these = deliveries::table.filter(deliveries::event_id.eq_any(events));
    these.select(deliveries::id).limit(limit).load(conn)
}

/// Removes deliveries. Their attempts must be gone. For upkeep.
pub fn remove(conn: &mut Conn, ids: &[DeliveryId]) -> QueryResult<usize> {
    diesel::delete(deliveries::table.filter(deliveries::id.eq_any(ids))).execute(conn)
}
