//! The addresses of version 1, and what every answer of theirs carries.

use actix_web::HttpMessage;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, ServiceConfig};

use crate::api::error::Problem;
use crate::api::{
    connect, deliveries, event_batch, event_types, events, hooks, me, replays, secrets, test_send, tokens,
    webhooks,
};
use crate::http::identity::{request_id, tell};
use crate::http::limits::Left;

const HEADERS: [(HeaderName, &str); 3] = [
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
];

/// Mounts everything under `/api/v1`, and the Connect address for tools: mount it before the browser's face. The server's data must hold a `Data<App>` and a `Data<Limits>`.
pub fn configure(config: &mut ServiceConfig) {
    let v1 = web::scope("/api/v1")
        .wrap(from_fn(finish))
        .service(
            web::resource("/webhooks")
                .route(web::get().to(webhooks::list))
                .route(web::post().to(webhooks::create)),
        )
        .service(
            web::resource("/webhooks/{id}")
                .route(web::get().to(webhooks::read))
                .route(web::put().to(webhooks::edit))
                .route(web::patch().to(webhooks::edit))
                .route(web::delete().to(webhooks::remove)),
        )
        .service(web::resource("/webhooks/{id}/test").route(web::post().to(test_send::send)))
        .service(web::resource("/webhooks/{id}/secret/rotate").route(web::post().to(secrets::rotate)))
        .service(web::resource("/webhooks/{id}/deliveries").route(web::get().to(deliveries::list)))
        .service(web::resource("/deliveries/{id}").route(web::get().to(deliveries::read)))
        .service(web::resource("/deliveries/{id}/resend").route(web::post().to(deliveries::resend)))
        .service(web::resource("/replays").route(web::post().to(replays::create)))
        .service(
            web::resource("/replays/{id}")
                .route(web::get().to(replays::read))
                .route(web::delete().to(replays::cancel)),
        )
        .service(web::resource("/hooks").route(web::post().to(hooks::subscribe)))
        .service(web::resource("/hooks/{id}").route(web::delete().to(hooks::unsubscribe)))
        .service(
            web::resource("/events")
                .route(web::get().to(events::list))
                .route(web::post().to(events::publish)),
        )
        .service(web::resource("/events/batch").route(web::post().to(event_batch::publish)))
        .service(web::resource("/events/{id}").route(web::get().to(events::read)))
        .service(
            web::resource("/event-types")
                .route(web::get().to(event_types::list))
                .route(web::post().to(event_types::add)),
        )
        .service(
            web::resource("/event-types/{name}")
                .route(web::get().to(event_types::read))
                .route(web::put().to(event_types::change))
                .route(web::delete().to(event_types::remove)),
        )
        .service(web::resource("/event-types/{name}/sample").route(web::get().to(event_types::sample)))
        .service(
            web::resource("/tokens")
                .route(web::get().to(tokens::list))
                .route(web::post().to(tokens::dashboard_only)),
        )
        .service(web::resource("/tokens/{id}").route(web::delete().to(tokens::revoke)))
        .service(web::resource("/tokens/{id}/rotate").route(web::post().to(tokens::dashboard_only)))
        .service(web::resource("/me").route(web::get().to(me::read)))
        .default_service(web::to(nothing));
    config.service(v1);
    let tools = web::resource(connect::ADDRESS).guard(connect::is_for_tools());
    config.service(tools.wrap(from_fn(finish)).route(web::get().to(connect::read)));
}

async fn nothing() -> Result<&'static str, Problem> {
    Err(Problem::not_found())
}

/// Gives every answer its headers, and every problem the id of its request.
async fn finish(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse, actix_web::Error> {
    let id = request_id(request.request());
    let (request, answer) = next.call(request).await?.map_into_boxed_body().into_parts();
    let mut answer = match answer.error().and_then(actix_web::Error::as_error::<Problem>) {
        Some(problem) => problem.answer(Some(id)),
        // The router gives this one by itself, with nothing but the header that names the methods.
        None if answer.status() == StatusCode::METHOD_NOT_ALLOWED => {
            let mut told = Problem::method_not_allowed().answer(Some(id));
            for allow in answer.headers().get_all(header::ALLOW) {
                told.headers_mut().append(header::ALLOW, allow.clone());
            }
            told
        }
        None => answer,
    };
    let left = request.extensions().get::<Left>().copied();
    // A refusal tells of the limit that it is due to.
    if let Some(left) = left.filter(|_| answer.status() != StatusCode::TOO_MANY_REQUESTS) {
        left.tell(answer.headers_mut());
    }
    secure(answer.headers_mut());
    tell(id, answer.headers_mut());
    Ok(ServiceResponse::new(request, answer))
}

fn secure(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
