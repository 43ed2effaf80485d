//! One function for each thing that the product can do.

pub mod access;
pub mod authorize;
pub mod cx;
mod error;
pub mod events;
pub mod recent;
pub mod system;
pub mod tally;
#[cfg(test)]
pub(crate) mod testing;
pub mod webhooks;

pub use error::{Error, Refusal};
