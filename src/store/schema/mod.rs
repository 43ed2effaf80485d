//! The tables as Diesel sees them: one description for both databases, by subject.

mod access;
mod events;
mod system;
mod together;
mod webhooks;

pub use access::*;
pub use events::*;
pub use system::*;
pub use webhooks::*;
