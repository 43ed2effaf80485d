//! Sign in: a plain form, one message for every refusal.

use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use zeroize::Zeroizing;

use crate::domain::access::session::{ABSOLUTE, SessionLevel};
use crate::ops::access::sign_in::{NewSession, SignInDraft, SignInError, sign_in};
use crate::web::access::home;
use crate::web::cookies::{Jar, Kind};
use crate::web::fault::{Fault, see};
use crate::web::form::{Checked, Fields};
use crate::web::page::{Page, answer};
use crate::web::parts::{Notice, Tone};
use crate::web::session::{PreSession, signed_in};
use crate::web::shell::{Solo, Theme};
use crate::web::{format, next, routes};

/// For how long a browser keeps the cookie by which its device is known.
const DEVICE_KEPT: Duration = Duration::from_hours(24 * 365);
/// The field of the address by which the page says that the second factor was not proved.
pub(super) const OVER: &str = "over";
/// After how many seconds a try is worth while when many sign in at once.
pub(super) const BUSY_S: u64 = 2;

/// The page `/login`.
#[derive(Debug, Template)]
#[template(path = "access/login.html")]
pub struct Login {
    /// The frame; its csrf token belongs to the session before signing in.
    pub shell: Solo,
    /// What was typed.
    pub email: String,
    /// Whether to stay signed in.
    pub remember: bool,
    /// The path to go to after signing in, on this host; empty for the usual one.
    pub next: String,
    /// Why the last try was refused.
    pub error: Option<Notice>,
}

impl Login {
    /// The empty form.
    pub fn blank(theme: Theme, csrf: &str, next: &str) -> Self {
        let shell = Solo::new("Sign in", theme, csrf);
        Self { shell, email: String::new(), remember: false, next: next.to_owned(), error: None }
    }

    /// The same form after a refusal, with what was typed but the password.
    #[must_use]
    pub fn refused(self, email: &str, remember: bool, error: Notice) -> Self {
        let shell = Solo { title: "Error: Sign in".to_owned(), ..self.shell };
        Self { shell, email: email.to_owned(), remember, error: Some(error), ..self }
    }
}

/// The one message for a wrong e-mail, a wrong password and a login that may not sign in.
pub fn no_match() -> Notice {
    Notice {
        tone: Tone::Bad,
        title: "That email and password do not match.".to_owned(),
        text: "Check both and try again. Too many failed tries lock the account for a while.".to_owned(),
    }
}

impl Page for Login {}

/// The form; whoever is signed in already goes on.
pub async fn open(request: HttpRequest, pre: PreSession) -> Result<HttpResponse, Fault> {
    let next = Fields::of_query(&request);
    match signed_in(&request).await {
        Ok(Some(_)) => return Ok(see(next::local(next.text("next")).unwrap_or(routes::HOME))),
        // Whoever was asked for a code may start again, perhaps as somebody else.
        Ok(None) | Err(Fault::SecondFactor) => {}
        Err(fault) => return Err(fault),
    }
    let mut page = Login::blank(pre.theme, &pre.csrf(), next::local(next.text("next")).unwrap_or_default());
    if !next.text(OVER).is_empty() {
        page = page.refused("", false, challenge_over());
    }
    Ok(with_cookie(&pre, answer(&request, StatusCode::OK, &page)))
}

/// Signs in, and goes where the person was going.
pub async fn send(
    request: HttpRequest,
    Checked { by: pre, form }: Checked<PreSession>,
) -> Result<HttpResponse, Fault> {
    let email = form.text("email").to_owned();
    let remember = !form.text("remember").is_empty();
    let draft = SignInDraft {
        email: email.clone(),
        password: Zeroizing::new(form.text("password").to_owned()),
        remember,
    };
    let (tools, device, source) = (pre.app.tools.clone(), pre.device.clone(), pre.source.clone());
    let tried = web::block(move || sign_in(&tools, &draft, device.as_deref(), &source)).await?;
    let wanted = next::local(form.text("next"));
    let (status, notice, wait) = match tried {
        Ok(new) => return Ok(begin(&pre, &new, wanted)),
        Err(SignInError::Wrong) => (StatusCode::UNPROCESSABLE_ENTITY, no_match(), None),
        Err(SignInError::Throttled { seconds }) => {
            (StatusCode::TOO_MANY_REQUESTS, throttled(seconds), Some(seconds))
        }
        Err(SignInError::Busy) => (StatusCode::SERVICE_UNAVAILABLE, busy(), Some(BUSY_S)),
        Err(SignInError::Failed(error)) => return Err(error.into()),
    };
    let page =
        Login::blank(pre.theme, &pre.csrf(), wanted.unwrap_or_default()).refused(&email, remember, notice);
    let mut answer = answer(&request, status, &page);
    if let Some(seconds) = wait {
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    Ok(answer)
}

/// Begins a session in the browser, and leads on: to the second factor when it is asked for.
pub fn begin(pre: &PreSession, new: &NewSession, wanted: Option<&str>) -> HttpResponse {
    let to = if new.level == SessionLevel::Password {
        routes::with_query(routes::LOGIN_CODE, &[("next", wanted.unwrap_or_default())])
    } else {
        wanted.map_or_else(|| home::start(new.landing), str::to_owned)
    };
    let mut answer = see(&to);
    keep(pre.jar(), &mut answer, new);
    answer
}

/// Has the browser keep a session.
pub(super) fn keep(jar: Jar, answer: &mut HttpResponse, new: &NewSession) {
    let seconds = |time: Duration| i64::try_from(time.as_secs()).ok();
    let kept = (new.remember && new.level == SessionLevel::Full).then(|| seconds(ABSOLUTE)).flatten();
    let device = new.device.as_ref().map(|device| jar.make(Kind::Device, device, seconds(DEVICE_KEPT)));
    let session = jar.make(Kind::Session, &new.cookie, kept);
    for cookie in [Some(session), device, Some(jar.remove(Kind::PreSession))].into_iter().flatten() {
        // Our own values are always fit for a cookie.
        let _ = answer.add_cookie(&cookie);
    }
}

/// Gives a browser without one the cookie that its form's token belongs to.
pub fn with_cookie(pre: &PreSession, mut answer: HttpResponse) -> HttpResponse {
    if pre.is_new {
        let _ = answer.add_cookie(&pre.jar().make(Kind::PreSession, &pre.value, None));
    }
    answer
}

fn challenge_over() -> Notice {
    Notice {
        tone: Tone::Bad,
        title: "The second factor was not proved.".to_owned(),
        text: "Too many codes were wrong, or it took too long. Sign in again.".to_owned(),
    }
}

pub(super) fn throttled(seconds: u64) -> Notice {
    let wait = format::duration(Duration::from_secs(seconds));
    Notice {
        tone: Tone::Bad,
        title: "Too many failed tries.".to_owned(),
        text: format!("The password was not looked at. Try again in {wait}."),
    }
}

pub(super) fn busy() -> Notice {
    Notice {
        tone: Tone::Wait,
        title: "Too many people are signing in at this moment.".to_owned(),
        text: "Try again in a few seconds.".to_owned(),
    }
}
