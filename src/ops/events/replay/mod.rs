//! Replays: making one, looking at it, cancelling it, and carrying it on.

mod manage;
mod step;

pub use manage::{MOST_AT_ONCE, Planned, ReplayDraft, ReplayView, cancel, count, create, get};
pub use step::step;
