//! Pages of what happened and went out.

pub mod event;
pub mod log;
pub mod replays;
