//! `/deliveries`: what was sent to a webhook, each attempt of it, and sending one again.

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::caller::{Caller, PathId};
use crate::api::cursor::Cursors;
use crate::api::error::{Problem, ProblemView};
use crate::api::openapi::problems::{Asked, Guarded, Named};
use crate::api::query::Query;
use crate::api::views::{Data, DeliveryView, Listing};
use crate::domain::events::delivery::DeliveryState;
use crate::domain::id::WebhookId;
use crate::domain::id::{DeliveryId, DeliveryKind, EventId, WebhookKind};
use crate::ops::events::deliveries::{self, DeliveryQuery, From};
use crate::ops::events::{inspect, resend};

/// Where a page of deliveries stands in its list.
#[derive(Serialize, ToSchema)]
#[schema(as = DeliveryCursors)]
struct CursorsMeta {
    /// How many to a page at the most.
    #[schema(example = 20)]
    limit: u32,
    /// Where to go on, as `before`: older ones; null at the end.
    next: Option<String>,
    /// Where to go back, as `after`: newer ones; null at the beginning.
    previous: Option<String>,
}

/// A delivery that was made anew.
#[derive(Serialize, ToSchema)]
#[schema(as = Resent)]
struct ResentView {
    /// The new delivery.
    id: DeliveryId,
    /// The event, with the id that it always had.
    event_id: EventId,
    /// Always `accepted`: it is stored, and sent in a moment.
    #[schema(example = "accepted")]
    status: &'static str,
}

/// The deliveries of a webhook, newest first: older ones `before` a cursor, newer ones `after` one.
#[utoipa::path(
    get,
    path = "/api/v1/webhooks/{id}/deliveries",
    operation_id = "list_webhook_deliveries",
    tag = "Deliveries",
    security(("token" = ["deliveries:read"])),
    params(("id" = WebhookId, Path), ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "How many to a page; 20 when it is left out."), ("before" = Option<String>, Query, description = "Only deliveries before this one: the `next` of a page."), ("after" = Option<String>, Query, description = "Only deliveries after this one: the `previous` of a page."), ("state" = Option<DeliveryState>, Query, description = "Only deliveries in this state.")),
    responses((status = 200, description = "A page of deliveries, newest first.", body = Listing<DeliveryView<'static>, CursorsMeta>), Guarded, Named, Asked)
)]
pub async fn list(
    caller: Caller,
    id: PathId<WebhookKind>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = id.get()?;
    let mut query = Query::of(&request);
    let limit = query.number("limit", 20, 1..=100);
    let words = "Use ready, leased, delivered, exhausted, cancelled, skipped or filtered.";
    let state = query.parsed("state", "state", words);
    let cursors = Cursors::new(&caller, "deliveries", &[Some(id.as_str()), query.text("state")]);
    let (before, after) = (cursors.read(&mut query, "before"), cursors.read(&mut query, "after"));
    let from = match (before, after) {
        (Some(_), Some(_)) => {
            query.fault("after", "both_given", "Give either before or after.");
            From::Newest
        }
        (Some(before), None) => From::Before(before),
        (None, Some(after)) => From::After(after),
        (None, None) => From::Newest,
    };
    query.check()?;
    let wanted = DeliveryQuery { from, state, limit: usize::try_from(limit).unwrap_or(usize::MAX) };
    let found = caller.run(move |cx, bu| deliveries::list(cx, bu, id, &wanted)).await;
    let page = found.map_err(Problem::in_query)?;
    let data = page.deliveries.iter().map(DeliveryView::in_list).collect();
    let meta = CursorsMeta {
        limit,
        next: page.next.map(|place| cursors.seal(place)),
        previous: page.previous.map(|place| cursors.seal(place)),
    };
    Ok(HttpResponse::Ok().json(Listing { data, meta }))
}

/// One delivery: its attempts with what was sent and what came back.
#[utoipa::path(
    get,
    path = "/api/v1/deliveries/{id}",
    operation_id = "get_delivery",
    tag = "Deliveries",
    security(("token" = ["deliveries:read"])),
    params(("id" = DeliveryId, Path)),
    responses((status = 200, description = "The delivery with each attempt: what was sent and what came back.", body = Data<DeliveryView<'static>>), Guarded, Named)
)]
pub async fn read(caller: Caller, id: PathId<DeliveryKind>) -> Result<HttpResponse, Problem> {
    let id = id.get()?;
    let delivery = caller.run(move |cx, bu| inspect::delivery(cx, bu, id)).await?;
    Ok(HttpResponse::Ok().json(Data { data: DeliveryView::new(&delivery, true) }))
}

/// Sends a delivery again, as a new one of the same event: 202 once that is stored.
#[utoipa::path(
    post,
    path = "/api/v1/deliveries/{id}/resend",
    operation_id = "resend_delivery",
    tag = "Deliveries",
    security(("token" = ["deliveries:write"])),
    params(("id" = DeliveryId, Path)),
    responses((status = 202, description = "The new delivery is stored for good.", body = Data<ResentView>), Guarded, Named, (status = 409, description = "It cannot be sent again: `webhook_deleted`, `webhook_inactive`, `endpoint_deleted`, `event_expired`, `out_of_reach` or `delivery_under_way`.", body = ProblemView<'static>, content_type = "application/problem+json"))
)]
pub async fn resend(caller: Caller, id: PathId<DeliveryKind>) -> Result<HttpResponse, Problem> {
    let id = id.get()?;
    let resent = caller.run(move |cx, bu| resend::resend(cx, bu, id)).await?;
    let view = ResentView { id: resent.delivery, event_id: resent.event, status: "accepted" };
    Ok(HttpResponse::Accepted().json(Data { data: view }))
}
