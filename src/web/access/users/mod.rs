//! The Users page: who can sign in, with what role; inviting, changing, switching off and removing.

pub mod edit;
pub mod end;
pub mod factor;
pub mod invite;
pub mod list;
mod row;

pub use row::{Menu, Row, label};
