//! Tables `delivery_hours` and `delivery_minutes`: what charts read, kept up as deliveries settle.

use std::time::Duration;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};

use crate::domain::id::{BuId, EndpointId, WebhookId};
use crate::domain::time::Ts;
use crate::store::pool::Conn;
use crate::store::rows::{self, Cell, Statement};
use crate::store::schema::{delivery_hours, delivery_minutes};

/// How long the stretches of `delivery_minutes` are.
pub const MINUTES: Duration = Duration::from_mins(2);
/// How many bounds an answer's time is counted in.
const BOUNDS: usize = 11;
/// Up to how many milliseconds each of them reaches.
pub const BOUNDS_MS: [u32; BOUNDS] = [10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000];

/// An hour of one endpoint; on the way into the tables, two minutes of it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = delivery_hours)]
pub struct HourRow {
    /// The webhook.
    pub webhook_id: WebhookId,
    /// The endpoint.
    pub endpoint_id: EndpointId,
    /// The start of the hour, or of the two minutes.
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
    /// Deliveries whose first attempt ended.
    pub begun: i64,
    /// Deliveries whose first attempt failed.
    pub failed_first: i64,
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
            begun: 0,
            failed_first: 0,
        }
    }

    const fn counts(&self) -> [i64; 16] {
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
            self.begun,
            self.failed_first,
        ]
    }

    fn cells(&self) -> [Cell<'_>; 20] {
        let counts = self.counts();
        std::array::from_fn(|at| match at {
            0 => Cell::text(self.webhook_id.as_str()),
            1 => Cell::text(self.endpoint_id.as_str()),
            2 => Cell::BigInt(Some(self.hour.0)),
            3 => Cell::text(self.bu_id.as_str()),
            count => Cell::BigInt(counts.get(count - 4).copied()),
        })
    }

    /// Adds what another stretch counted.
    const fn take(&mut self, other: &Self) {
        self.delivered += other.delivered;
        self.exhausted += other.exhausted;
        self.failed_attempts += other.failed_attempts;
        self.le_10 += other.le_10;
        self.le_25 += other.le_25;
        self.le_50 += other.le_50;
        self.le_100 += other.le_100;
        self.le_250 += other.le_250;
        self.le_500 += other.le_500;
        self.le_1000 += other.le_1000;
        self.le_2500 += other.le_2500;
        self.le_5000 += other.le_5000;
        self.le_10000 += other.le_10000;
        self.le_30000 += other.le_30000;
        self.begun += other.begun;
        self.failed_first += other.failed_first;
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

struct AddHours;
struct AddMinutes;

macro_rules! adds_to {
    ($name:ident, $table:literal, $start:literal, $first:literal, $($count:literal),+) => {
        impl Statement for $name {
            const SQL: &'static str = concat!(
                "INSERT INTO ", $table, " (webhook_id, endpoint_id, ", $start, ", bu_id, ", $first, $(", ", $count,)+
                ") {values} ON CONFLICT (webhook_id, endpoint_id, ", $start, ") DO UPDATE SET ",
                $first, " = ", $table, ".", $first, " + excluded.", $first,
                $(", ", $count, " = ", $table, ".", $count, " + excluded.", $count,)+
            );
        }
    };
}

macro_rules! counts_into {
    ($name:ident, $table:literal, $start:literal) => {
        adds_to!(
            $name,
            $table,
            $start,
            "delivered",
            "exhausted",
            "failed_attempts",
            "le_10",
            "le_25",
            "le_50",
            "le_100",
            "le_250",
            "le_500",
            "le_1000",
            "le_2500",
            "le_5000",
            "le_10000",
            "le_30000",
            "begun",
            "failed_first"
        );
    };
}

counts_into!(AddHours, "delivery_hours", "hour");
counts_into!(AddMinutes, "delivery_minutes", "minute");

/// Adds stretches of two minutes, in the order of webhook, endpoint and time, to what is stored of them and of
/// their hours.
pub fn add(conn: &mut Conn, minutes: &[HourRow]) -> QueryResult<()> {
    let mut hours: Vec<HourRow> = Vec::new();
    for row in minutes {
        let hour = row.hour.hour();
        match hours.last_mut() {
            Some(last)
                if (last.webhook_id, last.endpoint_id, last.hour)
                    == (row.webhook_id, row.endpoint_id, hour) =>
            {
                last.take(row);
            }
            _ => hours.push(HourRow { hour, ..row.clone() }),
        }
    }
    rows::run::<AddHours, 20>(conn, hours.iter().map(HourRow::cells))?;
    rows::run::<AddMinutes, 20>(conn, minutes.iter().map(HourRow::cells)).map(drop)
}

