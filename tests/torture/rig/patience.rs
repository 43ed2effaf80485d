//! Waiting: for a while, or for something to become true, and never for ever.

use std::time::{Duration, Instant};

/// How long something that should take a moment may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(10);

/// Lets time pass.
pub fn pass(time: Duration) {
    let until = Instant::now() + time;
    while let Some(rest) = until.checked_duration_since(Instant::now()).filter(|rest| !rest.is_zero()) {
        std::thread::park_timeout(rest);
    }
}

/// Asks again and again; the last error when there is still no good answer after `limit`.
pub fn within<T, E>(limit: Duration, mut ask: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    let began = Instant::now();
    loop {
        match ask() {
            Ok(answer) => return Ok(answer),
            Err(error) if began.elapsed() >= limit => return Err(error),
            Err(_) => pass(PAUSE),
        }
    }
}

/// The same for a question of yes or no; fails the case with these words when it stays a no.
pub fn until(limit: Duration, what: &str, mut is_so: impl FnMut() -> bool) {
    let so = within(limit, || if is_so() { Ok(()) } else { Err(()) });
    assert!(so.is_ok(), "not within {limit:?}: {what}");
}
