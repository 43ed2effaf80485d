//! The clock's face: the engine that carries deliveries out, and the one road to receivers.

pub mod backlog;
pub mod beside;
pub mod courier;
pub mod denials;
pub mod desk;
pub mod destinations;
pub mod engine;
mod failpoint;
pub mod guard;
pub mod inbox;
pub mod lanes;
pub mod listener;
pub mod network;
pub mod outgoing;
pub mod replays;
mod tls;
pub mod transport;
pub mod upkeep;

#[cfg(test)]
pub(crate) mod samples;
