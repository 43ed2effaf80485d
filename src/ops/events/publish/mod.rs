//! Publishing: an event and everything that follows from it, stored in one transaction.

mod check;
mod store;

pub use check::{
    Decided, Publish, PublishBody, Published, SubjectRef, check, check_in_batch, own, publish, publish_all,
};
pub use store::{KEYS_LIVE, store};
