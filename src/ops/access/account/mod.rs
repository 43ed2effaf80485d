//! What a person does with their own account: another password, and the end of sessions.

mod change;
mod reset;
mod sessions;

pub use change::{ChangeDraft, change_password};
pub use reset::reset_link;
pub use sessions::{OwnSession, end, end_others, list};
