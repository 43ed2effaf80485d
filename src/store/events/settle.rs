//! The end of attempts in `deliveries`: many at once, each under its fencing number.

use diesel::QueryResult;
use serde::Serialize;

use crate::domain::events::cause::Cause;
use crate::domain::events::delivery::DeliveryState;
use crate::domain::id::DeliveryId;
use crate::domain::time::Ts;
use crate::store::dialect::with_json;
use crate::store::pool::Conn;

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

const SET_SQLITE: &str = "UPDATE deliveries SET state = v.value->>2, cause = v.value->>3, \
    next_at = v.value->>4, attempts = attempts + (v.value->>5), \
    interruptions = interruptions + (v.value->>6), \
    last_status = v.value->>7, last_duration_ms = v.value->>8, settled_at = v.value->>9, \
    lease_owner = NULL, lease_until = NULL FROM json_each(?) v ";
const SET_POSTGRES: &str = "UPDATE deliveries SET state = v->>2, cause = v->>3, \
    next_at = (v->>4)::bigint, attempts = attempts + (v->>5)::int, \
    interruptions = interruptions + (v->>6)::int, \
    last_status = (v->>7)::int, last_duration_ms = (v->>8)::int, settled_at = (v->>9)::bigint, \
    lease_owner = NULL, lease_until = NULL FROM json_array_elements($1::json) v ";
const HELD_SQLITE: &str = "WHERE deliveries.id = v.value->>0 AND lease_no = v.value->>1 AND state = 'leased'";
const HELD_POSTGRES: &str = "WHERE id = v->>0 AND lease_no = (v->>1)::bigint AND state = 'leased'";
const LATE_SQLITE: &str = "WHERE deliveries.id = v.value->>0 AND v.value->>2 = 'delivered' \
    AND state IN ('ready', 'leased')";
const LATE_POSTGRES: &str = "WHERE id = v->>0 AND v->>2 = 'delivered' AND state IN ('ready', 'leased')";

/// Settles deliveries under their fencing numbers. A holder whose lease passed on changes nothing,
/// but for one thing: what has arrived is delivered, whoever says so.
pub fn settle(conn: &mut Conn, settlements: &[Settlement]) -> QueryResult<()> {
    if settlements.is_empty() {
        return Ok(());
    }
    let lines: Vec<Line<'_>> = settlements.iter().map(line).collect();
    // Numbers, words and ids cannot fail to be written as JSON.
    let json =
        serde_json::to_string(&lines).map_err(|e| diesel::result::Error::SerializationError(Box::new(e)))?;
    let held = with_json(
        conn,
        &format!("{SET_SQLITE}{HELD_SQLITE}"),
        &format!("{SET_POSTGRES}{HELD_POSTGRES}"),
        &json,
    )?;
    if held < settlements.len() {
        with_json(
            conn,
            &format!("{SET_SQLITE}{LATE_SQLITE}"),
            &format!("{SET_POSTGRES}{LATE_POSTGRES}"),
            &json,
        )?;
    }
    Ok(())
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
        s.state.is_final().then_some(s.at.0),
    )
}
