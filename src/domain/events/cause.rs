//! (placeholder until the real list is merged)
use crate::domain::words::words;
words! {
    /// Why.
    Cause {
        /// x
        Timeout = "timeout",
    }
}
