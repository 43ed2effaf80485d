//! `/tokens`: which tokens there are, and revoking one. Only people and the operator make them.

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::json;

use crate::api::caller::{Caller, PathId};
use crate::api::error::Problem;
use crate::api::query::Query;
use crate::api::views::{Listing, PageMeta};
use crate::domain::access::permission::Scopes;
use crate::domain::id::{TokenId, TokenKind};
use crate::domain::time::Ts;
use crate::ops::Refusal;
use crate::ops::access::tokens::{self, TokenView as Token};

#[derive(Serialize)]
struct TokenView<'a> {
    id: TokenId,
    name: &'a str,
    last_four: &'a str,
    scopes: Scopes,
    status: &'static str,
    created_at: Ts,
    created_by: Option<i64>,
    expires_at: Option<Ts>,
    last_used_at: Option<Ts>,
    last_used_ip: Option<&'a str>,
    last_used_agent: Option<&'a str>,
    replaces: Option<TokenId>,
}

/// A page of the tokens that were not revoked, newest first; their secrets are not kept.
pub async fn list(caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request);
    let page = query.number("page", 1, 1..=u32::MAX);
    let limit = query.number("limit", 20, 1..=100);
    query.check()?;
    let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    let found = caller.run(move |cx, bu| tokens::page(cx, bu, size(page), size(limit))).await?;
    let meta = PageMeta::new(i64::try_from(found.total).unwrap_or(i64::MAX), page, limit);
    let data = found.tokens.iter().map(|token| view(token, caller.cx.now)).collect();
    Ok(HttpResponse::Ok().json(Listing { data, meta }))
}

/// Revokes a token, which may be the caller's own: the next request with it is refused.
pub async fn revoke(caller: Caller, id: PathId<TokenKind>) -> Result<HttpResponse, Problem> {
    let id = id.get()?;
    caller.run(move |cx, bu| tokens::revoke(cx, bu, id)).await?;
    Ok(HttpResponse::Ok().json(json!({"success": true, "message": "Token revoked successfully"})))
}

/// What a token may not do: make another one.
pub async fn dashboard_only(_: Caller) -> Result<HttpResponse, Problem> {
    Err(Refusal::Caller.into())
}

fn view(token: &Token, now: Ts) -> TokenView<'_> {
    let row = &token.row;
    TokenView {
        id: row.id,
        name: &row.name,
        last_four: &row.last_four,
        scopes: row.scopes,
        status: if token.is_live(now) { "active" } else { "expired" },
        created_at: row.created_at,
        created_by: token.creator,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
        last_used_ip: row.last_used_ip.as_deref(),
        last_used_agent: row.last_used_agent.as_deref(),
        replaces: row.replaces,
    }
}
