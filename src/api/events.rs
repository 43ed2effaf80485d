//! `/events`: publishing what happened, and looking at what became of it.

use std::borrow::Cow;

use actix_web::http::header::HeaderName;
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::api::caller::{Caller, PathId, Producer};
use crate::api::cursor::Cursors;
use crate::api::error::{Problem, ProblemView};
use crate::api::feed;
use crate::api::openapi::bodies::{EventBody, EventsMeta, IdempotencyParam};
use crate::api::openapi::problems::{Asked, Guarded, Named, Sent};
use crate::api::query::Query;
use crate::api::views::{Data, DeliveryView, Listing};
use crate::api::webhooks::known_type;
use crate::domain::access::permission::Permission;
use crate::domain::events::event::{IdempotencyKey, MOST_EVENT_BYTES};
use crate::domain::events::payload::SoundJson;
use crate::domain::id::{EventId, EventKind, ProgrammeId, UserId};
use crate::domain::time::Ts;

use crate::http::body::{self, Rules};
use crate::ops::events::inspect::{self, EventQuery, Outcome};
use crate::ops::events::publish::{self, Publish};
use crate::ops::webhooks::catalogue;
use crate::store::events::events::EventRow;

const RULES: Rules = Rules { most_bytes: MOST_EVENT_BYTES, gzip: true };
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// An event that is stored.
#[derive(Serialize, ToSchema)]
#[schema(as = Accepted)]
struct AcceptedView<'a> {
    /// Its id.
    id: EventId,
    /// Its type.
    #[schema(example = "order.completed")]
    r#type: &'a str,
    /// When it happened.
    created: Ts,
    /// Always `accepted`: it is stored. The header `Idempotency-Replayed` tells that it was before.
    #[schema(example = "accepted")]
    status: &'static str,
    /// When it was stored.
    #[schema(example = "2026-03-15T08:30:00.004120Z")]
    received_at: Ts,
}

/// Something that happened.
#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
struct EventView<'a> {
    /// Its id, the same in every delivery.
    id: EventId,
    /// Its type.
    #[schema(example = "order.completed")]
    r#type: &'a str,
    /// When it happened.
    created: Ts,
    /// When it was stored.
    #[schema(example = "2026-03-15T08:30:00.004120Z")]
    received_at: Ts,
    /// Where it comes from: `api`, `system` for what Bellwire tells of itself, `test`.
    #[schema(example = "api")]
    source: &'a str,
    /// The login that it is about.
    subject: Option<UserId>,
    /// The programme that it is of.
    programme: Option<ProgrammeId>,
    /// What became of it over all its deliveries, in a word.
    #[schema(example = "delivered", required = false)]
    outcome: &'static str,
    /// What happened, as it was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, required = false, example = json!({"id": "ord_1", "total": "49.00"}))]
    data: Option<&'a RawValue>,
    /// Each delivery of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    deliveries: Option<Vec<DeliveryView<'a>>>,
}

#[derive(Serialize)]
struct CursorMeta {
    limit: u32,
    next: Option<String>,
}

/// The type alone, to see where the rest may be checked.
#[derive(Deserialize)]
struct TypeBody<'a> {
    #[serde(borrow, rename = "type")]
    event_type: Cow<'a, str>,
}

/// Publishes an event: 202 once it is stored for good.
#[utoipa::path(
    post,
    path = "/api/v1/events",
    operation_id = "publish_event",
    tag = "Events",
    security(("token" = ["events:write"])),
    params(IdempotencyParam),
    request_body = EventBody,
    responses((status = 202, description = "The event and all its deliveries are stored for good.", body = Data<AcceptedView<'static>>, headers(("Idempotency-Replayed" = String, description = "`true` when the first request had stored it before."))), Guarded, Sent, (status = 409, description = "The key was used with another body: `idempotency_key_reused`.", body = ProblemView<'static>, content_type = "application/problem+json"))
)]
pub async fn publish(
    Producer(caller): Producer,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let key = idempotency_key(&request)?;
    let bytes = body::read(&request, payload, RULES).await?;
    let draft = check(&caller, bytes, key).await?;
    let (event_type, created) = (draft.event_type().to_owned(), draft.created());
    let published = publish::publish(&caller.cx, draft).await?;
    let view = AcceptedView {
        id: published.id,
        r#type: &event_type,
        created: created.unwrap_or(published.received_at),
        status: "accepted",
        received_at: published.received_at,
    };
    let mut answer = HttpResponse::Accepted();
    if published.repeated {
        answer.insert_header((REPLAYED, "true"));
    }
    Ok(answer.json(Data { data: view }))
}

/// The value of the one `Idempotency-Key` header; 400 when it cannot be one.
pub fn idempotency_key(request: &HttpRequest) -> Result<Option<IdempotencyKey>, Problem> {
    let mut given = request.headers().get_all(IDEMPOTENCY_KEY);
    let Some(first) = given.next() else { return Ok(None) };
    let text = if given.next().is_some() { "" } else { first.to_str().unwrap_or_default() };
    IdempotencyKey::parse(text).map(Some).map_err(Problem::bad_request)
}

