//! Table `event_types`: types added at run time, beside the built-in ones.

use diesel::prelude::*;

use crate::domain::id::BuId;
use crate::domain::time::Ts;
use crate::store::dialect::{each, held};
use crate::store::pool::Conn;
use crate::store::schema::event_types;

/// The `bu_id` of types that the whole installation shares.
pub const WHOLE_INSTALLATION: &str = "";

/// A type as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = event_types)]
#[diesel(primary_key(bu_id, name))]
#[diesel(treat_none_as_default_value = false)]
#[diesel(treat_none_as_null = true)]
pub struct EventTypeRow {
    /// The tenant that added it, or [`WHOLE_INSTALLATION`].
    pub bu_id: String,
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub label: String,
    /// What it says.
    pub description: String,
    /// The heading it stands under.
    pub group_name: String,
    /// Offered to global webhooks only.
    pub partner_only: bool,
    /// Still delivered, no longer offered.
    pub deprecated: bool,
    /// A JSON Schema that payloads must fit.
    pub schema: Option<String>,
    /// A sample payload.
    pub sample: Option<String>,
    /// When it was added.
    pub created_at: Ts,
    /// When it was changed.
    pub updated_at: Option<Ts>,
}

/// Stores a type; whether its name was free.
pub fn insert(conn: &mut Conn, row: &EventTypeRow) -> QueryResult<bool> {
    each!(conn, c => diesel::insert_into(event_types::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))
    .map(|n| n == 1)
}

/// The types that `bu` sees beside the built-in ones, by name.
pub fn list(conn: &mut Conn, bu: BuId) -> QueryResult<Vec<EventTypeRow>> {
    event_types::table
        .filter(event_types::bu_id.eq(bu.as_str()).or(event_types::bu_id.eq(WHOLE_INSTALLATION)))
        .select(EventTypeRow::as_select())
        .order(event_types::name)
        .load(conn)
}

/// One type that `bu` sees; its own before the installation's.
pub fn find(conn: &mut Conn, bu: BuId, name: &str) -> QueryResult<Option<EventTypeRow>> {
    event_types::table
        .filter(event_types::bu_id.eq(bu.as_str()).or(event_types::bu_id.eq(WHOLE_INSTALLATION)))
        .filter(event_types::name.eq(name))
        .select(EventTypeRow::as_select())
        .order(event_types::bu_id.desc())
        .first(conn)
        .optional()
}

/// One type that `bu` added itself, and nobody else changes it until the transaction ends.
pub fn hold(conn: &mut Conn, bu: BuId, name: &str) -> QueryResult<Option<EventTypeRow>> {
    let rows: Vec<EventTypeRow> =
        held!(conn, event_types::table.find((bu.as_str(), name)).select(EventTypeRow::as_select()));
    Ok(rows.into_iter().next())
}

/// Stores a type as it is now.
pub fn update(conn: &mut Conn, row: &EventTypeRow) -> QueryResult<()> {
    let here = event_types::table.find((&row.bu_id, &row.name));
    diesel::update(here).set(row).execute(conn).map(drop)
}

/// Removes a type that `bu` added.
pub fn remove(conn: &mut Conn, bu: BuId, name: &str) -> QueryResult<()> {
    diesel::delete(event_types::table.find((bu.as_str(), name))).execute(conn).map(drop)
}
