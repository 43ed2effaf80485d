//! `/webhooks`: what is sent where.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};

use crate::api::body::{self, Fields};
use crate::api::caller::{Caller, PathId};
use crate::api::error::{Problem, ProblemView};
use crate::api::openapi::bodies::{WebhookBody, WebhookChangeBody};
use crate::api::openapi::problems::{Asked, Guarded, Named, Sent};
use crate::api::query::Query;
use crate::api::views::Deleted;
use crate::api::views::{Data, Listing, PageMeta, WebhookView};
use crate::domain::id::WebhookId;
use crate::domain::id::WebhookKind;
use crate::domain::webhooks::catalogue as builtin;
use crate::domain::webhooks::draft::{EndpointDraft, FieldName, ScopeDraft, TriggerDraft, WebhookDraft};
use crate::domain::webhooks::secret::MASKED;
use crate::domain::webhooks::webhook::{Reach, WebhookStatus};
use crate::ops::Error;
use crate::ops::webhooks::create::{self, Created};
use crate::ops::webhooks::edit::{self, WebhookChange};
use crate::ops::webhooks::read::{self, ListQuery};
use crate::ops::webhooks::{catalogue, remove};
use crate::store::webhooks::webhooks::WebhookFilter;

/// Fields of a webhook that only Bellwire itself sets.
const READ_ONLY: [&str; 3] = ["updated_at", "origin", "rest_hook"];
/// Fields that are given at creation and changed in other ways.
const NOT_HERE: [(&str, &str); 2] = [
    ("secret", "The secret is not changed here. Rotate it instead."),
    ("endpoints", "Endpoints are not changed here. Change the first one's address with `url`."),
];

/// A page of the webhooks of the token's business unit.
#[utoipa::path(
    get,
    path = "/api/v1/webhooks",
    operation_id = "list_webhooks",
    tag = "Webhooks",
    security(("token" = ["webhooks:read"])),
    params(("page" = Option<u64>, Query, minimum = 1, maximum = 4_294_967_295_u64, description = "Which page, from 1."), ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "How many to a page; 20 when it is left out."), ("status" = Option<WebhookStatus>, Query, description = "Only webhooks of this status."), ("event" = Option<String>, Query, description = "Only webhooks of this event type.")),
    responses((status = 200, description = "A page of webhooks, newest first.", body = Listing<WebhookView<'static>, PageMeta>), Guarded, Asked)
)]
pub async fn list(caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request);
    let page = query.number("page", 1, 1..=u32::MAX);
    let limit = query.number("limit", 20, 1..=100);
    let status = query.parsed("status", "status", "Use active or inactive.");
    let event = query.event_type("event");
    query.check()?;
    let wanted = ListQuery {
        filter: WebhookFilter { status, event: event.clone() },
        page: page.into(),
        limit: limit.into(),
    };
    let found = caller.run(move |cx, bu| {
        let found = read::list(cx, bu, &wanted)?;
        known_type(cx, bu, "event", event.as_deref())?;
        Ok(found)
    });
    let found = found.await.map_err(Problem::in_query)?;
    let meta = PageMeta::new(found.total, page, limit);
    let data = found.webhooks.iter().map(|webhook| WebhookView::new(webhook, None)).collect();
    Ok(HttpResponse::Ok().json(Listing { data, meta }))
}

/// Refuses a filter for an event type that is not in the catalogue.
pub fn known_type(
    cx: &crate::ops::cx::Cx,
    bu: crate::domain::id::BuId,
    field: &'static str,
    event_type: Option<&str>,
) -> Result<(), Error> {
    let Some(name) = event_type else { return Ok(()) };
    let known = cx.read(|conn| catalogue::find(conn, bu, name))?.is_some();
    let unknown = || Error::field(field, "unknown_event_type", "This event type is not in the catalogue.");
    if known { Ok(()) } else { Err(unknown()) }
}

/// One webhook, its secret masked.
#[utoipa::path(
    get,
    path = "/api/v1/webhooks/{id}",
    operation_id = "get_webhook",
    tag = "Webhooks",
    security(("token" = ["webhooks:read"])),
    params(("id" = WebhookId, Path)),
    responses((status = 200, description = "The webhook, its secret masked.", body = Data<WebhookView<'static>>), Guarded, Named)
)]
pub async fn read(caller: Caller, id: PathId<WebhookKind>) -> Result<HttpResponse, Problem> {
    let id = id.get()?;
    let webhook = caller.run(move |cx, bu| read::read(cx, bu, id)).await?;
    Ok(HttpResponse::Ok().json(Data { data: WebhookView::new(&webhook, Some(MASKED)) }))
}