/// The body as an event. Only types that were added at run time need a visit to where work may block.
async fn check(caller: &Caller, bytes: Bytes, key: Option<IdempotencyKey>) -> Result<Publish, Problem> {
    let named = serde_json::from_slice::<TypeBody<'_>>(&bytes);
    let (cx, bu) = (caller.cx.clone(), caller.bu());
    let at_once = named.map_or(true, |body| catalogue::is_known(&cx, bu, &body.event_type));
    let work = move || -> Result<Publish, Problem> {
        let sound = SoundJson::scan(&bytes)?;
        Ok(publish::check(&cx, bu, sound, key.as_ref().map(IdempotencyKey::as_str))?)
    };
    if at_once { work() } else { actix_web::web::block(work).await? }
}

/// Events, newest first, from a cursor on; with `after` the pull feed: oldest first, each once, none left out.
#[utoipa::path(
    get,
    path = "/api/v1/events",
    operation_id = "list_events",
    tag = "Events",
    security(("token" = ["events:read"])),
    params(("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "How many to a page; when it is left out 20, with `after` 100."), ("before" = Option<String>, Query, description = "Go on behind a page: its `next`."), ("type" = Option<String>, Query, description = "Only events of this type."), ("after" = Option<String>, Query, example = "oldest", description = "Pull: the `next` of the last answer, `oldest` or `now`."), ("wait" = Option<u32>, Query, minimum = 0, maximum = 30, description = "Pull: for how many seconds to wait for the first event.")),
    responses((status = 200, description = "A page of events: newest first, with `after` oldest first.", body = Listing<EventView<'static>, EventsMeta>), Guarded, Asked, (status = 410, description = "What would come next is no longer kept: `cursor_expired`. The problem holds a cursor to go on with.", body = ProblemView<'static>, content_type = "application/problem+json"))
)]
pub async fn list(caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request);
    if query.text("after").or(query.text("wait")).is_some() {
        return feed::pull(caller, &request).await;
    }
    let limit = query.number("limit", 20, 1..=100);
    let event_type = query.event_type("type");
    let cursors = Cursors::new(&caller, "events", &[event_type.as_deref()]);
    let before = cursors.read(&mut query, "before");
    query.check()?;
    let wanted = EventQuery {
        before,
        event_type: event_type.clone(),
        limit: usize::try_from(limit).unwrap_or(usize::MAX),
    };
    let found = caller.run(move |cx, bu| {
        let found = inspect::list(cx, bu, &wanted)?;
        known_type(cx, bu, "type", event_type.as_deref())?;
        Ok(found)
    });
    let page = found.await.map_err(Problem::in_query)?;
    let next = page.next.map(|next| cursors.seal(next));
    let data: Vec<EventView<'_>> = page.lines.iter().map(|line| view(&line.event, line.outcome)).collect();
    Ok(HttpResponse::Ok().json(Listing { data, meta: CursorMeta { limit, next } }))
}

/// One event: its data as received, its deliveries and their attempts. What was sent and what came back
/// is shown to tokens that may read deliveries.
#[utoipa::path(
    get,
    path = "/api/v1/events/{id}",
    operation_id = "get_event",
    tag = "Events",
    security(("token" = ["events:read"])),
    params(("id" = EventId, Path)),
    responses((status = 200, description = "The event with its data, deliveries and attempts.", body = Data<EventView<'static>>), Guarded, Named)
)]
pub async fn read(caller: Caller, id: PathId<EventKind>) -> Result<HttpResponse, Problem> {
    let id = id.get()?;
    let found = caller.run(move |cx, bu| inspect::get(cx, bu, id)).await?;
    let rows: Vec<_> = found.deliveries.iter().map(|delivery| delivery.row.clone()).collect();
    let in_full = caller.token.scopes.contains(Permission::DeliveriesRead);
    let shown = EventView {
        data: Some(serde_json::from_slice(inspect::data(&found.event))?),
        deliveries: Some(found.deliveries.iter().map(|d| DeliveryView::new(d, in_full)).collect()),
        ..view(&found.event, inspect::outcome(&rows))
    };
    Ok(HttpResponse::Ok().json(Data { data: shown }))
}

fn view(event: &EventRow, outcome: Outcome) -> EventView<'_> {
    EventView {
        id: event.id,
        r#type: &event.event_type,
        created: event.created_at,
        received_at: event.received_at,
        source: &event.source,
        subject: event.subject,
        programme: event.programme_id,
        outcome: word(outcome),
        data: None,
        deliveries: None,
    }
}

const fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Unsent => "unsent",
        Outcome::Pending => "pending",
        Outcome::Retrying => "retrying",
        Outcome::Failed => "failed",
        Outcome::Delivered => "delivered",
        Outcome::HeldBack => "held_back",
    }
}
