//! The Webhooks Dashboard, and the Integrations Dashboard of one programme.

pub mod page;
pub mod programme;
mod row;

pub use row::{Menu, Row};
