//! The store's contract: what both databases promise alike, with a clock that is moved by hand.

mod audit;
mod batches;
mod faults;
mod fencing;
mod model;
mod numbers;
mod opening;
mod queue;
mod upkeep;
mod world;
