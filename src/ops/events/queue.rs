//! The queue as the engine uses it: claiming what is due, giving back, and taking over from the dead.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::events::attempt::{Attempt, HeaderLines};
use crate::domain::events::cause::Cause;
use crate::domain::id::{DeliveryId, EndpointId, EventId, SecretId};
use crate::domain::time::Ts;
use crate::domain::webhooks::secret::SigningSecret;
use crate::domain::webhooks::target_url::TargetUrl;
use crate::domain::webhooks::webhook::WebhookStatus;
use crate::keys::Unreadable;
use crate::ops::Error;
use crate::ops::cx::Tools;
use crate::ops::events::handoff::{Destination, Destinations, Handed, Outcome, Standing, Verdict};
use crate::ops::events::route::LEASE;
use crate::store::events::attempts;
use crate::store::events::deliveries::DeliveryRow;
pub use crate::store::events::queue::Waiting;
use crate::store::events::queue::{self, Lease};
use crate::store::webhooks::endpoints::{self, EndpointRow};
use crate::store::webhooks::secrets::{self, SecretRow};
use crate::store::webhooks::webhooks::WebhookRow;

/// How many orphans one transaction takes over.
const ORPHANS: i64 = 500;

/// When orphaned deliveries are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// At the start of the process.
    Start,
    /// Every few seconds.
    Sweep,
}

/// Every endpoint with deliveries that wait, and when its first is due. Costs as much as there are such
/// endpoints, however much waits.
pub fn waiting(tools: &Tools) -> Result<Vec<Waiting>, Error> {
    tools.db.read(|conn| Ok(queue::waiting(conn)?))
}

/// Leases deliveries that are due to this node, of each endpoint at most so many, the longest due first.
pub fn claim(tools: &Tools, wanted: &[(EndpointId, usize)]) -> Result<Vec<Handed>, Error> {
    let now = tools.clock.now();
    let lease = Lease { node: tools.node, until: now + LEASE };
    let wanted: Vec<(EndpointId, i64)> =
        wanted.iter().map(|(endpoint, most)| (*endpoint, i64::try_from(*most).unwrap_or(i64::MAX))).collect();
    let (mut rows, bodies) = tools.db.write(|conn| -> Result<_, Error> {
        let rows = queue::claim(conn, lease, now, &wanted)?;
        let events: Vec<EventId> = rows.iter().map(|row| row.event_id).collect();
        let bodies = queue::bodies(conn, &events)?;
        Ok((rows, bodies))
    })?;
    // Databases give back what they changed in any order; made first is near enough to due first.
    rows.sort_unstable_by_key(|row| row.id);
    let bodies: HashMap<EventId, Arc<[u8]>> =
        bodies.into_iter().map(|(id, body)| (id, body.into())).collect();
    Ok(rows.into_iter().filter_map(|row| handed(tools, &row, &bodies)).collect())
}

fn handed(tools: &Tools, row: &DeliveryRow, bodies: &HashMap<EventId, Arc<[u8]>>) -> Option<Handed> {
    let event_type: Arc<str> = row.event_type.as_str().into();
    let Some(body) = bodies.get(&row.event_id) else {
        // Retention never removes the event of a delivery that is under way; a hand in the database may.
        tracing::error!(delivery = %row.id, event = %row.event_id, "a delivery has lost its event");
        let handed = Handed::new(row, event_type, Arc::default());
        let verdict = Verdict::Cancelled(Cause::Expired);
        tools.gatherer.settle(Outcome { handed, attempt: None, verdict });
        return None;
    };
    Some(Handed::new(row, event_type, body.clone()))
}

/// Gives back leases under which nothing was sent; the deliveries are due at once.
pub fn release(tools: &Tools, held: &[(DeliveryId, i64)]) -> Result<(), Error> {
    if held.is_empty() {
        return Ok(());
    }
    let now = tools.clock.now();
    tools.db.write(|conn| Ok(queue::release(conn, tools.node, held, now)?))
}

/// Takes over deliveries whose holder is gone, and records that an attempt may have been under way;
/// gives how many. At the start on SQLite every lease is such a one: one process serves the file.
pub fn recover(tools: &Tools, when: Recovery) -> Result<usize, Error> {
    let now = tools.clock.now();
    let all = when == Recovery::Start && tools.db.is_sqlite();
    // All of them, whatever the clock said when they were given.
    let before = if all { Ts(i64::MAX) } else { now };
    let mut freed = 0;
    loop {
        let done = tools.db.write(|conn| -> Result<usize, Error> {
            let rows = queue::orphans(conn, before, ORPHANS)?;
            let ids: Vec<DeliveryId> = rows.iter().map(|row| row.id).collect();
            let urls: HashMap<EndpointId, String> = {
                let endpoints: Vec<EndpointId> = rows.iter().map(|row| row.endpoint_id).collect();
                endpoints::with_webhooks(conn, &endpoints)?.into_iter().map(|(e, _)| (e.id, e.url)).collect()
            };
            let interrupted: Vec<Attempt> = rows.iter().map(|row| interrupted(tools, row, &urls)).collect();
            attempts::insert(conn, interrupted.iter())?;
            queue::free(conn, &ids, now)?;
            Ok(ids.len())
        })?;
        freed += done;
        if done < usize::try_from(ORPHANS).unwrap_or(usize::MAX) {
            return Ok(freed);
        }
    }
}