/// Makes a webhook; the one answer that holds its secret.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks",
    operation_id = "create_webhook",
    tag = "Webhooks",
    security(("token" = ["webhooks:write"])),
    request_body = WebhookBody,
    responses((status = 201, description = "The webhook, with its whole secret.", body = Data<WebhookView<'static>>), Guarded, Sent, (status = 409, description = "The business unit has as many webhooks as it may: `limit_webhooks`.", body = ProblemView<'static>, content_type = "application/problem+json"))
)]
pub async fn create(caller: Caller, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let mut fields = body::object(&request, payload).await?;
    fields.refuse(&READ_ONLY)?;
    let draft = WebhookDraft {
        name: fields.text("name"),
        description: fields.text("description").unwrap_or_default(),
        status: status(&mut fields),
        endpoints: endpoints(&mut fields),
        triggers: triggers(&mut fields).unwrap_or_default(),
        secret: fields.text("secret"),
        scope: scope(&mut fields).unwrap_or_default(),
        reach: reach(&mut fields),
        programme: None,
    };
    let draft = fields.or(draft)?;
    let Created { webhook, secret } = caller.run(move |cx, bu| create::create(cx, bu, draft)).await?;
    Ok(HttpResponse::Created().json(Data { data: WebhookView::new(&webhook, Some(secret.expose())) }))
}

/// Changes any part of a webhook; the rest stays.
#[utoipa::path(
    method(put, patch),
    path = "/api/v1/webhooks/{id}",
    operation_id = "update_webhook",
    tag = "Webhooks",
    security(("token" = ["webhooks:write"])),
    params(("id" = WebhookId, Path)),
    request_body = WebhookChangeBody,
    responses((status = 200, description = "The webhook as it is now.", body = Data<WebhookView<'static>>), Guarded, Named, Sent)
)]
pub async fn edit(
    caller: Caller,
    id: PathId<WebhookKind>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let id = id.get()?;
    let mut fields = body::object(&request, payload).await?;
    fields.refuse(&READ_ONLY)?;
    for (name, message) in NOT_HERE {
        if fields.has(name) {
            fields.fault(name, "not_changeable", message);
        }
    }
    let change = WebhookChange {
        name: fields.text("name"),
        description: fields.text("description"),
        status: status(&mut fields),
        url: fields.text("url"),
        triggers: triggers(&mut fields),
        scope: scope(&mut fields),
        seen: None,
        reach: reach(&mut fields),
    };
    let change = fields.or(change)?;
    let webhook = caller.run(move |cx, bu| edit::edit(cx, bu, id, change)).await?;
    Ok(HttpResponse::Ok().json(Data { data: WebhookView::new(&webhook, None) }))
}

/// Deletes a webhook.
#[utoipa::path(
    delete,
    path = "/api/v1/webhooks/{id}",
    operation_id = "delete_webhook",
    tag = "Webhooks",
    security(("token" = ["webhooks:write"])),
    params(("id" = WebhookId, Path)),
    responses((status = 200, description = "It is gone, and so are its queued deliveries.", body = Deleted), Guarded, Named)
)]
pub async fn remove(caller: Caller, id: PathId<WebhookKind>) -> Result<HttpResponse, Problem> {
    let id = id.get()?;
    caller.run(move |cx, bu| remove::remove(cx, bu, id)).await?;
    Ok(HttpResponse::Ok().json(Deleted::new("Webhook deleted successfully")))
}

/// Whose events it shall get; `None` when nothing is said of it.
fn scope(fields: &mut Fields) -> Option<ScopeDraft> {
    let login = fields.value("for_login").map(|value| value.as_i64());
    let team = fields.value("for_team").map(|value| value.as_str().and_then(|text| text.parse().ok()));
    let given = fields.value("scope");
    // An answer holds all three words and can be sent back as it is, so null says nothing.
    let is_said = login.is_some() || team.is_some() || given.is_some();
    for (name, unknown) in [("for_login", login == Some(None)), ("for_team", team == Some(None))] {
        if unknown {
            fields.fault(name, "unknown_reference", "Nothing in this business unit has this number or id.");
        }
    }
    let (word, draft) = match (login.flatten(), team.flatten()) {
        (Some(_), Some(_)) => {
            fields.fault("for_team", "both_given", "Give either for_login or for_team.");
            return None;
        }
        (Some(number), None) => ("login", ScopeDraft::Login(number)),
        (None, Some(team)) => ("team", ScopeDraft::Team(team)),
        (None, None) => ("everyone", ScopeDraft::Everyone),
    };
    if given.is_some_and(|given| given.as_str() != Some(word)) {
        let text = "Use login with for_login, team with for_team, or everyone with neither.";
        fields.fault("scope", "scope", text);
    }
    is_said.then_some(draft)
}

