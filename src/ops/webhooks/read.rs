//! Reading webhooks: one, or a page of them, with everything that lists and details show.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::domain::access::partner::PartnerNumber;
use crate::domain::access::permission::Permission;
use crate::domain::id::{BuId, ProgrammeId, TeamId, UserId, WebhookId};
use crate::domain::webhooks::webhook::{Health, Reach};
use crate::ops::Error;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::store::access::{partners, programmes, teams, users};
use crate::store::events::rollups::{self, HourRow};
use crate::store::pool::Conn;
use crate::store::webhooks::endpoints::{self, EndpointRow};
use crate::store::webhooks::triggers::{self, TriggerRow};
use crate::store::webhooks::webhooks::{self, WebhookFilter, WebhookRow};

/// How many hours the little chart of a row covers.
pub const HOURS_OF_HEALTH: u64 = 24;

/// For how long no attempt must have succeeded until a webhook counts as failing.
pub const FAILING_AFTER: Duration = Duration::from_hours(1);

/// A webhook with its parts.
#[derive(Debug, Clone)]
pub struct WebhookView {
    /// The webhook itself.
    pub row: WebhookRow,
    /// Its endpoints, in their order; at least one.
    pub endpoints: Vec<EndpointRow>,
    /// Its triggers, in their order; at least one.
    pub triggers: Vec<TriggerRow>,
    /// The number of the login that made it.
    pub creator: Option<i64>,
    /// The number of the one login whose events trigger it.
    pub for_login: Option<i64>,
    /// The name of the team whose events trigger it.
    pub team: Option<String>,
    /// The name of the programme it was made in.
    pub programme: Option<String>,
    /// The name of the partner all of whose business units it hears.
    pub partner: Option<String>,
}

impl WebhookView {
    /// The address of its first endpoint.
    pub fn url(&self) -> &str {
        self.endpoints.first().map(|e| e.url.as_str()).unwrap_or_default()
    }

    /// The names of its event types.
    pub fn events(&self) -> impl Iterator<Item = &str> {
        self.triggers.iter().map(|t| t.event_type.as_str())
    }

    /// How its deliveries have been going, by the last attempt and since when none succeeded.
    pub fn health(&self) -> Health {
        match (self.row.last_sent_ok, self.row.failing_since, self.row.last_sent_at) {
            (None, _, _) => Health::New,
            (Some(true), _, _) => Health::Healthy,
            (Some(false), Some(since), Some(last)) if last.since(since) >= FAILING_AFTER => Health::Failing,
            (Some(false), _, _) => Health::Degraded,
        }
    }
}

/// Which webhooks a page of the list shows.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// Which ones.
    pub filter: WebhookFilter,
    /// The page, from 1.
    pub page: i64,
    /// How many stand on a page, 1 to 100.
    pub limit: i64,
}

/// A page of the list.
#[derive(Debug, Clone)]
pub struct WebhookPage {
    /// The webhooks of the page, oldest first.
    pub webhooks: Vec<WebhookView>,
    /// How many fit the filter in all.
    pub total: i64,
}

/// One webhook of `bu`.
pub fn read(cx: &Cx, bu: BuId, id: WebhookId) -> Result<WebhookView, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksRead)?;
        let row = webhooks::find(conn, bu, id)?.ok_or(Error::NotFound)?;
        view(conn, row)
    })
}

/// A page of the webhooks of `bu`.
pub fn list(cx: &Cx, bu: BuId, query: &ListQuery) -> Result<WebhookPage, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksRead)?;
        let total = webhooks::count(conn, bu, &query.filter)?;
        let skip = query.page.saturating_sub(1).saturating_mul(query.limit);
        let rows = webhooks::list(conn, bu, &query.filter, skip, query.limit)?;
        Ok(WebhookPage { webhooks: views(conn, bu, rows)?, total })
    })
}

/// The hours of the last day of these webhooks of `bu`.
pub fn health_hours(cx: &Cx, bu: BuId, ids: &[WebhookId]) -> Result<HashMap<WebhookId, Vec<HourRow>>, Error> {
    let since = (cx.now - Duration::from_hours(HOURS_OF_HEALTH - 1)).hour();
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksRead)?;
        let mut hours: HashMap<WebhookId, Vec<HourRow>> = HashMap::new();
        for hour in rollups::of_webhooks(conn, bu, ids, since)? {
            hours.entry(hour.webhook_id).or_default().push(hour);
        }
        Ok(hours)
    })
}

/// A webhook with its parts, for operations that checked already who asks.
pub(crate) fn view(conn: &mut Conn, row: WebhookRow) -> Result<WebhookView, Error> {
    let bu = row.bu_id;
    views(conn, bu, vec![row])?.pop().ok_or(Error::NotFound)
}

/// Webhooks with their parts, likewise.
pub(crate) fn views(conn: &mut Conn, bu: BuId, rows: Vec<WebhookRow>) -> Result<Vec<WebhookView>, Error> {
    let ids: Vec<WebhookId> = rows.iter().map(|row| row.id).collect();
    let mut endpoints: BTreeMap<WebhookId, Vec<EndpointRow>> = BTreeMap::new();
    for endpoint in endpoints::of_webhooks(conn, bu, &ids)? {
        endpoints.entry(endpoint.webhook_id).or_default().push(endpoint);
    }
    let mut triggers: BTreeMap<WebhookId, Vec<TriggerRow>> = BTreeMap::new();
    for trigger in triggers::of_webhooks(conn, bu, &ids)? {
        triggers.entry(trigger.webhook_id).or_default().push(trigger);
    }
    let people: Vec<UserId> = rows.iter().flat_map(|r| [r.created_by, r.for_login]).flatten().collect();
    let numbers: HashMap<UserId, i64> = users::numbers(conn, &people)?.into_iter().collect();
    let teams: Vec<TeamId> = rows.iter().filter_map(|r| r.for_team).collect();
    let names: HashMap<TeamId, String> = teams::names(conn, bu, &teams)?.into_iter().collect();
    let programmes: Vec<ProgrammeId> = rows.iter().filter_map(|r| r.programme_id).collect();
    let programmes: HashMap<ProgrammeId, String> =
        programmes::names(conn, bu, &programmes)?.into_iter().collect();
    let partners: Vec<PartnerNumber> = rows.iter().filter_map(|r| r.reach_partner_id).collect();
    let partners: HashMap<PartnerNumber, String> = partners::names(conn, &partners)?.into_iter().collect();
    let wide = |row: &WebhookRow| row.reach_partner_id.filter(|_| row.reach == Reach::Partner);
    Ok(rows
        .into_iter()
        .map(|row| WebhookView {
            endpoints: endpoints.remove(&row.id).unwrap_or_default(),
            triggers: triggers.remove(&row.id).unwrap_or_default(),
            creator: row.created_by.and_then(|id| numbers.get(&id).copied()),
            for_login: row.for_login.and_then(|id| numbers.get(&id).copied()),
            team: row.for_team.and_then(|id| names.get(&id).cloned()),
            programme: row.programme_id.and_then(|id| programmes.get(&id).cloned()),
            partner: wide(&row).and_then(|number| partners.get(&number).cloned()),
            row,
        })
        .collect())
}
