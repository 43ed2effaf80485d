//! Table `sessions`: who is signed in. Only digests of the cookies are kept.

use diesel::prelude::*;

use crate::domain::access::session::SessionLevel;
use crate::domain::id::{SessionId, UserId};
use crate::domain::time::Ts;
use crate::store::access::memberships;
use crate::store::pool::Conn;
use crate::store::schema::{sessions, users};

/// A session as stored.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions)]
#[diesel(treat_none_as_default_value = false)]
pub struct SessionRow {
    /// Its id.
    pub id: SessionId,
    /// The digest of the cookie's value.
    pub digest: Vec<u8>,
    /// The login.
    pub user_id: UserId,
    /// How far the person has proved who they are.
    pub level: SessionLevel,
    /// When it began.
    pub created_at: Ts,
    /// When a request last came with it, at most a minute late.
    pub last_seen_at: Ts,
    /// When the person last proved who they are.
    pub reauth_at: Ts,
    /// Whether the browser keeps the cookie when it closes.
    pub remember: bool,
    /// The address it began from.
    pub ip: Option<String>,
    /// The client it began from.
    pub agent: Option<String>,
}

/// A session with its login.
#[derive(Queryable)]
pub struct Signed {
    /// The session.
    pub session: SessionRow,
    /// The login's number.
    pub number: i64,
    /// The login's name.
    pub name: String,
    /// The login's e-mail address.
    pub email: String,
    /// Whether a partner of it wants a second factor, and it has none.
    pub owes_factor: bool,
    /// Whether it is an owner of a partner that operates the installation.
    pub is_operator: bool,
}

/// Stores a session.
pub fn insert(conn: &mut Conn, row: &SessionRow) -> QueryResult<()> {
    diesel::insert_into(sessions::table).values(row).execute(conn).map(drop)
}

/// The session whose cookie has this digest, when its login is not switched off.
pub fn by_digest(conn: &mut Conn, digest: &[u8]) -> QueryResult<Option<Signed>> {
    sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .filter(sessions::digest.eq(digest).and(users::disabled_at.is_null()))
        .select((
            SessionRow::as_select(),
            users::number,
            users::name,
            users::email,
            // Asked with every request, and so in the same query.
            memberships::owes(),
            memberships::operates(),
        ))
        .first(conn)
        .optional()
}

/// One session.
pub fn find(conn: &mut Conn, id: SessionId) -> QueryResult<Option<SessionRow>> {
    sessions::table.find(id).select(SessionRow::as_select()).first(conn).optional()
}

/// Notes a request with a session.
pub fn touch(conn: &mut Conn, id: SessionId, now: Ts) -> QueryResult<()> {
    diesel::update(sessions::table.find(id)).set(sessions::last_seen_at.eq(now)).execute(conn).map(drop)
}

/// Goes on with a session under another cookie, because the person has proved who they are at `now`; gives
/// the session, unless it has ended.
pub fn renew(conn: &mut Conn, id: SessionId, digest: &[u8], now: Ts) -> QueryResult<Option<SessionRow>> {
    diesel::update(sessions::table.find(id))
        .set((sessions::digest.eq(digest), sessions::reauth_at.eq(now)))
        .execute(conn)?;
    sessions::table.find(id).select(SessionRow::as_select()).first(conn).optional()
}

/// Ends a session; whether there was one.
pub fn remove(conn: &mut Conn, id: SessionId) -> QueryResult<bool> {
    diesel::delete(sessions::table.find(id)).execute(conn).map(|n| n == 1)
}

/// Ends the oldest sessions of a login at this level beyond the newest `most`; gives how many.
pub fn keep_newest(conn: &mut Conn, user: UserId, level: SessionLevel, most: usize) -> QueryResult<usize> {
    let all: Vec<SessionId> = sessions::table
        .filter(sessions::user_id.eq(user).and(sessions::level.eq(level)))
        .select(sessions::id)
        .order(sessions::id.desc())
        .load(conn)?;
    let old = all.into_iter().skip(most).collect::<Vec<_>>();
    diesel::delete(sessions::table.filter(sessions::id.eq_any(old))).execute(conn)
}

/// The sessions of a login at this level, the one with the latest request first.
pub fn of_user(conn: &mut Conn, user: UserId, level: SessionLevel) -> QueryResult<Vec<SessionRow>> {
    sessions::table
        .filter(sessions::user_id.eq(user).and(sessions::level.eq(level)))
        .select(SessionRow::as_select())
        .order((sessions::last_seen_at.desc(), sessions::id.desc()))
        .load(conn)
}

/// Ends a session of this login; whether there was one.
pub fn remove_own(conn: &mut Conn, user: UserId, id: SessionId) -> QueryResult<bool> {
    let own = sessions::table.find(id).filter(sessions::user_id.eq(user));
    diesel::delete(own).execute(conn).map(|n| n == 1)
}

/// Ends every session of a login but one; gives how many.
pub fn remove_others(conn: &mut Conn, user: UserId, kept: SessionId) -> QueryResult<usize> {
    let others = sessions::table.filter(sessions::user_id.eq(user).and(sessions::id.ne(kept)));
    diesel::delete(others).execute(conn)
}

/// Ends every session of a login, as when its password changes; gives how many.
pub fn remove_of_user(conn: &mut Conn, user: UserId) -> QueryResult<usize> {
    diesel::delete(sessions::table.filter(sessions::user_id.eq(user))).execute(conn)
}

/// Forgets at most `limit` sessions that began before `began` or were last seen before `seen`.
pub fn forget(conn: &mut Conn, began: Ts, seen: Ts, limit: i64) -> QueryResult<usize> {
    let ended = sessions::table.filter(sessions::created_at.lt(began).or(sessions::last_seen_at.lt(seen)));
    let ids: Vec<SessionId> = ended.select(sessions::id).limit(limit).load(conn)?;
    diesel::delete(sessions::table.filter(sessions::id.eq_any(ids))).execute(conn)
}
