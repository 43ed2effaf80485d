//! Table `sign_in_throttles`: how many guesses each account, device and address has made.

use std::time::Duration;

use diesel::prelude::*;

use crate::domain::time::Ts;
use crate::store::dialect::each;
use crate::store::pool::Conn;
use crate::store::schema::sign_in_throttles as throttles;

/// A number of guesses in a span of time.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// How many.
    pub most: i32,
    /// In how long, from the first one.
    pub window: Duration,
}

/// Takes one guess from `key`. Gives the moment from which the next one is allowed when none is left; of
/// several at once never more than the limit pass.
pub fn take(conn: &mut Conn, key: &str, limit: Limit, now: Ts) -> QueryResult<Result<(), Ts>> {
    let start = (throttles::key.eq(key), throttles::failures.eq(0), throttles::window_started_at.eq(now));
    each!(conn, c => diesel::insert_into(throttles::table)
        .values(start)
        .on_conflict_do_nothing()
        .execute(c))?;
    let over = now - limit.window;
    let this = throttles::table.find(key);
    diesel::update(this.filter(throttles::window_started_at.le(over)))
        .set((throttles::failures.eq(0), throttles::window_started_at.eq(now)))
        .execute(conn)?;
    let taken = diesel::update(this.filter(throttles::failures.lt(limit.most)))
        .set(throttles::failures.eq(throttles::failures + 1))
        .execute(conn)?;
    if taken == 1 {
        return Ok(Ok(()));
    }
    let started: Ts = this.select(throttles::window_started_at).first(conn)?;
    Ok(Err(started + limit.window))
}

/// Gives one guess back: it was right, or never made.
pub fn give_back(conn: &mut Conn, key: &str) -> QueryResult<()> {
    diesel::update(throttles::table.find(key).filter(throttles::failures.gt(0)))
        .set(throttles::failures.eq(throttles::failures - 1))
        .execute(conn)
        .map(drop)
}

/// Forgets the guesses of `key`.
pub fn clear(conn: &mut Conn, key: &str) -> QueryResult<()> {
    diesel::delete(throttles::table.find(key)).execute(conn).map(drop)
}

/// Forgets at most `limit` buckets whose window began before `before`.
pub fn forget(conn: &mut Conn, before: Ts, limit: i64) -> QueryResult<usize> {
    let over = throttles::table.filter(throttles::window_started_at.lt(before));
    let keys: Vec<String> = over.select(throttles::key).limit(limit).load(conn)?;
    diesel::delete(throttles::table.filter(throttles::key.eq_any(keys))).execute(conn)
}
