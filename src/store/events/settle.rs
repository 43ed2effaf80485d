//! The end of attempts in `deliveries`: many at once, each under its fencing number.

use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde::Serialize;

use crate::domain::events::cause::Cause;
use crate::domain::events::delivery::DeliveryState;
use crate::domain::id::{DeliveryId, NodeId};
use crate::domain::time::Ts;
use crate::store::dialect;
use crate::store::pool::Conn;
use crate::store::schema::deliveries;

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

const SET: &str = "UPDATE deliveries SET state = v->>2, cause = v->>3, \
    next_at = (v->>4)::bigint, attempts = attempts + (v->>5)::int, \
    interruptions = interruptions + (v->>6)::int, \
    last_status = (v->>7)::int, last_duration_ms = (v->>8)::int, settled_at = (v->>9)::bigint, \
    lease_owner = NULL, lease_until = NULL FROM json_array_elements($1::json) v ";
// The operator keeps a planner that believes few to be held from walking all that are, through their index.
const HELD: &str = "WHERE id = v->>0 AND lease_no = (v->>1)::bigint AND state || '' = 'leased'";
const LATE: &str = "WHERE id = v->>0 AND v->>2 = 'delivered' AND state IN ('ready', 'leased')";

/// Settles deliveries under their fencing numbers. A holder whose lease passed on changes nothing,
/// but for one thing: what has arrived is delivered, whoever says so.
pub fn settle(conn: &mut Conn, settlements: &[Settlement]) -> QueryResult<()> {
    if settlements.is_empty() {
        return Ok(());
    }
    if dialect::has_round_trips(conn) {
        settle_at_once(conn, settlements)
    } else {
        settle_each(conn, settlements)
    }
}

/// One prepared statement for each: the cheapest where a statement is a call in this process.
fn settle_each(conn: &mut Conn, settlements: &[Settlement]) -> QueryResult<()> {
    use deliveries::dsl as d;
    for s in settlements {
        let held = d::lease_no.eq(s.lease_no).and(d::state.eq(DeliveryState::Leased));
        let under_way = d::state.eq(DeliveryState::Ready).or(d::state.eq(DeliveryState::Leased));
        let arrived = (s.state == DeliveryState::Delivered).into_sql::<Bool>();
        diesel::update(d::deliveries.filter(d::id.eq(s.delivery)).filter(held.or(arrived.and(under_way))))
            .set((
                d::state.eq(s.state),
                d::cause.eq(s.cause),
                d::next_at.eq(s.next_at),
                d::attempts.eq(d::attempts + s.attempts),
                d::interruptions.eq(d::interruptions + s.interruptions),
                d::last_status.eq(s.status),
                d::last_duration_ms.eq(s.duration_ms),
                d::settled_at.eq(s.settled_at()),
                d::lease_owner.eq(None::<NodeId>),
                d::lease_until.eq(None::<Ts>),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// One statement for all: the cheapest where each is a round trip.
fn settle_at_once(conn: &mut Conn, settlements: &[Settlement]) -> QueryResult<()> {
    let lines: Vec<Line<'_>> = settlements.iter().map(line).collect();
    // Numbers, words and ids cannot fail to be written as JSON.
    let json =
        serde_json::to_string(&lines).map_err(|e| diesel::result::Error::SerializationError(Box::new(e)))?;
    let held = dialect::with_json(conn, &format!("{SET}{HELD}"), &json)?;
    if held < settlements.len() {
        dialect::with_json(conn, &format!("{SET}{LATE}"), &json)?;
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
        s.settled_at().map(|t| t.0),
    )
}
