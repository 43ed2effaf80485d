//! `/hooks`: REST hooks, by which tools subscribe addresses of their own.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::json;

use crate::api::body;
use crate::api::caller::{Caller, PathId};
use crate::api::error::Problem;
use crate::domain::id::{WebhookId, WebhookKind};
use crate::domain::time::Ts;
use crate::domain::webhooks::webhook::WebhookStatus;
use crate::ops::webhooks::create::Created;
use crate::ops::webhooks::hooks::{self, HookDraft};

/// As tools look for it: without a wrapper.
#[derive(Serialize)]
struct HookView<'a> {
    id: WebhookId,
    target_url: &'a str,
    event: Option<&'a str>,
    status: WebhookStatus,
    created_at: Ts,
    secret: &'a str,
}

/// Subscribes an address to one event type; the one answer that holds the signing secret.
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
pub async fn unsubscribe(caller: Caller, id: PathId<WebhookKind>) -> Result<HttpResponse, Problem> {
    let id = id.get()?;
    caller.run(move |cx, bu| hooks::unsubscribe(cx, bu, id)).await?;
    Ok(HttpResponse::Ok().json(json!({"success": true, "message": "Hook deleted successfully"})))
}
