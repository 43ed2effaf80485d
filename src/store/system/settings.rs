//! Table `settings`: values that belong to the database as a whole.

use diesel::prelude::*;

use crate::store::dialect::each;
use crate::store::pool::Conn;
use crate::store::schema::settings;

/// One value.
pub fn get(conn: &mut Conn, name: &str) -> QueryResult<Option<String>> {
    settings::table.find(name).select(settings::value).first(conn).optional()
}

/// Stores a value in place of the one before.
pub fn set(conn: &mut Conn, name: &str, value: &str) -> QueryResult<()> {
    let row = (settings::name.eq(name), settings::value.eq(value));
    each!(conn, c => diesel::insert_into(settings::table)
        .values(row)
        .on_conflict(settings::name)
        .do_update()
        .set(settings::value.eq(value))
        .execute(c))
    .map(drop)
}

/// Removes a value, if there is one.
pub fn remove(conn: &mut Conn, name: &str) -> QueryResult<()> {
    diesel::delete(settings::table.find(name)).execute(conn).map(drop)
}

/// Stores a value unless there is one; gives what is stored then.
pub fn set_once(conn: &mut Conn, name: &str, value: &str) -> QueryResult<String> {
    let row = (settings::name.eq(name), settings::value.eq(value));
    each!(conn, c => diesel::insert_into(settings::table).values(row).on_conflict_do_nothing().execute(c))?;
    settings::table.find(name).select(settings::value).first(conn)
}
