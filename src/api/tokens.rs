//! `/tokens`: which tokens there are, and revoking one. Only people and the operator make them.

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::caller::{Caller, PathId};
use crate::api::error::Problem;
use crate::api::openapi::problems::{Asked, Guarded, Named};
use crate::api::query::Query;
use crate::api::views::Deleted;
use crate::api::views::{Listing, PageMeta};
use crate::domain::access::permission::Scopes;
use crate::domain::id::{TokenId, TokenKind};
use crate::domain::time::Ts;
use crate::ops::Refusal;
use crate::ops::access::tokens::{self, TokenView as Token};

/// An API token, without its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = Token)]
struct TokenView<'a> {
    /// Its id.
    id: TokenId,
    /// Its name.
    #[schema(example = "Order service")]
    name: &'a str,
    /// The last four characters of its secret.
    #[schema(example = "9xQz")]
    last_four: &'a str,
    /// What it may do.
    scopes: Scopes,
    /// `active` or `expired`.
    #[schema(example = "active")]
    status: &'static str,
    /// When it was made.
    created_at: Ts,
    /// The number of the login that made it.
    #[schema(example = 1042)]
    created_by: Option<i64>,
    /// When it ends; null for never.
    expires_at: Option<Ts>,
    /// When it was last used, a minute late at the most; null for never.
    #[schema(example = "2026-03-15T08:30:00Z")]
    last_used_at: Option<Ts>,
    /// From which address.
    #[schema(example = "192.0.2.7")]
    last_used_ip: Option<&'a str>,
    /// By which program, as that names itself.
    #[schema(example = "curl/8.14.1")]
    last_used_agent: Option<&'a str>,
    /// The token that it was rotated from.
    replaces: Option<TokenId>,
}

/// A page of the tokens that were not revoked, newest first; their secrets are not kept.
#[utoipa::path(
    get,
    path = "/api/v1/tokens",
    operation_id = "list_tokens",
    tag = "Tokens",
    security(("token" = ["tokens:read"])),
    params(("page" = Option<u64>, Query, minimum = 1, maximum = 4_294_967_295_u64, description = "Which page, from 1."), ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "How many to a page; 20 when it is left out.")),
    responses((status = 200, description = "A page of tokens, newest first; never their secrets.", body = Listing<TokenView<'static>, PageMeta>), Guarded, Asked)
)]
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
#[utoipa::path(
    delete,
    path = "/api/v1/tokens/{id}",
    operation_id = "revoke_token",
    tag = "Tokens",
    security(("token" = ["tokens:write"])),
    params(("id" = TokenId, Path)),
    responses((status = 200, description = "The next request with it is refused.", body = Deleted), Guarded, Named)
)]
pub async fn revoke(caller: Caller, id: PathId<TokenKind>) -> Result<HttpResponse, Problem> {
    let id = id.get()?;
    caller.run(move |cx, bu| tokens::revoke(cx, bu, id)).await?;
    Ok(HttpResponse::Ok().json(Deleted::new("Token revoked successfully")))
}

/// Always refused: a token cannot make tokens. Sign in to the dashboard, or use the command line.
#[utoipa::path(
    post,
    path = "/api/v1/tokens",
    operation_id = "create_token",
    tag = "Tokens",
    security(("token" = [])),
    responses(Guarded)
)]
pub async fn create(_: Caller) -> Result<HttpResponse, Problem> {
    Err(Refusal::Caller.into())
}

/// Always refused, as making one is.
#[utoipa::path(
    post,
    path = "/api/v1/tokens/{id}/rotate",
    operation_id = "rotate_token",
    tag = "Tokens",
    security(("token" = [])),
    params(("id" = TokenId, Path)),
    responses(Guarded)
)]
pub async fn rotate(_: Caller) -> Result<HttpResponse, Problem> {
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
