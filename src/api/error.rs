//! The one translation of everything that can go wrong into `application/problem+json`.

use std::borrow::Cow;
use std::fmt;

use actix_web::error::BlockingError;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::access::permission::Permission;
use crate::domain::events::payload::PayloadFault;
use crate::domain::problem::{FieldErrors, READ_ONLY_FIELD};
use crate::http::body::BodyFault;
use crate::http::identity::RequestId;
use crate::http::limits::Limited;
use crate::ops::{Error, Refusal};
use crate::store::storage::Trouble;

/// After how many seconds to try again while the database is away.
const UNAVAILABLE_RETRY_S: u64 = 2;

/// After how many seconds to try again while the disk is full.
const STORAGE_RETRY_S: u64 = 10;

/// An answer that is no success, by RFC 9457.
#[derive(Debug)]
pub struct Problem(Box<Parts>);

#[derive(Debug)]
struct Parts {
    status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    errors: FieldErrors,
    required_scope: Option<Permission>,
    next: Option<String>,
    headers: Vec<(HeaderName, String)>,
}

/// A problem as it is sent, by RFC 9457.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemView<'a> {
    /// Always false.
    #[schema(example = false)]
    success: bool,
    /// What kind of problem it is, as an address.
    #[schema(example = "/problems/not_found")]
    r#type: String,
    /// The kind in a few words.
    #[schema(example = "Not Found")]
    title: &'a str,
    /// The HTTP status, once more.
    #[schema(example = 404)]
    status: u16,
    /// What happened, and what to do.
    #[schema(example = "There is nothing at this address, or it is not yours. Check the path and the id.")]
    detail: &'a str,
    /// What happened, in a word that does not change.
    #[schema(example = "not_found")]
    code: &'a str,
    /// The scope that the token lacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    required_scope: Option<Permission>,
    /// A cursor to go on from, where the one that was sent is too old.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next: Option<&'a str>,
    /// What is wrong with which field.
    errors: Vec<FieldErrorView<'a>>,
    /// The id under which the request is logged.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    request_id: Option<String>,
}

/// What is wrong with one field.
#[derive(Serialize, ToSchema)]
#[schema(as = FieldError)]
struct FieldErrorView<'a> {
    /// The field: `endpoints[0].url`.
    #[schema(example = "url")]
    field: &'a str,
    /// What is wrong, in a word that does not change.
    #[schema(example = "scheme")]
    code: &'a str,
    /// What is wrong, and what to do.
    #[schema(example = "Use an https:// address.")]
    message: &'a str,
}

