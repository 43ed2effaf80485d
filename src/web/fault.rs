//! Why a request got no page, and the page it gets instead.

use actix_web::error::BlockingError;
use actix_web::http::header::{self, HeaderName};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};
use url::Url;

use crate::http::identity::request_id;
use crate::http::limits::Limited;
use crate::ops::access::partners::{self, Landing};
use crate::ops::{Error, Refusal};
use crate::web::denied;
use crate::web::errors::{Alone, Inside, Trouble, Way};
use crate::web::form::FormOnly;
use crate::web::here::Here;
use crate::web::page::answer;
use crate::web::routes;
use crate::web::session::{SignedIn, blocking, signed_in, theme};
use crate::web::shell::{Place, Solo};

/// Tells htmx to open another page.
pub const HX_REDIRECT: HeaderName = HeaderName::from_static("hx-redirect");

/// Why a handler did not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Fault {
    /// Nobody is signed in.
    #[error("nobody is signed in")]
    SignIn,
    /// The password was right, and the second factor is still asked for.
    #[error("the second factor is not proved")]
    SecondFactor,
    /// A partner of the person requires a second factor, and they have none yet.
    #[error("the second factor is not set up")]
    OwesFactor,
    /// The person proved who they are too long ago for this.
    #[error("the sign-in is too old")]
    OldSignIn,
    /// The request does not prove that one of our pages made it.
    #[error("a request without proof of its origin")]
    Forged,
    /// The login may not do this here; why, and whom to ask.
    #[error("forbidden: {0}")]
    Forbidden(String),
    /// There is no such page, or it is not the login's.
    #[error("no such page")]
    Missing,
    /// Any other refusal: what happened, and what to do.
    #[error("{status}: {title}")]
    Refused {
        /// The HTTP status.
        status: StatusCode,
        /// What happened.
        title: String,
        /// What to do.
        text: String,
    },
    /// Asked too often.
    #[error("too often for {}", .0.name)]
    Limited(Limited),
    /// The database cannot serve right now.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// A fault of ours.
    #[error("internal: {0}")]
    Internal(String),
}

impl Fault {
    /// A refusal: `title` says what happened, `text` what to do.
    pub fn refused(status: StatusCode, title: &str, text: &str) -> Self {
        Self::Refused { status, title: title.to_owned(), text: text.to_owned() }
    }

    /// What an answer of this status that nobody drew was about.
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::Missing,
            StatusCode::PAYLOAD_TOO_LARGE => {
                Self::refused(status, "That was too much at once", "Send less, then try again.")
            }
            other if other.is_client_error() => {
                Self::refused(other, "This request cannot be read", "Go back, reload the page and try again.")
            }
            other => Self::Internal(format!("an answer of status {other} that nobody drew")),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::Missing,
            Error::Forbidden(Refusal::OldSignIn) => Self::OldSignIn,
            Error::Forbidden(refusal) => Self::Forbidden(reason(refusal)),
            Error::Conflict { message, .. } => {
                Self::refused(StatusCode::CONFLICT, "This cannot be done now", &message)
            }
            Error::Invalid(errors) => {
                let text: Vec<&str> = errors.iter().map(|e| e.message.as_ref()).collect();
                Self::refused(StatusCode::UNPROCESSABLE_ENTITY, "This cannot be used", &text.join(" "))
            }
            Error::Unavailable(why) | Error::Storage(_, why) => Self::Unavailable(why),
            Error::Internal(why) => Self::Internal(why),
        }
    }
}

impl From<Limited> for Fault {
    fn from(limited: Limited) -> Self {
        Self::Limited(limited)
    }
}

impl From<BlockingError> for Fault {
    fn from(error: BlockingError) -> Self {
        Self::Internal(error.to_string())
    }
}

fn reason(refusal: Refusal) -> String {
    match refusal {
        Refusal::Role(need) | Refusal::Scope(need) => {
            let what = need.label().to_lowercase();
            format!(
                "Your role does not allow you to {what}. Ask an admin of this business unit for another role."
            )
        }
        Refusal::NoApiAccess => "API access is not part of the plan. Ask the operator for it.".to_owned(),
        Refusal::OtherPartner => {
            "This webhook hears several business units. Ask the partner that made it to change it.".to_owned()
        }
        Refusal::Operators => {
            "The owners of this partner operate the installation. Only they decide on its owners and on its second \
             factor. Ask one of them."
                .to_owned()
        }
        Refusal::TokenEnded | Refusal::OldSignIn | Refusal::Caller => {
            "Your role does not allow this. Ask an admin of this business unit.".to_owned()
        }
    }
}

