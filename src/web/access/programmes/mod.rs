//! The Programmes page: sub-accounts of a business unit; making, naming and deleting them.

pub mod change;
pub mod list;
