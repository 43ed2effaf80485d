//! The Connect address in JSON, for tools that ask for it: `GET /bu/{bu}/connect/{login}`.

use actix_web::dev::Payload;
use actix_web::guard::{Guard, GuardContext};
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::{Value, json};

use crate::api::caller::Caller;
use crate::api::error::Problem;
use crate::api::views::Data as One;
use crate::app::App;
use crate::domain::access::permission::Permission;
use crate::domain::id::BuId;
use crate::http::cookies::{Jar, Kind};
use crate::http::identity::source;
use crate::ops::access::sign_in::session;
use crate::ops::cx::{Actor, Cx};
use crate::ops::webhooks::catalogue::TypeView;
use crate::ops::webhooks::connect::{self, Connect};

/// Where it is; the browser's face answers there everybody else.
pub const ADDRESS: &str = "/bu/{bu}/connect/{login}";

#[derive(Serialize)]
struct ConnectView<'a> {
    business_unit: UnitView<'a>,
    login: LoginView<'a>,
    base_url: &'a str,
    authorization: &'static str,
    resources: Vec<ResourceView<'a>>,
    subscribe: Option<CallView>,
    unsubscribe: Option<CallView>,
    pull: Option<CallView>,
}

#[derive(Serialize)]
struct UnitView<'a> {
    id: BuId,
    name: &'a str,
}

#[derive(Serialize)]
struct LoginView<'a> {
    number: i64,
    name: &'a str,
}

#[derive(Serialize)]
struct ResourceView<'a> {
    resource: &'a str,
    events: Vec<OfferView<'a>>,
}

#[derive(Serialize)]
struct OfferView<'a> {
    r#type: &'a str,
    event: &'a str,
    label: &'a str,
    description: &'a str,
    sample: Value,
}

/// A request that a tool makes.
#[derive(Serialize)]
struct CallView {
    method: &'static str,
    url: String,
    scope: Permission,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Value>,
}

/// Whether a request is a tool's: it carries a token, or asks for JSON and not for a page.
pub fn is_for_tools() -> impl Guard {
    actix_web::guard::fn_guard(|context: &GuardContext<'_>| {
        let headers = &context.head().headers;
        let names = |what: &str| {
            let mut accepted = headers.get_all(header::ACCEPT).filter_map(|value| value.to_str().ok());
            accepted.any(|value| value.to_ascii_lowercase().contains(what))
        };
        headers.contains_key(header::AUTHORIZATION) || (names("json") && !names("text/html"))
    })
}

/// What the login's Connect address tells, for a token of the unit or a signed-in person. The address itself
/// grants nothing.
pub async fn read(request: HttpRequest, app: Data<App>) -> Result<HttpResponse, Problem> {
    let cx = who(&request, &app).await?;
    let in_path = |name: &str| request.match_info().get(name).unwrap_or_default();
    let bu: BuId = in_path("bu").parse().map_err(|_| Problem::not_found())?;
    let login: i64 = in_path("login").parse().map_err(|_| Problem::not_found())?;
    let shown = web::block(move || connect::show(&cx, bu, login)).await??;
    Ok(HttpResponse::Ok().json(One { data: view(&shown) }))
}

/// The token's context, or that of the session when there is no token.
async fn who(request: &HttpRequest, app: &Data<App>) -> Result<Cx, Problem> {
    if request.headers().contains_key(header::AUTHORIZATION) {
        return Ok(Caller::from_request(request, &mut Payload::None).await?.cx);
    }
    let cookie = Jar::new(&app.tools.public_url).read(request, Kind::Session);
    let (tools, cookie) = (app.tools.clone(), cookie.ok_or_else(Problem::unauthorized)?);
    let login = web::block(move || session(&tools, &cookie)).await??.filter(|login| !login.owes_factor);
    Ok(app.cx(Actor::Login(login.ok_or_else(Problem::unauthorized)?), source(request)))
}

fn view(shown: &Connect) -> ConnectView<'_> {
    let call = |method, path: &str, scope, body| CallView {
        method,
        url: format!("{}{path}", shown.base_url),
        scope,
        body,
    };
    let example = json!({"target_url": "https://example.com/hook", "event": "order.completed"});
    let may_subscribe = |call| shown.may_subscribe.then_some(call);
    ConnectView {
        business_unit: UnitView { id: shown.bu, name: &shown.unit },
        login: LoginView { number: shown.login, name: &shown.name },
        base_url: &shown.base_url,
        authorization: "Bearer <token>",
        resources: shown
            .resources()
            .into_iter()
            .map(|(resource, types)| ResourceView {
                resource,
                events: types.into_iter().map(offer).collect(),
            })
            .collect(),
        subscribe: may_subscribe(call("POST", "/hooks", Permission::WebhooksWrite, Some(example))),
        unsubscribe: may_subscribe(call("DELETE", "/hooks/{id}", Permission::WebhooksWrite, None)),
        pull: shown
            .may_pull
            .then(|| call("GET", "/events?after=oldest&wait=30", Permission::EventsRead, None)),
    }
}

fn offer(found: &TypeView) -> OfferView<'_> {
    OfferView {
        r#type: &found.name,
        event: &found.event,
        label: &found.label,
        description: &found.description,
        sample: connect::sample(found),
    }
}
