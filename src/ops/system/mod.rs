//! The system itself: the audit log, and whether key and database belong together.

pub mod audit;
pub mod key_check;
pub mod trail;
pub mod upkeep;
