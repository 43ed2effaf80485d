//! Table `event_types`: types added at run time, beside the built-in ones.

use diesel::prelude::*;

use crate::domain::id::BuId;
use crate::domain::time::Ts;
use crate::store::dialect::each;
use crate::store::pool::Conn;
use crate::store::schema::event_types;

/// The `bu_id` of types that the whole installation shares.
pub const WHOLE_INSTALLATION: &str = "";

/// A type as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = event_types)]
#[diesel(treat_none_as_default_value = false)]
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
