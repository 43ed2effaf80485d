//! Change destination: where an endpoint sends and with which credentials, for who gave their password a moment ago.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::endpoint::of_address;
use super::page::home;
use crate::domain::time::Ts;
use crate::ops::access::sign_in::require_recent;
use crate::ops::webhooks::destination::{change, stored};
use crate::web::fault::Fault;
use crate::web::flash::Flash;
use crate::web::form::Checked;
use crate::web::here::Here;
use crate::web::webhooks::wizard::{Act, Draft, EndpointTyped, Press, Step, focused};

/// The destination as it is, without its secrets.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let (changing, endpoint) = of_address(here, Act::Destination).await?;
    require_recent(&changing.here.signed.cx())?;
    let (id, ep) = (changing.id(), endpoint.id);
    let stored = changing.here.run(move |cx, bu| stored(cx, bu, id, ep)).await?;
    let header = stored.endpoint.static_header.as_deref();
    let typed = EndpointTyped::of(&stored.endpoint).with_stored(stored.headers, header, stored.own_secret);
    let draft = Draft { endpoints: vec![typed], ..Draft::of(&stored.webhook, Step::Endpoints) };
    let turn = focused(&draft);
    changing.answer(StatusCode::OK, draft, turn).await
}

/// Changes the form as a button says, or the destination.
pub async fn send(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let (changing, endpoint) = of_address(here, Act::Destination).await?;
    let (mut draft, press) = changing.typed(&form)?;
    if press != Press::Next {
        return changing.pressed(draft, press, &form).await;
    }
    draft.tidy();
    let wanted = draft.endpoints.first().ok_or(Fault::Forged)?.destination();
    let (id, seen) = ((changing.id(), endpoint.id), Some(Ts(draft.seen)));
    match changing.here.try_run(move |cx, bu| change(cx, bu, id, wanted, seen)).await? {
        Ok(changed) => {
            let told = if changed.dropped == 0 { Flash::Redirected } else { Flash::RedirectedBare };
            Ok(changing.here.leave(&home(&changing.here, id.0), told))
        }
        Err(error) => changing.refused(draft, error).await,
    }
}