impl Problem {
    /// A problem with a stable code in snake case; its title is the status's own.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        let (detail, errors) = (detail.into(), FieldErrors::default());
        let (required_scope, next, headers) = (None, None, Vec::new());
        Self(Box::new(Parts { status, code, detail, errors, required_scope, next, headers }))
    }

    /// 401, the same for every reason.
    pub fn unauthorized() -> Self {
        let detail = "Send a valid API token as `Authorization: Bearer <token>`.";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", detail).with_header(WWW_AUTHENTICATE, "Bearer")
    }

    /// 404, the same for what is not there and for what is not the caller's.
    pub fn not_found() -> Self {
        let detail = "There is nothing at this address, or it is not yours. Check the path and the id.";
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// 405; the `Allow` header stands beside it already.
    pub fn method_not_allowed() -> Self {
        let detail = "This address does not take this method. The Allow header names those it takes.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
    }

    /// 412: a condition on a version, which nothing here has.
    pub fn precondition_failed() -> Self {
        let detail = "Nothing here has versions, so that no condition on one holds. Leave out If-Match.";
        Self::new(StatusCode::PRECONDITION_FAILED, "precondition_failed", detail)
    }

    /// 400: it is not said, or said twice, which host is meant.
    pub fn host_missing() -> Self {
        let detail = "A request names its host once. Send one Host header.";
        Self::new(StatusCode::BAD_REQUEST, "host_missing", detail)
    }

    /// 421: a host that this installation does not answer for.
    pub fn misdirected() -> Self {
        let detail = "There is no Bellwire under this name. Use the address the operator has set.";
        Self::new(StatusCode::MISDIRECTED_REQUEST, "misdirected", detail)
    }

    /// 400: the query or the headers are wrong.
    pub fn bad_request(errors: FieldErrors) -> Self {
        let detail = "Some parameters are not valid. See `errors` for each of them.";
        Self::new(StatusCode::BAD_REQUEST, "invalid_parameters", detail).with_errors(errors)
    }

    /// 400: the body names fields that only Bellwire itself sets.
    fn read_only(errors: FieldErrors) -> Self {
        let detail = "Some fields cannot be set. Leave out the fields named in `errors`.";
        Self::new(StatusCode::BAD_REQUEST, READ_ONLY_FIELD, detail).with_errors(errors)
    }

    /// 410: what comes after the cursor is no longer kept; `next` is a cursor behind that.
    pub fn gone(next: String) -> Self {
        let detail =
            "Events after this cursor are no longer kept. Go on with `next`, and find out what you missed.";
        let mut problem = Self::new(StatusCode::GONE, "cursor_expired", detail);
        problem.0.next = Some(next);
        problem
    }

    /// What an operation refused when all of its input stood in the query: 400 in place of 422.
    pub fn in_query(error: Error) -> Self {
        match error {
            Error::Invalid(errors) => Self::bad_request(errors),
            other => other.into(),
        }
    }

    /// The answer; `request_id` is the id under which the request is logged.
    pub fn answer(&self, request_id: Option<RequestId>) -> HttpResponse {
        let parts = &self.0;
        let mut answer = HttpResponse::build(parts.status);
        for (name, value) in &parts.headers {
            answer.insert_header((name.clone(), value.as_str()));
        }
        let json = serde_json::to_string(&self.view(request_id)).unwrap_or_default();
        answer.content_type("application/problem+json").body(json)
    }

    /// The same as a part of another answer: what is wrong with one of several things.
    pub fn to_value(&self) -> serde_json::Value {
        serde_json::to_value(self.view(None)).unwrap_or_default()
    }

    fn view(&self, request_id: Option<RequestId>) -> ProblemView<'_> {
        let parts = &self.0;
        ProblemView {
            success: false,
            r#type: format!("/problems/{}", parts.code),
            title: parts.status.canonical_reason().unwrap_or("Error"),
            status: parts.status.as_u16(),
            detail: &parts.detail,
            code: parts.code,
            required_scope: parts.required_scope,
            next: parts.next.as_deref(),
            errors: parts
                .errors
                .iter()
                .map(|e| FieldErrorView { field: &e.field, code: e.code, message: &e.message })
                .collect(),
            request_id: request_id.map(|id| id.to_string()),
        }
    }

    fn with_errors(mut self, errors: FieldErrors) -> Self {
        self.0.errors = errors;
        self
    }

    fn with_header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.0.headers.push((name, value.into()));
        self
    }

    /// A fault of ours: the text goes into the log and nowhere else.
    fn internal(text: &str) -> Self {
        tracing::error!(error = text, "a request failed");
        let detail = "Something went wrong here. Try again; if it stays, give the operator the request id.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    fn unavailable(text: &str) -> Self {
        tracing::warn!(error = text, "a request could not be served");
        let detail = "Nothing can be stored or read right now, and nothing was changed. Try again later.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
            .with_header(RETRY_AFTER, UNAVAILABLE_RETRY_S.to_string())
    }

    fn storage_full(text: &str) -> Self {
        tracing::warn!(error = text, "a request could not be stored");
        let detail = "The storage of this installation is full, and nothing was changed. Try again later.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "storage_full", detail)
            .with_header(RETRY_AFTER, STORAGE_RETRY_S.to_string())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.code)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.0.status
    }

    fn error_response(&self) -> HttpResponse {
        self.answer(None)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(errors) => errors.into(),
            Error::NotFound => Self::not_found(),
            Error::Forbidden(refusal) => refusal.into(),
            Error::Conflict { code, message } => Self::new(StatusCode::CONFLICT, code, message),
            Error::Storage(Trouble::Full, text) => Self::storage_full(&text),
            Error::Unavailable(text) | Error::Storage(Trouble::Broken, text) => Self::unavailable(&text),
            Error::Internal(text) => Self::internal(&text),
        }
    }
}

