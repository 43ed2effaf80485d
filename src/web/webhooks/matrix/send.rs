//! The matrix's requests: looking, searching without losing ticks, looking at the change, applying it.

use std::collections::BTreeSet;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::ticked::Ticked;
use super::view::{Asked, MatrixPage, Turn};
use crate::domain::access::permission::Permission;
use crate::domain::id::WebhookId;
use crate::ops::webhooks::create::Created;
use crate::ops::webhooks::matrix;
use crate::ops::{Error, Refusal};
use crate::web::fault::{Fault, see};
use crate::web::flash::Flash;
use crate::web::form::Checked;
use crate::web::here::Here;
use crate::web::parts::{Notice, Tone};
use crate::web::routes;
use crate::web::webhooks::secret::Fresh;

/// The matrix as its address says.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let asked = Asked::read(&here.query());
    let page = page(&here, &asked, &Ticked::default(), here.signed.cx().id(), Turn::default()).await?;
    Ok(here.answer(&page))
}

/// Takes the ticks, and does what the button says.
pub async fn send(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    if !here.may(Permission::WebhooksWrite) {
        return Err(Error::Forbidden(Refusal::Role(Permission::WebhooksWrite)).into());
    }
    let (mut asked, ticked) = (Asked::read(&form), Ticked::read(&form));
    let new_id: WebhookId = form.text("new_id").parse().unwrap_or_else(|_| here.signed.cx().id());
    if let Some(go) = form.typed("go") {
        asked.after = go.parse().ok();
        asked.pick = 0;
    }
    match form.text("press") {
        "review" => review(&here, &asked, &ticked, new_id).await,
        "apply" => apply(&here, &asked, ticked, new_id).await,
        _ if ticked.is_empty() && !here.wants_fragment() => Ok(see(&address(&here, &asked))),
        _ => Ok(here.answer(&page(&here, &asked, &ticked, new_id, Turn::default()).await?)),
    }
}

/// The address of the matrix with its search.
fn address(here: &Here, asked: &Asked) -> String {
    let after = asked.after.map(|id| id.to_string()).unwrap_or_default();
    routes::with_query(&routes::matrix(here.bu()), &[("q", &asked.q), ("after", &after)])
}

/// Says what would change.
async fn review(
    here: &Here,
    asked: &Asked,
    ticked: &Ticked,
    new_id: WebhookId,
) -> Result<HttpResponse, Fault> {
    if ticked.is_empty() {
        let title = "Nothing to apply.".to_owned();
        let text = "Tick or untick something first.".to_owned();
        let turn = Turn { notice: Some(Notice { tone: Tone::Bad, title, text }), ..Turn::default() };
        let page = page(here, asked, ticked, new_id, turn).await?;
        return Ok(here.answer_with(StatusCode::UNPROCESSABLE_ENTITY, &page));
    }
    let change = ticked.change.clone();
    match here.try_run(move |cx, bu| matrix::preview(cx, bu, &change)).await? {
        Ok(planned) => {
            let turn = Turn { planned: Some(planned), ..Turn::default() };
            Ok(here.answer(&page(here, asked, ticked, new_id, turn).await?))
        }
        Err(error) => refused(here, asked, ticked.clone(), new_id, error).await,
    }
}

/// Does it all, or nothing.
async fn apply(here: &Here, asked: &Asked, ticked: Ticked, new_id: WebhookId) -> Result<HttpResponse, Fault> {
    let change = ticked.change.clone();
    match here.try_run(move |cx, bu| matrix::apply(cx, bu, &change)).await? {
        Ok(done) => match done.created {
            None => Ok(here.done(&address(here, asked), Flash::MatrixApplied)),
            Some(created) => shown(here, asked, created).await,
        },
        Err(error) => refused(here, asked, ticked, new_id, error).await,
    }
}

/// The matrix with the secret of the new webhook, shown this once.
async fn shown(here: &Here, asked: &Asked, created: Created) -> Result<HttpResponse, Fault> {
    let name = created.webhook.row.name.clone();
    let fresh = Fresh { name, secret: created.secret, active: true, own: "" };
    let turn = Turn { fresh: Some(fresh), ..Turn::default() };
    let page = page(here, asked, &Ticked::default(), here.signed.cx().id(), turn).await?;
    let mut answer = here.answer(&page);
    here.tell(&mut answer, Flash::SecretShown);
    Ok(answer)
}

/// The matrix with what was ticked and why nothing was saved.
async fn refused(
    here: &Here,
    asked: &Asked,
    ticked: Ticked,
    new_id: WebhookId,
    error: Error,
) -> Result<HttpResponse, Fault> {
    match error {
        Error::Invalid(errors) => {
            let turn = Turn { errors, ..Turn::default() };
            let page = page(here, asked, &ticked, new_id, turn).await?;
            Ok(here.answer_with(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Error::Conflict { message, .. } => {
            let Ticked { change, url, new } = ticked;
            let change = here.run(move |cx, bu| matrix::rebase(cx, bu, change)).await?;
            // A webhook that was made already is not made again: its column begins anew.
            let is_open = change.new.is_some();
            let ticked = Ticked {
                url: if is_open { url } else { String::new() },
                new: if is_open { new } else { BTreeSet::new() },
                change,
            };
            let new_id = if is_open { new_id } else { here.signed.cx().id() };
            let title = "Nothing was saved.".to_owned();
            let notice = Notice { tone: Tone::Bad, title, text: message.into_owned() };
            let turn = Turn { notice: Some(notice), ..Turn::default() };
            let page = page(here, asked, &ticked, new_id, turn).await?;
            Ok(here.answer_with(StatusCode::CONFLICT, &page))
        }
        other => Err(other.into()),
    }
}

async fn page(
    here: &Here,
    asked: &Asked,
    ticked: &Ticked,
    new_id: WebhookId,
    turn: Turn,
) -> Result<MatrixPage, Fault> {
    let after = asked.after;
    let found = here.run(move |cx, bu| matrix::read(cx, bu, after)).await?;
    Ok(MatrixPage::draw(here, asked, &found, ticked, new_id, turn))
}
