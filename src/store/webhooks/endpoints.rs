//! Table `endpoints`: the URLs of webhooks.

use diesel::prelude::*;

use crate::domain::id::{BuId, EndpointId, WebhookId};
use crate::domain::time::Ts;
use crate::store::dialect::each;
use crate::store::pool::Conn;
use crate::store::schema::{endpoints, webhooks};
use crate::store::webhooks::texts;
use crate::store::webhooks::webhooks::WebhookRow;

/// An endpoint as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = endpoints)]
#[diesel(treat_none_as_default_value = false)]
pub struct EndpointRow {
    /// Its id.
    pub id: EndpointId,
    /// Its webhook.
    pub webhook_id: WebhookId,
    /// The tenant.
    pub bu_id: BuId,
    /// Its place among the webhook's endpoints, from 0.
    pub position: i32,
    /// Its name; may be empty.
    pub name: String,
    /// Its address.
    pub url: String,
    /// Custom headers as JSON, sealed.
    pub headers_sealed: Option<Vec<u8>>,
    /// The name of the static secret header.
    pub static_header: Option<String>,
    /// Its value, sealed.
    pub static_secret_sealed: Option<Vec<u8>>,
    /// How long an attempt may take, in milliseconds.
    pub timeout_ms: i32,
    /// How failed attempts are repeated, as `RetryPolicy` writes it.
    pub retry: String,
    /// Deliveries a second at the most.
    pub rate_per_second: Option<i32>,
    /// When it was made.
    pub created_at: Ts,
}

/// Stores endpoints of one webhook.
pub fn insert(conn: &mut Conn, rows: &[EndpointRow]) -> QueryResult<()> {
    each!(conn, c => diesel::insert_into(endpoints::table).values(rows).execute(c))?;
    rows.first().map_or(Ok(()), |first| texts::renew(conn, first.bu_id, first.webhook_id))
}

/// The endpoints of these webhooks of `bu`, in their order.
pub fn of_webhooks(conn: &mut Conn, bu: BuId, webhooks: &[WebhookId]) -> QueryResult<Vec<EndpointRow>> {
    endpoints::table
        .filter(endpoints::webhook_id.eq_any(webhooks).and(endpoints::bu_id.eq(bu)))
        .select(EndpointRow::as_select())
        .order((endpoints::webhook_id, endpoints::position))
        .load(conn)
}

/// These endpoints with their webhooks, deleted ones too. For the engine, which serves every tenant.
pub fn with_webhooks(conn: &mut Conn, ids: &[EndpointId]) -> QueryResult<Vec<(EndpointRow, WebhookRow)>> {
    endpoints::table
        .inner_join(webhooks::table.on(webhooks::id.eq(endpoints::webhook_id)))
        .filter(endpoints::id.eq_any(ids))
        .select((EndpointRow::as_select(), WebhookRow::as_select()))
        .load(conn)
}

/// Moves the endpoint `row` to another address, without the credentials that were sent to the old one.
pub fn redirect(conn: &mut Conn, row: &EndpointRow, url: &str, drop_credentials: bool) -> QueryResult<()> {
    let here = endpoints::table.find(row.id).filter(endpoints::bu_id.eq(row.bu_id));
    diesel::update(here).set(endpoints::url.eq(url)).execute(conn)?;
    if drop_credentials {
        diesel::update(here)
            .set((
                endpoints::headers_sealed.eq(None::<Vec<u8>>),
                endpoints::static_header.eq(None::<String>),
                endpoints::static_secret_sealed.eq(None::<Vec<u8>>),
            ))
            .execute(conn)?;
    }
    texts::renew(conn, row.bu_id, row.webhook_id)
}

/// Sets where one endpoint of `row.bu_id` sends and with which credentials; the rest of `row` does not count.
pub fn set_destination(conn: &mut Conn, row: &EndpointRow) -> QueryResult<()> {
    diesel::update(endpoints::table.find(row.id).filter(endpoints::bu_id.eq(row.bu_id)))
        .set((
            endpoints::url.eq(&row.url),
            endpoints::headers_sealed.eq(&row.headers_sealed),
            endpoints::static_header.eq(&row.static_header),
            endpoints::static_secret_sealed.eq(&row.static_secret_sealed),
        ))
        .execute(conn)?;
    texts::renew(conn, row.bu_id, row.webhook_id)
}

/// Sets how one endpoint of `row.bu_id` is called and sent to: name, timeout, retries and rate.
pub fn set_manner(conn: &mut Conn, row: &EndpointRow) -> QueryResult<()> {
    diesel::update(endpoints::table.find(row.id).filter(endpoints::bu_id.eq(row.bu_id)))
        .set((
            endpoints::name.eq(&row.name),
            endpoints::timeout_ms.eq(row.timeout_ms),
            endpoints::retry.eq(&row.retry),
            endpoints::rate_per_second.eq(row.rate_per_second),
        ))
        .execute(conn)
        .map(drop)
}

/// Removes the endpoint `row`. Its secrets must be gone.
pub fn remove(conn: &mut Conn, row: &EndpointRow) -> QueryResult<()> {
    diesel::delete(endpoints::table.find(row.id).filter(endpoints::bu_id.eq(row.bu_id))).execute(conn)?;
    texts::renew(conn, row.bu_id, row.webhook_id)
}

/// Forgets every credential that endpoints of one webhook of `bu` sent.
pub fn forget_credentials(conn: &mut Conn, bu: BuId, webhook: WebhookId) -> QueryResult<()> {
    diesel::update(endpoints::table.filter(endpoints::webhook_id.eq(webhook).and(endpoints::bu_id.eq(bu))))
        .set((
            endpoints::headers_sealed.eq(None::<Vec<u8>>),
            endpoints::static_header.eq(None::<String>),
            endpoints::static_secret_sealed.eq(None::<Vec<u8>>),
        ))
        .execute(conn)
        .map(drop)
}
