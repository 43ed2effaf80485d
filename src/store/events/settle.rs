//! The end of attempts in `deliveries`: many at once, each under its fencing number.

use diesel::QueryResult;
use serde::Serialize;

use crate::domain::events::cause::Cause;
use crate::domain::events::delivery::DeliveryState;
use crate::domain::id::DeliveryId;
use crate::domain::time::Ts;
use crate::store::pool::Conn;
use crate::store::rows;

/// What becomes of a delivery that a node held.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// The delivery.
    pub delivery: DeliveryId,
    /// The fencing number it was held under.
    pub lease_no: i64,
    /// Its new state.
    pub state: DeliveryState,
    /// Why it failed or ended.
    pub cause: Option<Cause>,
    /// When it is due again.
    pub next_at: Option<Ts>,
    /// 1 when the attempt counts.
    pub attempts: i32,
    /// 1 when it does not.
    pub interruptions: i32,
    /// The HTTP status.
    pub status: Option<i32>,
    /// How long the attempt took, in milliseconds.
    pub duration_ms: Option<i32>,
    /// When it ended.
    pub at: Ts,
}

impl Settlement {
    fn settled_at(&self) -> Option<Ts> {
        self.state.is_final().then_some(self.at)
    }
}

#[derive(Serialize)]
struct Line<'a>(
    &'a str,
    i64,
    &'a str,
    Option<&'a str>,
    Option<i64>,
    i32,
    i32,
    Option<i32>,
    Option<i32>,
    Option<i64>,
);

// The operators behind `state` keep a planner that believes few to be held from walking all that are, through
// their index.
const SETTLE: &str = "UPDATE deliveries SET state = v.value->>2, cause = v.value->>3, \
    next_at = CAST(v.value->>4 AS BIGINT), \
    attempts = attempts + CAST(v.value->>5 AS INTEGER), \
    interruptions = interruptions + CAST(v.value->>6 AS INTEGER), \
    last_status = CAST(v.value->>7 AS INTEGER), last_duration_ms = CAST(v.value->>8 AS INTEGER), \
    settled_at = CAST(v.value->>9 AS BIGINT), lease_owner = NULL, lease_until = NULL \
    FROM {rows} WHERE deliveries.id = v.value->>0 \
    AND ((lease_no = CAST(v.value->>1 AS BIGINT) AND state || '' = 'leased') \
      OR (v.value->>2 = 'delivered' AND state || '' IN ('ready', 'leased')))";

/// Settles deliveries under their fencing numbers. A holder whose lease passed on changes nothing,
/// but for one thing: what has arrived is delivered, whoever says so.
pub fn settle(conn: &mut Conn, settlements: &[Settlement]) -> QueryResult<()> {
    if settlements.is_empty() {
        return Ok(());
    }
    let lines: Vec<Line<'_>> = settlements.iter().map(line).collect();
    rows::run(conn, SETTLE, &lines).map(drop)
}

fn line(s: &Settlement) -> Line<'_> {
    Line(
        s.delivery.as_str(),
        s.lease_no,
        s.state.as_str(),
        s.cause.map(Cause::as_str),
        s.next_at.map(|t| t.0),
        s.attempts,
        s.interruptions,
        s.status,
        s.duration_ms,
        s.settled_at().map(|t| t.0),
    )
}
