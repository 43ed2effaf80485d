//! Set-up: the first login of an installation, its owner.

use askama::Template;

use crate::web::page::Page;
use crate::web::parts::{Field, Notice};
use crate::web::shell::{Solo, Theme};

/// The page `/setup`.
#[derive(Debug, Template)]
#[template(path = "access/setup.html")]
pub struct Setup {
    /// The frame.
    pub shell: Solo,
    /// The partner whose owner is made.
    pub partner: String,
    /// The owner's name.
    pub name: Field,
    /// The owner's e-mail address.
    pub email: Field,
    /// The password; its value is never shown again.
    pub password: Field,
    /// The password once more; its value is never shown again.
    pub password_again: Field,
    /// What a password must be, in one sentence.
    pub password_rule: String,
    /// The field that has the focus: the first one that is wrong, else `name`.
    pub focus: &'static str,
    /// What is wrong with the form as a whole.
    pub error: Option<Notice>,
}

impl Setup {
    /// The empty form.
    pub fn blank(theme: Theme, csrf: &str, partner: &str, password_rule: &str) -> Self {
        Self {
            shell: Solo::new("Set up Bellwire", theme, csrf),
            partner: partner.to_owned(),
            name: Field::default(),
            email: Field::default(),
            password: Field::default(),
            password_again: Field::default(),
            password_rule: password_rule.to_owned(),
            focus: "name",
            error: None,
        }
    }

    /// The same form after a refusal: the title says so, and the focus is on the first wrong field.
    #[must_use]
    pub fn refused(mut self) -> Self {
        "Error: Set up Bellwire".clone_into(&mut self.shell.title);
        let fields = [
            ("name", &self.name),
            ("email", &self.email),
            ("password", &self.password),
            ("password_again", &self.password_again),
        ];
        self.focus = fields.iter().find(|(_, f)| !f.errors.is_empty()).map_or("name", |(name, _)| name);
        self
    }
}

impl Page for Setup {}
