//! Pages of what went wrong: what happened, what is safe, one way on.

use askama::Template;

use crate::web::page::Page;
use crate::web::shell::{Solo, Theme};

/// The login may not do this here. Another unit's page is `Missing`, never this one.
#[derive(Debug, Template)]
#[template(path = "errors/403.html")]
pub struct Forbidden {
    /// The frame.
    pub shell: Solo,
    /// Why, and whom to ask, for a person.
    pub reason: String,
}

impl Forbidden {
    /// `reason` says why, and whom to ask.
    pub fn new(theme: Theme, reason: &str) -> Self {
        Self { shell: Solo::new("You do not have permission", theme, ""), reason: reason.to_owned() }
    }
}

/// There is no such page, or it is not this login's to see.
#[derive(Debug, Template)]
#[template(path = "errors/404.html")]
pub struct Missing {
    /// The frame.
    pub shell: Solo,
    /// Whether to offer partner search.
    pub global: bool,
}

impl Missing {
    /// `global` offers partner search.
    pub fn new(theme: Theme, global: bool) -> Self {
        Self { shell: Solo::new("The wire ends here", theme, ""), global }
    }
}

/// A fault of Bellwire's own.
#[derive(Debug, Template)]
#[template(path = "errors/500.html")]
pub struct Broken {
    /// The frame.
    pub shell: Solo,
    /// Where to try again, on this host.
    pub retry: String,
    /// What to name to the operator: the request's id.
    pub reference: String,
}

impl Broken {
    /// `retry` is a path on this host, `reference` the request's id.
    pub fn new(theme: Theme, retry: &str, reference: &str) -> Self {
        let shell = Solo::new("Something broke on our side", theme, "");
        Self { shell, retry: retry.to_owned(), reference: reference.to_owned() }
    }
}

/// Any other refusal.
#[derive(Debug, Template)]
#[template(path = "errors/generic.html")]
pub struct Refused {
    /// The frame; its title is what happened.
    pub shell: Solo,
    /// The HTTP status.
    pub status: u16,
    /// What to do, for a person.
    pub text: String,
}

impl Refused {
    /// `title` says what happened, `text` what to do.
    pub fn new(theme: Theme, status: u16, title: &str, text: &str) -> Self {
        Self { shell: Solo::new(title, theme, ""), status, text: text.to_owned() }
    }
}

/// The person proved who they are too long ago for what the form asked.
#[derive(Debug, Template)]
#[template(path = "errors/401.html")]
pub struct SignInAgain {
    /// The frame.
    pub shell: Solo,
    /// Where the password is asked for, on this host.
    pub confirm: String,
}

impl SignInAgain {
    /// `confirm` is where the password is asked for.
    pub fn new(theme: Theme, confirm: &str) -> Self {
        Self { shell: Solo::new("Confirm that it is you", theme, ""), confirm: confirm.to_owned() }
    }
}

impl Page for SignInAgain {}
impl Page for Forbidden {}
impl Page for Missing {}
impl Page for Broken {}
impl Page for Refused {}
