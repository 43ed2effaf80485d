//! Replays: the list, starting one, and how far one is.

pub mod list;
pub mod one;
pub mod start;
pub mod words;
