//! A dialog that asks before something ends, and says what that means.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::ops::Error;
use crate::web::fault::Fault;
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::{Choice, Field, Notice, Tone};
use crate::web::shell::Shell;

/// The page of a question; its dialog for htmx.
#[derive(Debug, Template)]
#[template(path = "access/ask.html", blocks = ["modal"])]
pub struct Ask {
    /// The frame.
    pub shell: Shell,
    /// The heading of the page it stands on: `Teams`.
    pub heading: &'static str,
    /// Where the answer is sent: this page's own address.
    pub href: String,
    /// The page it came from.
    pub back: String,
    /// The question: `Delete “EMEA Sales”?`
    pub title: String,
    /// What it means, a sentence or two each.
    pub texts: Vec<String>,
    /// Something to choose, where there is.
    pub pick: Option<Pick>,
    /// Why the last answer was refused.
    pub notice: Option<Notice>,
    /// The safe choice: `Keep team`.
    pub keep: &'static str,
    /// What is asked about: `Delete team`.
    pub act: &'static str,
}

/// One choice among several that goes with the answer.
#[derive(Debug, Clone)]
pub struct Pick {
    /// Its name in the form.
    pub name: &'static str,
    /// What is chosen: `Webhooks go to`.
    pub label: &'static str,
    /// A line of help.
    pub hint: &'static str,
    /// The choices.
    pub choices: Vec<Choice>,
    /// What is wrong with the choice.
    pub field: Field,
}

impl Page for Ask {
    fn fragment(&self) -> askama::Result<String> {
        self.as_modal().render()
    }
}

impl Ask {
    /// The same question with why it could not be done; other errors have their own pages.
    pub fn refused(mut self, here: &Here, error: Error) -> Result<HttpResponse, Fault> {
        let title = format!("Error: {}", self.shell.title);
        let status = match error {
            Error::Conflict { message, .. } => {
                let (tone, title) = (Tone::Bad, "Nothing was done.".to_owned());
                self.notice = Some(Notice { tone, title, text: message.into_owned() });
                StatusCode::CONFLICT
            }
            Error::Invalid(errors) => {
                let told = errors.iter().map(|e| e.message.to_string()).collect();
                if let Some(pick) = &mut self.pick {
                    pick.field.errors = told;
                }
                StatusCode::UNPROCESSABLE_ENTITY
            }
            other => return Err(other.into()),
        };
        self.shell.title = title;
        Ok(here.answer_with(status, &self))
    }
}
