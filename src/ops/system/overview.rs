//! What a business unit has been doing lately: its deliveries by the hour, what fails, and what is still to set up.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::access::permission::Permission;
use crate::domain::id::{BuId, DeliveryId, WebhookId};
use crate::domain::webhooks::webhook::WebhookStatus;
use crate::ops::Error;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::ops::events::publish::OWN_SOURCE;
use crate::ops::webhooks::reach;
use crate::ops::webhooks::read::{WebhookView, views};
use crate::store::access::tokens;
use crate::store::events::deliveries::{self, DeliveryRow};
use crate::store::events::{attempts, events, unit_hours};
use crate::store::webhooks::webhooks::{self, WebhookFilter, WebhookPart};

pub use crate::store::events::unit_hours::UnitHour;

/// How many failing webhooks are named.
pub const MOST_FAILING: usize = 5;
/// How many deliveries that were given up are listed.
const MOST_FAILURES: i64 = 8;

/// What the overview of a business unit shows.
#[derive(Debug, Clone)]
pub struct Overview {
    /// The hours in which something was delivered or failed: of the period, and of the one before it.
    pub hours: Vec<UnitHour>,
    /// How many webhooks there are.
    pub webhooks: i64,
    /// How many of those are active.
    pub active: i64,
    /// Webhooks without a success since some attempt failed, or switched off for it: the newest, one more than
    /// [`MOST_FAILING`] at the most.
    pub failing: Vec<WebhookView>,
    /// The deliveries that were given up last, newest first.
    pub failures: Vec<Failure>,
    /// Whether there is an API token.
    pub has_token: bool,
    /// Whether somebody published one of the newest thousand events: Bellwire's own do not count.
    pub has_event: bool,
}

/// A delivery that was given up.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The delivery.
    pub delivery: DeliveryRow,
    /// The webhook's name; it may be deleted.
    pub webhook: String,
    /// What exactly failed at its last attempt, where more is known than the cause says.
    detail: Option<String>,
}

impl Failure {
    /// Why it did not arrive and what to do, in a sentence; `None` where that is not known.
    pub fn why(&self) -> Option<&str> {
        let cause = self.delivery.cause?;
        Some(self.detail.as_deref().unwrap_or_else(|| cause.sentence()))
    }
}

/// The overview of `bu` over the last `hours` hours, the current one included.
pub fn overview(cx: &Cx, bu: BuId, hours: u32) -> Result<Overview, Error> {
    let since = (cx.now - Duration::from_hours(u64::from(hours) * 2 - 1)).hour();
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::DeliveriesRead)?;
        let active = WebhookFilter { status: Some(WebhookStatus::Active), event: None };
        let failing = WebhookPart { failing: true, ..WebhookPart::default() };
        let most = i64::try_from(MOST_FAILING).unwrap_or(0).saturating_add(1);
        let failing = webhooks::part(conn, bu, &failing, most)?;
        let given_up = deliveries::failed(conn, bu, MOST_FAILURES)?;
        let given_up = reach::only_seen(cx, conn, bu, given_up)?;
        let ids: Vec<WebhookId> = given_up.iter().map(|delivery| delivery.webhook_id).collect();
        let names: HashMap<WebhookId, String> = webhooks::names(conn, bu, &ids)?.into_iter().collect();
        let tried: Vec<DeliveryId> = given_up.iter().map(|delivery| delivery.id).collect();
        let mut details = attempts::last_details(conn, bu, &tried)?;
        let failure = |delivery: DeliveryRow| Failure {
            detail: details
                .remove(&delivery.id)
                .filter(|(cause, _)| *cause == delivery.cause)
                .map(|(_, detail)| detail),
            webhook: names.get(&delivery.webhook_id).cloned().unwrap_or_default(),
            delivery,
        };
        Ok(Overview {
            hours: unit_hours::since(conn, bu, since)?,
            webhooks: webhooks::count(conn, bu, &WebhookFilter::default())?,
            active: webhooks::count(conn, bu, &active)?,
            failing: views(conn, bu, failing)?,
            failures: given_up.into_iter().map(failure).collect(),
            has_token: !tokens::list(conn, bu)?.is_empty(),
            has_event: events::has_from_elsewhere(conn, bu, OWN_SOURCE)?,
        })
    })
}
