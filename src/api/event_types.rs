//! `/event-types`: the catalogue of what can happen.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::api::body;
use crate::api::caller::Caller;
use crate::api::error::{Problem, ProblemView};
use crate::api::openapi::bodies::{EventTypeBody, EventTypeChangeBody, PayloadSample};
use crate::api::openapi::problems::{Guarded, Named, Sent};
use crate::api::views::Data;
use crate::api::views::Deleted;
use crate::domain::time::Ts;
use crate::domain::webhooks::catalogue::EventTypeDraft;
use crate::domain::webhooks::trigger::is_event_type;
use crate::ops::webhooks::catalogue::{self, EventTypeChange, TypeView};

/// Fields of a type that only Bellwire itself sets.
const READ_ONLY: [&str; 2] = ["updated_at", "built_in"];

/// A kind of event.
#[derive(Serialize, ToSchema)]
#[schema(as = EventType)]
struct EventTypeView {
    /// Its name.
    #[schema(example = "invoice.paid")]
    name: String,
    /// What it happens to: the name up to the last dot.
    #[schema(example = "invoice")]
    resource: String,
    /// What happens: the part after the last dot.
    #[schema(example = "paid")]
    event: String,
    /// A short title.
    #[schema(example = "Invoice Paid")]
    label: String,
    /// When it happens, in one sentence.
    #[schema(example = "An invoice was paid in full")]
    description: String,
    /// The heading it stands under in pickers.
    #[schema(example = "Billing")]
    group: String,
    /// Whether only webhooks of the whole business unit get it, and those of programmes do not.
    partner_only: bool,
    /// Whether new webhooks should do without it.
    deprecated: bool,
    /// Whether Bellwire brought it; those cannot be changed.
    built_in: bool,
    /// JSON Schema 2020-12 that `data` has to fit; null for none.
    #[schema(value_type = Option<Object>, example = json!({"type": "object", "required": ["id"]}))]
    schema: Option<Value>,
    /// An example of `data`; null for none.
    #[schema(value_type = Option<Object>, example = json!({"id": "inv_1", "total": "120.00"}))]
    sample: Option<Value>,
    /// When it was added; null for what is built in.
    #[schema(example = "2026-03-15T08:30:00Z")]
    created_at: Option<Ts>,
}

/// Every type that the token's business unit sees.
#[utoipa::path(
    get,
    path = "/api/v1/event-types",
    operation_id = "list_event_types",
    tag = "Event types",
    security(("token" = ["event-types:read"])),
    responses((status = 200, description = "Every type that the business unit sees.", body = Data<Vec<EventTypeView>>), Guarded)
)]
pub async fn list(caller: Caller) -> Result<HttpResponse, Problem> {
    let types = caller.run(catalogue::list).await?;
    let views: Vec<EventTypeView> = types.into_iter().map(view).collect();
    Ok(HttpResponse::Ok().json(Data { data: views }))
}

/// One type.
#[utoipa::path(
    get,
    path = "/api/v1/event-types/{name}",
    operation_id = "get_event_type",
    tag = "Event types",
    security(("token" = ["event-types:read"])),
    params(("name" = String, Path, description = "The name of an event type.", pattern = r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$", max_length = 100, example = "invoice.paid")),
    responses((status = 200, description = "The type.", body = Data<EventTypeView>), Guarded, Named)
)]
pub async fn read(caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(Data { data: view(find(&caller, &request).await?) }))
}

/// A sample of the type's payload: the value of `data`.
#[utoipa::path(
    get,
    path = "/api/v1/event-types/{name}/sample",
    operation_id = "get_event_type_sample",
    tag = "Event types",
    security(("token" = ["event-types:read"])),
    params(("name" = String, Path, description = "The name of an event type.", pattern = r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$", max_length = 100, example = "order.completed")),
    responses((status = 200, description = "An example of the data of such an event.", body = Data<PayloadSample>), Guarded, Named)
)]
pub async fn sample(caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let sample = find(&caller, &request).await?.sample.ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Ok().json(Data { data: sample }))
}

