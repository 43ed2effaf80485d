//! A thread beside the engine, that works until it is dropped.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

/// A running thread. Dropping it ends the thread after the step at hand.
pub struct Beside {
    name: &'static str,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Beside {
    /// Starts `work`, which ends when the sender of what it is given is gone.
    pub fn start(
        name: &'static str,
        work: impl FnOnce(&Receiver<()>) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (stop, stopped) = channel();
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || work(&stopped))?;
        Ok(Self { name, stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        drop(self.stop.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!(thread = self.name, "a thread beside the engine had crashed");
        }
    }
}
