//! The REST face: programs that carry a token.

mod body;
mod caller;
mod error;
mod event_types;
mod events;
mod me;
mod query;
pub mod routes;
mod test_send;
mod views;
mod webhooks;
