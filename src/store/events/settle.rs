//! The end of attempts in `deliveries`: many at once, each under its fencing number.

use diesel::QueryResult;

use crate::domain::events::cause::Cause;
use crate::domain::events::delivery::DeliveryState;
use crate::domain::id::{DeliveryId, EndpointId, EventId};
use crate::domain::time::Ts;
use crate::store::pool::Conn;
use crate::store::rows::{self, Cell, Statement};

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

struct Settle;

// The operators behind `state` keep a planner that believes few to be held from walking all that are, through
// their index.
impl Statement for Settle {
    const SQL: &'static str = "UPDATE deliveries SET state = {2}, cause = {3}, next_at = {4}, \
        attempts = attempts + {5}, interruptions = interruptions + {6}, last_status = {7}, \
        last_duration_ms = {8}, settled_at = {9}, lease_owner = NULL, lease_until = NULL {from} \
        WHERE deliveries.id = {0} AND ((lease_no = {1} AND state || '' = 'leased') \
          OR ({2} = 'delivered' AND state || '' IN ('ready', 'leased')))";
}

/// Settles deliveries under their fencing numbers. A holder whose lease passed on changes nothing,
/// but for one thing: what has arrived is delivered, whoever says so.
pub fn settle(conn: &mut Conn, settlements: &[Settlement]) -> QueryResult<()> {
    let cells = settlements.iter().map(|s| {
        [
            Cell::text(s.delivery.as_str()),
            Cell::BigInt(Some(s.lease_no)),
            Cell::text(s.state.as_str()),
            Cell::maybe(s.cause.map(Cause::as_str)),
            Cell::BigInt(s.next_at.map(|at| at.0)),
            Cell::Int(Some(s.attempts)),
            Cell::Int(Some(s.interruptions)),
            Cell::Int(s.status),
            Cell::Int(s.duration_ms),
            Cell::BigInt(s.settled_at().map(|at| at.0)),
        ]
    });
    rows::run::<Settle, 10>(conn, cells).map(drop)
}

struct Overtake;

impl Statement for Overtake {
    const SQL: &'static str = "UPDATE deliveries SET state = 'cancelled', cause = {2}, next_at = NULL, \
        settled_at = {3} {from} \
        WHERE deliveries.event_id = {0} AND endpoint_id = {1} AND state || '' = 'ready' AND attempts > 0";
}

/// Ends the retries of these events to these endpoints: they have arrived another way.
pub fn overtake(conn: &mut Conn, arrived: &[(EventId, EndpointId)], at: Ts) -> QueryResult<()> {
    let cells = arrived.iter().map(|(event, endpoint)| {
        [
            Cell::text(event.as_str()),
            Cell::text(endpoint.as_str()),
            Cell::text(Cause::Resent.as_str()),
            Cell::BigInt(Some(at.0)),
        ]
    });
    rows::run::<Overtake, 4>(conn, cells).map(drop)
}
