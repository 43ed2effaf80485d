//! Table `one_time_links`: links that let a person choose a password once. Only digests are kept.

use diesel::prelude::*;

use crate::domain::access::partner::PartnerNumber;
use crate::domain::access::session::LinkPurpose;
use crate::domain::access::user::Role;
use crate::domain::id::UserId;
use crate::domain::time::Ts;
use crate::store::pool::Conn;
use crate::store::schema::one_time_links as links;

/// A link as stored.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = crate::store::schema::one_time_links)]
#[diesel(treat_none_as_default_value = false)]
pub struct LinkRow {
    /// The digest of the link's secret.
    pub digest: Vec<u8>,
    /// What it is for.
    pub purpose: LinkPurpose,
    /// The partner it leads to; `None` when it makes the first one.
    pub partner_id: Option<PartnerNumber>,
    /// The login it is for; `None` when it makes the first one.
    pub user_id: Option<UserId>,
    /// The login's e-mail address.
    pub email: Option<String>,
    /// The role it leads to.
    pub role: Role,
    /// When it was made.
    pub created_at: Ts,
    /// Until when it opens.
    pub expires_at: Ts,
    /// When it was used.
    pub used_at: Option<Ts>,
}

/// Stores a link.
pub fn insert(conn: &mut Conn, row: &LinkRow) -> QueryResult<()> {
    diesel::insert_into(links::table).values(row).execute(conn).map(drop)
}

/// The link with this digest, when it opens at `now`.
pub fn live(conn: &mut Conn, digest: &[u8], now: Ts) -> QueryResult<Option<LinkRow>> {
    links::table
        .find(digest)
        .filter(links::used_at.is_null().and(links::expires_at.gt(now)))
        .select(LinkRow::as_select())
        .first(conn)
        .optional()
}

/// Uses a link; whether it opened. Of several at once one wins.
pub fn use_up(conn: &mut Conn, digest: &[u8], now: Ts) -> QueryResult<bool> {
    let live = links::table.find(digest).filter(links::used_at.is_null().and(links::expires_at.gt(now)));
    diesel::update(live).set(links::used_at.eq(Some(now))).execute(conn).map(|n| n == 1)
}

/// Closes every link of a login, as when its password changes.
pub fn close_of_user(conn: &mut Conn, user: UserId, now: Ts) -> QueryResult<()> {
    let open = links::table.filter(links::user_id.eq(user).and(links::used_at.is_null()));
    diesel::update(open).set(links::used_at.eq(Some(now))).execute(conn).map(drop)
}

/// Forgets at most `limit` links that ended before `before`.
pub fn forget(conn: &mut Conn, before: Ts, limit: i64) -> QueryResult<usize> {
    let ended = links::table.filter(links::expires_at.lt(before));
    let digests: Vec<Vec<u8>> = ended.select(links::digest).limit(limit).load(conn)?;
    diesel::delete(links::table.filter(links::digest.eq_any(digests))).execute(conn)
}
