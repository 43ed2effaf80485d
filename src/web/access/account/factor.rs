//! Turning the second factor on, with a picture for the app and a code back, and off.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use zeroize::Zeroizing;

use super::codes::shown;
use super::password::WRONG;
use super::{Desk, Picture};
use crate::ops::Error;
use crate::ops::access::second_factor::{self, Proposal, TurnOffDraft};
use crate::ops::access::sign_in::SignInError;
use crate::web::access::login::{BUSY_S, busy, throttled};
use crate::web::fault::{Fault, see};
use crate::web::flash::Flash;
use crate::web::form::Checked;
use crate::web::page::Page;
use crate::web::parts::{Field, Notice};
use crate::web::routes;
use crate::web::shell::Solo;

/// The page `/account/second-factor`.
#[derive(Debug, Template)]
#[template(path = "access/account/factor.html")]
pub struct TurnOn {
    /// The frame.
    pub shell: Solo,
    /// The key as a picture.
    pub picture: Picture,
    /// The key as people type it, and sealed for the way back.
    pub proposal: Proposal,
    /// The code of the app.
    pub code: Field,
    /// Whether nothing else is open before it is on.
    pub is_owed: bool,
}

/// The page `/account/second-factor/off`.
#[derive(Debug, Template)]
#[template(path = "access/account/factor_off.html")]
pub struct TurnOff {
    /// The frame.
    pub shell: Solo,
    /// Whose password it is, for the browser's store of passwords.
    pub email: String,
    /// The password; its value is never shown again.
    pub password: Field,
    /// The code.
    pub code: Field,
    /// What is wrong with the form as a whole.
    pub error: Option<Notice>,
}

impl Page for TurnOn {}
impl Page for TurnOff {}

/// Shows a new key. Nothing is stored until its code comes back.
pub async fn open(desk: Desk) -> Result<HttpResponse, Fault> {
    let proposal = match desk.try_run(second_factor::propose).await? {
        // As after a reload, or in a second tab.
        Err(Error::Conflict { .. }) => return Ok(see(routes::ACCOUNT)),
        other => other?,
    };
    let page = TurnOn::of(&desk, proposal, Vec::new())?;
    Ok(desk.answer(StatusCode::OK, &page))
}

/// Turns it on, and shows the recovery codes.
pub async fn send(Checked { by: desk, form }: Checked<Desk>) -> Result<HttpResponse, Fault> {
    let (sealed, code) = (form.text("key").to_owned(), Zeroizing::new(form.text("code").to_owned()));
    let tried = desk.try_run(move |cx| match second_factor::enable(cx, &sealed, &code) {
        Err(Error::Invalid(errors)) => Ok(Err((errors, second_factor::propose_again(cx, &sealed)?))),
        other => other.map(Ok),
    });
    match tried.await?? {
        Ok(enabled) => {
            let mut answer = shown(&desk, &enabled.codes, Flash::FactorOn);
            desk.renew(&mut answer, &enabled.renewed);
            Ok(answer)
        }
        Err((errors, proposal)) => {
            let errors = errors.iter().map(|e| e.message.to_string()).collect();
            let page = TurnOn::of(&desk, proposal, errors)?;
            Ok(desk.answer(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
    }
}

impl TurnOn {
    fn of(desk: &Desk, proposal: Proposal, errors: Vec<String>) -> Result<Self, Fault> {
        let title = "Set up the second factor";
        let shell = desk.shell(&if errors.is_empty() { title.to_owned() } else { format!("Error: {title}") });
        let picture = Picture::of(&proposal.address)?;
        let code = Field { value: String::new(), errors };
        Ok(Self { shell, picture, proposal, code, is_owed: desk.signed.login.owes_factor })
    }
}

/// Asks for password and code.
pub async fn open_off(desk: Desk) -> Result<HttpResponse, Fault> {
    if desk.run(second_factor::state).await?.is_none() {
        return Ok(see(routes::ACCOUNT));
    }
    Ok(desk.answer(StatusCode::OK, &TurnOff::blank(desk.shell(OFF), &desk.signed.login.email)))
}

const OFF: &str = "Turn off the second factor";

/// Turns it off, and goes back to the settings.
pub async fn send_off(Checked { by: desk, form }: Checked<Desk>) -> Result<HttpResponse, Fault> {
    let secret = |name: &str| Zeroizing::new(form.text(name).to_owned());
    let draft = TurnOffDraft { password: secret("password"), code: secret("code") };
    let device = desk.device();
    let mut page = TurnOff::blank(desk.shell(&format!("Error: {OFF}")), &desk.signed.login.email);
    let how = match desk.try_run(move |cx| second_factor::turn_off(cx, &draft, device.as_deref())).await? {
        Ok(renewed) => {
            let mut answer = desk.done(routes::ACCOUNT, Flash::FactorOff);
            desk.renew(&mut answer, &renewed);
            return Ok(answer);
        }
        Err(SignInError::Wrong) => {
            page.password.errors.push(WRONG.to_owned());
            (StatusCode::UNPROCESSABLE_ENTITY, None)
        }
        Err(SignInError::Failed(Error::Invalid(errors))) => {
            page.code.errors = errors.iter().map(|e| e.message.to_string()).collect();
            (StatusCode::UNPROCESSABLE_ENTITY, None)
        }
        Err(SignInError::Throttled { seconds }) => {
            page.error = Some(throttled(seconds));
            (StatusCode::TOO_MANY_REQUESTS, Some(seconds))
        }
        Err(SignInError::Busy) => {
            page.error = Some(busy());
            (StatusCode::SERVICE_UNAVAILABLE, Some(BUSY_S))
        }
        Err(SignInError::Failed(error)) => return Err(error.into()),
    };
    Ok(desk.refuse(how, &page))
}

impl TurnOff {
    /// The empty form.
    pub fn blank(shell: Solo, email: &str) -> Self {
        let (password, code) = (Field::default(), Field::default());
        Self { shell, email: email.to_owned(), password, code, error: None }
    }
}
