//! Publishing: an event and everything that follows from it, stored in one transaction.

mod check;
mod own;
mod store;

pub use check::{
    Decided, Publish, PublishBody, Published, SubjectRef, check, check_in_batch, publish, publish_all,
};
pub use own::{News, Own, by, take_order, write_and_tell};
pub use store::{KEYS_LIVE, store};
