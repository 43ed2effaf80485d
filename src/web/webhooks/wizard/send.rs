//! The wizard's requests: each button posts the form, and is answered with the step that follows.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use askama::Template;

use super::act::Act;
use super::check::step_of;
use super::draft::{ConditionTyped, Draft, Step, TriggerTyped};
use super::press::{Press, edit, focused, pressed_id};
use super::view::{Frame, Offer, Turn, Wizard};
use crate::domain::access::permission::Permission;
use crate::ops::access::teams;
use crate::ops::webhooks::create::{Created, create_with_form};
use crate::ops::webhooks::trial::{Trial, try_filter};
use crate::ops::webhooks::{catalogue, scope};
use crate::ops::{Error, Refusal};
use crate::web::fault::Fault;
use crate::web::flash::Flash;
use crate::web::form::Checked;
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::{Notice, Tone};
use crate::web::routes;
use crate::web::webhooks::list::WebhookList;
use crate::web::webhooks::secret::Fresh;

/// Tells htmx where the answer belongs.
const HX_RETARGET: HeaderName = HeaderName::from_static("hx-retarget");
/// Tells htmx which address the page has now.
const HX_REPLACE_URL: HeaderName = HeaderName::from_static("hx-replace-url");
/// The longest sealed draft, in bytes: with the fields that are shown it must fit into one form.
pub const LONGEST_DRAFT: usize = 40 * 1024;

/// The dialog, for htmx.
#[derive(Debug, Template)]
#[template(path = "webhooks/wizard/dialog.html")]
pub struct Dialog {
    /// The form.
    pub wizard: Wizard,
}

/// What changes in it from step to step, for htmx.
#[derive(Debug, Template)]
#[template(path = "webhooks/wizard/form.html")]
pub struct Form {
    /// The form.
    pub wizard: Wizard,
}

impl Page for Dialog {}
impl Page for Form {
    fn title(&self) -> Option<&str> {
        Some(&self.wizard.page_title)
    }
}

/// The first step, for who may add a webhook.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    may_add(&here)?;
    let draft = Draft::new(here.signed.cx().id());
    answer(&here, &draft, Step::Name, focused(&draft)).await
}

/// Takes what was typed, and does what the button says.
pub async fn send(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    may_add(&here)?;
    let keys = &here.signed.app.tools.keys;
    let mut draft = Draft::open(form.text("draft"), keys, &place(&here)).ok_or(Fault::Forged)?;
    draft.read(&form);
    let was = draft.step;
    match Press::read(form.text("press")) {
        Press::Next if draft.step == Step::Triggers => add(here, draft).await,
        Press::Next => {
            let turn = next(&here, &mut draft).await?;
            answer(&here, &draft, was, turn).await
        }
        press => {
            let focus = edit(&mut draft, press).unwrap_or_else(|| pressed_id(&form));
            answer(&here, &draft, was, Turn { focus, ..Turn::default() }).await
        }
    }
}

/// Passes who may add a webhook; the operation asks again.
fn may_add(here: &Here) -> Result<(), Fault> {
    if !here.may(Permission::WebhooksWrite) {
        return Err(Error::Forbidden(Refusal::Role(Permission::WebhooksWrite)).into());
    }
    if !here.api_access() {
        return Err(Error::Forbidden(Refusal::NoApiAccess).into());
    }
    Ok(())
}

/// Where a draft is good: in this session, for this business unit.
fn place(here: &Here) -> String {
    format!("wizard|{}|{}", here.signed.login.session, here.bu())
}

/// Goes on to the step after, when nothing is wrong with this one.
async fn next(here: &Here, draft: &mut Draft) -> Result<Turn, Fault> {
    draft.tidy();
    let checked = match draft.step {
        Step::Name => match draft.check_name() {
            Ok(wanted) => match here.try_run(move |cx, bu| scope::check(cx, bu, wanted)).await? {
                Err(Error::Invalid(errors)) => Err(errors),
                other => other.map(|()| Step::Endpoints).map_err(Fault::from).map(Ok)?,
            },
            Err(errors) => Err(errors),
        },
        Step::Endpoints | Step::Triggers => {
            draft.check_endpoints(&here.signed.app.tools.egress).map(|()| Step::Triggers)
        }
    };
    Ok(match checked {
        Ok(step) => {
            draft.step = step;
            focused(draft)
        }
        Err(errors) => Turn { errors, ..Turn::default() },
    })
}

