//! Every route of the dashboard, and what of another business unit can be told, read or changed through it: nothing.

mod asking;
mod references;
mod roles;
pub mod routes;
mod search;
pub mod things;
pub mod units;
