//! Rows and queries.

pub mod access;
pub mod columns;
pub mod db;
pub mod dialect;
pub mod events;
pub mod migrate;
pub mod pool;
pub mod rows;
pub mod schema;
pub mod storage;
pub mod system;
pub mod webhooks;
