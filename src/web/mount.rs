//! Which handler stands at which address: the live table that the tests go through.

use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Responder, Scope};

use crate::http::{compression, csp_reports};
use crate::web::access::account::{codes, factor, looks, password, sessions, settings};
use crate::web::access::{
    challenge, confirm, home, login, logout, operator, partners, programmes, setup, teams, tokens, users,
};
use crate::web::docs;
use crate::web::events::{event, log, replays};
use crate::web::fault::{self, Fault};
use crate::web::form::{self, FormLimit, FormOnly};
use crate::web::frame::frame;
use crate::web::system::{export, overview, search, trail};
use crate::web::webhooks::change::{destination, edit, endpoint, remove, triggers};
use crate::web::webhooks::signing::{reveal, rotate};
use crate::web::webhooks::test::send;
use crate::web::webhooks::{catalogue, connect, dashboard, delete, details, events, list, matrix, wizard};
use crate::web::{assets, routes};

/// Mounts the browser's face. It answers every path that nobody before it does: mount it last.
pub fn configure(config: &mut ServiceConfig) {
    assets::configure(config);
    csp_reports::configure(config);
    let unknown = || async { Err::<HttpResponse, _>(Fault::Missing) };
    let pages = Mounted::all().scope.default_service(web::to(unknown));
    config.service(pages.wrap(from_fn(frame)).wrap(Compress::default()).wrap(from_fn(compression::guard)));
}

/// Every method and address pattern of the dashboard.
pub fn table() -> Vec<(Method, &'static str)> {
    Mounted::all().table
}

