//! Pages of the system: the audit log.

pub mod export;
pub mod trail;
mod trail_row;

pub use trail_row::{Change, Row};
