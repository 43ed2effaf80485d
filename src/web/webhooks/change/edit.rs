//! Edit: name, description, status and scope.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::page::{Changing, home};
use crate::domain::time::Ts;
use crate::domain::webhooks::webhook::WebhookStatus;
use crate::ops::webhooks::edit::{WebhookChange, edit};
use crate::web::fault::Fault;
use crate::web::flash::Flash;
use crate::web::form::Checked;
use crate::web::here::Here;
use crate::web::webhooks::wizard::{Act, Draft, Step, Turn};

/// The form as the webhook is.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let changing = Changing::open(here, Act::Edit).await?;
    let draft = Draft::of(&changing.webhook, Step::Name);
    changing.answer(StatusCode::OK, draft, Turn { focus: "w-name".to_owned(), ..Turn::default() }).await
}

/// Changes them.
pub async fn send(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let changing = Changing::open(here, Act::Edit).await?;
    let (draft, _) = changing.typed(&form)?;
    let scope = match draft.check_name() {
        Ok(scope) => scope,
        Err(errors) => return changing.refused(draft, errors.into()).await,
    };
    let change = WebhookChange {
        name: Some(draft.name.clone()),
        description: Some(draft.description.clone()),
        status: status(&draft, &changing),
        scope: Some(scope),
        seen: Some(Ts(draft.seen)),
        ..WebhookChange::default()
    };
    let id = changing.id();
    match changing.here.try_run(move |cx, bu| edit(cx, bu, id, change)).await? {
        Ok(_) => Ok(changing.here.leave(&home(&changing.here, id), Flash::Changed)),
        Err(error) => changing.refused(draft, error).await,
    }
}

/// The status that is asked for, when it is another one: why a webhook is inactive is not forgotten by saving its name.
fn status(draft: &Draft, changing: &Changing) -> Option<WebhookStatus> {
    let wanted = if draft.active { WebhookStatus::Active } else { WebhookStatus::Inactive };
    (wanted != changing.webhook.row.status).then_some(wanted)
}