struct Mounted {
    scope: Scope,
    table: Vec<(Method, &'static str)>,
}

impl Mounted {
    fn all() -> Self {
        Self { scope: web::scope(""), table: Vec::new() }
            .page(routes::HOME, home::open)
            .both(routes::LOGIN, login::open, login::send)
            .both(routes::LOGIN_CODE, challenge::open, challenge::send)
            .action(routes::LOGOUT, logout::send)
            .both(routes::CONFIRM, confirm::open, confirm::send)
            .both(routes::SETUP, setup::open, setup::send)
            .account()
            .page(routes::PARTNERS, partners::open)
            .page(routes::API_DOCS, docs::page::open)
            .page("/bu/{bu}", overview::open)
            .page("/bu/{bu}/search", search::open)
            .page("/bu/{bu}/admin/api", tokens::list::open)
            .both("/bu/{bu}/admin/api/tokens/new", tokens::create::open, tokens::create::send)
            .both("/bu/{bu}/admin/api/tokens/{tok}/delete", tokens::delete::open, tokens::delete::send)
            .both("/bu/{bu}/admin/api/tokens/{tok}/rotate", tokens::rotate::open, tokens::rotate::send)
            .action("/bu/{bu}/admin/api/tokens/{tok}/narrow", tokens::list::narrow)
            .page("/bu/{bu}/admin/webhooks", list::open)
            .both("/bu/{bu}/admin/webhooks/new", wizard::open, wizard::send)
            .page("/bu/{bu}/admin/webhooks/{wh}", details::open)
            .page("/bu/{bu}/admin/webhooks/{wh}/tail", details::tail)
            .both("/bu/{bu}/admin/webhooks/{wh}/delete", delete::open, delete::send)
            .both("/bu/{bu}/admin/webhooks/{wh}/edit", edit::open, edit::send)
            .both("/bu/{bu}/admin/webhooks/{wh}/triggers", triggers::open, triggers::send)
            .both("/bu/{bu}/admin/webhooks/{wh}/endpoints/new", endpoint::open_new, endpoint::send_new)
            .both("/bu/{bu}/admin/webhooks/{wh}/endpoints/{ep}", endpoint::open, endpoint::send)
            .both(
                "/bu/{bu}/admin/webhooks/{wh}/endpoints/{ep}/destination",
                destination::open,
                destination::send,
            )
            .both("/bu/{bu}/admin/webhooks/{wh}/endpoints/{ep}/remove", remove::open, remove::send)
            .both("/bu/{bu}/admin/webhooks/{wh}/secret", reveal::open, reveal::send)
            .both("/bu/{bu}/admin/webhooks/{wh}/rotate", rotate::open, rotate::send)
            .action("/bu/{bu}/admin/webhooks/{wh}/rotate/switch", rotate::switch)
            .action("/bu/{bu}/admin/webhooks/{wh}/rotate/end", rotate::end)
            .both_up_to(form::MOST_PAYLOAD_BYTES, "/bu/{bu}/admin/webhooks/{wh}/test", send::open, send::send)
            .action("/bu/{bu}/admin/webhooks/{wh}/pause", list::pause)
            .action("/bu/{bu}/admin/webhooks/{wh}/resume", list::resume)
            .page("/bu/{bu}/admin/users", users::list::open)
            .action("/bu/{bu}/admin/users/second-factor", users::factor::send)
            .both("/bu/{bu}/admin/users/new", users::invite::open, users::invite::send)
            .both("/bu/{bu}/admin/users/{usr}/edit", users::edit::open, users::edit::send)
            .action("/bu/{bu}/admin/users/{usr}/link", users::list::link)
            .action("/bu/{bu}/admin/users/{usr}/sign-out", users::end::sign_out)
            .both("/bu/{bu}/admin/users/{usr}/disable", users::end::ask_disable, users::end::disable)
            .action("/bu/{bu}/admin/users/{usr}/enable", users::end::enable)
            .both("/bu/{bu}/admin/users/{usr}/remove", users::end::ask_remove, users::end::remove)
            .page("/bu/{bu}/admin/teams", teams::list::open)
            .both("/bu/{bu}/admin/teams/new", teams::change::open_new, teams::change::create)
            .page("/bu/{bu}/admin/teams/{team}", teams::one::open)
            .both("/bu/{bu}/admin/teams/{team}/edit", teams::change::open_rename, teams::change::rename)
            .both("/bu/{bu}/admin/teams/{team}/delete", teams::change::ask_delete, teams::change::delete)
            .action("/bu/{bu}/admin/teams/{team}/members", teams::one::add)
            .action("/bu/{bu}/admin/teams/{team}/members/{usr}/remove", teams::one::remove)
            .page("/bu/{bu}/programmes", programmes::list::open)
            .both("/bu/{bu}/programmes/new", programmes::change::open_new, programmes::change::create)
            .both(
                "/bu/{bu}/programmes/{prg}/edit",
                programmes::change::open_rename,
                programmes::change::rename,
            )
            .both(
                "/bu/{bu}/programmes/{prg}/delete",
                programmes::change::ask_delete,
                programmes::change::delete,
            )
            .page("/bu/{bu}/admin/audit", trail::open)
            .action("/bu/{bu}/admin/audit/export", export::send)
            .page("/bu/{bu}/webhooks", dashboard::page::open)
            .both("/bu/{bu}/webhooks/new", events::create::open, events::create::send)
            .both("/bu/{bu}/webhooks/{wh}/events", events::manage::open, events::manage::send)
            .page("/bu/{bu}/programmes/{prg}", dashboard::programme::open)
            .both(
                "/bu/{bu}/programmes/{prg}/webhooks/new",
                events::create::open_in_programme,
                events::create::send_in_programme,
            )
            .page("/bu/{bu}/connect/{login}", connect::open)
            .both("/bu/{bu}/matrix", matrix::open, matrix::send)
            .page("/bu/{bu}/catalogue", catalogue::list::open)
            .both("/bu/{bu}/catalogue/new", catalogue::edit::open_new, catalogue::edit::send_new)
            .page("/bu/{bu}/catalogue/{type}", catalogue::one::open)
            .both("/bu/{bu}/catalogue/{type}/edit", catalogue::edit::open, catalogue::edit::send)
            .both("/bu/{bu}/catalogue/{type}/delete", catalogue::delete::open, catalogue::delete::send)
            .page("/bu/{bu}/logs", log::open)
            .page("/bu/{bu}/logs/tail", log::tail)
            .page("/bu/{bu}/logs/{evt}", event::open)
            .action("/bu/{bu}/logs/{evt}/deliveries/{dlv}/resend", event::resend)
            .page("/bu/{bu}/replays", replays::list::open)
            .both("/bu/{bu}/replays/new", replays::start::open, replays::start::send)
            .page("/bu/{bu}/replays/{rpl}", replays::one::open)
            .action("/bu/{bu}/replays/{rpl}/cancel", replays::one::cancel)
            .operator()
    }

