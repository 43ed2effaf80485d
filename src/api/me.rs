//! `GET /me`: what the token of a request is, and what it may do.

use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::caller::Caller;
use crate::api::error::Problem;
use crate::api::openapi::problems::Guarded;
use crate::api::views::Data;
use crate::domain::access::partner::PartnerNumber;
use crate::domain::access::permission::Scopes;
use crate::domain::id::{BuId, TokenId};
use crate::ops::Refusal;
use crate::ops::authorize::find_unit;

/// What a token is and may do.
#[derive(Serialize, ToSchema)]
#[schema(as = Me)]
struct MeView<'a> {
    /// Its id.
    id: TokenId,
    /// Its name.
    #[schema(example = "Order service")]
    name: &'a str,
    /// What it may do.
    scopes: Scopes,
    /// The business unit that it belongs to.
    business_unit: UnitView<'a>,
    /// The number of the partner that the business unit belongs to.
    #[schema(value_type = i64, example = 12345)]
    partner: PartnerNumber,
}

/// A business unit.
#[derive(Serialize, ToSchema)]
#[schema(as = BusinessUnit)]
struct UnitView<'a> {
    /// Its id.
    id: BuId,
    /// Its name.
    #[schema(example = "Acme")]
    name: &'a str,
}

/// Any live token may ask, as long as API access is part of the plan.
#[utoipa::path(
    get,
    path = "/api/v1/me",
    operation_id = "get_own_token",
    tag = "Tokens",
    security(("token" = [])),
    responses((status = 200, description = "What this token is and may do.", body = Data<MeView<'static>>), Guarded)
)]
pub async fn read(caller: Caller) -> Result<HttpResponse, Problem> {
    let unit = caller.run(|cx, bu| cx.read(|conn| find_unit(cx, conn, bu))).await?;
    if !unit.api_access {
        return Err(Refusal::NoApiAccess.into());
    }
    let token = &caller.token;
    let view = MeView {
        id: token.token,
        name: &token.name,
        scopes: token.scopes,
        business_unit: UnitView { id: unit.bu, name: &unit.unit_name },
        partner: unit.partner,
    };
    Ok(HttpResponse::Ok().json(Data { data: view }))
}