/// Forgets at most `limit` stretches of two minutes from before `before`; gives how many.
pub fn forget_minutes(conn: &mut Conn, before: Ts, limit: i64) -> QueryResult<usize> {
    let old = "(webhook_id, minute, endpoint_id) IN (SELECT webhook_id, minute, endpoint_id FROM delivery_minutes \
               WHERE minute < ";
    let old = sql::<Bool>(old)
        .bind::<BigInt, _>(before)
        .sql(" ORDER BY minute LIMIT ")
        .bind::<BigInt, _>(limit)
        .sql(")");
    diesel::delete(delivery_minutes::table.filter(old)).execute(conn)
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

/// A stretch of time that is cut into slots of one width.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// Its start, which is the first slot's.
    pub from: Ts,
    /// Its end.
    pub until: Ts,
    /// How long a slot is: whole hours, or whole stretches of [`MINUTES`].
    pub width: Duration,
}

impl Span {
    /// Whether hours are too coarse for it.
    fn is_fine(&self) -> bool {
        !self.width.as_secs().is_multiple_of(3_600)
    }
}

/// What a slot adds up to, over all endpoints.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Slot {
    /// Which slot, from 0.
    pub at: i64,
    /// Deliveries that arrived.
    pub delivered: i64,
    /// Deliveries whose every attempt failed.
    pub exhausted: i64,
    /// Deliveries whose first attempt ended.
    pub begun: i64,
    /// Deliveries whose first attempt failed.
    pub failed_first: i64,
    /// Attempts that were answered within each of [`BOUNDS_MS`].
    pub answered: [i64; BOUNDS],
}

impl Slot {
    /// Two slots as one, in the place of the first.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let mut answered = self.answered;
        for (sum, more) in answered.iter_mut().zip(other.answered) {
            *sum += more;
        }
        Self {
            at: self.at,
            delivered: self.delivered + other.delivered,
            exhausted: self.exhausted + other.exhausted,
            begun: self.begun + other.begun,
            failed_first: self.failed_first + other.failed_first,
            answered,
        }
    }
}

type Column = BigInt;
type Sums = (
    Column,
    Column,
    Column,
    Column,
    Column,
    Column,
    Column,
    Column,
    Column,
    Column,
    Column,
    Column,
    Column,
    Column,
    Column,
    Column,
);
type Summed = (i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64);

/// The slots of one webhook of `bu` in which something happened.
pub fn slots(conn: &mut Conn, bu: BuId, webhook: WebhookId, span: &Span) -> QueryResult<Vec<Slot>> {
    let start = if span.is_fine() { "minute" } else { "hour" };
    let mut sums = format!("({start} - {}) / {}", span.from.0, span.width.as_micros());
    let counts = ["delivered", "exhausted", "begun", "failed_first"].map(str::to_owned);
    for count in counts.into_iter().chain(BOUNDS_MS.map(|bound| format!("le_{bound}"))) {
        sums.extend([", CAST(SUM(", &count, ") AS BIGINT)"]);
    }
    let sums = sql::<Sums>(&sums);
    let found: Vec<Summed> = if span.is_fine() {
        delivery_minutes::table
            .filter(delivery_minutes::webhook_id.eq(webhook).and(delivery_minutes::bu_id.eq(bu)))
            .filter(delivery_minutes::minute.ge(span.from).and(delivery_minutes::minute.lt(span.until)))
            .group_by(sql::<BigInt>("1"))
            .select(sums)
            .load(conn)?
    } else {
        delivery_hours::table
            .filter(delivery_hours::webhook_id.eq(webhook).and(delivery_hours::bu_id.eq(bu)))
            .filter(delivery_hours::hour.ge(span.from).and(delivery_hours::hour.lt(span.until)))
            .group_by(sql::<BigInt>("1"))
            .select(sums)
            .load(conn)?
    };
    let slot = |s: Summed| Slot {
        at: s.0,
        delivered: s.1,
        exhausted: s.2,
        begun: s.3,
        failed_first: s.4,
        answered: [s.5, s.6, s.7, s.8, s.9, s.10, s.11, s.12, s.13, s.14, s.15],
    };
    Ok(found.into_iter().map(slot).collect())
}
