//! Pages of what is sent where.

pub mod delete;
pub mod list;
