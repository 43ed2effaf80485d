//! The second factor of logins: columns of `users`, and table `recovery_codes`.

use diesel::prelude::*;

use crate::domain::id::UserId;
use crate::domain::time::Ts;
use crate::store::pool::Conn;
use crate::store::schema::{recovery_codes as codes, users};

/// The sealed key of a login that has a second factor.
pub fn sealed(conn: &mut Conn, user: UserId) -> QueryResult<Option<Vec<u8>>> {
    users::table.find(user).select(users::totp_sealed).first(conn).optional().map(Option::flatten)
}

/// Gives a login a second factor whose code of `step` is used up; whether it had none.
pub fn begin(conn: &mut Conn, user: UserId, sealed: &[u8], step: i64) -> QueryResult<bool> {
    diesel::update(users::table.find(user).filter(users::totp_sealed.is_null()))
        .set((users::totp_sealed.eq(Some(sealed)), users::totp_last_step.eq(Some(step))))
        .execute(conn)
        .map(|n| n == 1)
}

/// Takes the second factor and its recovery codes from a login; whether it had one.
pub fn end(conn: &mut Conn, user: UserId) -> QueryResult<bool> {
    diesel::delete(codes::table.filter(codes::user_id.eq(user))).execute(conn)?;
    diesel::update(users::table.find(user).filter(users::totp_sealed.is_not_null()))
        .set((users::totp_sealed.eq(None::<Vec<u8>>), users::totp_last_step.eq(None::<i64>)))
        .execute(conn)
        .map(|n| n == 1)
}

/// Uses up the code of `step`, and with it every earlier one; whether it was still good. Of several at once
/// one wins.
pub fn use_step(conn: &mut Conn, user: UserId, step: i64) -> QueryResult<bool> {
    let unused = users::totp_last_step.is_null().or(users::totp_last_step.lt(step));
    diesel::update(users::table.find(user).filter(users::totp_sealed.is_not_null()).filter(unused))
        .set(users::totp_last_step.eq(Some(step)))
        .execute(conn)
        .map(|n| n == 1)
}

/// Puts these recovery codes in the place of all others.
pub fn set_codes(conn: &mut Conn, user: UserId, digests: &[String]) -> QueryResult<()> {
    diesel::delete(codes::table.filter(codes::user_id.eq(user))).execute(conn)?;
    for digest in digests {
        diesel::insert_into(codes::table)
            .values((codes::user_id.eq(user), codes::digest.eq(digest.as_bytes())))
            .execute(conn)?;
    }
    Ok(())
}

/// The digests of all recovery codes in their order, each with whether it is still good.
pub fn codes(conn: &mut Conn, user: UserId) -> QueryResult<Vec<(Vec<u8>, bool)>> {
    codes::table
        .filter(codes::user_id.eq(user))
        .select((codes::digest, codes::used_at.is_null()))
        .order(codes::digest)
        .load(conn)
}

/// Uses up a recovery code; whether it was still good. Of several at once one wins.
pub fn use_code(conn: &mut Conn, user: UserId, digest: &[u8], now: Ts) -> QueryResult<bool> {
    diesel::update(codes::table.find((user, digest)).filter(codes::used_at.is_null()))
        .set(codes::used_at.eq(Some(now)))
        .execute(conn)
        .map(|n| n == 1)
}
