//! Where a test may end the process in the middle of an attempt. Release builds have no such place.

/// Ends the process when an attempt of this event type begins and the test that started it asked for that.
#[cfg(debug_assertions)]
pub fn attempt_begins(event_type: &str) {
    static TYPE: std::sync::LazyLock<Option<String>> =
        std::sync::LazyLock::new(|| std::env::var("BELLWIRE_TEST_ABORT_ON").ok());
    if TYPE.as_deref() == Some(event_type) {
        std::process::abort();
    }
}

/// Does nothing.
#[cfg(not(debug_assertions))]
pub const fn attempt_begins(_event_type: &str) {}