fn interrupted(tools: &Tools, row: &DeliveryRow, urls: &HashMap<EndpointId, String>) -> Attempt {
    let began = row.lease_until.map_or(row.created_at, |until| until - LEASE);
    Attempt {
        id: tools.clock.id(),
        delivery: row.id,
        bu: row.bu_id,
        endpoint: row.endpoint_id,
        number: row.attempts + row.interruptions + 1,
        started_at: began,
        duration_ms: 0,
        status: None,
        cause: Some(Cause::Interrupted),
        url: urls.get(&row.endpoint_id).cloned().unwrap_or_default(),
        request_headers: HeaderLines::default(),
        response_headers: HeaderLines::default(),
        response_body: Vec::new(),
        response_cut: false,
    }
}

/// Where these endpoints' deliveries go at this moment. Endpoints that are gone are absent.
pub fn destinations(tools: &Tools, ids: &[EndpointId]) -> Result<Destinations, Error> {
    let now = tools.clock.now();
    let (rows, live) = tools.db.read(|conn| -> Result<_, Error> {
        let rows = endpoints::with_webhooks(conn, ids)?;
        let webhooks: Vec<_> = rows.iter().map(|(_, webhook)| webhook.id).collect();
        let live = secrets::live(conn, &webhooks, now)?;
        Ok((rows, live))
    })?;
    Ok(rows
        .into_iter()
        .map(|(endpoint, webhook)| (endpoint.id, Arc::new(destination(tools, endpoint, &webhook, &live))))
        .collect())
}

fn destination(
    tools: &Tools,
    endpoint: EndpointRow,
    webhook: &WebhookRow,
    live: &[SecretRow],
) -> Destination {
    let of_endpoint = |row: &&SecretRow| row.endpoint_id == Some(endpoint.id);
    let of_webhook = |row: &&SecretRow| row.webhook_id == webhook.id && row.endpoint_id.is_none();
    let mut rows: Vec<&SecretRow> = live.iter().filter(of_endpoint).collect();
    if rows.is_empty() {
        rows = live.iter().filter(of_webhook).collect();
    }
    let opened: Vec<SigningSecret> = rows.iter().filter_map(|row| open(tools, row)).collect();
    let headers =
        opened_text(tools, endpoint.headers_sealed.as_deref(), &sealing_place("headers_sealed", &endpoint));
    let place = sealing_place("static_secret_sealed", &endpoint);
    let static_secret = opened_text(tools, endpoint.static_secret_sealed.as_deref(), &place);
    // A request that lacks a signature or a credential would be refused at the other end, and count
    // against it: when anything cannot be opened, nothing is signed and nothing is sent.
    let whole = opened.len() == rows.len() && headers.is_ok() && static_secret.is_ok();
    let secrets = if whole { opened } else { Vec::new() };
    Destination {
        endpoint: endpoint.id,
        webhook: webhook.id,
        bu: webhook.bu_id,
        standing: standing(webhook),
        url: TargetUrl::parse(&endpoint.url, &tools.egress).ok(),
        hex_secret: secrets.len().saturating_sub(1),
        secrets,
        headers: headers.ok().flatten().and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default(),
        static_header: endpoint.static_header.zip(static_secret.ok().flatten()),
        timeout: Duration::from_millis(u64::try_from(endpoint.timeout_ms).unwrap_or(15_000)),
        retry: endpoint.retry.parse().unwrap_or_default(),
        rate_per_second: endpoint.rate_per_second,
        url_text: endpoint.url,
    }
}

const fn standing(webhook: &WebhookRow) -> Standing {
    match (webhook.deleted_at, webhook.status) {
        (Some(_), _) => Standing::Deleted,
        (None, WebhookStatus::Inactive) => Standing::Inactive,
        (None, WebhookStatus::Active) => Standing::Active,
    }
}

/// Opens a signing secret; says in the log when that cannot be done.
fn open(tools: &Tools, row: &SecretRow) -> Option<SigningSecret> {
    let opened = tools.keys.open(&SecretRow::sealing_place(row.id, row.bu_id), &row.sealed).ok();
    let secret = opened.and_then(|text| SigningSecret::parse(std::str::from_utf8(&text).ok()?).ok());
    if secret.is_none() {
        let id: SecretId = row.id;
        tracing::error!(secret = %id, webhook = %row.webhook_id, "a signing secret cannot be opened");
    }
    secret
}

fn opened_text(tools: &Tools, sealed: Option<&[u8]>, place: &str) -> Result<Option<String>, Unreadable> {
    let Some(sealed) = sealed else { return Ok(None) };
    let plain = tools.keys.open(place, sealed).inspect_err(|_| {
        tracing::error!(place, "credentials of an endpoint cannot be opened");
    })?;
    String::from_utf8(plain.to_vec()).map(Some).map_err(|_| Unreadable)
}

/// The place that an endpoint's sealed column is sealed for.
pub fn sealing_place(column: &str, endpoint: &EndpointRow) -> String {
    format!("endpoints|{column}|{}|{}", endpoint.id, endpoint.bu_id)
}
