//! Another password: the present one, and the new one twice.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use zeroize::Zeroizing;

use super::Desk;
use crate::domain::problem::FieldErrors;
use crate::ops::Error;
use crate::ops::access::account::{ChangeDraft, change_password};
use crate::ops::access::sign_in::SignInError;
use crate::web::access::login::{BUSY_S, busy, throttled};
use crate::web::fault::Fault;
use crate::web::flash::Flash;
use crate::web::form::Checked;
use crate::web::page::Page;
use crate::web::parts::{Field, Notice};
use crate::web::routes;
use crate::web::shell::Solo;

/// What is said when the present password is wrong.
pub(super) const WRONG: &str = "That is not your password. Check it and try again.";

/// The page `/account/password`.
#[derive(Debug, Template)]
#[template(path = "access/account/password.html")]
pub struct NewPassword {
    /// The frame.
    pub shell: Solo,
    /// Whose password it is, for the browser's store of passwords.
    pub email: String,
    /// The present password; no value is ever shown again.
    pub current: Field,
    /// The new one.
    pub new: Field,
    /// The new one once more.
    pub new_again: Field,
    /// The field that has the focus: the first one that is wrong, else the first one.
    pub focus: &'static str,
    /// What is wrong with the form as a whole.
    pub error: Option<Notice>,
}

impl Page for NewPassword {}

/// The form.
pub async fn open(desk: Desk) -> HttpResponse {
    desk.answer(StatusCode::OK, &NewPassword::blank(desk.shell("Change password"), &desk.signed.login.email))
}

/// Changes the password, and goes back to the settings.
pub async fn send(Checked { by: desk, form }: Checked<Desk>) -> Result<HttpResponse, Fault> {
    let secret = |name: &str| Zeroizing::new(form.text(name).to_owned());
    let draft = ChangeDraft { current: secret("current"), new: secret("new"), again: secret("new_again") };
    let device = desk.device();
    let unprocessable = (StatusCode::UNPROCESSABLE_ENTITY, None);
    let blank = || NewPassword::blank(desk.shell("Change password"), &desk.signed.login.email);
    let (how, page) = match desk.try_run(move |cx| change_password(cx, &draft, device.as_deref())).await? {
        Ok(renewed) => {
            let mut answer = desk.done(routes::ACCOUNT, Flash::PasswordChanged);
            desk.renew(&mut answer, &renewed);
            return Ok(answer);
        }
        Err(SignInError::Wrong) => {
            (unprocessable, blank().refused(&FieldErrors::one("current", "wrong", WRONG)))
        }
        Err(SignInError::Failed(Error::Invalid(errors))) => (unprocessable, blank().refused(&errors)),
        Err(SignInError::Throttled { seconds }) => {
            ((StatusCode::TOO_MANY_REQUESTS, Some(seconds)), blank().told(throttled(seconds)))
        }
        Err(SignInError::Busy) => ((StatusCode::SERVICE_UNAVAILABLE, Some(BUSY_S)), blank().told(busy())),
        Err(SignInError::Failed(error)) => return Err(error.into()),
    };
    Ok(desk.refuse(how, &page))
}

impl NewPassword {
    /// The empty form.
    pub fn blank(shell: Solo, email: &str) -> Self {
        Self {
            shell,
            email: email.to_owned(),
            current: Field::default(),
            new: Field::default(),
            new_again: Field::default(),
            focus: "current",
            error: None,
        }
    }

    /// The same form with what is wrong with it: the title says so, and the focus is on the first wrong field.
    #[must_use]
    pub fn refused(mut self, errors: &FieldErrors) -> Self {
        "Error: Change password".clone_into(&mut self.shell.title);
        let fields =
            [("current", &mut self.current), ("new", &mut self.new), ("new_again", &mut self.new_again)];
        let mut wrong = None;
        for (name, field) in fields {
            field.errors = errors.of(name).map(|e| e.message.to_string()).collect();
            wrong = wrong.or_else(|| (!field.errors.is_empty()).then_some(name));
        }
        self.focus = wrong.unwrap_or(self.focus);
        self
    }

    fn told(mut self, notice: Notice) -> Self {
        "Error: Change password".clone_into(&mut self.shell.title);
        Self { error: Some(notice), ..self }
    }
}
