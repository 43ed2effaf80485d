//! The event catalogue: what can happen, with a sample of each, and types of one's own.

pub mod delete;
pub mod edit;
pub mod list;
pub mod one;
