//! A page of the tokens of a business unit, as lists show them.

use std::collections::HashMap;

use super::TokenRow;
use crate::domain::access::permission::Permission;
use crate::domain::id::{BuId, UserId};
use crate::domain::time::Ts;
use crate::ops::Error;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::store::access::{tokens, users};

/// A token in a list.
#[derive(Debug, Clone)]
pub struct TokenView {
    /// The token.
    pub row: TokenRow,
    /// The number of the login that made it.
    pub creator: Option<i64>,
}

/// A page of the list.
#[derive(Debug, Clone)]
pub struct TokenPage {
    /// The tokens of the page, newest first.
    pub tokens: Vec<TokenView>,
    /// How many there are in all.
    pub total: usize,
}

impl TokenView {
    /// Whether it works at `now`.
    pub fn is_live(&self, now: Ts) -> bool {
        self.row.revoked_at.is_none() && self.row.expires_at.is_none_or(|at| at > now)
    }
}

/// The tokens of `bu` that were not revoked, newest first; expired ones among them. `page` counts from 1.
pub fn page(cx: &Cx, bu: BuId, page: usize, limit: usize) -> Result<TokenPage, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::TokensRead)?;
        let rows = tokens::list(conn, bu)?;
        let total = rows.len();
        let skip = page.saturating_sub(1).saturating_mul(limit);
        let rows: Vec<TokenRow> = rows.into_iter().skip(skip).take(limit).collect();
        let people: Vec<UserId> = rows.iter().filter_map(|row| row.created_by).collect();
        let numbers: HashMap<UserId, i64> = users::numbers(conn, &people)?.into_iter().collect();
        let view = |row: TokenRow| TokenView {
            creator: row.created_by.and_then(|user| numbers.get(&user).copied()),
            row,
        };
        Ok(TokenPage { tokens: rows.into_iter().map(view).collect(), total })
    })
}
