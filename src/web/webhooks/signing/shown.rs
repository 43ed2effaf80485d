//! The page that shows signing secrets: the answer to the form that asked for them, and to nothing else.

use actix_web::HttpResponse;
use askama::Template;

use crate::domain::webhooks::secret::SigningSecret;
use crate::web::flash::Flash;
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::shell::Shell;

/// The answer to a form that shows secrets.
#[derive(Debug, Template)]
#[template(path = "webhooks/secret_shown.html")]
pub struct SecretShown {
    /// The frame.
    pub shell: Shell,
    /// The webhook it belongs to.
    pub back: String,
    /// The webhook's name.
    pub name: String,
    /// What the webhook is for; may be empty.
    pub description: String,
    /// What the panel is called: `Copy the new signing secret now`.
    pub heading: String,
    /// What to know about it.
    pub lead: String,
    /// The secrets, newest first; at least one.
    pub secrets: Vec<OneSecret>,
}

/// One secret that is shown.
#[derive(Debug)]
pub struct OneSecret {
    /// Unique in the page: `secret-1`.
    pub id: String,
    /// What it is: `Signs until 21 Nov 2025, 14:00:00 UTC`; empty for one alone.
    pub label: String,
    /// The secret itself.
    pub secret: SigningSecret,
}

impl Page for SecretShown {}

/// Shows them, once.
pub(super) fn show(here: &Here, page: &SecretShown, flash: Flash) -> HttpResponse {
    let mut answer = here.answer(page);
    // The next page takes the cookie away, and a browser does not go back to a page across such a change.
    here.tell(&mut answer, flash);
    answer
}