impl From<FieldErrors> for Problem {
    fn from(errors: FieldErrors) -> Self {
        if !errors.is_empty() && errors.iter().all(|error| error.code == READ_ONLY_FIELD) {
            return Self::read_only(errors);
        }
        let detail = "The request was understood but breaks some rules. See `errors` for each of them.";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail).with_errors(errors)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Scope(scope) => {
                let detail = format!("This needs a token with the scope {scope}.");
                let mut problem = Self::new(StatusCode::FORBIDDEN, "insufficient_scope", detail);
                problem.0.required_scope = Some(scope);
                problem
            }
            Refusal::NoApiAccess => {
                let detail = "API access is not part of this business unit's plan. Ask the operator for it.";
                Self::new(StatusCode::FORBIDDEN, "no_api_access", detail)
            }
            Refusal::TokenEnded => Self::unauthorized(),
            Refusal::OtherPartner => {
                let detail = "This webhook hears several business units. Only logins of the partner that made it, \
                              and tokens they made, change it.";
                Self::new(StatusCode::FORBIDDEN, "other_partner", detail)
            }
            Refusal::Role(_) | Refusal::OldSignIn | Refusal::Operators | Refusal::Caller => {
                let detail = "A token may not do this. Sign in to the dashboard to do it.";
                Self::new(StatusCode::FORBIDDEN, "dashboard_only", detail)
            }
        }
    }
}

impl From<BodyFault> for Problem {
    fn from(fault: BodyFault) -> Self {
        let (status, code, detail): (_, _, Cow<'static, str>) = match fault {
            BodyFault::TooLarge(most) => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "body_too_large",
                format!("The body is larger than {} KiB. Send less at once.", most / 1024).into(),
            ),
            BodyFault::TooSlow => (
                StatusCode::REQUEST_TIMEOUT,
                "body_timeout",
                "The body did not arrive within 15 seconds. Send it again, faster.".into(),
            ),
            BodyFault::Broken => (
                StatusCode::BAD_REQUEST,
                "body_broken",
                "The body ended early or could not be read. Send it again, whole.".into(),
            ),
            BodyFault::MediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "media_type",
                "The body must be JSON in UTF-8. Send it with `Content-Type: application/json`.".into(),
            ),
            BodyFault::Encoding => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "content_encoding",
                "This content encoding is not taken here. Send the body as it is; events may be gzipped."
                    .into(),
            ),
        };
        Self::new(status, code, detail)
    }
}

impl From<PayloadFault> for Problem {
    fn from(fault: PayloadFault) -> Self {
        let detail = format!("{} It was noticed at byte {}.", fault.sentence(), fault.offset);
        Self::new(StatusCode::BAD_REQUEST, fault.code, detail)
    }
}

impl From<Limited> for Problem {
    fn from(limited: Limited) -> Self {
        let seconds = limited.retry_after_s;
        let detail = format!("There were too many requests. Try again in {seconds} s.");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail)
            .with_header(RETRY_AFTER, seconds.to_string())
            .with_header(HeaderName::from_static("ratelimit-policy"), limited.policy())
            .with_header(HeaderName::from_static("ratelimit"), limited.state())
    }
}

impl From<BlockingError> for Problem {
    fn from(error: BlockingError) -> Self {
        Self::internal(&error.to_string())
    }
}

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Self {
        Self::internal(&error.to_string())
    }
}