/// Only the status: the page around it is drawn by [`page`], which knows the request.
impl ResponseError for Fault {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::SignIn | Self::SecondFactor | Self::OwesFactor | Self::OldSignIn => {
                StatusCode::UNAUTHORIZED
            }
            Self::Forged | Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::Missing => StatusCode::NOT_FOUND,
            Self::Refused { status, .. } => *status,
            Self::Limited(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// The page that tells of a fault: inside the business unit of its address for whoever may open that, alone
/// otherwise. htmx gets a few words, for the page that stays as it is. Faults of ours are logged here, once.
pub async fn page(request: &HttpRequest, fault: &Fault) -> HttpResponse {
    let status = fault.status_code();
    match fault {
        Fault::SignIn => to_sign_in(request, routes::LOGIN),
        Fault::SecondFactor => to_sign_in(request, routes::LOGIN_CODE),
        Fault::OwesFactor => to_sign_in(request, routes::ACCOUNT_FACTOR),
        Fault::OldSignIn => to_confirm(request),
        Fault::Forged => {
            let text = "It did not come from a page of yours, or the page was open for too long. Go back, reload \
                        the page and try again.";
            let title = "This form is no longer valid";
            alone(request, status, Trouble::new(status.as_u16(), title, text, vec![Way::home()]))
        }
        Fault::Forbidden(reason) => around(request, status, Trouble::forbidden(reason)).await,
        Fault::Missing => around(request, status, Trouble::missing()).await,
        Fault::Refused { title, text, .. } => {
            around(request, status, Trouble::new(status.as_u16(), title, text, vec![Way::home()])).await
        }
        Fault::Limited(limited) => {
            let text = format!("Nothing was done. Wait {} s, then try again.", limited.retry_after_s);
            let trouble = Trouble::new(status.as_u16(), "That was too fast", &text, vec![Way::home()]);
            let mut answer = around(request, status, trouble).await;
            answer.headers_mut().insert(header::RETRY_AFTER, limited.retry_after_s.into());
            limited.tell(answer.headers_mut());
            answer
        }
        Fault::Unavailable(why) | Fault::Internal(why) => {
            let id = request_id(request).to_string();
            tracing::error!(why, request_id = id, path = request.path(), "a page could not be answered");
            let retry = if request.method() == Method::GET { request.path() } else { routes::HOME };
            let mut answer = alone(request, status, Trouble::broken(status.as_u16(), retry, &id));
            if status == StatusCode::SERVICE_UNAVAILABLE {
                answer.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("5"));
            }
            answer
        }
    }
}

/// Trouble by itself. What is broken may be what a business unit's page is made of.
fn alone(request: &HttpRequest, status: StatusCode, trouble: Trouble) -> HttpResponse {
    let shell = Solo::new(&trouble.title, theme(request), "");
    answer(request, status, &Alone { shell, trouble })
}

/// Trouble with what stands around every page of the business unit that the address names.
async fn around(request: &HttpRequest, status: StatusCode, mut trouble: Trouble) -> HttpResponse {
    let Some(here) = Here::around(request).await else {
        if status == StatusCode::NOT_FOUND {
            denied::at_the_door(request);
        }
        if status == StatusCode::NOT_FOUND && is_global(request).await {
            trouble.ways.push(Way::to(routes::PARTNERS, "Partner search"));
        }
        return alone(request, status, trouble);
    };
    trouble.ways = vec![Way::to(routes::overview(here.bu()), "Go to Overview")];
    if here.by_grant() {
        trouble.ways.push(Way::to(routes::PARTNERS, "Partner search"));
    }
    if status == StatusCode::FORBIDDEN {
        denied::inside(request, &here);
        trouble.text = format!("{} You are here as {}.", trouble.text, here.role());
    }
    let shell = here.bare_shell(&trouble.title, Place::Elsewhere);
    here.answer_with(status, &Inside { shell, trouble })
}

/// To a page where one signs in, and back afterwards. htmx would swap a redirect's page into the one that is
/// open.
fn to_sign_in(request: &HttpRequest, page: &'static str) -> HttpResponse {
    if request.headers().contains_key("hx-request") {
        return HttpResponse::Unauthorized().insert_header((HX_REDIRECT, page)).finish();
    }
    let wanted = request.uri().path_and_query().map_or(routes::HOME, |path| path.as_str());
    let wanted = if matches!(*request.method(), Method::GET | Method::HEAD) && wanted != routes::HOME {
        wanted
    } else {
        ""
    };
    see(&routes::with_query(page, &[("next", wanted)]))
}

/// To the page that asks for the password once more, and back afterwards. What a form held is not done then:
/// the person does it again.
fn to_confirm(request: &HttpRequest) -> HttpResponse {
    let is_page = request.app_data::<FormOnly>().is_none();
    let next = if is_page { request.path().to_owned() } else { page_of(request) };
    let confirm = routes::with_query(routes::CONFIRM, &[("next", next.as_str())]);
    if request.headers().contains_key("hx-request") {
        return HttpResponse::Unauthorized().insert_header((HX_REDIRECT, confirm)).finish();
    }
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return see(&confirm);
    }
    alone(request, StatusCode::UNAUTHORIZED, Trouble::old_sign_in(&confirm))
}

/// The page on which a form stood that is sent to an address of its own; the home page where the browser does not say.
fn page_of(request: &HttpRequest) -> String {
    let said = request.headers().get(header::REFERER).and_then(|page| page.to_str().ok());
    let Some(page) = said.and_then(|page| Url::parse(page).ok()) else { return routes::HOME.to_owned() };
    let query = page.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}{query}", page.path())
}

/// Whether the request is a global partner's, who may look for another unit.
async fn is_global(request: &HttpRequest) -> bool {
    let known = request.extensions().get::<SignedIn>().cloned();
    let signed = match known {
        Some(signed) => Some(signed),
        None => signed_in(request).await.ok().flatten(),
    };
    let Some(signed) = signed else { return false };
    matches!(blocking(move || partners::landing(&signed.cx())).await, Ok(Landing::Partners))
}

/// 303: go and look there.
pub fn see(to: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, to)).finish()
}
