//! Words and rules: no I/O, no framework, no reading of clocks.

pub mod access;
pub mod events;
pub mod id;
pub mod network;
pub mod page;
pub mod problem;
pub mod search;
pub mod time;
pub mod webhooks;
pub mod words;
