//! Set-up: the first login of an installation, its owner.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use zeroize::Zeroizing;

use crate::domain::problem::FieldErrors;
use crate::ops::Error;
use crate::ops::access::setup::{SetupDraft, SetupLink, accept, look_up};
use crate::web::access::login::{begin, with_cookie};
use crate::web::fault::Fault;
use crate::web::form::{Checked, Fields};
use crate::web::page::{Page, answer};
use crate::web::parts::{Field, Notice};
use crate::web::session::{PreSession, blocking};
use crate::web::shell::{Solo, Theme};

/// What a password must be, beside its field.
const PASSWORD_RULE: &str = "At least 12 characters. Spaces are fine.";

/// The page `/setup`.
#[derive(Debug, Template)]
#[template(path = "access/setup.html")]
pub struct Setup {
    /// The frame.
    pub shell: Solo,
    /// The secret of the link that opened the page.
    pub link: String,
    /// The partner whose login this is; empty when the first one is made.
    pub partner: String,
    /// The e-mail address the link was made for; empty when it is asked.
    pub invited: String,
    /// The first partner's name.
    pub partner_name: Field,
    /// The login's name.
    pub name: Field,
    /// The login's e-mail address.
    pub email: Field,
    /// The password; its value is never shown again.
    pub password: Field,
    /// The password once more; its value is never shown again.
    pub password_again: Field,
    /// What a password must be, in one sentence.
    pub password_rule: &'static str,
    /// The field that has the focus: the first one that is wrong, else the first one.
    pub focus: &'static str,
    /// What is wrong with the form as a whole.
    pub error: Option<Notice>,
}

impl Setup {
    /// The form that asks what the link leaves open.
    pub fn blank(theme: Theme, csrf: &str, link: &str, asks: SetupLink) -> Self {
        Self {
            shell: Solo::new("Set up Bellwire", theme, csrf),
            link: link.to_owned(),
            focus: if asks.needs_partner { "partner_name" } else { "name" },
            partner: asks.partner_name.unwrap_or_default(),
            invited: asks.email.unwrap_or_default(),
            partner_name: Field::default(),
            name: Field { value: asks.name.unwrap_or_default(), errors: Vec::new() },
            email: Field::default(),
            password: Field::default(),
            password_again: Field::default(),
            password_rule: PASSWORD_RULE,
            error: None,
        }
    }

    /// The same form with what was typed and what is wrong with it: the title says so, and the focus is on
    /// the first wrong field.
    #[must_use]
    pub fn refused(mut self, typed: &Fields, errors: &FieldErrors) -> Self {
        "Error: Set up Bellwire".clone_into(&mut self.shell.title);
        let fields = [
            ("partner_name", &mut self.partner_name),
            ("name", &mut self.name),
            ("email", &mut self.email),
            ("password", &mut self.password),
            ("password_again", &mut self.password_again),
        ];
        let mut wrong = None;
        for (name, field) in fields {
            if !name.starts_with("password") {
                typed.text(name).clone_into(&mut field.value);
            }
            field.errors = errors.of(name).map(|e| e.message.to_string()).collect();
            wrong = wrong.or_else(|| (!field.errors.is_empty()).then_some(name));
        }
        self.focus = wrong.unwrap_or(self.focus);
        self
    }
}

impl Page for Setup {}

/// The form, as long as the link opens.
pub async fn open(request: HttpRequest, pre: PreSession) -> Result<HttpResponse, Fault> {
    let link = Fields::of_query(&request).text("link").to_owned();
    let page = blank(&pre, link).await?;
    Ok(with_cookie(&pre, answer(&request, StatusCode::OK, &page)))
}

/// Uses the link, and signs the person in.
pub async fn send(
    request: HttpRequest,
    Checked { by: pre, form }: Checked<PreSession>,
) -> Result<HttpResponse, Fault> {
    let secret = |name: &str| Zeroizing::new(form.text(name).to_owned());
    let draft = SetupDraft {
        partner_name: form.text("partner_name").to_owned(),
        name: form.text("name").to_owned(),
        email: form.text("email").to_owned(),
        password: secret("password"),
        password_again: secret("password_again"),
    };
    let (tools, source, link) = (pre.app.tools.clone(), pre.source.clone(), form.text("link").to_owned());
    let used = link.clone();
    let accepted = actix_web::web::block(move || accept(&tools, &used, &draft, &source)).await?;
    match accepted {
        Ok(new) => Ok(begin(&pre, &new, None)),
        Err(Error::Invalid(errors)) => {
            let page = blank(&pre, link).await?.refused(&form, &errors);
            Ok(answer(&request, StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(Error::NotFound) => Err(closed()),
        Err(error) => Err(error.into()),
    }
}

async fn blank(pre: &PreSession, link: String) -> Result<Setup, Fault> {
    let (tools, asked) = (pre.app.tools.clone(), link.clone());
    let asks = match blocking(move || look_up(&tools, &asked)).await {
        Err(Fault::Missing) => return Err(closed()),
        other => other?,
    };
    Ok(Setup::blank(pre.theme, &pre.csrf(), &link, asks))
}

fn closed() -> Fault {
    let text = "A link opens once, for half an hour. Ask whoever gave it to you for another one, or sign in.";
    Fault::refused(StatusCode::NOT_FOUND, "This link no longer opens", text)
}
