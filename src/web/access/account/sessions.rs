//! Ending sessions: one, or all but this.

use actix_web::HttpResponse;

use super::Desk;
use crate::domain::id::SessionKind;
use crate::ops::access::account;
use crate::web::fault::Fault;
use crate::web::flash::Flash;
use crate::web::form::Checked;
use crate::web::routes;

/// Ends one session.
pub async fn end(Checked { by: desk, .. }: Checked<Desk>) -> Result<HttpResponse, Fault> {
    let id = desk.id::<SessionKind>("ses")?;
    desk.run(move |cx| account::end(cx, id)).await?;
    Ok(desk.done(routes::ACCOUNT, Flash::SessionEnded))
}

/// Ends every session but the one that asks.
pub async fn end_others(Checked { by: desk, .. }: Checked<Desk>) -> Result<HttpResponse, Fault> {
    desk.run(account::end_others).await?;
    Ok(desk.done(routes::ACCOUNT, Flash::SessionsEnded))
}
