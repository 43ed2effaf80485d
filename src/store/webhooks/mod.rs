//! Webhooks, endpoints, triggers, secrets and event types.

pub mod endpoints;
pub mod event_types;
pub mod routes;
pub mod secrets;
pub mod triggers;
pub mod webhooks;
