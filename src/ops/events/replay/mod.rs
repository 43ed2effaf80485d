//! Replays: making one, looking at it, cancelling it, and carrying it on.

mod look;
mod manage;
mod step;

pub use look::{MOST_LOOKED_AT, NamedReplay, Progress, list, progress};
pub use manage::{MOST_AT_ONCE, Planned, ReplayDraft, ReplayView, cancel, count, create, get};
pub use step::step;
