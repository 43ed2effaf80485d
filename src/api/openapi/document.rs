//! The document itself: every operation that is described, put together once.

use std::sync::LazyLock;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use utoipa::OpenApi;

use crate::api::error::Problem;
use crate::api::openapi::finish;
use crate::api::{
    deliveries, error, event_batch, event_types, events, hooks, me, replays, secrets, test_send, tokens,
    webhooks,
};
use crate::http::description::Description;

/// What is described. A new handler is named here, in `routes.rs`, and nowhere else.
#[derive(OpenApi)]
#[openapi(
    info(title = "Bellwire API", license(name = "MIT", identifier = "MIT")),
    servers((url = "/", description = "This installation")),
    tags(
        (name = "Webhooks", description = "What is sent where."),
        (name = "Events", description = "What happened: publishing it, looking at it, pulling it."),
        (name = "Deliveries", description = "What went out, each attempt of it, and sending it again."),
        (name = "Replays", description = "Sending many deliveries of a webhook again, at a pace."),
        (name = "Event types", description = "The catalogue of what can happen."),
        (name = "REST hooks", description = "Subscriptions of tools such as Zapier."),
        (name = "Tokens", description = "Which tokens there are, and what the own one may do."),
        (name = "Description", description = "This document."),
    ),
    paths(
        webhooks::list,
        webhooks::create,
        webhooks::read,
        webhooks::edit,
        webhooks::remove,
        test_send::send,
        secrets::rotate,
        events::list,
        events::publish,
        event_batch::publish,
        events::read,
        deliveries::list,
        deliveries::read,
        deliveries::resend,
        replays::create,
        replays::read,
        replays::cancel,
        event_types::list,
        event_types::add,
        event_types::read,
        event_types::change,
        event_types::remove,
        event_types::sample,
        hooks::subscribe,
        hooks::unsubscribe,
        me::read,
        tokens::list,
        tokens::create,
        tokens::revoke,
        tokens::rotate,
        read,
    ),
    components(schemas(error::ProblemView)),
)]
struct Described;

/// The document; made at the first asking.
pub fn document() -> &'static Description {
    static DOCUMENT: LazyLock<Description> =
        LazyLock::new(|| Description::new(finish::finished(&Described::openapi())));
    &DOCUMENT
}

/// The API's description as OpenAPI 3.1. It needs no token, and changes only with the version.
#[utoipa::path(
    get,
    path = "/api/v1/openapi.json",
    operation_id = "get_description",
    tag = "Description",
    params(("If-None-Match" = Option<String>, Header, description = "The `ETag` of the document that is at hand.")),
    responses(
        (status = 200, description = "The document.", body = Object,
            headers(("ETag" = String, description = "Changes with the document."))),
        (status = 304, description = "The document at hand is this one."),
    )
)]
pub async fn read(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let document = document();
    let given = request.headers().get_all(header::IF_NONE_MATCH);
    let same = given.filter_map(|value| value.to_str().ok()).any(|value| document.is(value));
    let mut answer = if same { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header((header::ETAG, document.etag()));
    Ok(if same { answer.finish() } else { answer.content_type("application/json").body(document.text()) })
}
