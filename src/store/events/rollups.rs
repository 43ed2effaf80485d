//! Table `delivery_hours`: what charts read, kept up as deliveries settle.

use diesel::prelude::*;

use crate::domain::id::{BuId, EndpointId, WebhookId};
use crate::domain::time::Ts;
use crate::store::dialect::each;
use crate::store::pool::Conn;
use crate::store::schema::delivery_hours;

/// An hour of one endpoint.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = delivery_hours)]
pub struct HourRow {
    /// The webhook.
    pub webhook_id: WebhookId,
    /// The endpoint.
    pub endpoint_id: EndpointId,
    /// The start of the hour.
    pub hour: Ts,
    /// The webhook's tenant.
    pub bu_id: BuId,
    /// Deliveries that arrived.
    pub delivered: i64,
    /// Deliveries whose every attempt failed.
    pub exhausted: i64,
    /// Attempts that failed.
    pub failed_attempts: i64,
    /// Attempts that were answered within 10 ms; the following fields likewise.
    pub le_10: i64,
    /// 25 ms.
    pub le_25: i64,
    /// 50 ms.
    pub le_50: i64,
    /// 100 ms.
    pub le_100: i64,
    /// 250 ms.
    pub le_250: i64,
    /// 500 ms.
    pub le_500: i64,
    /// 1 s.
    pub le_1000: i64,
    /// 2.5 s.
    pub le_2500: i64,
    /// 5 s.
    pub le_5000: i64,
    /// 10 s.
    pub le_10000: i64,
    /// 30 s.
    pub le_30000: i64,
}

impl HourRow {
    /// An hour in which nothing happened yet.
    pub const fn empty(webhook_id: WebhookId, endpoint_id: EndpointId, bu_id: BuId, hour: Ts) -> Self {
        Self {
            webhook_id,
            endpoint_id,
            hour,
            bu_id,
            delivered: 0,
            exhausted: 0,
            failed_attempts: 0,
            le_10: 0,
            le_25: 0,
            le_50: 0,
            le_100: 0,
            le_250: 0,
            le_500: 0,
            le_1000: 0,
            le_2500: 0,
            le_5000: 0,
            le_10000: 0,
            le_30000: 0,
        }
    }

    /// Counts one answered attempt in every bound it stayed within.
    pub const fn answered(&mut self, ms: i32) {
        self.le_10 += (ms <= 10) as i64;
        self.le_25 += (ms <= 25) as i64;
        self.le_50 += (ms <= 50) as i64;
        self.le_100 += (ms <= 100) as i64;
        self.le_250 += (ms <= 250) as i64;
        self.le_500 += (ms <= 500) as i64;
        self.le_1000 += (ms <= 1_000) as i64;
        self.le_2500 += (ms <= 2_500) as i64;
        self.le_5000 += (ms <= 5_000) as i64;
        self.le_10000 += (ms <= 10_000) as i64;
        self.le_30000 += 1;
    }
}

/// Adds these hours to what is stored.
pub fn add(conn: &mut Conn, hours: &[HourRow]) -> QueryResult<()> {
    use delivery_hours::dsl as h;
    use diesel::upsert::excluded;
    for row in hours {
        each!(conn, c => diesel::insert_into(delivery_hours::table)
            .values(row)
            .on_conflict((h::webhook_id, h::endpoint_id, h::hour))
            .do_update()
            .set((
                h::delivered.eq(h::delivered + excluded(h::delivered)),
                h::exhausted.eq(h::exhausted + excluded(h::exhausted)),
                h::failed_attempts.eq(h::failed_attempts + excluded(h::failed_attempts)),
                h::le_10.eq(h::le_10 + excluded(h::le_10)),
                h::le_25.eq(h::le_25 + excluded(h::le_25)),
                h::le_50.eq(h::le_50 + excluded(h::le_50)),
                h::le_100.eq(h::le_100 + excluded(h::le_100)),
                h::le_250.eq(h::le_250 + excluded(h::le_250)),
                h::le_500.eq(h::le_500 + excluded(h::le_500)),
                h::le_1000.eq(h::le_1000 + excluded(h::le_1000)),
                h::le_2500.eq(h::le_2500 + excluded(h::le_2500)),
                h::le_5000.eq(h::le_5000 + excluded(h::le_5000)),
                h::le_10000.eq(h::le_10000 + excluded(h::le_10000)),
                h::le_30000.eq(h::le_30000 + excluded(h::le_30000)),
            ))
            .execute(c))?;
    }
    Ok(())
}

/// The hours of these webhooks of `bu` from `since` on, in order of time.
pub fn of_webhooks(
    conn: &mut Conn,
    bu: BuId,
    webhooks: &[WebhookId],
    since: Ts,
) -> QueryResult<Vec<HourRow>> {
    delivery_hours::table
        .filter(
            delivery_hours::webhook_id
                .eq_any(webhooks)
                .and(delivery_hours::bu_id.eq(bu))
                .and(delivery_hours::hour.ge(since)),
        )
        .select(HourRow::as_select())
        .order(delivery_hours::hour)
        .load(conn)
}
