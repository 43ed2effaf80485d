//! Create partner: its name, how far it reaches, and its first owner, whose link the answer shows once.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use super::one::OnePartner;
use crate::domain::access::partner::PartnerKind;
use crate::domain::problem::FieldErrors;
use crate::ops::Error;
use crate::ops::access::operators;
use crate::ops::access::partner_desk::{self, OwnerDraft};
use crate::ops::access::partners::PartnerDraft;
use crate::web::access::account::Desk;
use crate::web::fault::Fault;
use crate::web::form::{Checked, Fields};
use crate::web::page::Page;
use crate::web::parts::{Choice, Field};
use crate::web::shell::Solo;

/// The page `/operator/partners/new`.
#[derive(Debug, Template)]
#[template(path = "access/operator/new.html")]
pub struct PartnerNew {
    /// The frame.
    pub shell: Solo,
    /// The partner's name.
    pub name: Field,
    /// Its number; empty for the next free one.
    pub number: Field,
    /// How far it reaches.
    pub kinds: Vec<Choice>,
    /// The owner's e-mail address.
    pub email: Field,
    /// The owner's name.
    pub owner: Field,
    /// What has the focus.
    pub focus: &'static str,
}

impl Page for PartnerNew {}

const TITLE: &str = "Create partner";

/// The empty form.
pub async fn open(desk: Desk) -> Result<HttpResponse, Fault> {
    desk.run(operators::may_change).await?;
    let page = PartnerNew::blank(desk.shell(TITLE), &Fields::default());
    Ok(desk.answer(StatusCode::OK, &page))
}

/// Makes the partner, and shows the link of its owner.
pub async fn send(Checked { by: desk, form }: Checked<Desk>) -> Result<HttpResponse, Fault> {
    let owner =
        OwnerDraft { email: form.text("owner_email").to_owned(), name: form.text("owner_name").to_owned() };
    // What is no number is one that no partner may have.
    let id = form.typed("id").map(|text| text.parse().unwrap_or(0));
    let kind = PartnerKind::choose(form.text("kind")).unwrap_or(PartnerKind::Channel);
    let draft = PartnerDraft { name: form.text("name").to_owned(), kind, id };
    let told = owner.clone();
    let errors = match desk.try_run(move |cx| partner_desk::open(cx, draft, Some(owner))).await? {
        Ok(opened) => {
            let link = opened.owner.and_then(|owner| owner.link);
            let secret = link.ok_or_else(|| Fault::Internal("a new owner has no link".to_owned()))?;
            return OnePartner::shown(&desk, opened.partner.partner, (told.name, told.email), secret).await;
        }
        Err(Error::Invalid(errors)) => errors,
        Err(Error::Conflict { code: "partner_exists", message }) => FieldErrors::one("id", "taken", message),
        Err(other) => return Err(other.into()),
    };
    let page = PartnerNew::blank(desk.shell(&format!("Error: {TITLE}")), &form).refused(&errors);
    Ok(desk.answer(StatusCode::UNPROCESSABLE_ENTITY, &page))
}

impl PartnerNew {
    /// The form with what was typed.
    pub fn blank(shell: Solo, typed: &Fields) -> Self {
        let field = |name: &str| Field { value: typed.text(name).to_owned(), errors: Vec::new() };
        let kind = typed.typed("kind").unwrap_or("channel");
        let kinds = [
            ("channel", "Channel: has exactly one business unit, which is made with it"),
            ("global", "Global: acts in the business units that you grant to it"),
        ];
        Self {
            shell,
            name: field("name"),
            number: field("id"),
            kinds: Choice::list(kinds, kind),
            email: field("owner_email"),
            owner: field("owner_name"),
            focus: "name",
        }
    }

    /// The same with what is wrong; the focus is on the first wrong part.
    #[must_use]
    pub fn refused(mut self, errors: &FieldErrors) -> Self {
        let of = |field: &str| errors.of(field).map(|e| e.message.to_string()).collect::<Vec<_>>();
        self.name.errors = of("name");
        self.number.errors = of("id");
        self.email.errors = of("owner_email");
        self.owner.errors = of("owner_name");
        let parts = [
            ("name", &self.name.errors),
            ("id", &self.number.errors),
            ("owner_name", &self.owner.errors),
            ("owner_email", &self.email.errors),
        ];
        self.focus = parts.iter().find(|(_, errors)| !errors.is_empty()).map_or("name", |(part, _)| part);
        self
    }
}
