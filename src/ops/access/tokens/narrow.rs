//! Narrowing a token: the scopes that it does not use are taken away.

use serde_json::json;

use super::entry;
use super::watch::watched;
use crate::domain::access::permission::{Permission, Scopes};
use crate::domain::id::{BuId, TokenId};
use crate::ops::Error;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::ops::system::audit::record;
use crate::store::access::tokens;

/// Takes from a token of `bu` the scopes that it was granted and did not use within the last 30 days, from
/// its next request on; gives them. `nothing_to_narrow` when there are none.
pub fn narrow(cx: &Cx, bu: BuId, id: TokenId) -> Result<Scopes, Error> {
    let taken = cx.write(|conn| {
        authorize(cx, conn, bu, Permission::TokensWrite)?;
        let all = watched(conn, bu, cx.now)?;
        let token = all.into_iter().find(|one| one.view.row.id == id).ok_or(Error::NotFound)?;
        let (row, idle) = (token.view.row, token.idle_scopes);
        if idle.is_empty() {
            let text = "This token uses every scope it has by now, or it is too early to tell.";
            return Err(Error::conflict("nothing_to_narrow", text));
        }
        let left = row.scopes.without(idle);
        tokens::set_scopes(conn, bu, id, left)?;
        let (before, after) = (json!({"scopes": row.scopes}), json!({"scopes": left}));
        record(cx, conn, Some(bu), entry("token.narrowed", id, Some(before), Some(after)))?;
        Ok(idle)
    })?;
    cx.tools.known.tokens.forget(|_, known| known.token == id);
    Ok(taken)
}
