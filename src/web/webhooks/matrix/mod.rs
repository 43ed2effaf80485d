//! The event matrix: checkboxes at the crossings of event types and webhooks.

mod send;
mod ticked;
mod view;

pub use send::{open, send};
pub use ticked::Ticked;
pub use view::{Asked, Cell, Column, Group, Line, MatrixPage, Review, ReviewColumn, Turn};