/// Makes the webhook, or shows the first step in which something is wrong.
async fn add(here: Here, mut draft: Draft) -> Result<HttpResponse, Fault> {
    draft.tidy();
    draft.triggers.iter_mut().for_each(TriggerTyped::settle);
    let id = draft.id;
    let made = match draft.webhook() {
        Ok(webhook) => here.try_run(move |cx, bu| create_with_form(cx, bu, id, webhook)).await?,
        Err(errors) => Err(errors.into()),
    };
    match made {
        Ok(created) => shown(&here, &draft, created).await,
        Err(Error::Invalid(errors)) => {
            draft.step = errors.iter().map(|error| step_of(&error.field)).min().unwrap_or(Step::Triggers);
            answer(&here, &draft, Step::Triggers, Turn { errors, ..Turn::default() }).await
        }
        Err(Error::Conflict { code: "already_created", message }) => {
            let notice = Notice {
                tone: Tone::Bad,
                title: "This webhook is there already.".to_owned(),
                text: message.into_owned(),
            };
            let page = WebhookList::plain(&here).await?.noting(notice);
            Ok(here.answer_with(StatusCode::CONFLICT, &page))
        }
        Err(Error::Conflict { message, .. }) => {
            let title = "The webhook was not made.".to_owned();
            let notice = Notice { tone: Tone::Bad, title, text: message.into_owned() };
            answer(&here, &draft, Step::Triggers, Turn { notice: Some(notice), ..Turn::default() }).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The list with the secret that signs, shown this once.
async fn shown(here: &Here, draft: &Draft, created: Created) -> Result<HttpResponse, Fault> {
    let own = draft.endpoints.iter().filter(|endpoint| endpoint.own_secret).count();
    let fresh = Fresh {
        name: created.webhook.row.name.clone(),
        secret: created.secret,
        active: draft.active,
        own: match (own, draft.endpoints.len() - own) {
            (0, _) => "",
            (_, 0) => "Each of its endpoints signs with the secret you gave instead.",
            _ => "Endpoints with a secret of your own sign with that one instead.",
        },
    };
    let page = WebhookList::plain(here).await?.showing(fresh);
    let mut answer = here.answer(&page);
    // The next page takes the cookie away, and a browser does not go back to a page across such a change.
    here.tell(&mut answer, Flash::SecretShown);
    let headers = answer.headers_mut();
    headers.insert(HX_RETARGET, HeaderValue::from_static("#hooks"));
    if let Ok(address) = HeaderValue::from_str(&page.href) {
        headers.insert(HX_REPLACE_URL, address);
    }
    Ok(answer)
}

/// The step that `draft` stands at: in its dialog over the list, or alone for htmx. What is too long to be
/// carried on stays at the step it was at, whose fields hold it.
async fn answer(here: &Here, draft: &Draft, was: Step, mut turn: Turn) -> Result<HttpResponse, Fault> {
    let mut draft = draft.clone();
    draft.triggers.iter_mut().for_each(TriggerTyped::settle);
    let (keys, place) = (&here.signed.app.tools.keys, place(here));
    let mut sealed = draft.seal(keys, &place);
    if sealed.len() > LONGEST_DRAFT && draft.step != was {
        draft.step = was;
        sealed = draft.seal(keys, &place);
        let title = "This is more than one form can hold.".to_owned();
        let text = "Shorten what is long, such as values of headers, or make the webhook through the API.";
        let notice = Notice { tone: Tone::Bad, title, text: text.to_owned() };
        turn = Turn { notice: Some(notice), ..focused(&draft) };
    }
    let offer = offer(here, &draft, Vec::new(), &mut turn).await?;
    let is_refused = turn.is_refused();
    let frame = Frame {
        href: routes::webhook_new(here.bu()),
        back: routes::webhooks(here.bu()),
        csrf: here.signed.csrf.clone(),
        draft: sealed,
        act: Act::Add,
    };
    let wizard = Wizard::draw(frame, &draft, &offer, turn);
    let status = if is_refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(match (here.wants_fragment(), here.is_post()) {
        (true, true) => here.answer_with(status, &Form { wizard }),
        (true, false) => here.answer_with(status, &Dialog { wizard }),
        (false, _) => here.answer_with(status, &WebhookList::plain(here).await?.under(wizard)),
    })
}

/// What the steps offer to choose from, beside the event types that are in use; filters are tried on the way.
pub async fn offer(here: &Here, draft: &Draft, used: Vec<String>, turn: &mut Turn) -> Result<Offer, Fault> {
    let triggers = if draft.step == Step::Triggers { draft.triggers.clone() } else { Vec::new() };
    let wanted = move |trigger: &TriggerTyped| {
        let is_blank = trigger.conditions.iter().all(ConditionTyped::is_blank);
        let filter = trigger.filter().ok().filter(|_| !is_blank && !trigger.event.is_empty())?;
        Some((trigger.event.clone(), filter))
    };
    let may_try = here.may(Permission::EventsRead);
    let (offer, trials) = here
        .run(move |cx, bu| {
            let offer =
                Offer { types: catalogue::offered_beside(cx, bu, &used)?, teams: teams::list(cx, bu)? };
            let trial = |trigger: &TriggerTyped| -> Result<Option<Trial>, Error> {
                let Some((event, filter)) = wanted(trigger).filter(|_| may_try) else { return Ok(None) };
                try_filter(cx, bu, &event, &filter).map(Some)
            };
            let trials = triggers.iter().map(trial).collect::<Result<Vec<_>, _>>()?;
            Ok((offer, trials))
        })
        .await?;
    turn.trials = trials;
    Ok(offer)
}
