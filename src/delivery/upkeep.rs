//! The thread that forgets: every so often a round of upkeep, one small batch after the other.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use crate::config::Keep;
use crate::delivery::beside::Beside;
use crate::ops::cx::Tools;
use crate::ops::system::upkeep::Round;
use crate::ops::webhooks::failing;

/// How long after the start the first round begins.
const FIRST: Duration = Duration::from_secs(5);
/// How much time passes between two rounds.
const BETWEEN_ROUNDS: Duration = Duration::from_mins(1);
/// How much passes between two batches, in which others have the database to themselves.
const BETWEEN_BATCHES: Duration = Duration::from_millis(10);

/// Starts the thread. What is older than `keep` is removed.
pub fn start(tools: &Arc<Tools>, keep: Keep) -> std::io::Result<Beside> {
    let tools = tools.clone();
    Beside::start("upkeep", move |stopped| run(&tools, keep, stopped))
}

fn run(tools: &Tools, keep: Keep, stopped: &Receiver<()>) {
    let mut round = Round::new(tools, keep);
    let mut pause = FIRST;
    while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        pause = match round.step(tools) {
            Ok(true) => BETWEEN_BATCHES,
            ended => {
                if let Err(error) = ended {
                    tracing::warn!(%error, "a round of upkeep was broken off");
                }
                if let Err(error) = failing::check(tools) {
                    tracing::warn!(%error, "failing webhooks could not be looked at");
                }
                round = Round::new(tools, keep);
                BETWEEN_ROUNDS
            }
        };
    }
}
