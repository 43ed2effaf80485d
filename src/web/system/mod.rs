//! Pages of a business unit as a whole: its overview, search, and the audit log.

pub mod export;
pub mod overview;
pub mod search;
pub mod trail;
mod trail_row;

pub use trail_row::{Change, Row};
