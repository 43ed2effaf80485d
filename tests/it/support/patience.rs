//! Waiting for what happens in another process: asked again and again, and never for ever.

use std::fmt::Debug;
use std::time::{Duration, Instant};

/// How long a test waits for something that should take a moment, on a machine that is busy with other things.
pub const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(15);

/// Asks until the answer is good; fails the test with the last bad one when that takes longer than `limit`.
pub fn until<T, E: Debug>(limit: Duration, mut ask: impl FnMut() -> Result<T, E>) -> T {
    let began = Instant::now();
    loop {
        match ask() {
            Ok(answer) => return answer,
            Err(instead) => assert!(began.elapsed() < limit, "after {limit:?} it still was {instead:#?}"),
        }
        std::thread::park_timeout(PAUSE);
    }
}
