//! The API's documentation, made from its description.

pub mod content;
pub mod guides;
pub mod operations;
pub mod page;
