//! The doors to the gathering threads: what is put forward here is stored a moment later.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

use super::thread::Thread;
use crate::clock::Clock;
use crate::domain::id::NodeId;
use crate::ops::events::bell::Bell;
use crate::ops::events::handoff::{Handoff, Outcome};
use crate::ops::events::publish::{Decided, Publish};
use crate::store::db::Db;

/// What a publish is answered with, after its commit.
pub type Answer = oneshot::Receiver<Decided>;

pub(super) type Teller = oneshot::Sender<Decided>;

/// The doors to the gathering threads. Dropping it ends the threads, after everything is stored.
///
/// SQLite has one writer, so one thread gathers everything. On PostgreSQL publishes do not wait for settles: each
/// kind has a thread and a connection.
pub struct Gatherer {
    doors: Mutex<Option<Doors>>,
    unsettled: Arc<AtomicUsize>,
    bell: Arc<Bell>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

struct Doors {
    publishes: Sender<Item>,
    /// The same door where one thread gathers both.
    outcomes: Sender<Item>,
}

/// What the gathering threads work with.
#[derive(Clone)]
pub struct GatherTools {
    /// The database.
    pub db: Db,
    /// Time and ids.
    pub clock: Clock,
    /// This process, as leases name it.
    pub node: NodeId,
    /// Where deliveries are handed to.
    pub handoff: Arc<dyn Handoff>,
}

/// What is put forward.
pub(super) enum Item {
    /// An event, and who is told what became of it.
    Publish(Box<Publish>, Teller),
    /// What came of an attempt.
    Settle(Box<Outcome>),
    /// Who is told when everything before it is stored.
    Flush(SyncSender<()>),
}

impl Gatherer {
    /// Starts the gathering threads.
    pub fn start(tools: &GatherTools) -> std::io::Result<Self> {
        let unsettled = Arc::new(AtomicUsize::new(0));
        let bell = Arc::new(Bell::default());
        let mut threads = Vec::new();
        let mut begin = |name: &str, is_patient: bool| {
            let (door, queue) = channel();
            let thread = Thread::new(tools, queue, (unsettled.clone(), bell.clone()), is_patient);
            threads.push(std::thread::Builder::new().name(name.into()).spawn(move || thread.run())?);
            Ok::<_, std::io::Error>(door)
        };
        let publishes = begin("gather", false)?;
        let outcomes = if tools.db.is_sqlite() { publishes.clone() } else { begin("settle", true)? };
        let doors = Doors { publishes, outcomes };
        Ok(Self { doors: Mutex::new(Some(doors)), unsettled, bell, threads: Mutex::new(threads) })
    }

    /// Puts an event forward. The answer comes when it is stored for good, or was refused.
    pub fn publish(&self, publish: Publish) -> Answer {
        let (tell, answer) = oneshot::channel();
        self.send(Item::Publish(Box::new(publish), tell));
        answer
    }

    /// Puts what came of an attempt forward; it is stored a moment later, whatever it takes.
    pub fn settle(&self, outcome: Outcome) {
        self.unsettled.fetch_add(1, Ordering::Relaxed);
        self.send(Item::Settle(Box::new(outcome)));
    }

    /// Rings when events were stored.
    pub fn bell(&self) -> &Arc<Bell> {
        &self.bell
    }

    /// How many outcomes are not yet stored.
    pub fn unsettled(&self) -> usize {
        self.unsettled.load(Ordering::Relaxed)
    }

    /// Waits until everything put forward so far is stored. Blocks, as long as the database is away.
    pub fn flush(&self) {
        let done = self.ask_to_flush();
        // An error means that the threads are gone: nothing is left to wait for.
        while done.recv().is_ok() {}
    }

    /// The same, but no longer than `patience`; whether everything is stored.
    pub fn flush_within(&self, patience: Duration) -> bool {
        let done = self.ask_to_flush();
        loop {
            match done.recv_timeout(patience) {
                Ok(()) => {}
                Err(RecvTimeoutError::Disconnected) => return true,
                Err(RecvTimeoutError::Timeout) => return false,
            }
        }
    }

    /// Ends when every thread has stored what it was given before.
    fn ask_to_flush(&self) -> Receiver<()> {
        let (tell, done) = sync_channel(2);
        self.with_doors(|doors| {
            let _ = doors.publishes.send(Item::Flush(tell.clone()));
            let _ = doors.outcomes.send(Item::Flush(tell));
        });
        done
    }

    fn send(&self, item: Item) {
        self.with_doors(|doors| {
            let door = if matches!(item, Item::Publish(..)) { &doors.publishes } else { &doors.outcomes };
            // A publish that cannot be taken is answered by the drop of its sender.
            let _ = door.send(item);
        });
    }

    fn with_doors(&self, act: impl FnOnce(&Doors)) {
        let doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(doors) = doors.as_ref() {
            act(doors);
        }
    }
}

impl Drop for Gatherer {
    fn drop(&mut self) {
        drop(self.doors.lock().unwrap_or_else(PoisonError::into_inner).take());
        for thread in self.threads.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}
