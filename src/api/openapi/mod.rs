//! The API's description: OpenAPI 3.1, made from the code that answers.

pub mod bodies;
mod document;
mod examples;
mod finish;
mod hooks;
pub mod problems;
mod words;

pub use document::{document, read};
