//! The addresses of version 1, and what every answer of theirs carries.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpMessage, HttpRequest, HttpResponse, Resource, Scope};

use crate::api::error::Problem;
use crate::api::{
    connect, deliveries, event_batch, event_types, events, hooks, me, openapi, replays, secrets, test_send,
    tokens, webhooks,
};
use crate::app::App;
use crate::domain::access::permission::Permission::{
    self, DeliveriesRead, DeliveriesWrite, EventTypesRead, EventTypesWrite, EventsRead, EventsWrite,
    TokensRead, TokensWrite, WebhooksRead, WebhooksTest, WebhooksWrite,
};
use crate::domain::access::token::looks_like_token;
use crate::http::host::{is_named_once, is_ours_inside};
use crate::http::identity::{client_address, request_id, tell};
use crate::http::limits::Left;

const HEADERS: [(HeaderName, &str); 3] = [
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
];

/// What an address takes, and what a request to it needs.
#[derive(Debug, Clone)]
pub struct Route {
    /// The method; what takes `GET` takes `HEAD` too.
    pub method: Method,
    /// The path behind `/api/v1`, with names in braces.
    pub path: &'static str,
    /// What a request needs.
    pub need: Need,
}

/// What a request needs to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing: it tells what everybody may know.
    Nothing,
    /// A token with this scope.
    Scope(Permission),
    /// Any token.
    Token,
    /// A person signed in to the dashboard: every token is refused.
    Person,
}

/// Mounts everything under `/api/v1`, and the Connect address for tools: mount it before the browser's face. The
/// server's data must hold a `Data<App>` and a `Data<Limits>`.
pub fn configure(config: &mut ServiceConfig) {
    let v1 = web::scope("/api/v1").wrap(from_fn(finish));
    let v1 = Mounted::all().resources.into_iter().fold(v1, Scope::service);
    config.service(v1.default_service(web::to(nothing)));
    let tools = web::resource(connect::ADDRESS).guard(connect::is_for_tools());
    config.service(tools.wrap(from_fn(finish)).route(web::get().to(connect::read)));
}

/// Every route, in the order in which they are mounted.
pub fn table() -> Vec<Route> {
    Mounted::all().table
}

#[derive(Default)]
struct Mounted {
    resources: Vec<Resource>,
    table: Vec<Route>,
}

/// One address while its methods are added.
struct Address {
    path: &'static str,
    resource: Resource,
    table: Vec<Route>,
}

impl Mounted {
    /// What is mounted is described too: `openapi/document.rs` names each handler.
    fn all() -> Self {
        Self::default()
            .at("/webhooks", |a| a.get(WebhooksRead, webhooks::list).post(WebhooksWrite, webhooks::create))
            .at("/webhooks/{id}", |a| {
                a.get(WebhooksRead, webhooks::read)
                    .put(WebhooksWrite, webhooks::edit)
                    .patch(WebhooksWrite, webhooks::edit)
                    .delete(WebhooksWrite, webhooks::remove)
            })
            .at("/webhooks/{id}/test", |a| a.post(WebhooksTest, test_send::send))
            .at("/webhooks/{id}/secret/rotate", |a| a.post(WebhooksWrite, secrets::rotate))
            .at("/webhooks/{id}/deliveries", |a| a.get(DeliveriesRead, deliveries::list))
            .at("/deliveries/{id}", |a| a.get(DeliveriesRead, deliveries::read))
            .at("/deliveries/{id}/resend", |a| a.post(DeliveriesWrite, deliveries::resend))
            .at("/replays", |a| a.post(DeliveriesWrite, replays::create))
            .at("/replays/{id}", |a| {
                a.get(DeliveriesWrite, replays::read).delete(DeliveriesWrite, replays::cancel)
            })
            .at("/hooks", |a| a.post(WebhooksWrite, hooks::subscribe))
            .at("/hooks/{id}", |a| a.delete(WebhooksWrite, hooks::unsubscribe))
            .at("/events", |a| a.get(EventsRead, events::list).post(EventsWrite, events::publish))
            .at("/events/batch", |a| a.post(EventsWrite, event_batch::publish))
            .at("/events/{id}", |a| a.get(EventsRead, events::read))
            .at("/event-types", |a| {
                a.get(EventTypesRead, event_types::list).post(EventTypesWrite, event_types::add)
            })
            .at("/event-types/{name}", |a| {
                a.get(EventTypesRead, event_types::read)
                    .put(EventTypesWrite, event_types::change)
                    .delete(EventTypesWrite, event_types::remove)
            })
            .at("/event-types/{name}/sample", |a| a.get(EventTypesRead, event_types::sample))
            .at("/tokens", |a| a.get(TokensRead, tokens::list).post(Need::Person, tokens::create))
            .at("/tokens/{id}", |a| a.delete(TokensWrite, tokens::revoke))
            .at("/tokens/{id}/rotate", |a| a.post(Need::Person, tokens::rotate))
            .at("/me", |a| a.get(Need::Token, me::read))
            .at("/openapi.json", |a| a.get(Need::Nothing, openapi::read))
    }

