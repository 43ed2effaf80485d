//! The Teams page and the page of one team: making, naming and deleting teams, and who is in them.

pub mod change;
pub mod list;
pub mod one;