/// Adds a type.
#[utoipa::path(
    post,
    path = "/api/v1/event-types",
    operation_id = "create_event_type",
    tag = "Event types",
    security(("token" = ["event-types:write"])),
    request_body = EventTypeBody,
    responses((status = 201, description = "The type, offered everywhere at once.", body = Data<EventTypeView>), Guarded, Sent, (status = 409, description = "The name is taken: `event_type_exists`.", body = ProblemView<'static>, content_type = "application/problem+json"))
)]
pub async fn add(caller: Caller, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let mut fields = body::object(&request, payload).await?;
    fields.refuse(&READ_ONLY)?;
    let draft = EventTypeDraft {
        name: fields.text("name").unwrap_or_default(),
        description: fields.prose("description").unwrap_or_default(),
        label: fields.prose("label"),
        group: fields.prose("group"),
        schema: fields.value("schema"),
        sample: fields.value("sample"),
    };
    let draft = fields.or(draft)?;
    let added = caller.run(|cx, bu| catalogue::add(cx, bu, draft)).await?;
    Ok(HttpResponse::Created().json(Data { data: view(added) }))
}

/// Changes any part of a type; the rest stays. A schema or a sample goes with `null`.
#[utoipa::path(
    put,
    path = "/api/v1/event-types/{name}",
    operation_id = "update_event_type",
    tag = "Event types",
    security(("token" = ["event-types:write"])),
    params(("name" = String, Path, description = "The name of an event type.", pattern = r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$", max_length = 100, example = "invoice.paid")),
    request_body = EventTypeChangeBody,
    responses((status = 200, description = "The type as it is now.", body = Data<EventTypeView>), Guarded, Named, Sent, (status = 409, description = "It is not yours to change: `built_in_event_type` or `shared_event_type`.", body = ProblemView<'static>, content_type = "application/problem+json"))
)]
pub async fn change(caller: Caller, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let name = name(&request)?;
    let mut fields = body::object(&request, payload).await?;
    fields.refuse(&READ_ONLY)?;
    if fields.value("name").is_some_and(|given| given.as_str() != Some(name.as_str())) {
        fields.fault("name", "not_changeable", "The name stays as it is. Add another event type instead.");
    }
    let change = EventTypeChange {
        description: fields.prose("description"),
        label: fields.prose("label"),
        group: fields.prose("group"),
        deprecated: fields.flag("deprecated"),
        schema: fields.any("schema"),
        sample: fields.any("sample"),
    };
    let change = fields.or(change)?;
    let changed = caller.run(move |cx, bu| catalogue::change(cx, bu, &name, change)).await?;
    Ok(HttpResponse::Ok().json(Data { data: view(changed) }))
}

/// Removes a type.
#[utoipa::path(
    delete,
    path = "/api/v1/event-types/{name}",
    operation_id = "delete_event_type",
    tag = "Event types",
    security(("token" = ["event-types:write"])),
    params(("name" = String, Path, description = "The name of an event type.", pattern = r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$", max_length = 100, example = "invoice.paid")),
    responses((status = 200, description = "It is gone.", body = Deleted), Guarded, Named, (status = 409, description = "It stays: `built_in_event_type`, `shared_event_type` or `event_type_in_use`.", body = ProblemView<'static>, content_type = "application/problem+json"))
)]
pub async fn remove(caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let name = name(&request)?;
    caller.run(move |cx, bu| catalogue::remove(cx, bu, &name)).await?;
    Ok(HttpResponse::Ok().json(Deleted::new("Event type deleted successfully")))
}

/// The type that the address names; 404 when it names none.
async fn find(caller: &Caller, request: &HttpRequest) -> Result<TypeView, Problem> {
    let name = name(request)?;
    Ok(caller.run(move |cx, bu| catalogue::get(cx, bu, &name)).await?)
}

fn name(request: &HttpRequest) -> Result<String, Problem> {
    let name = request.match_info().get("name").filter(|name| is_event_type(name));
    Ok(name.ok_or_else(Problem::not_found)?.to_owned())
}

fn view(found: TypeView) -> EventTypeView {
    EventTypeView {
        name: found.name,
        resource: found.resource,
        event: found.event,
        label: found.label,
        description: found.description,
        group: found.group,
        partner_only: found.partner_only,
        deprecated: found.deprecated,
        built_in: found.built_in,
        schema: found.schema,
        sample: found.sample,
        created_at: found.created_at,
    }
}
