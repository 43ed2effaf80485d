//! Whose turn it is: one queue per endpoint, fair turns between business units and between their endpoints.

mod breaker;
mod health;
mod lane;
mod turns;

pub use breaker::{Breaker, Rules, Sign};
pub use lane::{Caps, Waiting};
pub use turns::Lanes;

#[cfg(test)]
mod tests;
