//! Confirm that it is you: the password once more, before what a session left open must not do.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use zeroize::Zeroizing;

use crate::ops::access::sign_in::{SignInError, confirm};
use crate::web::access::login::{BUSY_S, busy, throttled};
use crate::web::cookies::{Jar, Kind};
use crate::web::fault::{Fault, see};
use crate::web::form::{Checked, Fields};
use crate::web::page::{Page, answer};
use crate::web::parts::{Notice, Tone};
use crate::web::session::SignedIn;
use crate::web::shell::Solo;
use crate::web::{next, routes};

/// The page `/confirm`.
#[derive(Debug, Template)]
#[template(path = "access/confirm.html")]
pub struct Confirm {
    /// The frame.
    pub shell: Solo,
    /// Whose password it is, for the browser's store of passwords.
    pub email: String,
    /// The path to go to afterwards, on this host; empty for the usual one.
    pub next: String,
    /// Why the last try was refused.
    pub error: Option<Notice>,
}

impl Page for Confirm {}

/// The form.
pub async fn open(request: HttpRequest, signed: SignedIn) -> HttpResponse {
    let asked = Fields::of_query(&request);
    answer(&request, StatusCode::OK, &Confirm::of(&signed, next::local(asked.text("next")), None))
}

/// Takes the password, and goes back to what the person was about to do.
pub async fn send(
    request: HttpRequest,
    Checked { by: signed, form }: Checked<SignedIn>,
) -> Result<HttpResponse, Fault> {
    let jar = Jar::new(&signed.app.tools.public_url);
    let (cx, device) = (signed.cx(), jar.read(&request, Kind::Device));
    let password = Zeroizing::new(form.text("password").to_owned());
    let wanted = next::local(form.text("next"));
    let (status, notice, wait) = match web::block(move || confirm(&cx, &password, device.as_deref())).await? {
        Ok(renewed) => {
            let kept = renewed.kept.and_then(|time| i64::try_from(time.as_secs()).ok());
            let mut answer = see(wanted.unwrap_or(routes::HOME));
            // Our own values are always fit for a cookie.
            let _ = answer.add_cookie(&jar.make(Kind::Session, &renewed.cookie, kept));
            return Ok(answer);
        }
        Err(SignInError::Wrong) => (StatusCode::UNPROCESSABLE_ENTITY, wrong(), None),
        Err(SignInError::Throttled { seconds }) => {
            (StatusCode::TOO_MANY_REQUESTS, throttled(seconds), Some(seconds))
        }
        Err(SignInError::Busy) => (StatusCode::SERVICE_UNAVAILABLE, busy(), Some(BUSY_S)),
        Err(SignInError::Failed(error)) => return Err(error.into()),
    };
    let mut answer = answer(&request, status, &Confirm::of(&signed, wanted, Some(notice)));
    if let Some(seconds) = wait {
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    Ok(answer)
}

impl Confirm {
    fn of(signed: &SignedIn, next: Option<&str>, error: Option<Notice>) -> Self {
        let title = if error.is_some() { "Error: Confirm that it is you" } else { "Confirm that it is you" };
        let mut shell = Solo::new(title, signed.theme, &signed.csrf);
        shell.login = Some(signed.badge());
        let next = next.unwrap_or_default().to_owned();
        Self { shell, email: signed.login.email.clone(), next, error }
    }
}

fn wrong() -> Notice {
    Notice {
        tone: Tone::Bad,
        title: "That is not your password.".to_owned(),
        text: "Check it and try again. Too many failed tries lock the account for a while.".to_owned(),
    }
}
