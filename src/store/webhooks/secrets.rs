//! Table `secrets`: the versions of webhooks' signing secrets, sealed.

use diesel::prelude::*;

use crate::domain::id::{BuId, EndpointId, SecretId, WebhookId};
use crate::domain::time::Ts;
use crate::store::pool::Conn;
use crate::store::schema::secrets;

/// One version of a signing secret.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = secrets)]
#[diesel(treat_none_as_default_value = false)]
pub struct SecretRow {
    /// Its id.
    pub id: SecretId,
    /// The webhook it signs for.
    pub webhook_id: WebhookId,
    /// The one endpoint it signs for; the whole webhook when `None`.
    pub endpoint_id: Option<EndpointId>,
    /// The tenant.
    pub bu_id: BuId,
    /// The secret, sealed for this row.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Ts,
    /// When it stops signing; never when `None`.
    pub retires_at: Option<Ts>,
    /// Since when the hex header is made with it, though older ones still sign.
    pub hex_since: Option<Ts>,
}

impl SecretRow {
    /// The place its secret is sealed for.
    pub fn sealing_place(id: SecretId, bu: BuId) -> String {
        format!("secrets|sealed|{id}|{bu}")
    }
}

/// Which of the live versions of one secret, newest first, the single-valued hex header is made with: the newest that
/// somebody switched to, else the oldest, which receivers have known for longest.
pub fn hex_of(live: &[&SecretRow]) -> usize {
    live.iter().position(|row| row.hex_since.is_some()).unwrap_or(live.len().saturating_sub(1))
}

/// Stores a version.
pub fn insert(conn: &mut Conn, row: &SecretRow) -> QueryResult<()> {
    diesel::insert_into(secrets::table).values(row).execute(conn).map(drop)
}

/// The versions of these webhooks that still sign at `now`, newest first. For the engine, which
/// serves every tenant.
pub fn live(conn: &mut Conn, webhooks: &[WebhookId], now: Ts) -> QueryResult<Vec<SecretRow>> {
    secrets::table
        .filter(
            secrets::webhook_id
                .eq_any(webhooks)
                .and(secrets::retires_at.is_null().or(secrets::retires_at.gt(now))),
        )
        .select(SecretRow::as_select())
        .order(secrets::id.desc())
        .load(conn)
}

/// Removes every version of one webhook of `bu`.
pub fn remove_of_webhook(conn: &mut Conn, bu: BuId, webhook: WebhookId) -> QueryResult<usize> {
    diesel::delete(secrets::table.filter(secrets::webhook_id.eq(webhook).and(secrets::bu_id.eq(bu))))
        .execute(conn)
}

/// Lets one version of `bu` sign until `at`, unless it stops before.
pub fn retire(conn: &mut Conn, bu: BuId, id: SecretId, at: Ts) -> QueryResult<()> {
    let here = secrets::table.find(id).filter(secrets::bu_id.eq(bu));
    diesel::update(here.filter(secrets::retires_at.is_null().or(secrets::retires_at.gt(at))))
        .set(secrets::retires_at.eq(Some(at)))
        .execute(conn)
        .map(drop)
}

/// Has the hex header made with one version of `bu` from `at` on.
pub fn use_for_hex(conn: &mut Conn, bu: BuId, id: SecretId, at: Ts) -> QueryResult<()> {
    diesel::update(secrets::table.find(id).filter(secrets::bu_id.eq(bu)))
        .set(secrets::hex_since.eq(Some(at)))
        .execute(conn)
        .map(drop)
}

/// Removes every version of the own secret of one endpoint of `bu`.
pub fn remove_of_endpoint(conn: &mut Conn, bu: BuId, endpoint: EndpointId) -> QueryResult<usize> {
    diesel::delete(secrets::table.filter(secrets::endpoint_id.eq(endpoint).and(secrets::bu_id.eq(bu))))
        .execute(conn)
}

/// Removes the versions of one whole webhook of `bu` that do not sign any more at `now`.
pub fn remove_retired(conn: &mut Conn, bu: BuId, webhook: WebhookId, now: Ts) -> QueryResult<usize> {
    let here = secrets::table.filter(secrets::webhook_id.eq(webhook).and(secrets::bu_id.eq(bu)));
    diesel::delete(here.filter(secrets::endpoint_id.is_null()).filter(secrets::retires_at.le(now)))
        .execute(conn)
}
