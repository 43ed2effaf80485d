//! A dialog that asks for a name: of a new team or programme, or another one for it.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::ops::Error;
use crate::web::fault::Fault;
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::Field;
use crate::web::shell::Shell;

/// The page that asks for a name; its dialog for htmx.
#[derive(Debug, Template)]
#[template(path = "access/naming.html", blocks = ["modal"])]
pub struct Naming {
    /// The frame.
    pub shell: Shell,
    /// The heading of the page it stands on: `Teams`.
    pub heading: &'static str,
    /// Where the name is sent: this page's own address.
    pub href: String,
    /// The page it came from.
    pub back: String,
    /// What is named: `Create team`.
    pub title: &'static str,
    /// One line about it.
    pub lede: &'static str,
    /// A line of help under the name.
    pub hint: &'static str,
    /// The name.
    pub name: Field,
    /// What the button does: `Create`.
    pub act: &'static str,
}

impl Page for Naming {
    fn fragment(&self) -> askama::Result<String> {
        self.as_modal().render()
    }
}

impl Naming {
    /// The same with what was typed, and what is wrong with it; other errors have their own pages.
    pub fn refused(mut self, here: &Here, typed: &str, error: Error) -> Result<HttpResponse, Fault> {
        let Error::Invalid(errors) = error else { return Err(error.into()) };
        self.shell.title = format!("Error: {}", self.shell.title);
        let errors = errors.of("name").map(|e| e.message.to_string()).collect();
        self.name = Field { value: typed.to_owned(), errors };
        Ok(here.answer_with(StatusCode::UNPROCESSABLE_ENTITY, &self))
    }
}
