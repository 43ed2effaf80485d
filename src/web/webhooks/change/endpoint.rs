//! One endpoint: adding it, and changing how it is called and sent to.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::page::{Changing, home};
use crate::domain::id::EndpointKind;
use crate::domain::time::Ts;
use crate::ops::webhooks::endpoints::{self, Manner};
use crate::store::webhooks::endpoints::EndpointRow;
use crate::web::fault::Fault;
use crate::web::flash::Flash;
use crate::web::form::Checked;
use crate::web::here::Here;
use crate::web::routes;
use crate::web::webhooks::wizard::{Act, Draft, EndpointTyped, Press, Step, Turn, focused};

/// The endpoint's settings as they are.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let (changing, endpoint) = of_address(here, Act::Manner).await?;
    let endpoints = vec![EndpointTyped::of(&endpoint)];
    let draft = Draft { endpoints, ..Draft::of(&changing.webhook, Step::Endpoints) };
    changing.answer(StatusCode::OK, draft, Turn { focus: "ep0-info".to_owned(), ..Turn::default() }).await
}

/// Changes them.
pub async fn send(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let (changing, endpoint) = of_address(here, Act::Manner).await?;
    let (mut draft, _) = changing.typed(&form)?;
    let typed = draft.endpoints.first_mut().ok_or(Fault::Forged)?;
    // The form shows the address and does not send it back.
    typed.url.clone_from(&endpoint.url);
    let (wanted, unreadable) = typed.draft();
    if !unreadable.is_empty() {
        let errors = unreadable.under("endpoints[0]");
        return changing.refused(draft, errors.into()).await;
    }
    let manner = Manner {
        name: wanted.name,
        timeout_ms: wanted.timeout_ms,
        retry: wanted.retry,
        rate_per_second: wanted.rate_per_second,
    };
    let (id, seen) = ((changing.id(), endpoint.id), Some(Ts(draft.seen)));
    match changing.here.try_run(move |cx, bu| endpoints::configure(cx, bu, id, &manner, seen)).await? {
        Ok(_) => Ok(changing.here.leave(&home(&changing.here, id.0), Flash::EndpointChanged)),
        Err(error) => changing.refused(draft, error).await,
    }
}

/// A blank endpoint.
pub async fn open_new(here: Here) -> Result<HttpResponse, Fault> {
    let changing = Changing::open(here, Act::NewEndpoint).await?;
    let endpoints = vec![EndpointTyped::default()];
    let draft = Draft { endpoints, ..Draft::of(&changing.webhook, Step::Endpoints) };
    let turn = focused(&draft);
    changing.answer(StatusCode::OK, draft, turn).await
}

/// Changes the form as a button says, or adds the endpoint.
pub async fn send_new(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let changing = Changing::open(here, Act::NewEndpoint).await?;
    let (mut draft, press) = changing.typed(&form)?;
    if press != Press::Next {
        return changing.pressed(draft, press, &form).await;
    }
    draft.tidy();
    if let Err(errors) = draft.check_endpoints(&changing.here.signed.app.tools.egress) {
        return changing.refused(draft, errors.into()).await;
    }
    let (wanted, _) = draft.endpoints.first().ok_or(Fault::Forged)?.draft();
    let (id, seen) = (changing.id(), Some(Ts(draft.seen)));
    match changing.here.try_run(move |cx, bu| endpoints::add(cx, bu, id, wanted, seen)).await? {
        Ok(_) => Ok(changing.here.leave(&home(&changing.here, id), Flash::EndpointAdded)),
        Err(error) => changing.refused(draft, error).await,
    }
}

/// The webhook and the endpoint in the address, for who may change them.
pub(super) async fn of_address(here: Here, act: Act) -> Result<(Changing, EndpointRow), Fault> {
    let endpoint = here.id::<EndpointKind>("ep")?;
    let mut changing = Changing::open(here, act).await?;
    let found = changing.webhook.endpoints.iter().find(|row| row.id == endpoint).cloned();
    let found = found.ok_or(Fault::Missing)?;
    let (bu, id) = (changing.here.bu(), changing.id());
    if act == Act::Manner {
        changing.destination = Some(routes::webhook_destination(bu, id, endpoint));
        changing.remove =
            (changing.webhook.endpoints.len() > 1).then(|| routes::webhook_endpoint_remove(bu, id, endpoint));
    }
    Ok((changing, found))
}
