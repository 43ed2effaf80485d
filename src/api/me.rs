//! `GET /me`: what the token of a request is, and what it may do.

use actix_web::HttpResponse;
use serde::Serialize;

use crate::api::caller::Caller;
use crate::api::error::Problem;
use crate::api::views::Data;
use crate::domain::access::partner::PartnerNumber;
use crate::domain::access::permission::Scopes;
use crate::domain::id::{BuId, TokenId};
use crate::ops::Refusal;
use crate::ops::authorize::find_unit;

#[derive(Serialize)]
struct MeView<'a> {
    id: TokenId,
    name: &'a str,
    scopes: Scopes,
    business_unit: UnitView<'a>,
    partner: PartnerNumber,
}

#[derive(Serialize)]
struct UnitView<'a> {
    id: BuId,
    name: &'a str,
}

/// Any live token may ask, as long as API access is part of the plan.
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
