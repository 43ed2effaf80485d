//! Tests of the tree itself: what the house style promises about files.

mod coverage;
mod imports;
mod rust;
mod sources;
mod templates;
pub mod tree;
