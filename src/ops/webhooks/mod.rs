//! What is sent where: making, reading, changing and removing webhooks, and the catalogue.

pub mod catalogue;
pub mod connect;
pub mod create;
pub mod dashboard;
pub mod destination;
pub mod details;
pub mod edit;
pub mod endpoints;
pub mod failing;
pub mod hooks;
pub mod matrix;
pub mod overlap;
pub mod reach;
pub mod read;
pub mod remove;
pub mod reveal;
pub mod scope;
pub mod search;
pub mod secrets;
pub mod told;
pub mod trial;
pub mod version;
