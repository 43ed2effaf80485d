//! The logins of a business unit's partner, as its Users page shows them and admins change them.

use diesel::prelude::*;

use crate::domain::access::partner::PartnerNumber;
use crate::domain::access::user::Role;
use crate::domain::id::{BuId, UserId};
use crate::domain::time::Ts;
use crate::store::pool::Conn;
use crate::store::schema::{business_units, memberships, users};

/// A login with its role at the unit's partner.
#[derive(Debug, Clone, Queryable)]
pub struct PersonRow {
    /// Its id.
    pub id: UserId,
    /// The number by which people know it.
    pub number: i64,
    /// The e-mail address.
    pub email: String,
    /// The person's name.
    pub name: String,
    /// What it may do at the partner.
    pub role: Role,
    /// Whether a password was chosen; without one nobody can sign in as it.
    pub has_password: bool,
    /// Since when it cannot be used.
    pub disabled_at: Option<Ts>,
    /// When it was made.
    pub created_at: Ts,
    /// When the person last signed in.
    pub last_signed_in_at: Option<Ts>,
    /// The partner.
    pub partner: PartnerNumber,
}

/// What an edit may set. Fields that are `None` stay.
#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = users)]
pub struct PersonEdit {
    /// A new name.
    pub name: Option<String>,
    /// A new e-mail address.
    pub email: Option<String>,
    /// Another password's hash; `Some(None)` for none.
    pub password_hash: Option<Option<String>>,
    /// Another second factor; `Some(None)` for none.
    pub totp_sealed: Option<Option<Vec<u8>>>,
    /// Since when it cannot be used; `Some(None)` switches it on.
    pub disabled_at: Option<Option<Ts>>,
}

#[diesel::dsl::auto_type]
fn people() -> _ {
    users::table
        .inner_join(memberships::table.on(memberships::user_id.eq(users::id)))
        .inner_join(business_units::table.on(business_units::partner_id.eq(memberships::partner_id)))
}

/// One login of the partner of `bu`.
pub fn find(conn: &mut Conn, bu: BuId, id: UserId) -> QueryResult<Option<PersonRow>> {
    let this = people().filter(business_units::id.eq(bu).and(users::id.eq(id)));
    this.select(columns()).first(conn).optional()
}

/// The logins of the partner of `bu` below the number `below`, highest number first, at most `limit`.
pub fn list(conn: &mut Conn, bu: BuId, below: Option<i64>, limit: i64) -> QueryResult<Vec<PersonRow>> {
    people()
        .filter(business_units::id.eq(bu).and(users::number.lt(below.unwrap_or(i64::MAX))))
        .select(columns())
        .order(users::number.desc())
        .limit(limit)
        .load(conn)
}

/// How many logins the partner of `bu` has.
pub fn count(conn: &mut Conn, bu: BuId) -> QueryResult<i64> {
    people().filter(business_units::id.eq(bu)).count().get_result(conn)
}

/// The owners at a partner who can sign in, apart from `but`.
pub fn other_owners(conn: &mut Conn, partner: PartnerNumber, but: UserId) -> QueryResult<i64> {
    users::table
        .inner_join(memberships::table.on(memberships::user_id.eq(users::id)))
        .filter(memberships::partner_id.eq(partner).and(memberships::role.eq(Role::Owner)))
        .filter(users::disabled_at.is_null().and(users::password_hash.is_not_null()))
        .filter(users::id.ne(but))
        .count()
        .get_result(conn)
}

/// Changes one login. For those who have asked whose it is.
pub fn edit(conn: &mut Conn, id: UserId, edit: &PersonEdit) -> QueryResult<()> {
    diesel::update(users::table.find(id)).set(edit).execute(conn).map(drop)
}

/// Notes that the person signed in.
pub fn signed_in(conn: &mut Conn, id: UserId, at: Ts) -> QueryResult<()> {
    diesel::update(users::table.find(id)).set(users::last_signed_in_at.eq(Some(at))).execute(conn).map(drop)
}

#[diesel::dsl::auto_type]
fn columns() -> _ {
    (
        users::id,
        users::number,
        users::email,
        users::name,
        memberships::role,
        users::password_hash.is_not_null(),
        users::disabled_at,
        users::created_at,
        users::last_signed_in_at,
        memberships::partner_id,
    )
}
