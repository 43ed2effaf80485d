//! Pages of what is sent where.

pub mod catalogue;
pub mod change;
pub mod connect;
pub mod dashboard;
pub mod delete;
pub mod details;
pub mod events;
pub mod list;
pub mod matrix;
pub mod secret;
pub mod signing;
pub mod test;
pub mod wizard;
