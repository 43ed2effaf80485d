//! The operator's pages: the partners of the installation, their plans, grants and owners.

pub mod change;
pub mod create;
pub mod list;
pub mod one;
pub mod plan;
