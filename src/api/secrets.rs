//! `POST /webhooks/{id}/secret/rotate`: a new signing secret, shown this once.

use std::time::Duration;

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use crate::api::body;
use crate::api::caller::{Caller, PathId};
use crate::api::error::Problem;
use crate::api::views::Data;
use crate::domain::id::{WebhookId, WebhookKind};
use crate::domain::time::Ts;
use crate::ops::webhooks::secrets::{self, DEFAULT_OVERLAP, Rotation};

#[derive(Serialize)]
struct RotatedView<'a> {
    id: WebhookId,
    secret: &'a str,
    overlap_seconds: u64,
    previous_secret_until: Option<Ts>,
}

/// Rotates the secret of a webhook. The old one signs beside it for `overlap_seconds`.
pub async fn rotate(
    caller: Caller,
    id: PathId<WebhookKind>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let id = id.get()?;
    let mut fields = body::object_or_none(&request, payload).await?;
    let overlap = fields
        .int("overlap_seconds")
        .map_or(Some(DEFAULT_OVERLAP), |seconds| u64::try_from(seconds).ok().map(Duration::from_secs));
    if overlap.is_none() {
        fields.fault("overlap_seconds", "range", "Use 0 to 604800 seconds.");
    }
    let overlap = overlap.unwrap_or_default();
    let rotation = Rotation { secret: fields.text("secret"), overlap };
    let rotation = fields.or(rotation)?;
    let rotated = caller.run(move |cx, bu| secrets::rotate(cx, bu, id, rotation)).await?;
    let view = RotatedView {
        id,
        secret: rotated.secret.expose(),
        overlap_seconds: overlap.as_secs(),
        previous_secret_until: rotated.previous_until,
    };
    Ok(HttpResponse::Ok().json(Data { data: view }))
}
