//! The system itself: the audit log, what a unit's overview and search show, and whether key and database belong
//! together.

pub mod actions;
pub mod audit;
pub mod denials;
pub mod key_check;
pub mod overview;
pub mod search;
pub mod trail;
pub mod upkeep;
