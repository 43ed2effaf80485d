//! Events, deliveries, attempts and the queue.

pub mod attempts;
pub mod deliveries;
#[expect(clippy::module_inception, reason = "one file a table, named after it")]
pub mod events;
pub mod idempotency_keys;
pub mod queue;
pub mod replays;
pub mod rollups;
pub mod settle;
pub mod suspects;
pub mod unit_hours;
