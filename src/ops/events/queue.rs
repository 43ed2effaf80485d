//! The queue as the engine uses it: claiming what is due, and giving back what was not sent.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
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
use crate::store::db::Db;
use crate::store::events::deliveries::DeliveryRow;
pub use crate::store::events::queue::Waiting;
use crate::store::events::queue::{self, Lease};
use crate::store::events::suspects::{self, SuspectRow};
use crate::store::pool::Conn;
use crate::store::webhooks::endpoints::{self, EndpointRow};
use crate::store::webhooks::secrets::{self, SecretRow};
use crate::store::webhooks::webhooks::WebhookRow;

/// How long a suspect waits until what came before it is stored.
const BEFORE_A_SUSPECT: Duration = Duration::from_secs(5);

/// Every endpoint with deliveries that wait, and when its first is due. Costs as much as there are such
/// endpoints, however much waits.
pub fn waiting(tools: &Tools) -> Result<Vec<Waiting>, Error> {
    tools.db.read(|conn| Ok(queue::waiting(conn)?))
}

/// Leases deliveries that are due to this node, of each endpoint at most so many, the longest due first.
pub fn claim(tools: &Tools, wanted: &[(EndpointId, usize)]) -> Result<Vec<Handed>, Error> {
    let now = due_now(tools);
    let lease = Lease { node: tools.node, until: tools.clock.lease_now() + LEASE };
    let wanted: Vec<(EndpointId, i64)> =
        wanted.iter().map(|(endpoint, most)| (*endpoint, i64::try_from(*most).unwrap_or(i64::MAX))).collect();
    let (mut rows, bodies, suspects) = tools.db.write(|conn| -> Result<_, Error> {
        let rows = queue::claim(conn, lease, now, &wanted)?;
        let events: Vec<EventId> = rows.iter().map(|row| row.event_id).collect();
        let bodies = queue::bodies(conn, &events)?;
        let suspects = suspects_among(conn, &rows)?;
        Ok((rows, bodies, suspects))
    })?;
    // Databases give back what they changed in any order; made first is near enough to due first.
    rows.sort_unstable_by_key(|row| row.id);
    let bodies: HashMap<EventId, Arc<[u8]>> =
        bodies.into_iter().map(|(id, body)| (id, body.into())).collect();
    let crashes = |row: &DeliveryRow| suspects.get(&row.id).map_or(0, |suspect| suspect.crashes);
    let with_crashes = |row: &DeliveryRow| {
        handed(tools, row, &bodies).map(|handed| Handed { crashes: crashes(row), ..handed })
    };
    Ok(rows.iter().filter_map(with_crashes).collect())
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
    let now = due_now(tools);
    tools.db.write(|conn| Ok(queue::release(conn, tools.node, held, now)?))
}

/// The moment by which deliveries are due: the server's where several nodes share one, so that all agree, and
/// the machine's where one process serves a file, so that it holds over restarts.
pub fn due_now(tools: &Tools) -> Ts {
    due_moment(&tools.db, &tools.clock)
}

/// The same, for those who hold database and clock alone.
pub fn due_moment(db: &Db, clock: &Clock) -> Ts {
    if db.is_sqlite() { clock.now() } else { clock.lease_now() }
}

/// What is known against those of `rows` that ever lost a lease.
fn suspects_among(conn: &mut Conn, rows: &[DeliveryRow]) -> Result<HashMap<DeliveryId, SuspectRow>, Error> {
    let lost: Vec<DeliveryId> = rows.iter().filter(|row| row.interruptions > 0).map(|row| row.id).collect();
    Ok(suspects::of(conn, &lost)?)
}

/// Notes durably that an attempt of a suspect begins; false when this node does not hold it any more.
pub fn begin(tools: &Tools, handed: &Handed) -> Result<bool, Error> {
    // A suspect that came through before this one must not look as if it were still under way beside it.
    if !tools.gatherer.flush_within(BEFORE_A_SUSPECT) {
        return Err(Error::Unavailable("earlier outcomes are not stored yet".to_owned()));
    }
    let (id, lease_no) = (handed.delivery, handed.lease_no);
    tools.db.write(|conn| Ok(suspects::start(conn, tools.node, id, lease_no)?))
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
        hex_secret: secrets::hex_of(&rows),
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
pub(crate) fn open(tools: &Tools, row: &SecretRow) -> Option<SigningSecret> {
    let opened = tools.keys.open(&SecretRow::sealing_place(row.id, row.bu_id), &row.sealed).ok();
    let secret = opened.and_then(|text| SigningSecret::parse(std::str::from_utf8(&text).ok()?).ok());
    if secret.is_none() {
        let id: SecretId = row.id;
        tracing::error!(secret = %id, webhook = %row.webhook_id, "a signing secret cannot be opened");
    }
    secret
}

/// Opens a credential of an endpoint; says in the log when that cannot be done.
pub(crate) fn opened_text(
    tools: &Tools,
    sealed: Option<&[u8]>,
    place: &str,
) -> Result<Option<String>, Unreadable> {
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
