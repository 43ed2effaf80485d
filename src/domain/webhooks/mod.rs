//! What is sent where: webhooks, endpoints, triggers, their secrets and the catalogue of event types.

pub mod address;
pub mod catalogue;
pub mod draft;
pub mod endpoint;
pub mod filter;
pub mod header;
pub mod secret;
pub mod target_url;
pub mod trigger;
pub mod webhook;
