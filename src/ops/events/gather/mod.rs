//! Gathering: concurrent publishes and settles share one transaction and one commit. No timer decides how many
//! publishes: a batch is what arrived while the one before it was committed.

mod door;
mod thread;

pub use door::{Answer, GatherTools, Gatherer};
