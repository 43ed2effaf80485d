//! One function for each thing that the product can do.

pub mod cx;
mod error;
pub mod events;
pub mod webhooks;

pub use error::{Error, Refusal};
