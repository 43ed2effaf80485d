//! `POST /webhooks/{id}/secret/rotate`: a new signing secret, shown this once.

use std::time::Duration;

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::body;
use crate::api::caller::{Caller, PathId};
use crate::api::error::{Problem, ProblemView};
use crate::api::openapi::bodies::RotationBody;
use crate::api::openapi::problems::{Guarded, Named, Sent};
use crate::api::views::Data;
use crate::domain::id::{WebhookId, WebhookKind};
use crate::domain::time::Ts;
use crate::ops::webhooks::secrets::{self, DEFAULT_OVERLAP, Rotation};

/// A new signing secret.
#[derive(Serialize, ToSchema)]
#[schema(as = RotatedSecret)]
struct RotatedView<'a> {
    /// The webhook.
    id: WebhookId,
    /// The new secret, shown here only.
    #[schema(example = "whsec_Ck4Fg8mZcR1xS6nTq0vWb3yHj7uLd9pEaX2kMiOo5tU=")]
    secret: &'a str,
    /// For how long the old one signs beside it.
    #[schema(example = 86400)]
    overlap_seconds: u64,
    /// Until when the old one signs; null when it ended at once.
    #[schema(example = "2026-03-16T08:30:00Z")]
    previous_secret_until: Option<Ts>,
}

/// Rotates the secret of a webhook. The old one signs beside it for `overlap_seconds`.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/{id}/secret/rotate",
    operation_id = "rotate_webhook_secret",
    tag = "Webhooks",
    security(("token" = ["webhooks:write"])),
    params(("id" = WebhookId, Path)),
    request_body = Option<RotationBody>,
    responses((status = 200, description = "The new secret, shown this once.", body = Data<RotatedView<'static>>), Guarded, Named, Sent, (status = 409, description = "Too many secrets sign already, or somebody else has just rotated this one: `rotation_limit` or `rotation_conflict`.", body = ProblemView<'static>, content_type = "application/problem+json"))
)]
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
    let rotation = Rotation { secret: fields.text("secret"), overlap, from: None };
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
