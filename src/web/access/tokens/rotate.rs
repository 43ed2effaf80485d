//! Rotate Token: a successor, and how long the old one goes on beside it.

use std::time::Duration;

use actix_web::HttpResponse;
use askama::Template;

use super::Fresh;
use super::create::{form_id, may_make, refused, shown};
use super::list::{base_url, webhooks};
use super::row::masked;
use crate::domain::id::TokenKind;
use crate::ops::Error;
use crate::ops::access::tokens;
use crate::web::fault::Fault;
use crate::web::form::Checked;
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::Choice;
use crate::web::shell::{Place, Shell};
use crate::web::{format, routes};

/// The choices of the overlap, in hours.
const OVERLAPS: [(&str, &str); 5] = [
    ("24", "In 24 hours"),
    ("1", "In 1 hour"),
    ("168", "In 7 days"),
    ("720", "In 30 days"),
    ("0", "Immediately"),
];

/// The page `/bu/{bu}/admin/api/tokens/{tok}/rotate`; its dialog for htmx.
#[derive(Debug, Template)]
#[template(path = "access/tokens/rotate.html", blocks = ["modal"])]
pub struct TokenRotate {
    /// The frame.
    pub shell: Shell,
    /// How many webhooks the business unit has.
    pub webhooks: String,
    /// Where Rotate posts to: this page's own address.
    pub href: String,
    /// The list it came from.
    pub back: String,
    /// By which a form is known that is sent twice.
    pub form_id: String,
    /// The token's name.
    pub name: String,
    /// What is known of its secret.
    pub masked: String,
    /// When the old token stops.
    pub overlaps: Vec<Choice>,
}

impl Page for TokenRotate {
    fn fragment(&self) -> askama::Result<String> {
        self.as_modal().render()
    }
}

/// Asks how long both are to work.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let id = here.id::<TokenKind>("tok")?;
    let token = here.run(move |cx, bu| tokens::watch_one(cx, bu, id)).await?;
    may_make(&here)?;
    let row = &token.view.row;
    Ok(here.answer(&TokenRotate {
        shell: here.shell("Rotate token", Place::Api),
        webhooks: webhooks(&here).await?,
        href: routes::token_rotate(here.bu(), row.id),
        back: routes::api(here.bu()),
        form_id: tokens::form_id(),
        name: row.name.clone(),
        masked: masked(row),
        overlaps: Choice::list(OVERLAPS, "24"),
    }))
}

/// Makes the successor, and shows its secret.
pub async fn send(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let id = here.id::<TokenKind>("tok")?;
    let form_id = form_id(&form)?;
    let hours = OVERLAPS.iter().find(|(value, _)| *value == form.text("overlap"));
    let hours: Option<u64> = hours.and_then(|(value, _)| value.parse().ok());
    let Some(hours) = hours else {
        return Err(Error::field("overlap", "unknown", "Choose when the old token stops.").into());
    };
    let overlap = Duration::from_hours(hours);
    let made = here
        .try_run(move |cx, bu| {
            let made = tokens::rotate_with_form(cx, bu, id, overlap, &form_id)?;
            Ok((made, cx.now))
        })
        .await?;
    match made {
        Ok(((row, secret), now)) => {
            let old = if overlap.is_zero() {
                "The old token has stopped working.".to_owned()
            } else {
                format!("The old token works until {} at the latest.", format::full(now + overlap))
            };
            shown(&here, Fresh::new(&base_url(&here), &row, secret, old)).await
        }
        Err(error) => refused(&here, error).await,
    }
}
