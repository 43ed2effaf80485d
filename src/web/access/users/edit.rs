//! Edit user: name and role.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use super::invite::{may_change, role_in, roles};
use super::row::decides_on;
use crate::domain::access::user::Role;
use crate::domain::id::UserKind;
use crate::ops::Error;
use crate::ops::access::users::{self, UserEdit};
use crate::store::access::people::PersonRow;
use crate::web::fault::Fault;
use crate::web::flash::Flash;
use crate::web::form::Checked;
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::{Choice, Field, Notice, Tone};
use crate::web::routes;
use crate::web::shell::{Place, Shell};

/// The page `/bu/{bu}/admin/users/{usr}/edit`; its dialog for htmx.
#[derive(Debug, Template)]
#[template(path = "access/users/edit.html", blocks = ["modal"])]
pub struct UserEditPage {
    /// The frame.
    pub shell: Shell,
    /// Where Save posts to: this page's own address.
    pub href: String,
    /// The list it came from.
    pub back: String,
    /// Whose login it is: `Login 1042, ada@example.com`.
    pub about: String,
    /// The person's name.
    pub name: Field,
    /// The roles that can be given.
    pub roles: Vec<Choice>,
    /// Why nothing was changed.
    pub notice: Option<Notice>,
}

impl Page for UserEditPage {
    fn fragment(&self) -> askama::Result<String> {
        self.as_modal().render()
    }
}

/// The form as the login stands.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let person = held(&here).await?;
    Ok(here.answer(&UserEditPage::of(&here, &person, person.name.clone(), person.role)))
}

/// Changes the login, and goes back to the list.
pub async fn send(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let person = held(&here).await?;
    let name = form.text("name").to_owned();
    let role = role_in(&form).map_err(Error::from)?;
    let (id, edit) = (person.id, UserEdit { name: name.clone(), role });
    let mut page = UserEditPage::of(&here, &person, name, role);
    let status = match here.try_run(move |cx, bu| users::edit(cx, bu, id, edit)).await? {
        Ok(()) => return Ok(here.done(&routes::users(here.bu()), Flash::UserChanged)),
        Err(Error::Invalid(errors)) => {
            page.name.errors = errors.of("name").map(|e| e.message.to_string()).collect();
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Err(Error::Conflict { message, .. }) => {
            let title = "Nothing was changed.".to_owned();
            page.notice = Some(Notice { tone: Tone::Bad, title, text: message.into_owned() });
            StatusCode::CONFLICT
        }
        Err(other) => return Err(other.into()),
    };
    "Error: Edit user".clone_into(&mut page.shell.title);
    Ok(here.answer_with(status, &page))
}

/// The login in the path, when it may be changed by who asks.
pub(super) async fn held(here: &Here) -> Result<PersonRow, Fault> {
    let id = here.id::<UserKind>("usr")?;
    let person = here.run(move |cx, bu| users::person(cx, bu, id)).await?;
    may_change(here)?;
    decides_on(here, person.role).map_err(Error::Forbidden)?;
    Ok(person)
}

impl UserEditPage {
    fn of(here: &Here, person: &PersonRow, name: String, role: Role) -> Self {
        Self {
            shell: here.shell("Edit user", Place::Users),
            href: routes::user_edit(here.bu(), person.id),
            back: routes::users(here.bu()),
            about: format!("Login {}, {}", person.number, person.email),
            name: Field { value: name, errors: Vec::new() },
            roles: roles(here, role),
            notice: None,
        }
    }
}
