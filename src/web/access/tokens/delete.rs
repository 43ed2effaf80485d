//! Delete token: the dialog that asks first, and says what breaks.

use actix_web::HttpResponse;
use askama::Template;

use super::list::webhooks;
use super::row::{days, masked, used_from};
use crate::domain::access::permission::Permission;
use crate::domain::id::TokenKind;
use crate::domain::time::Ts;
use crate::ops::access::tokens::{self, Watched};
use crate::ops::{Error, Refusal};
use crate::web::fault::Fault;
use crate::web::flash::Flash;
use crate::web::form::Checked;
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::shell::{Place, Shell};
use crate::web::{format, routes};

/// The page `/bu/{bu}/admin/api/tokens/{tok}/delete`; its dialog for htmx.
#[derive(Debug, Template)]
#[template(path = "access/tokens/delete.html", blocks = ["modal"])]
pub struct TokenDelete {
    /// The frame.
    pub shell: Shell,
    /// How many webhooks the business unit has.
    pub webhooks: String,
    /// Where Delete token posts to: this page's own address.
    pub href: String,
    /// The list it came from.
    pub back: String,
    /// The token's name.
    pub name: String,
    /// What is known of its secret.
    pub masked: String,
    /// When and how often it was used: `It was last used 97 days ago.`
    pub used: String,
    /// Whether it works no more, so that nothing breaks.
    pub ended: bool,
}

impl Page for TokenDelete {
    fn fragment(&self) -> askama::Result<String> {
        self.as_modal().render()
    }
}

/// Says what breaks.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let id = here.id::<TokenKind>("tok")?;
    let (token, now) = here.run(move |cx, bu| Ok((tokens::watch_one(cx, bu, id)?, cx.now))).await?;
    if !here.may(Permission::TokensWrite) {
        return Err(Error::Forbidden(Refusal::Role(Permission::TokensWrite)).into());
    }
    let row = &token.view.row;
    Ok(here.answer(&TokenDelete {
        shell: here.shell("Delete token", Place::Api),
        webhooks: webhooks(&here).await?,
        href: routes::token_delete(here.bu(), row.id),
        back: routes::api(here.bu()),
        name: row.name.clone(),
        masked: masked(row),
        used: used(&token, now),
        ended: !token.view.is_live(now),
    }))
}

/// Deletes, and goes back to the list.
pub async fn send(Checked { by: here, .. }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let id = here.id::<TokenKind>("tok")?;
    here.run(move |cx, bu| tokens::revoke(cx, bu, id)).await?;
    Ok(here.done(&routes::api(here.bu()), Flash::TokenDeleted))
}

/// When, from where and how often a token was used.
fn used(token: &Watched, now: Ts) -> String {
    let row = &token.view.row;
    let Some(at) = row.last_used_at else { return "Nothing has used it so far.".to_owned() };
    let when = match days(now.since(at)) {
        0 => format::relative(at, now),
        1 => "1 day ago".to_owned(),
        n => format!("{n} days ago"),
    };
    let from = used_from(row);
    let from = if from.is_empty() { from } else { format!(", {from}") };
    let often = match u64::try_from(token.calls).unwrap_or(0) {
        0 => "It was not used in the last 30 days.".to_owned(),
        n => format!("It was used {} in the last 30 days.", times(n)),
    };
    format!("It was last used {when}{from}. {often}")
}

/// `once`, `1,204 times`.
fn times(n: u64) -> String {
    if n == 1 { "once".to_owned() } else { format!("{} times", format::thousands(n)) }
}
