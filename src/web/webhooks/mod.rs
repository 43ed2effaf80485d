//! Pages of what is sent where.

pub mod connect;
pub mod delete;
pub mod details;
pub mod list;
pub mod secret;
pub mod wizard;
