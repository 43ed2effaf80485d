//! The receiver zoo: raw TCP behaviours, each on a port of its own.

pub mod animals;
pub mod cage;
pub mod retry_after;
pub mod tls;
