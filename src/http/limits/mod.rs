//! Rate limits: how often a token, a session or an address may ask, kept in this process's memory.

mod all;
mod limiter;
mod seats;

pub use all::{FAILED_AUTH_PER_MINUTE, Limits, Rates};
pub use limiter::{Left, Limited};
pub use seats::Seat;
