//! What the forms that change a webhook have in common: who may, what was typed, and what is answered.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use askama::Template;

use crate::domain::access::permission::Permission;
use crate::domain::id::{WebhookId, WebhookKind};
use crate::domain::webhooks::webhook::WebhookStatus;
use crate::ops::webhooks::read::{WebhookView, read};
use crate::ops::webhooks::version;
use crate::ops::{Error, Refusal};
use crate::web::fault::Fault;
use crate::web::form::Fields;
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::{Notice, Tone};
use crate::web::routes;
use crate::web::shell::{Place, Shell};
use crate::web::webhooks::wizard::{
    Act, Draft, Form, Frame, LONGEST_DRAFT, Press, TriggerTyped, Turn, Wizard, edit, offer, pressed_id,
};

/// Tells htmx where the answer belongs, whatever its status.
const HX_RETARGET: HeaderName = HeaderName::from_static("hx-retarget");

/// A page under `/bu/{bu}/admin/webhooks/{wh}` with a form; its dialog for htmx.
#[derive(Debug, Template)]
#[template(path = "webhooks/change.html", blocks = ["modal"])]
pub struct Change {
    /// The frame.
    pub shell: Shell,
    /// The webhook's name.
    pub name: String,
    /// What it is for; may be empty.
    pub description: String,
    /// The form.
    pub wizard: Wizard,
}

impl Page for Change {
    fn fragment(&self) -> askama::Result<String> {
        self.as_modal().render()
    }
}

/// A webhook that somebody changes, and the form they do it with.
pub(super) struct Changing {
    pub here: Here,
    pub webhook: WebhookView,
    pub act: Act,
    /// The form's own address.
    pub href: String,
    /// Where the destination of the endpoint is changed.
    pub destination: Option<String>,
    /// Where the endpoint is removed.
    pub remove: Option<String>,
}

impl Changing {
    /// The webhook in the address, for who may change it.
    pub async fn open(here: Here, act: Act) -> Result<Self, Fault> {
        let id = here.id::<WebhookKind>("wh")?;
        let webhook = here.run(move |cx, bu| read(cx, bu, id)).await?;
        may_change(&here)?;
        let href = here.path().to_owned();
        Ok(Self { here, webhook, act, href, destination: None, remove: None })
    }

    pub fn id(&self) -> WebhookId {
        self.webhook.row.id
    }

    /// What was typed, and the button that was pressed.
    pub fn typed(&self, form: &Fields) -> Result<(Draft, Press), Fault> {
        let keys = &self.here.signed.app.tools.keys;
        let mut draft = Draft::open(form.text("draft"), keys, &self.place()).ok_or(Fault::Forged)?;
        draft.read(form);
        Ok((draft, Press::read(form.text("press"))))
    }

    /// The form after a button that changes only the form.
    pub async fn pressed(
        &self,
        mut draft: Draft,
        press: Press,
        form: &Fields,
    ) -> Result<HttpResponse, Fault> {
        let focus = edit(&mut draft, press).unwrap_or_else(|| pressed_id(form));
        self.answer(StatusCode::OK, draft, Turn { focus, ..Turn::default() }).await
    }

    /// The form, with what is wrong.
    pub async fn answer(
        &self,
        status: StatusCode,
        mut draft: Draft,
        mut turn: Turn,
    ) -> Result<HttpResponse, Fault> {
        let here = &self.here;
        draft.triggers.iter_mut().for_each(TriggerTyped::settle);
        let sealed = draft.seal(&here.signed.app.tools.keys, &self.place());
        if sealed.len() > LONGEST_DRAFT {
            return Err(Fault::of_status(StatusCode::PAYLOAD_TOO_LARGE));
        }
        let used = self.webhook.events().map(str::to_owned).collect();
        let offer = offer(here, &draft, used, &mut turn).await?;
        let frame = Frame {
            href: self.href.clone(),
            back: home(here, self.id()),
            csrf: here.signed.csrf.clone(),
            draft: sealed,
            act: self.act,
        };
        let mut wizard = Wizard::draw(frame, &draft, &offer, turn);
        wizard.destination.clone_from(&self.destination);
        wizard.remove.clone_from(&self.remove);
        if here.wants_fragment() && here.is_post() {
            let mut answer = here.answer_with(status, &Form { wizard });
            if status != StatusCode::OK {
                answer.headers_mut().insert(HX_RETARGET, HeaderValue::from_static("#wizard"));
            }
            return Ok(answer);
        }
        let shell = here.shell(&wizard.page_title, Place::Webhooks);
        let (name, description) = (self.webhook.row.name.clone(), self.webhook.row.description.clone());
        Ok(here.answer_with(status, &Change { shell, name, description, wizard }))
    }

    /// The form again, when nothing was done.
    pub async fn refused(mut self, mut draft: Draft, error: Error) -> Result<HttpResponse, Fault> {
        match error {
            Error::Invalid(errors) => {
                let turn = Turn { errors, ..Turn::default() };
                self.answer(StatusCode::UNPROCESSABLE_ENTITY, draft, turn).await
            }
            Error::Conflict { code, message } => {
                let mut text = String::new();
                if code == version::CHANGED {
                    let id = self.id();
                    self.webhook = self.here.run(move |cx, bu| read(cx, bu, id)).await?;
                    draft.seen = version::of(&self.webhook.row).0;
                    text = format!("{} Save again to put what you typed in its place.", self.now());
                }
                let notice = Notice { tone: Tone::Bad, title: message.into_owned(), text };
                let turn = Turn { notice: Some(notice), ..Turn::default() };
                self.answer(StatusCode::CONFLICT, draft, turn).await
            }
            other => Err(other.into()),
        }
    }

    /// What the webhook is by now, as far as this form changes it.
    fn now(&self) -> String {
        let webhook = &self.webhook;
        match self.act {
            Act::Edit => {
                let state = if webhook.row.status == WebhookStatus::Active { "active" } else { "inactive" };
                let whose = match (webhook.for_login, &webhook.team) {
                    (Some(login), _) => format!(", for login {login}"),
                    (None, Some(team)) => format!(", for {team}"),
                    (None, None) => String::new(),
                };
                format!("It is called “{}” now and is {state}{whose}.", webhook.row.name)
            }
            Act::Triggers => {
                format!("It wants {} now.", webhook.events().collect::<Vec<_>>().join(", "))
            }
            _ => {
                let urls: Vec<&str> = webhook.endpoints.iter().map(|one| one.url.as_str()).collect();
                format!("It sends to {} now.", urls.join(", "))
            }
        }
    }

    /// Where what was typed is good: in this session, in this form.
    fn place(&self) -> String {
        format!("change|{}|{}", self.here.signed.login.session, self.href)
    }
}

/// Where the forms lead back to.
pub(in crate::web::webhooks) fn home(here: &Here, webhook: WebhookId) -> String {
    routes::webhook(here.bu(), webhook)
}

/// Passes who may change webhooks; the operation asks again.
pub(in crate::web::webhooks) fn may_change(here: &Here) -> Result<(), Fault> {
    if here.may(Permission::WebhooksWrite) {
        return Ok(());
    }
    Err(Error::Forbidden(Refusal::Role(Permission::WebhooksWrite)).into())
}
