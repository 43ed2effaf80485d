//! Pages of a business unit as a whole: its overview, and search.

pub mod overview;
pub mod search;
