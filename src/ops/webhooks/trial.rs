//! Trying a filter on what happened of late, before a trigger has it.

use serde_json::Value;

use crate::domain::access::permission::Permission;
use crate::domain::id::BuId;
use crate::domain::webhooks::filter::Filter;
use crate::ops::Error;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::ops::events::inspect;
use crate::store::events::events::{self, EventFilter};

/// On how many events a filter is tried.
pub const MOST_TRIED: i64 = 50;
/// How many of the last events of a unit are searched for them.
pub const SEARCHED: i64 = 2_000;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trial {
    /// On how many events it was tried, at most [`MOST_TRIED`].
    pub tried: usize,
    /// How many of them pass.
    pub passed: usize,
}

/// Tries a filter on the last events of this type in `bu`, looked for among its last [`SEARCHED`] ones.
pub fn try_filter(cx: &Cx, bu: BuId, event_type: &str, filter: &Filter) -> Result<Trial, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::EventsRead)?;
        let from = events::place_at(conn, bu, None)?.saturating_sub(SEARCHED);
        let wanted = EventFilter {
            from: Some(from),
            event_type: Some(event_type.to_owned()),
            ..EventFilter::default()
        };
        let rows = events::list(conn, bu, &wanted, MOST_TRIED)?;
        let lets_through = |data: &[u8]| {
            let data: Value = serde_json::from_slice(data).unwrap_or(Value::Null);
            filter.matches(&data).is_ok()
        };
        let passed = rows.iter().filter(|row| lets_through(inspect::data(row))).count();
        Ok(Trial { tried: rows.len(), passed })
    })
}
