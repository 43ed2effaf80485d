//! The thread that writes denied attempts to the audit log, a moment after they were noted.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use crate::delivery::beside::Beside;
use crate::ops::cx::Tools;
use crate::ops::system::denials::store;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(1);

/// Starts the thread. It looks once more before it ends.
pub fn start(tools: &Arc<Tools>) -> std::io::Result<Beside> {
    let tools = tools.clone();
    Beside::start("denials", move |stopped| run(&tools, stopped))
}

fn run(tools: &Arc<Tools>, stopped: &Receiver<()>) {
    while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
        store(tools);
    }
    store(tools);
}
