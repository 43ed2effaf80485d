//! Table `token_uses`: how often each scope of a token was used, day by day.

use diesel::prelude::*;

use crate::domain::access::permission::Permission;
use crate::domain::id::{BuId, TokenId};
use crate::domain::time::Ts;
use crate::store::pool::Conn;
use crate::store::rows::{self, Cell, Statement};
use crate::store::schema::{token_uses, tokens};

/// Uses of one scope of one token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uses {
    /// The token.
    pub token: TokenId,
    /// What it was used for.
    pub scope: Permission,
    /// The start of the day.
    pub day: Ts,
    /// How often.
    pub uses: i64,
}

struct Add;

impl Statement for Add {
    const SQL: &'static str = "INSERT INTO token_uses (token_id, scope, day, uses) {values} \
        ON CONFLICT (token_id, scope, day) DO UPDATE SET uses = token_uses.uses + excluded.uses";
}

/// Adds these to what is stored. No token, scope and day stands in them twice.
pub fn add(conn: &mut Conn, all: &[Uses]) -> QueryResult<()> {
    let cells = all.iter().map(|one| {
        [
            Cell::text(one.token.as_str()),
            Cell::text(one.scope.as_str()),
            Cell::BigInt(Some(one.day.0)),
            Cell::BigInt(Some(one.uses)),
        ]
    });
    rows::run::<Add, 4>(conn, cells).map(drop)
}

/// What the tokens of `bu` that were not deleted were used for from `since` on, in no order. A scope that is
/// none any more is left out.
pub fn of_unit(conn: &mut Conn, bu: BuId, since: Ts) -> QueryResult<Vec<Uses>> {
    let found: Vec<(TokenId, String, Ts, i64)> = token_uses::table
        .inner_join(tokens::table.on(tokens::id.eq(token_uses::token_id)))
        .filter(tokens::bu_id.eq(bu).and(tokens::revoked_at.is_null()).and(token_uses::day.ge(since)))
        .select((token_uses::token_id, token_uses::scope, token_uses::day, token_uses::uses))
        .load(conn)?;
    let known = |(token, scope, day, uses): (TokenId, String, Ts, i64)| {
        Some(Uses { token, scope: scope.parse().ok()?, day, uses })
    };
    Ok(found.into_iter().filter_map(known).collect())
}

/// Forgets what these tokens were used for on days before `before`.
pub fn forget(conn: &mut Conn, ids: &[TokenId], before: Ts) -> QueryResult<()> {
    diesel::delete(token_uses::table.filter(token_uses::token_id.eq_any(ids).and(token_uses::day.lt(before))))
        .execute(conn)
        .map(drop)
}
