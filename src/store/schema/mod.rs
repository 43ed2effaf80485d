//! The tables as Diesel sees them: one description for both databases, by subject.

mod access_tables;
mod event_tables;
mod system_tables;
mod together;
mod webhook_tables;

pub use access_tables::*;
pub use event_tables::*;
pub use system_tables::*;
pub use webhook_tables::*;
