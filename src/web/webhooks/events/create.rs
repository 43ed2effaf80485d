//! Create Webhook: for the business unit, or in one programme.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::view::{Catalogue, EventForm, ReachChoice, Typed, wrong};
use crate::domain::access::permission::Permission;
use crate::domain::id::{ProgrammeId, ProgrammeKind, WebhookId};
use crate::domain::problem::FieldErrors;
use crate::domain::webhooks::draft::{EndpointDraft, FieldName, WebhookDraft};
use crate::domain::webhooks::secret::SigningSecret;
use crate::domain::webhooks::webhook::Reach;
use crate::keys::random_bytes;
use crate::ops::webhooks::create::create_with_form;
use crate::ops::webhooks::dashboard::programme;
use crate::ops::webhooks::{catalogue, reach};
use crate::ops::{Error, Refusal};
use crate::store::access::programmes::ProgrammeRow;
use crate::web::fault::Fault;
use crate::web::flash::Flash;
use crate::web::form::{Checked, Fields};
use crate::web::here::Here;
use crate::web::parts::{Field, Notice, Tone};
use crate::web::routes;
use crate::web::shell::Place;

/// The empty form for a global webhook.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    begin(&here, None).await
}

/// The same in the programme in the path.
pub async fn open_in_programme(here: Here) -> Result<HttpResponse, Fault> {
    let id = here.id::<ProgrammeKind>("prg")?;
    begin(&here, Some(id)).await
}

/// Makes a global webhook. Webhooks of programmes are made in their own dashboards alone.
pub async fn send(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    if form.typed("programme").is_some() {
        let text = "Webhooks of a programme are created in its Integrations Dashboard.";
        return Err(Fault::refused(StatusCode::FORBIDDEN, "Not here", text));
    }
    make(here, form, None).await
}

/// Makes a webhook in the programme in the path.
pub async fn send_in_programme(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let id = here.id::<ProgrammeKind>("prg")?;
    make(here, form, Some(id)).await
}

/// Passes who may make a webhook; the operation asks again.
fn may_create(here: &Here) -> Result<(), Fault> {
    if !here.may(Permission::WebhooksWrite) {
        return Err(Error::Forbidden(Refusal::Role(Permission::WebhooksWrite)).into());
    }
    if !here.api_access() {
        return Err(Error::Forbidden(Refusal::NoApiAccess).into());
    }
    Ok(())
}

async fn begin(here: &Here, programme: Option<ProgrammeId>) -> Result<HttpResponse, Fault> {
    may_create(here)?;
    let id = here.signed.cx().id();
    let typed = Typed { secret: generated(), ..Typed::default() };
    let page = draw(here, programme, id, &typed, Said::default()).await?;
    Ok(here.answer(&page))
}

async fn make(here: Here, form: Fields, programme: Option<ProgrammeId>) -> Result<HttpResponse, Fault> {
    may_create(&here)?;
    let id = opened(&here, form.text("draft")).ok_or(Fault::Forged)?;
    let mut typed = Typed::of(&form);
    if form.typed("generate").is_some() {
        typed.secret = generated();
        let said = Said { changed: true, ..Said::default() };
        return Ok(here.answer(&draw(&here, programme, id, &typed, said).await?));
    }
    let draft = WebhookDraft {
        endpoints: vec![EndpointDraft {
            field: FieldName::InShort,
            url: typed.url.clone(),
            ..EndpointDraft::default()
        }],
        triggers: typed.triggers(),
        secret: Some(typed.secret.clone()),
        reach: Some(if typed.wide { Reach::Partner } else { Reach::BusinessUnit }),
        programme,
        ..WebhookDraft::default()
    };
    let (status, said) = match here.try_run(move |cx, bu| create_with_form(cx, bu, id, draft)).await? {
        Ok(_) => {
            let to = back(&here, programme);
            return Ok(here.done(&routes::with_query(&to, &[("new", id.as_str())]), Flash::Created));
        }
        Err(Error::Invalid(errors)) => {
            (StatusCode::UNPROCESSABLE_ENTITY, Said { errors, changed: true, notice: None })
        }
        Err(Error::Conflict { message, .. }) => {
            let notice = Notice {
                tone: Tone::Bad,
                title: "The webhook was not made.".to_owned(),
                text: message.into_owned(),
            };
            let notice = Some(notice);
            (StatusCode::CONFLICT, Said { notice, changed: true, ..Said::default() })
        }
        Err(other) => return Err(other.into()),
    };
    Ok(here.answer_with(status, &draw(&here, programme, id, &typed, said).await?))
}

