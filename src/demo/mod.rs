//! The demo: a small world with a past, a receiver that behaves in every way, and a stream of events.

mod chance;
mod history;
mod manner;
mod past;
mod payload;
mod prepare;
mod receiver;
mod run;
mod seeds;
mod stream;
#[cfg(test)]
mod tests;
mod webhooks;
mod world;

pub use prepare::prepare;
pub use receiver::Receiver;
pub use run::run;
pub use stream::Stream;
pub use world::{Seat, World};
