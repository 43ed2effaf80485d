//! Invite user: e-mail address, name and role; the answer shows the link once.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use super::list::shown;
use super::row::{decides_on, label};
use crate::domain::access::user::Role;
use crate::domain::problem::FieldErrors;
use crate::ops::access::sign_in::require_recent;
use crate::ops::access::users::{self, InviteDraft};
use crate::ops::{Error, Refusal};
use crate::web::fault::Fault;
use crate::web::form::{Checked, Fields};
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::{Choice, Field};
use crate::web::routes;
use crate::web::shell::{Place, Shell};

/// The page `/bu/{bu}/admin/users/new`; its dialog for htmx.
#[derive(Debug, Template)]
#[template(path = "access/users/invite.html", blocks = ["modal"])]
pub struct UserInvite {
    /// The frame.
    pub shell: Shell,
    /// Where Invite posts to: this page's own address.
    pub href: String,
    /// The list it came from.
    pub back: String,
    /// The e-mail address.
    pub email: Field,
    /// The person's name.
    pub name: Field,
    /// The roles that can be given.
    pub roles: Vec<Choice>,
    /// What is wrong with the role.
    pub role_errors: Vec<String>,
    /// What has the focus.
    pub focus: &'static str,
}

impl Page for UserInvite {
    fn fragment(&self) -> askama::Result<String> {
        self.as_modal().render()
    }
}

/// The empty form, for who may use it.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    may_change(&here)?;
    Ok(here.answer(&UserInvite::blank(&here, &Fields::default())))
}

/// Makes the login, and shows its link.
pub async fn send(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let (email, name) = (form.text("email").to_owned(), form.text("name").to_owned());
    let made = match role_in(&form) {
        Ok(role) => {
            let draft = InviteDraft { email: email.clone(), name: name.clone(), role };
            here.try_run(move |cx, bu| users::invite(cx, bu, draft)).await?
        }
        Err(errors) => Err(errors.into()),
    };
    match made {
        Ok(made) => {
            let secret = made.link.ok_or_else(|| Fault::Internal("an invitation has no link".into()))?;
            shown(&here, name, email, secret).await
        }
        Err(Error::Invalid(errors)) => {
            let page = UserInvite::blank(&here, &form).refused(&errors);
            Ok(here.answer_with(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(other) => Err(other.into()),
    }
}

/// Passes admins who have signed in a moment ago; the operation asks again.
pub(super) fn may_change(here: &Here) -> Result<(), Fault> {
    if !here.is_admin() {
        return Err(Error::Forbidden(Refusal::Caller).into());
    }
    Ok(require_recent(&here.signed.cx())?)
}

/// The role in a form.
pub(super) fn role_in(form: &Fields) -> Result<Role, FieldErrors> {
    let unknown = |_| FieldErrors::one("role", "unknown", "Choose one of these roles.");
    form.text("role").parse().map_err(unknown)
}

/// The roles that the login can give, with the chosen one.
pub(super) fn roles(here: &Here, chosen: Role) -> Vec<Choice> {
    let given = Role::ALL.iter().copied().filter(|role| decides_on(here, *role).is_ok());
    let choice = |role: Role| Choice {
        value: role.to_string(),
        label: format!("{}: {}", label(role), sentence(role)),
        chosen: role == chosen,
    };
    given.map(choice).collect()
}

const fn sentence(role: Role) -> &'static str {
    match role {
        Role::Viewer => "sees everything but secrets",
        Role::Developer => "manages tokens and webhooks",
        Role::Admin => "also users, teams and programmes",
        Role::Owner => "everything, owners too",
    }
}

impl UserInvite {
    fn blank(here: &Here, typed: &Fields) -> Self {
        let field = |name: &str| Field { value: typed.text(name).to_owned(), errors: Vec::new() };
        Self {
            shell: here.shell("Invite user", Place::Users),
            href: routes::user_new(here.bu()),
            back: routes::users(here.bu()),
            email: field("email"),
            name: field("name"),
            roles: roles(here, role_in(typed).unwrap_or(Role::Viewer)),
            role_errors: Vec::new(),
            focus: "email",
        }
    }

    /// The same with what is wrong: the title says so, and the focus is on the first wrong part.
    fn refused(mut self, errors: &FieldErrors) -> Self {
        "Error: Invite user".clone_into(&mut self.shell.title);
        let of = |field: &str| errors.of(field).map(|e| e.message.to_string()).collect::<Vec<_>>();
        self.email.errors = of("email");
        self.name.errors = of("name");
        self.role_errors = of("role");
        let parts = [("email", &self.email.errors), ("name", &self.name.errors), ("role", &self.role_errors)];
        self.focus = parts.iter().find(|(_, errors)| !errors.is_empty()).map_or("email", |(part, _)| part);
        self
    }
}
