//! Tests of the tree itself: what the house style promises about files.

mod actions;
mod coverage;
mod imports;
mod rust;
mod sources;
mod templates;
pub mod tree;
