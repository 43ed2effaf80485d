//! Pages of what went wrong: what happened, what is safe, one way on.

use askama::Template;

use crate::web::page::Page;
use crate::web::parts::Toast;
use crate::web::routes;
use crate::web::shell::{Shell, Solo};

/// What went wrong, for a person.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// The HTTP status.
    pub status: u16,
    /// What happened.
    pub title: String,
    /// What is safe, and what to do.
    pub text: String,
    /// The ways on; the first is the one to take.
    pub ways: Vec<Way>,
    /// What to name to the operator: the request's id. Only for faults of ours.
    pub reference: Option<String>,
}

/// A way on.
#[derive(Debug, Clone)]
pub struct Way {
    /// Where it leads, on this host.
    pub href: String,
    /// Its words.
    pub label: &'static str,
    /// Its symbol in the sprite; empty for none.
    pub icon: &'static str,
}

impl Way {
    /// A way without a symbol.
    pub fn to(href: impl Into<String>, label: &'static str) -> Self {
        Self { href: href.into(), label, icon: "" }
    }

    /// To where whoever is signed in starts.
    pub fn home() -> Self {
        Self::to(routes::HOME, "Go to the start page")
    }
}

impl Trouble {
    /// `title` says what happened, `text` what to do; `ways` lead on.
    pub fn new(status: u16, title: &str, text: &str, ways: Vec<Way>) -> Self {
        Self { status, title: title.to_owned(), text: text.to_owned(), ways, reference: None }
    }

    /// The login may not do this here; `reason` says why, and whom to ask. Another unit's page is missing, never
    /// this.
    pub fn forbidden(reason: &str) -> Self {
        Self::new(403, "You do not have permission", reason, vec![Way::home()])
    }

    /// There is no such page, or it is not this login's to see.
    pub fn missing() -> Self {
        let text = "There is no page at this address, or it belongs to a business unit you cannot open.";
        Self::new(404, "The wire ends here", text, vec![Way::home()])
    }

    /// A fault of Bellwire's own. `retry` is a path on this host, `reference` the request's id.
    pub fn broken(status: u16, retry: &str, reference: &str) -> Self {
        let text = "Nothing that was saved is lost, and deliveries keep running. Try again in a moment.";
        let again = Way { href: retry.to_owned(), label: "Try again", icon: "refresh-cw" };
        let trouble = Self::new(status, "Something broke on our side", text, vec![again]);
        Self { reference: Some(reference.to_owned()), ..trouble }
    }

    /// The person proved who they are too long ago for what the form asked. `confirm` is where the password is
    /// asked for.
    pub fn old_sign_in(confirm: &str) -> Self {
        let text = "You signed in more than 10 minutes ago, and this needs a fresh sign-in (reauth_required). \
                    Nothing was changed. Give your password, then do it again.";
        Self::new(401, "Confirm that it is you", text, vec![Way::to(confirm, "Give the password")])
    }

    /// The same in a few words, for a page that stays as it is.
    pub fn toast(&self) -> Toast {
        let text = match &self.reference {
            Some(reference) => format!("{} Reference {reference}.", self.text),
            None => self.text.clone(),
        };
        Toast { bad: true, title: self.title.clone(), text }
    }
}

/// Trouble on a page that stands alone.
#[derive(Debug, Template)]
#[template(path = "errors/alone.html")]
pub struct Alone {
    /// The frame.
    pub shell: Solo,
    /// What went wrong.
    pub trouble: Trouble,
}

/// Trouble on a page of a business unit that the login may open.
#[derive(Debug, Template)]
#[template(path = "errors/inside.html")]
pub struct Inside {
    /// The frame.
    pub shell: Shell,
    /// What went wrong.
    pub trouble: Trouble,
}

/// Trouble for a page that htmx would have changed, and that stays as it is.
#[derive(Debug, Template)]
#[template(path = "errors/told.html")]
struct Told {
    toast: Toast,
}

impl Page for Alone {
    fn fragment(&self) -> askama::Result<String> {
        Told { toast: self.trouble.toast() }.render()
    }
}

impl Page for Inside {
    fn fragment(&self) -> askama::Result<String> {
        Told { toast: self.trouble.toast() }.render()
    }
}
