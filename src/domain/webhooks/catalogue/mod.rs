//! The event catalogue: the types events can have, built in or added at run time.

mod builtin;
mod draft;
mod schema;
mod schema_cost;

pub use builtin::{EventType, builtin, find, group_order};
pub use draft::{
    EventTypeDraft, LONGEST_DESCRIPTION, LONGEST_GROUP, LONGEST_LABEL, MOST_JSON_BYTES, NewEventType,
};
pub use schema::Validator;
