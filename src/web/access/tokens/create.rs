//! Create Token: name, permissions and expiry; the answer shows the secret once.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use askama::Template;

use super::Fresh;
use super::list::{ApiTab, already_created, base_url, webhooks};
use crate::domain::access::permission::{Permission, Scopes};
use crate::domain::problem::FieldErrors;
use crate::ops::access::sign_in::require_recent;
use crate::ops::access::tokens::{self, TokenDraft};
use crate::ops::{Error, Refusal};
use crate::web::fault::Fault;
use crate::web::flash::Flash;
use crate::web::form::{Checked, Fields};
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::{Choice, Field};
use crate::web::routes;
use crate::web::shell::{Place, Shell};

/// Tells htmx which address the page has now.
const HX_REPLACE_URL: HeaderName = HeaderName::from_static("hx-replace-url");
/// The longest id of a form.
const LONGEST_FORM_ID: usize = 64;
/// The choices of the expiry, in days.
const EXPIRIES: [(&str, &str); 4] =
    [("", "Never"), ("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year")];

/// The page `/bu/{bu}/admin/api/tokens/new`; its dialog for htmx.
#[derive(Debug, Template)]
#[template(path = "access/tokens/create.html", blocks = ["modal"])]
pub struct TokenCreate {
    /// The frame.
    pub shell: Shell,
    /// How many webhooks the business unit has.
    pub webhooks: String,
    /// Where Create posts to: this page's own address.
    pub href: String,
    /// The list it came from.
    pub back: String,
    /// By which a form is known that is sent twice.
    pub form_id: String,
    /// The token's name.
    pub name: Field,
    /// The permissions that can be granted, by resource.
    pub groups: Vec<Group>,
    /// What is wrong with the choice of permissions.
    pub scope_errors: Vec<String>,
    /// When it stops working.
    pub expiries: Vec<Choice>,
    /// What is wrong with that.
    pub expiry_errors: Vec<String>,
    /// What has the focus: the first part that is wrong, else the name.
    pub focus: &'static str,
}

/// Permissions of one resource.
#[derive(Debug, Clone)]
pub struct Group {
    /// The resource: `Event types`.
    pub label: String,
    /// The permissions.
    pub choices: Vec<ScopeChoice>,
}

/// One permission beside its checkbox.
#[derive(Debug, Clone)]
pub struct ScopeChoice {
    /// Its name, which is sent.
    pub value: &'static str,
    /// What it allows, in one sentence.
    pub sentence: &'static str,
    /// Whether it is chosen.
    pub chosen: bool,
}

impl Page for TokenCreate {
    fn fragment(&self) -> askama::Result<String> {
        self.as_modal().render()
    }
}

/// The empty form, for who may use it.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    may_make(&here)?;
    let webhooks = webhooks(&here).await?;
    Ok(here.answer(&TokenCreate::blank(&here, webhooks, &Fields::default())))
}

