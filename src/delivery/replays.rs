//! The thread that carries replays on, one small step after the other.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use crate::delivery::beside::Beside;
use crate::ops::cx::Tools;
use crate::ops::events::replay;

/// How long to wait after a step that failed.
const AFTER_FAULT: Duration = Duration::from_secs(5);

/// Starts the thread.
pub fn start(tools: &Arc<Tools>) -> std::io::Result<Beside> {
    let tools = tools.clone();
    Beside::start("replays", move |stopped| run(&tools, stopped))
}

fn run(tools: &Tools, stopped: &Receiver<()>) {
    let mut pause = Duration::ZERO;
    while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        pause = replay::step(tools).unwrap_or_else(|error| {
            tracing::warn!(%error, "a step of a replay failed");
            AFTER_FAULT
        });
    }
}
