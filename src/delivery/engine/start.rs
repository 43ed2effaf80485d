//! Starting and stopping the engine.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

use super::run::Engine;
use crate::delivery::courier::Courier;
use crate::delivery::desk::Desk;
use crate::delivery::inbox::{Inbox, Letters, letter_box};
use crate::delivery::lanes::{Caps, Rules};
use crate::delivery::transport::{NoTransport, Transport};
use crate::ops::cx::Tools;

/// How much the engine takes on.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How many deliveries it holds at the most.
    pub capacity: usize,
    /// How many attempts are under way at once.
    pub caps: Caps,
    /// When an endpoint is left alone.
    pub rules: Rules,
}

impl Default for Settings {
    fn default() -> Self {
        Self { capacity: 20_000, caps: Caps::default(), rules: Rules::default() }
    }
}

/// An engine that is not yet started: its letter box exists, its tools may not.
pub struct EngineSeed {
    letters: Letters,
    settings: Settings,
}

/// A running engine. Dropping it stops the engine at once: what is under way is abandoned.
pub struct EngineHandle {
    stop: oneshot::Sender<Duration>,
    thread: JoinHandle<()>,
}

/// The engine cannot start.
#[derive(Debug, thiserror::Error)]
pub enum NoEngine {
    /// There is no client to send with.
    #[error(transparent)]
    Transport(#[from] NoTransport),
    /// There is no thread to run on.
    #[error("The thread for deliveries cannot be started: {0}.")]
    Thread(#[from] std::io::Error),
}

/// The letter box that operations hand deliveries to, and the engine that will empty it.
pub fn channel(settings: Settings) -> (Arc<Inbox>, EngineSeed) {
    let (inbox, letters) = letter_box(settings.capacity);
    (Arc::new(inbox), EngineSeed { letters, settings })
}

impl EngineSeed {
    /// Starts the engine with these tools. Room for deliveries opens once orphaned ones were recovered.
    pub fn start(self, tools: &Arc<Tools>) -> Result<EngineHandle, NoEngine> {
        let transport = Transport::new(tools.egress.clone())?;
        self.start_with(Arc::new(tools.clone()), transport)
    }

    /// The same at another desk, on another road.
    pub(crate) fn start_with(
        self,
        desk: Arc<dyn Desk>,
        transport: Transport,
    ) -> Result<EngineHandle, NoEngine> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .thread_name("delivery-blocking")
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("delivery".to_owned()).spawn(move || {
            let courier = Courier::new(transport, desk.clock().clone());
            runtime.block_on(Engine::new(desk, courier, self.letters, self.settings).run(stopped));
            // A lookup may hang in the system's resolver; nobody waits for it.
            runtime.shutdown_background();
        })?;
        Ok(EngineHandle { stop, thread })
    }
}

impl EngineHandle {
    /// Whether the engine runs. When it does not although nobody stopped it, the process is not healthy.
    pub fn is_running(&self) -> bool {
        !self.thread.is_finished()
    }

    /// Stops: nothing new begins, what waits is given back uncounted, what is under way has `grace` to end
    /// and is then left to its lease. Blocks until all outcomes are durable, or `grace` and a little are over.
    pub fn stop(self, grace: Duration) {
        let _ = self.stop.send(grace);
        if self.thread.join().is_err() {
            tracing::error!("the delivery engine had crashed");
        }
    }
}
