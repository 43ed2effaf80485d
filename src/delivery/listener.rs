//! The thread that listens: when another process stores deliveries for whoever has room, the engine looks at once.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use crate::delivery::beside::Beside;
use crate::ops::cx::Tools;
use crate::store::dialect::Ear;

/// How often it pricks up its ears. That reads a socket, and asks the database nothing.
const BETWEEN: Duration = Duration::from_millis(50);
/// How long it waits before it connects anew. Meanwhile the engine looks every second, as always.
const AFTER_FAULT: Duration = Duration::from_secs(2);

/// Starts the thread; there is none on SQLite.
pub fn start(tools: &Arc<Tools>) -> std::io::Result<Option<Beside>> {
    if tools.db.is_sqlite() {
        return Ok(None);
    }
    let tools = tools.clone();
    Beside::start("listener", move |stopped| run(&tools, stopped)).map(Some)
}

fn run(tools: &Tools, stopped: &Receiver<()>) {
    let mut ear: Option<Ear> = None;
    let mut pause = Duration::ZERO;
    while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        let is_new = ear.is_none();
        let heard = match ear.take().map_or_else(|| tools.db.ear(), |ear| Ok(Some(ear))) {
            Ok(Some(mut open)) => open.has_heard().map(|heard| {
                ear = Some(open);
                // What was rung while nobody listened is not rung again.
                heard || is_new
            }),
            Ok(None) => return,
            Err(error) => Err(error),
        };
        pause = BETWEEN;
        match heard {
            Ok(true) => tools.handoff.wake(),
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%error, "other processes are not heard; deliveries are looked for every second");
                pause = AFTER_FAULT;
            }
        }
    }
}
