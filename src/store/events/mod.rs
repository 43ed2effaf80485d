//! Events, deliveries, attempts and the queue.

pub mod attempts;
pub mod deliveries;
pub mod events;
pub mod idempotency_keys;
pub mod queue;
pub mod rollups;
pub mod settle;
