//! The engine: one thread that takes deliveries, gives each its turn, and settles what came of it.

mod chores;
mod fetch;
mod run;
mod start;
mod suspects;

pub use start::{EngineHandle, EngineSeed, NoEngine, Settings, channel};

#[cfg(test)]
mod tests;
