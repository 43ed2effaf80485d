//! Filters of triggers: conditions on the payload of an event, all of which must hold.

mod check;
mod condition;
mod path;

pub use check::{Filter, LONGEST_TEXT, MOST_CONDITIONS, MOST_VALUES};
pub use condition::{Condition, Operator};
pub use path::{LONGEST_PATH, Path};