/// Makes the token, and shows its secret.
pub async fn send(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let form_id = form_id(&form)?;
    let made = match draft(&here, &form) {
        Ok(draft) => here.try_run(move |cx, bu| tokens::create_with_form(cx, bu, draft, &form_id)).await?,
        Err(errors) => Err(errors.into()),
    };
    match made {
        Ok((row, secret)) => shown(&here, Fresh::new(&base_url(&here), &row, secret, String::new())).await,
        Err(Error::Invalid(errors)) => {
            let page = TokenCreate::blank(&here, webhooks(&here).await?, &form).refused(&errors);
            Ok(here.answer_with(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(error) => refused(&here, error).await,
    }
}

/// Passes who may make a token now; the operation asks again.
pub(super) fn may_make(here: &Here) -> Result<(), Fault> {
    if !here.may(Permission::TokensWrite) {
        return Err(Error::Forbidden(Refusal::Role(Permission::TokensWrite)).into());
    }
    if !here.api_access() {
        return Err(Error::Forbidden(Refusal::NoApiAccess).into());
    }
    Ok(require_recent(&here.signed.cx())?)
}

/// The API tab with a secret that is shown this once.
pub(super) async fn shown(here: &Here, fresh: Fresh) -> Result<HttpResponse, Fault> {
    let page = ApiTab::plain(here).await?.showing(fresh);
    let mut answer = here.answer(&page);
    // The next page takes the cookie away, and a browser does not go back to a page across such a change.
    here.tell(&mut answer, Flash::TokenShown);
    if let Ok(address) = HeaderValue::from_str(&page.href) {
        answer.headers_mut().insert(HX_REPLACE_URL, address);
    }
    Ok(answer)
}

/// The answer when no token was made.
pub(super) async fn refused(here: &Here, error: Error) -> Result<HttpResponse, Fault> {
    match error {
        Error::Conflict { code: "already_created", .. } => already_created(here).await,
        other => Err(other.into()),
    }
}

/// By which the form is known; one without did not come from a page of ours.
pub(super) fn form_id(form: &Fields) -> Result<String, Fault> {
    let given = form.typed("form_id").filter(|id| id.len() <= LONGEST_FORM_ID);
    given.map(str::to_owned).ok_or(Fault::Forged)
}

fn draft(here: &Here, form: &Fields) -> Result<TokenDraft, FieldErrors> {
    let mut errors = FieldErrors::default();
    let scopes = errors.keep(Scopes::parse(&form.all("scopes").collect::<Vec<_>>().join(" ")));
    let days = match form.text("expires") {
        "" => None,
        text if EXPIRIES.iter().any(|(value, _)| *value == text) => text.parse::<u64>().ok(),
        _ => {
            errors.push("expires_at", "unknown", "Choose one of these times.");
            None
        }
    };
    let now = here.signed.app.tools.clock.now();
    let draft = TokenDraft {
        name: form.text("name").to_owned(),
        scopes: scopes.unwrap_or_default(),
        expires_at: days.map(|days| now + Duration::from_hours(24 * days)),
    };
    errors.or(draft)
}

impl TokenCreate {
    /// The form with what was typed, and a new identity: one that was refused has made nothing.
    fn blank(here: &Here, webhooks: String, typed: &Fields) -> Self {
        let chosen: Vec<&str> = typed.all("scopes").collect();
        let mut groups: Vec<Group> = Vec::new();
        for permission in here.held().iter() {
            let choice = ScopeChoice {
                value: permission.as_str(),
                sentence: permission.sentence(),
                chosen: chosen.contains(&permission.as_str()),
            };
            let label = resource(permission);
            match groups.iter_mut().find(|group| group.label == label) {
                Some(group) => group.choices.push(choice),
                None => groups.push(Group { label, choices: vec![choice] }),
            }
        }
        Self {
            shell: here.shell("Create token", Place::Api),
            webhooks,
            href: routes::token_new(here.bu()),
            back: routes::api(here.bu()),
            form_id: tokens::form_id(),
            name: Field { value: typed.text("name").to_owned(), errors: Vec::new() },
            groups,
            scope_errors: Vec::new(),
            expiries: Choice::list(EXPIRIES, typed.text("expires")),
            expiry_errors: Vec::new(),
            focus: "name",
        }
    }

    /// The same with what is wrong: the title says so, and the focus is on the first wrong part.
    fn refused(mut self, errors: &FieldErrors) -> Self {
        "Error: Create token".clone_into(&mut self.shell.title);
        let of = |field: &str| errors.of(field).map(|e| e.message.to_string()).collect::<Vec<_>>();
        self.name.errors = of("name");
        self.scope_errors = of("scopes");
        self.expiry_errors = of("expires_at");
        let parts =
            [("name", &self.name.errors), ("scopes", &self.scope_errors), ("expires", &self.expiry_errors)];
        self.focus = parts.iter().find(|(_, errors)| !errors.is_empty()).map_or("name", |(part, _)| part);
        self
    }
}

/// A resource as a heading: `Event types`.
fn resource(permission: Permission) -> String {
    let words = permission.resource().replace('-', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