    /// What a person decides on their own account.
    fn account(self) -> Self {
        self.page(routes::ACCOUNT, settings::open)
            .both(routes::ACCOUNT_PASSWORD, password::open, password::send)
            .both(routes::ACCOUNT_FACTOR, factor::open, factor::send)
            .both(routes::ACCOUNT_FACTOR_OFF, factor::open_off, factor::send_off)
            .both(routes::ACCOUNT_CODES, codes::open, codes::send)
            .action(routes::ACCOUNT_CODES_FILE, codes::file)
            .action(routes::ACCOUNT_LOOKS, looks::send)
            .action(routes::ACCOUNT_SESSIONS_END, sessions::end_others)
            .action("/account/sessions/{ses}/end", sessions::end)
    }

    /// What only operators find.
    fn operator(self) -> Self {
        self.page(routes::operator::PARTNERS, operator::list::open)
            .both(routes::operator::PARTNER_NEW, operator::create::open, operator::create::send)
            .page("/operator/partners/{number}", operator::one::open)
            .action("/operator/partners/{number}/name", operator::change::rename)
            .both("/operator/partners/{number}/plan", operator::plan::open, operator::plan::send)
            .action("/operator/partners/{number}/grants", operator::change::grant)
            .action("/operator/partners/{number}/grants/all", operator::change::grant_all)
            .action("/operator/partners/{number}/grants/{of}/withdraw", operator::change::withdraw)
            .action("/operator/partners/{number}/owners", operator::change::invite)
            .action("/operator/partners/{number}/owners/{usr}/link", operator::change::link)
            .action("/operator/partners/{number}/second-factor", operator::change::factor)
    }

    /// A page to look at.
    fn page<F, A>(mut self, path: &'static str, open: F) -> Self
    where
        F: Handler<A> + Clone,
        A: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.table.extend([(Method::GET, path), (Method::HEAD, path)]);
        let resource = web::resource(path)
            .route(web::get().to(open.clone()))
            .route(web::head().to(open))
            .default_service(web::to(|request| refuse(request, "GET, HEAD")));
        Self { scope: self.scope.service(resource), ..self }
    }

    /// An address that only takes forms.
    fn action<F, A>(mut self, path: &'static str, send: F) -> Self
    where
        F: Handler<A>,
        A: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.table.push((Method::POST, path));
        let resource = web::resource(path)
            .app_data(FormOnly)
            .route(web::post().to(send))
            .default_service(web::to(|request| refuse(request, "POST")));
        Self { scope: self.scope.service(resource), ..self }
    }

    /// A page with a form that is sent to the page's own address.
    fn both<F, A, G, B>(self, path: &'static str, open: F, send: G) -> Self
    where
        F: Handler<A> + Clone,
        A: FromRequest + 'static,
        F::Output: Responder + 'static,
        G: Handler<B>,
        B: FromRequest + 'static,
        G::Output: Responder + 'static,
    {
        self.both_up_to(form::MOST_BYTES, path, open, send)
    }

    /// The same with forms of so many bytes at the most.
    fn both_up_to<F, A, G, B>(mut self, most: usize, path: &'static str, open: F, send: G) -> Self
    where
        F: Handler<A> + Clone,
        A: FromRequest + 'static,
        F::Output: Responder + 'static,
        G: Handler<B>,
        B: FromRequest + 'static,
        G::Output: Responder + 'static,
    {
        self.table.extend([(Method::GET, path), (Method::HEAD, path), (Method::POST, path)]);
        let resource = web::resource(path)
            .app_data(FormLimit(most))
            .route(web::get().to(open.clone()))
            .route(web::head().to(open))
            .route(web::post().to(send))
            .default_service(web::to(|request| refuse(request, "GET, HEAD, POST")));
        Self { scope: self.scope.service(resource), ..self }
    }
}

async fn refuse(request: HttpRequest, allow: &'static str) -> HttpResponse {
    let text = "This address is not used that way. Go back and use the page's own links and buttons.";
    let fault = Fault::refused(StatusCode::METHOD_NOT_ALLOWED, "There is no such action", text);
    let mut answer = fault::page(&request, &fault).await;
    answer.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static(allow));
    answer
}
