//! Table `triggers`: which events of which types a webhook wants.

use diesel::prelude::*;

use crate::domain::id::{BuId, TriggerId, WebhookId};
use crate::store::dialect::each;
use crate::store::pool::Conn;
use crate::store::schema::{triggers, webhooks};

/// A trigger as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = triggers)]
#[diesel(treat_none_as_default_value = false)]
pub struct TriggerRow {
    /// Its id.
    pub id: TriggerId,
    /// Its webhook.
    pub webhook_id: WebhookId,
    /// The tenant.
    pub bu_id: BuId,
    /// Its place among the webhook's triggers, from 0.
    pub position: i32,
    /// The event type.
    pub event_type: String,
    /// Conditions on the payload, as `Filter` writes them.
    pub filter: Option<String>,
    /// A note for people; may be empty.
    pub note: String,
}

/// Stores triggers.
pub fn insert(conn: &mut Conn, rows: &[TriggerRow]) -> QueryResult<()> {
    each!(conn, c => diesel::insert_into(triggers::table).values(rows).execute(c)).map(drop)
}

/// The triggers of these webhooks of `bu`, in their order.
pub fn of_webhooks(conn: &mut Conn, bu: BuId, webhooks: &[WebhookId]) -> QueryResult<Vec<TriggerRow>> {
    triggers::table
        .filter(triggers::webhook_id.eq_any(webhooks).and(triggers::bu_id.eq(bu)))
        .select(TriggerRow::as_select())
        .order((triggers::webhook_id, triggers::position))
        .load(conn)
}

/// Removes these triggers of one webhook of `bu`.
pub fn remove(conn: &mut Conn, bu: BuId, webhook: WebhookId, ids: &[TriggerId]) -> QueryResult<usize> {
    diesel::delete(
        triggers::table.filter(
            triggers::webhook_id.eq(webhook).and(triggers::bu_id.eq(bu)).and(triggers::id.eq_any(ids)),
        ),
    )
    .execute(conn)
}

/// Moves one trigger of `bu` to another place in its webhook's order.
pub fn place(conn: &mut Conn, bu: BuId, id: TriggerId, position: i32) -> QueryResult<()> {
    diesel::update(triggers::table.find(id).filter(triggers::bu_id.eq(bu)))
        .set(triggers::position.eq(position))
        .execute(conn)
        .map(drop)
}

/// How many webhooks of `bu` that are not deleted want this event type.
pub fn count_of_type(conn: &mut Conn, bu: BuId, event_type: &str) -> QueryResult<i64> {
    triggers::table
        .inner_join(webhooks::table.on(webhooks::id.eq(triggers::webhook_id)))
        .filter(triggers::event_type.eq(event_type).and(triggers::bu_id.eq(bu)))
        .filter(webhooks::deleted_at.is_null())
        .count()
        .get_result(conn)
}
