//! The page of one webhook.

use actix_web::HttpResponse;
use askama::Template;

use super::cards::{self, Change, EndpointLine, Fact, SecretCard, TriggerLine};
use super::charts::{Figure, PERIODS, Period, Periods};
use super::curl::curl;
use super::recent::Delivered;
use super::words;
use crate::domain::access::permission::Permission;
use crate::domain::id::{WebhookId, WebhookKind};
use crate::domain::webhooks::webhook::WebhookStatus;
use crate::ops::webhooks::details::{Charts, Details, charts, details};
use crate::store::events::rollups::Span;
use crate::web::chart::Chart;
use crate::web::docs::guides::samples;
use crate::web::fault::Fault;
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::{CodeBlock, Notice};
use crate::web::routes;
use crate::web::shell::{Place, Shell};
use crate::web::tail;

/// How many deliveries the page shows; its stream adds to them.
const ON_THE_PAGE: usize = 10;

/// The page `/bu/{bu}/admin/webhooks/{wh}`; what stands under its head for htmx.
#[derive(Debug, Template)]
#[template(path = "webhooks/details/page.html", blocks = ["parts"])]
pub struct WebhookDetails {
    /// The frame.
    pub shell: Shell,
    /// This page.
    pub href: String,
    /// The webhook's whole id.
    pub id: String,
    /// The id as tables show it.
    pub short_id: String,
    /// Its name.
    pub name: String,
    /// Its description; may be empty.
    pub description: String,
    /// Whether it is active.
    pub active: bool,
    /// What can be done here, for who may.
    pub acts: Option<Acts>,
    /// The log of this webhook.
    pub log: String,
    /// The audit log of this webhook, for who may read it.
    pub audit: Option<String>,
    /// What is wrong with it.
    pub notice: Option<Notice>,
    /// The figures of the period.
    pub figures: [Figure; 4],
    /// The choice of periods.
    pub periods: Vec<Periods>,
    /// How deliveries ended.
    pub deliveries: Chart,
    /// How long answers took.
    pub latency: Chart,
    /// The last deliveries, newest first.
    pub recent: Vec<Delivered>,
    /// Where further ones come from.
    pub tail: String,
    /// The overview, but for the id.
    pub facts: Vec<Fact>,
    /// Its endpoints; at least one.
    pub endpoints: Vec<EndpointLine>,
    /// Its triggers; at least one.
    pub triggers: Vec<TriggerLine>,
    /// Its signing secret.
    pub secret: Option<SecretCard>,
    /// The last request as a command.
    pub curl: Option<CodeBlock>,
    /// How to check a signature, one block for each language.
    pub samples: Vec<CodeBlock>,
    /// Its last changes, newest first.
    pub changes: Vec<Change>,
}

/// Where what changes the webhook leads.
#[derive(Debug, Clone)]
pub struct Acts {
    /// Where the switch posts to.
    pub toggle: String,
    /// Edit name and description.
    pub edit: String,
    /// Send test event.
    pub test: String,
    /// Rotate secret.
    pub rotate: String,
    /// Add an endpoint.
    pub endpoint_new: String,
    /// Edit the triggers.
    pub triggers: String,
    /// Delete.
    pub delete: String,
}

impl Page for WebhookDetails {
    fn fragment(&self) -> askama::Result<String> {
        self.as_parts().render()
    }
}

/// The page, with the period that its address names.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let id = here.id::<WebhookKind>("wh")?;
    let period = Period::named(here.query().text("period"));
    let (found, charts, span) = here
        .run(move |cx, bu| {
            let span = period.span(cx.now);
            Ok((details(cx, bu, id)?, charts(cx, bu, id, &span)?, span))
        })
        .await?;
    Ok(here.answer(&WebhookDetails::of(&here, period, &found, (&charts, &span))))
}

impl WebhookDetails {
    fn of(here: &Here, period: Period, found: &Details, (charts, span): (&Charts, &Span)) -> Self {
        let (row, bu) = (&found.webhook.row, here.bu());
        let id = row.id;
        let href = routes::webhook(bu, id);
        let may = here.may(Permission::WebhooksWrite);
        let active = row.status == WebhookStatus::Active;
        let [deliveries, latency] = period.draw(span, charts);
        let link = |one: Period| Periods {
            value: one.value,
            label: one.label,
            href: routes::with_query(&href, &[("period", one.value)]),
            current: one == period,
        };
        Self {
            shell: here.shell(&format!("Webhook Details: {}", row.name), Place::Webhooks),
            id: id.to_string(),
            short_id: id.short(),
            name: row.name.clone(),
            description: row.description.clone(),
            active,
            acts: may.then(|| Acts::of(here, id, active)),
            log: routes::with_query(&routes::log(bu), &[("webhook", id.as_str())]),
            audit: here
                .is_admin()
                .then(|| routes::with_query(&routes::audit(bu), &[("target", id.as_str())])),
            notice: words::notice(&found.webhook, found.now),
            figures: period.figures(charts, &found.waiting),
            periods: PERIODS.into_iter().map(link).collect(),
            deliveries,
            latency,
            recent: found
                .recent
                .iter()
                .take(ON_THE_PAGE)
                .map(|row| Delivered::of(bu, row, found.now))
                .collect(),
            tail: tail::address(&routes::webhook_tail(bu, id), &[], found.now),
            facts: cards::facts(found),
            endpoints: cards::endpoints(here, found, may),
            triggers: cards::triggers(found),
            secret: cards::secret(here, found, may),
            curl: found.last_sent.as_ref().and_then(curl),
            samples: samples(),
            changes: cards::changes(found),
            href,
        }
    }
}

impl Acts {
    fn of(here: &Here, id: WebhookId, active: bool) -> Self {
        let bu = here.bu();
        Self {
            toggle: if active { routes::webhook_pause(bu, id) } else { routes::webhook_resume(bu, id) },
            edit: routes::webhook_edit(bu, id),
            test: routes::webhook_test(bu, id),
            rotate: routes::webhook_rotate(bu, id),
            endpoint_new: routes::webhook_endpoint_new(bu, id),
            triggers: routes::webhook_triggers(bu, id),
            delete: routes::webhook_delete(bu, id),
        }
    }
}
