//! Table `delivery_hours`: what charts read, kept up as deliveries settle.

use diesel::prelude::*;

use crate::domain::id::{BuId, EndpointId, WebhookId};
use crate::domain::time::Ts;
use crate::store::pool::Conn;
use crate::store::rows::{self, Cell, Statement};
use crate::store::schema::delivery_hours;

/// An hour of one endpoint.
#[derive(Debug, Clone, Queryable, Selectable)]
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

    const fn counts(&self) -> [i64; 14] {
        [
            self.delivered,
            self.exhausted,
            self.failed_attempts,
            self.le_10,
            self.le_25,
            self.le_50,
            self.le_100,
            self.le_250,
            self.le_500,
            self.le_1000,
            self.le_2500,
            self.le_5000,
            self.le_10000,
            self.le_30000,
        ]
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

struct Add;

impl Statement for Add {
    const SQL: &'static str = "\
        INSERT INTO delivery_hours (webhook_id, endpoint_id, hour, bu_id, delivered, exhausted, \
        failed_attempts, le_10, le_25, le_50, le_100, le_250, le_500, le_1000, le_2500, le_5000, \
        le_10000, le_30000) {values} ON CONFLICT (webhook_id, endpoint_id, hour) DO UPDATE SET \
        delivered = delivery_hours.delivered + excluded.delivered, exhausted = \
        delivery_hours.exhausted + excluded.exhausted, failed_attempts = \
        delivery_hours.failed_attempts + excluded.failed_attempts, le_10 = delivery_hours.le_10 \
        + excluded.le_10, le_25 = delivery_hours.le_25 + excluded.le_25, le_50 = \
        delivery_hours.le_50 + excluded.le_50, le_100 = delivery_hours.le_100 + excluded.le_100, \
        le_250 = delivery_hours.le_250 + excluded.le_250, le_500 = delivery_hours.le_500 + \
        excluded.le_500, le_1000 = delivery_hours.le_1000 + excluded.le_1000, le_2500 = \
        delivery_hours.le_2500 + excluded.le_2500, le_5000 = delivery_hours.le_5000 + \
        excluded.le_5000, le_10000 = delivery_hours.le_10000 + excluded.le_10000, le_30000 = \
        delivery_hours.le_30000 + excluded.le_30000";
}

/// Adds these hours to what is stored, in their order.
pub fn add(conn: &mut Conn, hours: &[HourRow]) -> QueryResult<()> {
    let cells = hours.iter().map(|h| {
        let counts = h.counts();
        std::array::from_fn(|at| match at {
            0 => Cell::text(h.webhook_id.as_str()),
            1 => Cell::text(h.endpoint_id.as_str()),
            2 => Cell::BigInt(Some(h.hour.0)),
            3 => Cell::text(h.bu_id.as_str()),
            count => Cell::BigInt(counts.get(count - 4).copied()),
        })
    });
    rows::run::<Add, 18>(conn, cells).map(drop)
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
