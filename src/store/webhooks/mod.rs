//! Webhooks, endpoints, triggers, secrets and event types.

pub mod endpoints;
pub mod event_types;
pub mod failing;
pub mod owners;
pub mod routes;
pub mod secrets;
pub mod texts;
pub mod triggers;
#[expect(clippy::module_inception, reason = "one file a table, named after it")]
pub mod webhooks;
