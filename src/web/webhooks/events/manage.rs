//! Manage Events: which events a webhook gets, and nothing else of it.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::view::{Catalogue, EventForm, Typed, wrong};
use crate::domain::id::{WebhookId, WebhookKind};
use crate::domain::problem::FieldErrors;
use crate::domain::webhooks::webhook::Origin;
use crate::ops::Error;
use crate::ops::webhooks::catalogue;
use crate::ops::webhooks::dashboard::managed;
use crate::ops::webhooks::edit::{WebhookChange, edit};
use crate::web::fault::Fault;
use crate::web::flash::Flash;
use crate::web::form::Checked;
use crate::web::format;
use crate::web::here::Here;
use crate::web::parts::Field;
use crate::web::routes;
use crate::web::shell::Place;

/// What this form does not change.
const FIXED: [(&str, &str); 2] = [
    ("url", "The payload URL is not changed here. Change it in Webhook Details."),
    ("secret", "The secret is not changed here. Rotate it in Webhook Details."),
];

/// The form, with the events of the webhook chosen.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let id = here.id::<WebhookKind>("wh")?;
    let page = draw(&here, id, None, &FieldErrors::default()).await?;
    Ok(here.answer(&page))
}

/// Applies the changes, and goes back to the dashboard.
pub async fn send(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let id = here.id::<WebhookKind>("wh")?;
    let typed = Typed::of(&form);
    let mut errors = FieldErrors::default();
    for (name, text) in FIXED {
        if form.all(name).next().is_some() {
            errors.push(name, "not_changeable", text);
        }
    }
    if errors.is_empty() {
        let change = WebhookChange { triggers: Some(typed.triggers()), ..WebhookChange::default() };
        match here.try_run(move |cx, bu| edit(cx, bu, id, change)).await? {
            Ok(_) => return Ok(here.done(&routes::webhooks_dashboard(here.bu()), Flash::EventsChanged)),
            Err(Error::Invalid(found)) => errors = found,
            Err(other) => return Err(other.into()),
        }
    }
    let page = draw(&here, id, Some(&typed), &errors).await?;
    Ok(here.answer_with(StatusCode::UNPROCESSABLE_ENTITY, &page))
}

async fn draw(
    here: &Here,
    id: WebhookId,
    typed: Option<&Typed>,
    errors: &FieldErrors,
) -> Result<EventForm, Fault> {
    let read = here.run(move |cx, bu| Ok((managed(cx, bu, id)?, catalogue::list(cx, bu)?)));
    let (webhook, all) = read.await?;
    let title = format!("{}Manage Events", if errors.is_empty() { "" } else { "Error: " });
    let now: Vec<String> = webhook.events().map(str::to_owned).collect();
    let global = webhook.row.origin == Origin::Global;
    let field = |value: &str, name| Field { value: value.to_owned(), errors: wrong(errors, name) };
    Ok(EventForm {
        shell: here.shell(&title, Place::Dashboard),
        heading: "Manage Events",
        lede: format::short_url(webhook.url()).to_owned(),
        href: routes::webhook_events(here.bu(), id),
        back: routes::webhooks_dashboard(here.bu()),
        back_name: "Webhooks Dashboard",
        draft: String::new(),
        manages: true,
        details: routes::webhook(here.bu(), id),
        url: field(webhook.url(), "url"),
        secret: field("", "secret"),
        reach: None,
        catalogue: Catalogue::of(&all, global, typed.map_or(&now, |typed| &typed.events)),
        event_errors: wrong(errors, "events"),
        notice: None,
        changed: typed.is_some(),
    })
}
