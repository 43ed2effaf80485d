//! Preparing the demo in an empty database.

use crate::app::App;
use crate::demo::{Receiver, World, history, world};
use crate::ops::Error;

/// Fills the empty database of `app` with partners, people, webhooks that send to `receiver`, and a week of
/// the past. Blocks for a few seconds at the most.
pub fn prepare(app: &App, receiver: &Receiver) -> Result<World, Error> {
    let world = world::build(app, receiver)?;
    history::write(app, &world, receiver)?;
    Ok(world)
}