/// How far it shall hear; `None` when nothing is said of it.
fn reach(fields: &mut Fields) -> Option<Reach> {
    let reach = fields.text("reach")?.parse();
    if reach.is_err() {
        fields.fault("reach", "reach", "Use business_unit or partner.");
    }
    reach.ok()
}

fn status(fields: &mut Fields) -> Option<WebhookStatus> {
    let status = fields.text("status")?.parse();
    if status.is_err() {
        fields.fault("status", "status", "Use active or inactive.");
    }
    status.ok()
}

/// Either one `url` or a list of `endpoints`.
fn endpoints(fields: &mut Fields) -> Vec<EndpointDraft> {
    if fields.has("url") && fields.has("endpoints") {
        fields.fault("endpoints", "both_given", "Give either url or endpoints.");
    }
    if let Some(url) = fields.text("url") {
        return vec![EndpointDraft { field: FieldName::InShort, url, ..EndpointDraft::default() }];
    }
    let endpoints = fields.objects("endpoints", endpoint);
    if endpoints.as_ref().is_some_and(Vec::is_empty) {
        fields.fault("endpoints", "required", "A webhook needs at least one address to send to.");
    }
    endpoints.unwrap_or_default()
}

fn endpoint(fields: &mut Fields) -> EndpointDraft {
    let static_header = fields.object("static_header", |header| {
        for name in ["name", "value"] {
            if !header.has(name) {
                header.fault(name, "required", "A static header needs a name and a value.");
            }
        }
        header.text("name").zip(header.text("value"))
    });
    let retry = fields.value("retry").map(serde_json::from_value);
    if retry.as_ref().is_some_and(Result::is_err) {
        let message = "Use \"published\", \"none\", or a list of 1 to 20 waits of 1 to 86400 seconds.";
        fields.fault("retry", "retry_waits", message);
    }
    EndpointDraft {
        field: FieldName::InFull,
        name: fields.text("name").unwrap_or_default(),
        url: fields.text("url").unwrap_or_default(),
        headers: fields.pairs("headers").unwrap_or_default(),
        static_header: static_header.flatten(),
        timeout_ms: fields.int("timeout_ms"),
        retry: retry.and_then(Result::ok).unwrap_or_default(),
        rate_per_second: fields.int("rate_per_second"),
        secret: fields.text("secret"),
    }
}

/// The triggers that are asked for; `None` when nothing is said of them.
fn triggers(fields: &mut Fields) -> Option<Vec<TriggerDraft>> {
    let drafts = events_or_triggers(fields)?;
    for (i, draft) in drafts.iter().enumerate() {
        if builtin::find(&draft.event).is_some_and(|found| found.partner_only) {
            let name = match draft.field {
                FieldName::InShort => format!("events[{i}]"),
                FieldName::InFull => format!("triggers[{i}].event"),
            };
            fields.fault(
                &name,
                "partner_only",
                "This event type is not offered through the API. Leave it out.",
            );
        }
    }
    Some(drafts)
}

/// Either names in `events` or a list of `triggers`.
fn events_or_triggers(fields: &mut Fields) -> Option<Vec<TriggerDraft>> {
    if fields.has("events") && fields.has("triggers") {
        fields.fault("triggers", "both_given", "Give either events or triggers.");
    }
    if let Some(events) = fields.texts("events") {
        let in_short = |event| TriggerDraft { field: FieldName::InShort, event, ..TriggerDraft::default() };
        return Some(events.into_iter().map(in_short).collect());
    }
    let triggers = fields.objects("triggers", |trigger| TriggerDraft {
        field: FieldName::InFull,
        event: trigger.text("event").unwrap_or_default(),
        filter: trigger.value("filter"),
        note: trigger.prose("note").unwrap_or_default(),
    });
    if triggers.as_ref().is_some_and(Vec::is_empty) {
        fields.fault("triggers", "required", "Choose at least one event.");
    }
    triggers
}
