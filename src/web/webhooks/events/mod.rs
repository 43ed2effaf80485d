//! Create Webhook and Manage Events: one form, two catalogues.

pub mod create;
pub mod manage;
mod view;

pub use view::{Catalogue, EventChoice, EventForm, EventGroup, ReachChoice, Typed};
