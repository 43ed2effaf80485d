//! Sign in: a plain form, one message for every refusal.

use askama::Template;

use crate::web::page::Page;
use crate::web::parts::{Notice, Tone};
use crate::web::shell::{Solo, Theme};

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
