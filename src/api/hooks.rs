//! `/hooks`: REST hooks, by which tools subscribe addresses of their own.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::body;
use crate::api::caller::{Caller, PathId};
use crate::api::error::{Problem, ProblemView};
use crate::api::openapi::bodies::HookBody;
use crate::api::openapi::problems::{Guarded, Named, Sent};
use crate::api::views::Deleted;
use crate::domain::id::{WebhookId, WebhookKind};
use crate::domain::time::Ts;
use crate::domain::webhooks::webhook::WebhookStatus;
use crate::ops::webhooks::create::Created;
use crate::ops::webhooks::hooks::{self, HookDraft};

/// As tools look for it: without a wrapper.
#[derive(Serialize, ToSchema)]
#[schema(as = Hook)]
struct HookView<'a> {
    /// Its id, to unsubscribe with.
    id: WebhookId,
    /// Where it is sent to.
    #[schema(example = "https://hooks.example.com/hooks/standard/123456/abcdef")]
    target_url: &'a str,
    /// The event type.
    #[schema(example = "order.completed")]
    event: Option<&'a str>,
    /// Whether it takes part in routing.
    status: WebhookStatus,
    /// When it was made.
    created_at: Ts,
    /// Its signing secret, shown here only.
    #[schema(example = "whsec_Ck4Fg8mZcR1xS6nTq0vWb3yHj7uLd9pEaX2kMiOo5tU=")]
    secret: &'a str,
}

/// Subscribes an address to one event type; the one answer that holds the signing secret.
#[utoipa::path(
    post,
    path = "/api/v1/hooks",
    operation_id = "subscribe_hook",
    tag = "REST hooks",
    security(("token" = ["webhooks:write"])),
    request_body = HookBody,
    responses((status = 201, description = "The subscription, with its signing secret.", body = HookView<'static>), Guarded, Sent, (status = 409, description = "The business unit has as many webhooks as it may: `limit_webhooks`.", body = ProblemView<'static>, content_type = "application/problem+json"))
)]
pub async fn subscribe(
    caller: Caller,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let mut fields = body::object(&request, payload).await?;
    fields.refuse(&["rest_hook"])?;
    for name in ["target_url", "event"] {
        if !fields.has(name) {
            fields.fault(name, "required", "This field is required.");
        }
    }
    let draft = HookDraft {
        target_url: fields.text("target_url").unwrap_or_default(),
        event: fields.text("event").unwrap_or_default(),
    };
    let draft = fields.or(draft)?;
    let Created { webhook, secret } = caller.run(move |cx, bu| hooks::subscribe(cx, bu, draft)).await?;
    let view = HookView {
        id: webhook.row.id,
        target_url: webhook.url(),
        event: webhook.events().next(),
        status: webhook.row.status,
        created_at: webhook.row.created_at,
        secret: secret.expose(),
    };
    Ok(HttpResponse::Created().json(view))
}

/// Unsubscribes.
#[utoipa::path(
    delete,
    path = "/api/v1/hooks/{id}",
    operation_id = "unsubscribe_hook",
    tag = "REST hooks",
    security(("token" = ["webhooks:write"])),
    params(("id" = WebhookId, Path)),
    responses((status = 200, description = "Nothing is sent any more.", body = Deleted), Guarded, Named)
)]
pub async fn unsubscribe(caller: Caller, id: PathId<WebhookKind>) -> Result<HttpResponse, Problem> {
    let id = id.get()?;
    caller.run(move |cx, bu| hooks::unsubscribe(cx, bu, id)).await?;
    Ok(HttpResponse::Ok().json(Deleted::new("Hook deleted successfully")))
}
