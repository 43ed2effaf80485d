//! The engine at a desk of the tests' own, with real receivers.

mod bench;
mod carrying;
mod fairness;