/// What is to be said of what was typed.
#[derive(Debug, Default)]
struct Said {
    errors: FieldErrors,
    notice: Option<Notice>,
    changed: bool,
}

async fn draw(
    here: &Here,
    programme_id: Option<ProgrammeId>,
    id: WebhookId,
    typed: &Typed,
    said: Said,
) -> Result<EventForm, Fault> {
    let read = here.run(move |cx, bu| {
        let made_in = programme_id.map(|id| programme(cx, bu, id)).transpose()?;
        let partner = if made_in.is_some() { None } else { reach::offered(cx, bu)? };
        Ok((made_in, partner, catalogue::list(cx, bu)?))
    });
    let (made_in, partner, all) = read.await?;
    let is_bad = !said.errors.is_empty() || said.notice.is_some();
    let title = format!("{}Create Webhook", if is_bad { "Error: " } else { "" });
    let place = if made_in.is_some() { Place::Programmes } else { Place::Dashboard };
    let shell = here.shell(&title, place);
    let unit = shell.unit.name.clone();
    let field = |value: &str, name| Field { value: value.to_owned(), errors: wrong(&said.errors, name) };
    let in_programme = |row: &ProgrammeRow| format!("A webhook for the programme {} of {unit}.", row.name);
    Ok(EventForm {
        heading: "Create Webhook",
        lede: made_in.as_ref().map_or_else(|| format!("A global webhook for {unit}."), in_programme),
        href: match programme_id {
            Some(id) => routes::programme_webhook_create(here.bu(), id),
            None => routes::webhook_create(here.bu()),
        },
        back: back(here, programme_id),
        back_name: if made_in.is_some() { "Integrations Dashboard" } else { "Webhooks Dashboard" },
        draft: sealed(here, id),
        manages: false,
        details: String::new(),
        url: field(&typed.url, "url"),
        secret: field(&typed.secret, "secret"),
        reach: partner.map(|partner| ReachChoice {
            partner,
            wide: typed.wide,
            errors: wrong(&said.errors, "reach"),
        }),
        catalogue: Catalogue::of(&all, made_in.is_none(), &typed.events),
        event_errors: wrong(&said.errors, "events"),
        notice: said.notice,
        changed: said.changed,
        shell,
    })
}

/// The dashboard that shows what is made here.
fn back(here: &Here, programme: Option<ProgrammeId>) -> String {
    match programme {
        Some(id) => routes::programme(here.bu(), id),
        None => routes::webhooks_dashboard(here.bu()),
    }
}

fn generated() -> String {
    SigningSecret::generate(random_bytes()).expose().to_owned()
}

/// Where a form is good: in this session, for this business unit.
fn place(here: &Here) -> String {
    format!("create-webhook|{}|{}", here.signed.login.session, here.bu())
}

/// The id of the webhook that a form makes, so that it makes one only.
fn sealed(here: &Here, id: WebhookId) -> String {
    URL_SAFE_NO_PAD.encode(here.signed.app.tools.keys.seal(&place(here), id.as_str().as_bytes()))
}

fn opened(here: &Here, draft: &str) -> Option<WebhookId> {
    let sealed = URL_SAFE_NO_PAD.decode(draft).ok()?;
    let plain = here.signed.app.tools.keys.open(&place(here), &sealed).ok()?;
    std::str::from_utf8(&plain).ok()?.parse().ok()
}
