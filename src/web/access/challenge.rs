//! The second factor, asked for after a right password: six digits of an app, or a recovery code.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use zeroize::Zeroizing;

use crate::ops::access::sign_in::{SignInError, meet};
use crate::web::access::home;
use crate::web::access::login::{BUSY_S, OVER, busy, keep};
use crate::web::fault::{Fault, see};
use crate::web::form::{Checked, Fields};
use crate::web::page::{Page, answer};
use crate::web::parts::{Notice, Tone};
use crate::web::session::Half;
use crate::web::shell::Solo;
use crate::web::{format, next, routes};

/// The page `/login/code`.
#[derive(Debug, Template)]
#[template(path = "access/challenge.html")]
pub struct Code {
    /// The frame.
    pub shell: Solo,
    /// The path to go to afterwards, on this host; empty for the usual one.
    pub next: String,
    /// Why the last code was refused.
    pub error: Option<Notice>,
}

impl Page for Code {}

/// The answer to a recovery code: how many are left.
#[derive(Debug, Template)]
#[template(path = "access/code_used.html")]
pub struct CodeUsed {
    /// The frame.
    pub shell: Solo,
    /// `9 recovery codes are left.`
    pub left: String,
    /// Where the person was going.
    pub to: String,
}

impl Page for CodeUsed {}

/// The form.
pub async fn open(request: HttpRequest, half: Half) -> HttpResponse {
    let asked = Fields::of_query(&request);
    answer(&request, StatusCode::OK, &Code::of(&half, next::local(asked.text("next")), None))
}

/// Takes a code, and goes where the person was going.
pub async fn send(
    request: HttpRequest,
    Checked { by: half, form }: Checked<Half>,
) -> Result<HttpResponse, Fault> {
    let (tools, challenge) = (half.app.tools.clone(), half.challenge.clone());
    let (device, source) = (half.device.clone(), half.source.clone());
    let typed = Zeroizing::new(form.text("code").to_owned());
    let tried = web::block(move || meet(&tools, &challenge, &typed, device.as_deref(), &source)).await?;
    let wanted = next::local(form.text("next"));
    let (status, notice, wait) = match tried {
        Ok(Some(passed)) => {
            let to = wanted.map_or_else(|| home::start(passed.session.landing), str::to_owned);
            let mut answer = match passed.codes_left {
                Some(left) => answer(&request, StatusCode::OK, &CodeUsed::of(&half, left, to)),
                None => see(&to),
            };
            keep(half.jar(), &mut answer, &passed.session);
            return Ok(answer);
        }
        Ok(None) => return Ok(see(&routes::with_query(routes::LOGIN, &[(OVER, "1")]))),
        Err(SignInError::Wrong) => (StatusCode::UNPROCESSABLE_ENTITY, wrong(), None),
        Err(SignInError::Throttled { seconds }) => {
            (StatusCode::TOO_MANY_REQUESTS, throttled(seconds), Some(seconds))
        }
        Err(SignInError::Busy) => (StatusCode::SERVICE_UNAVAILABLE, busy(), Some(BUSY_S)),
        Err(SignInError::Failed(error)) => return Err(error.into()),
    };
    let mut answer = answer(&request, status, &Code::of(&half, wanted, Some(notice)));
    if let Some(seconds) = wait {
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    Ok(answer)
}

impl Code {
    fn of(half: &Half, next: Option<&str>, error: Option<Notice>) -> Self {
        let title = if error.is_some() { "Error: Second factor" } else { "Second factor" };
        let shell = Solo::new(title, half.theme, &half.csrf);
        Self { shell, next: next.unwrap_or_default().to_owned(), error }
    }
}

impl CodeUsed {
    fn of(half: &Half, left: usize, to: String) -> Self {
        Self { shell: Solo::new("Recovery code used", half.theme, ""), left: left_in_words(left), to }
    }
}

/// `1 recovery code is left.`
pub fn left_in_words(left: usize) -> String {
    match left {
        0 => "No recovery code is left.".to_owned(),
        1 => "1 recovery code is left.".to_owned(),
        many => format!("{many} recovery codes are left."),
    }
}

/// The one message for a code that is wrong and one that was used before.
pub fn wrong() -> Notice {
    Notice {
        tone: Tone::Bad,
        title: "This code is not right.".to_owned(),
        text: "A code changes every half minute, and each one works once. Type the one that is shown now."
            .to_owned(),
    }
}

/// What is said when no code is looked at for a while.
pub fn throttled(seconds: u64) -> Notice {
    let wait = format::duration(std::time::Duration::from_secs(seconds));
    Notice {
        tone: Tone::Bad,
        title: "Too many failed tries.".to_owned(),
        text: format!("The code was not looked at. Try again in {wait}."),
    }
}
