//! The pages that change a webhook: each is a dialog over its details, and a page of its own.

pub mod destination;
pub mod edit;
pub mod endpoint;
pub mod page;
pub mod remove;
pub mod triggers;

pub use page::Change;
