//! Remove endpoint: the dialog that asks first, and says what will stop.

use actix_web::HttpResponse;
use askama::Template;

use super::page::{home, may_change};
use crate::domain::id::{EndpointKind, WebhookKind};
use crate::ops::webhooks::endpoints::{remove, stops};
use crate::web::fault::Fault;
use crate::web::flash::Flash;
use crate::web::form::Checked;
use crate::web::format;
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::shell::{Place, Shell};

/// The page `/bu/{bu}/admin/webhooks/{wh}/endpoints/{ep}/remove`; its dialog for htmx.
#[derive(Debug, Template)]
#[template(path = "webhooks/remove_endpoint.html", blocks = ["modal"])]
pub struct EndpointRemove {
    /// The frame.
    pub shell: Shell,
    /// Where Confirm posts to: this page's own address.
    pub href: String,
    /// The webhook it came from.
    pub back: String,
    /// The webhook's name.
    pub name: String,
    /// What the webhook is for; may be empty.
    pub description: String,
    /// The endpoint's address without scheme.
    pub url: String,
    /// What happens to waiting deliveries; empty for none.
    pub waiting: String,
    /// How long its logs stay.
    pub kept: String,
    /// Whether it is the only one, which stays.
    pub is_last: bool,
}

impl Page for EndpointRemove {
    fn fragment(&self) -> askama::Result<String> {
        self.as_modal().render()
    }
}

/// Says what will stop.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let (id, endpoint) = (here.id::<WebhookKind>("wh")?, here.id::<EndpointKind>("ep")?);
    let found = here.run(move |cx, bu| stops(cx, bu, id, endpoint)).await?;
    may_change(&here)?;
    let row = &found.webhook.row;
    Ok(here.answer(&EndpointRemove {
        shell: here.shell("Remove endpoint", Place::Webhooks),
        href: here.path().to_owned(),
        back: home(&here, id),
        name: row.name.clone(),
        description: row.description.clone(),
        url: format::short_url(&found.endpoint.url).to_owned(),
        waiting: match u64::try_from(found.under_way).unwrap_or(0) {
            0 => String::new(),
            1 => "1 delivery under way to it is cancelled.".to_owned(),
            n => format!("{} deliveries under way to it are cancelled.", format::thousands(n)),
        },
        kept: here.kept(),
        is_last: found.webhook.endpoints.len() < 2,
    }))
}

/// Removes it.
pub async fn send(Checked { by: here, .. }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let (id, endpoint) = (here.id::<WebhookKind>("wh")?, here.id::<EndpointKind>("ep")?);
    here.run(move |cx, bu| remove(cx, bu, id, endpoint)).await?;
    Ok(here.leave(&home(&here, id), Flash::EndpointRemoved))
}
