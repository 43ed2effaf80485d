//! Delete Webhook: the dialog that asks first, and says what will stop.

use actix_web::HttpResponse;
use askama::Template;

use crate::domain::id::WebhookKind;
use crate::ops::webhooks::remove::{Stops, remove, stops};
use crate::web::fault::Fault;
use crate::web::flash::Flash;
use crate::web::form::Checked;
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::shell::{Place, Shell};
use crate::web::{format, routes};

/// The page `/bu/{bu}/admin/webhooks/{wh}/delete`; its dialog for htmx.
#[derive(Debug, Template)]
#[template(path = "webhooks/delete.html", blocks = ["modal"])]
pub struct WebhookDelete {
    /// The frame.
    pub shell: Shell,
    /// Where Confirm posts to: this page's own address.
    pub href: String,
    /// The list it came from.
    pub back: String,
    /// The webhook's name.
    pub name: String,
    /// The event types it receives; at least one.
    pub events: Vec<String>,
    /// The addresses that get nothing more.
    pub endpoints: Vec<String>,
    /// What happens to waiting deliveries: `3 deliveries waiting to be retried are dropped.`; empty for none.
    pub waiting: String,
    /// How long its logs stay: `for 30 days`
    pub kept: String,
}

impl Page for WebhookDelete {
    fn fragment(&self) -> askama::Result<String> {
        self.as_modal().render()
    }
}

/// Says what will stop.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let id = here.id::<WebhookKind>("wh")?;
    let stops = here.run(move |cx, bu| stops(cx, bu, id)).await?;
    Ok(here.answer(&WebhookDelete::of(&here, &stops)))
}

/// Deletes, and goes back to the list. The whole page comes anew, because the dialog stood outside the list.
pub async fn send(Checked { by: here, .. }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let id = here.id::<WebhookKind>("wh")?;
    here.run(move |cx, bu| remove(cx, bu, id)).await?;
    Ok(here.done(&routes::webhooks(here.bu()), Flash::Deleted))
}

impl WebhookDelete {
    fn of(here: &Here, stops: &Stops) -> Self {
        let webhook = &stops.webhook;
        let under_way = u64::try_from(stops.under_way).unwrap_or(0);
        let waiting = match under_way {
            0 => String::new(),
            1 => "1 delivery under way is cancelled.".to_owned(),
            n => format!("{} deliveries under way are cancelled.", format::thousands(n)),
        };
        Self {
            shell: here.shell("Delete Webhook", Place::Webhooks),
            href: routes::webhook_delete(here.bu(), webhook.row.id),
            back: routes::webhooks(here.bu()),
            name: webhook.row.name.clone(),
            events: webhook.events().map(str::to_owned).collect(),
            endpoints: webhook.endpoints.iter().map(|e| format::short_url(&e.url).to_owned()).collect(),
            waiting,
            kept: here.kept(),
        }
    }
}
