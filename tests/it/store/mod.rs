//! The store's contract: what both databases promise alike, with a clock that is moved by hand.

mod audit;
mod batches;
mod failing;
mod faults;
mod fencing;
mod listening;
mod model;
mod numbers;
mod opening;
mod queue;
mod replays;
mod storage;
mod suspects;
mod switches;
mod upkeep;
mod world;
