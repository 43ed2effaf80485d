//! Reveal: shows the secret that signs for a webhook, or for one of its endpoints, to who gave their password.

use actix_web::HttpResponse;
use askama::Template;

use super::shown::{OneSecret, SecretShown, show};
use crate::domain::id::{EndpointId, WebhookKind};
use crate::ops::access::sign_in::require_recent;
use crate::ops::webhooks::read::WebhookView;
use crate::ops::webhooks::reveal::{own, reveal};
use crate::web::fault::Fault;
use crate::web::flash::Flash;
use crate::web::form::Checked;
use crate::web::format;
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::Choice;
use crate::web::shell::{Place, Shell};
use crate::web::webhooks::change::page::{home, may_change};

/// The page `/bu/{bu}/admin/webhooks/{wh}/secret`; its dialog for htmx.
#[derive(Debug, Template)]
#[template(path = "webhooks/reveal.html", blocks = ["modal"])]
pub struct Reveal {
    /// The frame.
    pub shell: Shell,
    /// Where Reveal posts to: this page's own address.
    pub href: String,
    /// The webhook it came from.
    pub back: String,
    /// The webhook's name.
    pub name: String,
    /// What the webhook is for; may be empty.
    pub description: String,
    /// Whose secrets there are: the webhook's, and those of endpoints that have their own.
    pub choices: Vec<Choice>,
}

impl Page for Reveal {
    fn fragment(&self) -> askama::Result<String> {
        self.as_modal().render()
    }
}

/// Says what revealing means.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let id = here.id::<WebhookKind>("wh")?;
    let (webhook, owners) = here.run(move |cx, bu| own(cx, bu, id)).await?;
    may_change(&here)?;
    require_recent(&here.signed.cx())?;
    Ok(here.answer(&Reveal::of(&here, &webhook, &owners)))
}

/// Shows it.
pub async fn send(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let id = here.id::<WebhookKind>("wh")?;
    let endpoint: Option<EndpointId> = match form.text("endpoint") {
        "" => None,
        text => Some(text.parse().map_err(|_| Fault::Missing)?),
    };
    let ((webhook, _), found) =
        here.run(move |cx, bu| Ok((own(cx, bu, id)?, reveal(cx, bu, id, endpoint)?))).await?;
    let url = endpoint.and_then(|id| webhook.endpoints.iter().find(|row| row.id == id));
    let whose = url.map(|row| format!(" of {}", format::short_url(&row.url))).unwrap_or_default();
    let all = found.len();
    let secrets = found.into_iter().enumerate().map(|(i, one)| OneSecret {
        id: format!("secret-{}", i + 1),
        label: match one.until {
            _ if all == 1 => String::new(),
            None => "The newest".to_owned(),
            Some(until) => format!("Signs beside it until {}", format::full(until)),
        },
        secret: one.secret,
    });
    let page = SecretShown {
        shell: here.shell("Signing secret", Place::Webhooks),
        back: home(&here, id),
        name: webhook.row.name.clone(),
        description: webhook.row.description.clone(),
        heading: format!("The signing secret{whose}"),
        lead: "Whoever has it can pose as Bellwire. It is shown until you leave this page, and that it was shown \
               stands in the audit log."
            .to_owned(),
        secrets: secrets.collect(),
    };
    Ok(show(&here, &page, Flash::SecretRevealed))
}

impl Reveal {
    fn of(here: &Here, webhook: &WebhookView, owners: &[EndpointId]) -> Self {
        let own = webhook.endpoints.iter().filter(|row| owners.contains(&row.id));
        let own = own.map(|row| Choice {
            value: row.id.to_string(),
            label: format!("Of {} alone", format::short_url(&row.url)),
            chosen: false,
        });
        let whole = Choice { value: String::new(), label: "Of the webhook".to_owned(), chosen: true };
        Self {
            shell: here.shell("Reveal signing secret", Place::Webhooks),
            href: here.path().to_owned(),
            back: home(here, webhook.row.id),
            name: webhook.row.name.clone(),
            description: webhook.row.description.clone(),
            choices: [whole].into_iter().chain(own).collect(),
        }
    }
}
