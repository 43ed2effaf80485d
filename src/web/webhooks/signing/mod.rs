//! The secret that signs: shown again, rotated, and the time in which two sign.

pub mod reveal;
pub mod rotate;
mod shown;

pub use shown::{OneSecret, SecretShown};
