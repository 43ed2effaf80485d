//! The API tab: the tokens of a business unit, and the dialogs that make, rotate and delete one.

pub mod create;
pub mod delete;
pub mod list;
pub mod rotate;
mod row;
mod secret;

pub use row::{Expiry, Row, Scope};
pub use secret::Fresh;
