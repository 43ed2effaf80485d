//! The REST face: programs that carry a token.

mod body;
mod caller;
mod connect;
mod cursor;
mod deliveries;
mod error;
mod event_batch;
mod event_types;
mod events;
mod feed;
mod hooks;
mod me;
pub mod openapi;
mod query;
mod replays;
pub mod routes;
mod secrets;
mod test_send;
mod tokens;
mod views;
mod webhooks;
