//! The thread that carries replays on, one small step after the other.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::ops::cx::Tools;
use crate::ops::events::replay;

/// How long to wait after a step that failed.
const AFTER_FAULT: Duration = Duration::from_secs(5);

/// The running thread. Dropping it ends the thread after the step at hand.
pub struct Replays {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Replays {
    /// Starts the thread.
    pub fn start(tools: &Arc<Tools>) -> std::io::Result<Self> {
        let (stop, stopped) = channel();
        let tools = tools.clone();
        let thread =
            std::thread::Builder::new().name("replays".to_owned()).spawn(move || run(&tools, &stopped))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Replays {
    fn drop(&mut self) {
        drop(self.stop.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("replays had crashed");
        }
    }
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
