//! Events that keep happening while the demo runs.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::json;

use crate::app::App;
use crate::demo::World;
use crate::demo::chance::Chance;
use crate::demo::payload::payload;
use crate::demo::seeds::MIX;
use crate::domain::events::payload::SoundJson;
use crate::ops::Error;
use crate::ops::cx::{Actor, Source};
use crate::ops::events::publish;

/// Publishes about two events a second until it is dropped.
pub struct Stream {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Stream {
    /// Starts publishing in the units of `world`, on a thread of its own.
    pub fn start(app: &App, world: &Arc<World>) -> io::Result<Self> {
        let (stop, stopped) = channel();
        let (app, world) = (app.clone(), world.clone());
        let thread = std::thread::Builder::new()
            .name("demo-stream".into())
            .spawn(move || run(&app, &world, &stopped))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A stream that failed has nothing more to tell at its end.
            let _ = thread.join();
        }
    }
}

fn run(app: &App, world: &World, stopped: &Receiver<()>) {
    let mut chance = Chance::new();
    loop {
        let pause = Duration::from_millis(chance.between(50, 950).into());
        if stopped.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
            return;
        }
        if let Err(error) = publish_one(app, world, &mut chance) {
            tracing::warn!(%error, "an event of the demo was not published");
        }
    }
}

/// Publishes one event, checked and routed like any other.
fn publish_one(app: &App, world: &World, chance: &mut Chance) -> Result<(), Error> {
    let shares: Vec<_> = world.units.iter().map(|unit| (unit, unit.seed.share)).collect();
    let (Some(unit), Some(event_type)) = (chance.weighted(&shares), chance.weighted(&MIX)) else {
        return Ok(());
    };
    let cx = app.cx(Actor::Operator, Source::default());
    let (subject, programme) = unit.place(event_type, chance);
    let data = payload(event_type, unit.seed.domain, cx.now, chance);
    let body =
        json!({"type": event_type, "data": data, "subject": subject, "programme": programme}).to_string();
    let sound =
        SoundJson::scan(body.as_bytes()).map_err(|fault| Error::Internal(fault.sentence().to_owned()))?;
    let draft = publish::check(&cx, unit.bu, sound, None)?;
    let answer = app.tools.gatherer.publish(draft).blocking_recv();
    answer.map_err(|_| Error::Unavailable("the process is stopping".into()))?.map(drop)
}
