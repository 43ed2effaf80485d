//! Rows of the system itself: settings and the audit log.

pub mod audit;
pub mod settings;
