//! Table `users`: the logins. A login belongs to no single tenant, so that queries for one tenant ask for
//! the membership of its partner.

use diesel::prelude::*;

use crate::domain::access::user::Role;
use crate::domain::id::{BuId, UserId};
use crate::domain::time::Ts;
use crate::store::dialect;
use crate::store::pool::Conn;
use crate::store::schema::{business_units, memberships, users};

/// The first number that is given.
pub const FIRST_NUMBER: i64 = 1_001;
/// Numbers are given one creator at a time.
const LOCK: i64 = 0x6265_6c02;

/// A login as stored.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = users)]
#[diesel(treat_none_as_default_value = false)]
pub struct UserRow {
    /// Its id.
    pub id: UserId,
    /// The number by which people know it.
    pub number: i64,
    /// The e-mail address in its one spelling.
    pub email: String,
    /// The person's name.
    pub name: String,
    /// The password's hash as a PHC string; `None` until a password is chosen.
    pub password_hash: Option<String>,
    /// Since when it cannot be used.
    pub disabled_at: Option<Ts>,
    /// When it was made.
    pub created_at: Ts,
}

/// A login as lists and pickers show it.
#[derive(Debug, Clone, Queryable)]
pub struct MemberRow {
    /// Its id.
    pub id: UserId,
    /// The number by which people know it.
    pub number: i64,
    /// The e-mail address.
    pub email: String,
    /// The person's name.
    pub name: String,
    /// What it may do at the unit's partner.
    pub role: Role,
    /// Since when it cannot be used.
    pub disabled_at: Option<Ts>,
}

/// Whether there is any login at all.
pub fn any(conn: &mut Conn) -> QueryResult<bool> {
    users::table.select(users::id).first::<UserId>(conn).optional().map(|one| one.is_some())
}

/// Lets creators of logins take turns until the transaction ends.
pub fn take_turns(conn: &mut Conn) -> QueryResult<()> {
    dialect::lock(conn, LOCK)
}

/// The number after the highest one. Others who ask wait until the transaction ends.
pub fn next_number(conn: &mut Conn) -> QueryResult<i64> {
    take_turns(conn)?;
    let highest: Option<i64> = users::table.select(diesel::dsl::max(users::number)).first(conn)?;
    Ok(highest.map_or(FIRST_NUMBER, |n| n + 1))
}

/// Stores a login.
pub fn insert(conn: &mut Conn, row: &UserRow) -> QueryResult<()> {
    diesel::insert_into(users::table).values(row).execute(conn).map(drop)
}

/// The login with this e-mail address, in its one spelling.
pub fn by_email(conn: &mut Conn, email: &str) -> QueryResult<Option<UserRow>> {
    users::table.filter(users::email.eq(email)).select(UserRow::as_select()).first(conn).optional()
}

/// One login. For the login itself, and for links that were made for it.
pub fn find(conn: &mut Conn, id: UserId) -> QueryResult<Option<UserRow>> {
    users::table.find(id).select(UserRow::as_select()).first(conn).optional()
}

/// The id and the name of the login with this number. For those who ask next what it may do, and where.
pub fn by_number(conn: &mut Conn, number: i64) -> QueryResult<Option<(UserId, String)>> {
    users::table.filter(users::number.eq(number)).select((users::id, users::name)).first(conn).optional()
}

/// The login `id`, when it has a role at the partner of `bu`.
pub fn of_unit(conn: &mut Conn, bu: BuId, id: UserId) -> QueryResult<Option<UserId>> {
    members().filter(business_units::id.eq(bu).and(users::id.eq(id))).select(users::id).first(conn).optional()
}

/// The login with this number, when it has a role at the partner of `bu`.
pub fn of_unit_by_number(conn: &mut Conn, bu: BuId, number: i64) -> QueryResult<Option<UserId>> {
    members()
        .filter(business_units::id.eq(bu).and(users::number.eq(number)))
        .select(users::id)
        .first(conn)
        .optional()
}

/// The numbers of these logins, for rows of a tenant that name them: a global partner's login may have made
/// what a channel partner sees.
pub fn numbers(conn: &mut Conn, ids: &[UserId]) -> QueryResult<Vec<(UserId, i64)>> {
    users::table.filter(users::id.eq_any(ids)).select((users::id, users::number)).load(conn)
}

/// The logins with a role at the partner of `bu`, in the order of their numbers.
pub fn list(conn: &mut Conn, bu: BuId) -> QueryResult<Vec<MemberRow>> {
    members()
        .filter(business_units::id.eq(bu))
        .select((users::id, users::number, users::email, users::name, memberships::role, users::disabled_at))
        .order(users::number)
        .load(conn)
}

#[diesel::dsl::auto_type]
fn members() -> _ {
    users::table
        .inner_join(memberships::table.on(memberships::user_id.eq(users::id)))
        .inner_join(business_units::table.on(business_units::partner_id.eq(memberships::partner_id)))
}

/// Gives a login another password.
pub fn set_password(conn: &mut Conn, id: UserId, hash: &str) -> QueryResult<()> {
    diesel::update(users::table.find(id)).set(users::password_hash.eq(Some(hash))).execute(conn).map(drop)
}

/// Gives a login another name.
pub fn set_name(conn: &mut Conn, id: UserId, name: &str) -> QueryResult<()> {
    diesel::update(users::table.find(id)).set(users::name.eq(name)).execute(conn).map(drop)
}

/// Switches a login off from `at` on, or on again.
pub fn set_disabled(conn: &mut Conn, id: UserId, at: Option<Ts>) -> QueryResult<()> {
    diesel::update(users::table.find(id)).set(users::disabled_at.eq(at)).execute(conn).map(drop)
}
