//! Edit triggers: what a webhook is told about, changed all at once.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::page::{Changing, home};
use crate::domain::time::Ts;
use crate::ops::webhooks::edit::{WebhookChange, edit};
use crate::web::fault::Fault;
use crate::web::flash::Flash;
use crate::web::form::Checked;
use crate::web::here::Here;
use crate::web::webhooks::wizard::{Act, Draft, Press, Step, TriggerTyped, focused};

/// The triggers as they are.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let changing = Changing::open(here, Act::Triggers).await?;
    let draft = Draft { active: true, ..Draft::of(&changing.webhook, Step::Triggers) };
    let turn = focused(&draft);
    changing.answer(StatusCode::OK, draft, turn).await
}

/// Changes the form as a button says, or applies it.
pub async fn send(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let changing = Changing::open(here, Act::Triggers).await?;
    let (mut draft, press) = changing.typed(&form)?;
    if press != Press::Next {
        return changing.pressed(draft, press, &form).await;
    }
    draft.tidy();
    draft.triggers.iter_mut().for_each(TriggerTyped::settle);
    let change = WebhookChange {
        triggers: Some(draft.triggers.iter().map(TriggerTyped::draft).collect()),
        seen: Some(Ts(draft.seen)),
        ..WebhookChange::default()
    };
    let id = changing.id();
    match changing.here.try_run(move |cx, bu| edit(cx, bu, id, change)).await? {
        Ok(_) => Ok(changing.here.leave(&home(&changing.here, id), Flash::TriggersChanged)),
        Err(error) => changing.refused(draft, error).await,
    }
}
