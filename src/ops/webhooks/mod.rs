//! What is sent where: making, reading, changing and removing webhooks, and the catalogue.

pub mod catalogue;
pub mod connect;
pub mod create;
pub mod details;
pub mod edit;
pub mod failing;
pub mod hooks;
pub mod matrix;
pub mod read;
pub mod remove;
pub mod scope;
pub mod search;
pub mod secrets;
pub mod trial;