    fn at(mut self, path: &'static str, fill: impl FnOnce(Address) -> Address) -> Self {
        let filled = fill(Address { path, resource: web::resource(path), table: Vec::new() });
        self.resources.push(filled.resource);
        self.table.extend(filled.table);
        self
    }
}

impl Address {
    fn get<F: Answers<A>, A: FromRequest + 'static>(self, need: impl Into<Need>, handler: F) -> Self {
        self.with(Method::GET, need.into(), handler)
    }

    fn post<F: Answers<A>, A: FromRequest + 'static>(self, need: impl Into<Need>, handler: F) -> Self {
        self.with(Method::POST, need.into(), handler)
    }

    fn put<F: Answers<A>, A: FromRequest + 'static>(self, need: impl Into<Need>, handler: F) -> Self {
        self.with(Method::PUT, need.into(), handler)
    }

    fn patch<F: Answers<A>, A: FromRequest + 'static>(self, need: impl Into<Need>, handler: F) -> Self {
        self.with(Method::PATCH, need.into(), handler)
    }

    fn delete<F: Answers<A>, A: FromRequest + 'static>(self, need: impl Into<Need>, handler: F) -> Self {
        self.with(Method::DELETE, need.into(), handler)
    }

    fn with<F, A>(mut self, method: Method, need: Need, handler: F) -> Self
    where
        F: Answers<A>,
        A: FromRequest + 'static,
    {
        let mut resource = self.resource.route(web::method(method.clone()).to(handler.clone()));
        if method == Method::GET {
            // The server leaves out what would be the body.
            resource = resource.route(web::head().to(handler));
        }
        self.table.push(Route { method, path: self.path, need });
        Self { resource, ..self }
    }
}

/// A handler of this face.
trait Answers<A>: Handler<A, Output = Result<HttpResponse, Problem>> {}

impl<A, F: Handler<A, Output = Result<HttpResponse, Problem>>> Answers<A> for F {}

impl From<Permission> for Need {
    fn from(scope: Permission) -> Self {
        Self::Scope(scope)
    }
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
    let answered = match misaddressed(request.request()) {
        Some(problem) => request.error_response(problem),
        None => next.call(request).await?.map_into_boxed_body(),
    };
    let (request, answer) = answered.into_parts();
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

/// What is wrong with the host that a request names. A token in the address is told to the operator: proxies
/// keep addresses, so that it should be revoked.
fn misaddressed(request: &HttpRequest) -> Option<Problem> {
    if looks_like_token(request.query_string()) {
        let (id, from) = (request_id(request), client_address(request));
        tracing::warn!(request = %id, ?from, "an API token stands in the address of a request; revoke it");
    }
    if !is_named_once(request) {
        return Some(Problem::host_missing());
    }
    let public = &request.app_data::<Data<App>>()?.tools.public_url;
    (!is_ours_inside(request, public)).then(Problem::misdirected)
}

fn secure(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
