//! Gathering: concurrent publishes and settles share one transaction and one commit. No timer decides
//! how many: a batch is what arrived while the one before it was committed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::domain::id::NodeId;
use crate::ops::Error;
use crate::ops::events::handoff::{Handoff, Outcome};
use crate::ops::events::publish::{self, Decided, Publish};
use crate::ops::events::settle;
use crate::store::db::{Db, Pen};

/// The most that one commit gathers.
const MOST_IN_A_COMMIT: usize = 512;
/// How long a thread that gathers outcomes alone waits for more of them: nobody waits for one, and each commit
/// costs a flush and several round trips.
const OUTCOMES_WAIT: Duration = Duration::from_millis(3);
/// How long to wait before a settle that could not be stored is tried again.
const PAUSE_AFTER_FAULT: Duration = Duration::from_millis(250);
/// After how many faults in a row an outcome that alone cannot be stored is given up.
const MOST_FAULTS: u32 = 8;
/// How often a stopping process tries to store outcomes. With a database that does not answer, each try
/// may take as long as the wait for a connection.
const MOST_FAULTS_AT_STOP: u32 = 3;

/// What a publish is answered with, after its commit.
pub type Answer = oneshot::Receiver<Decided>;

type Teller = oneshot::Sender<Decided>;

/// The doors to the gathering threads. Dropping it ends the threads, after everything is stored.
///
/// SQLite has one writer, so one thread gathers everything. On PostgreSQL publishes do not wait for settles: each
/// kind has a thread and a connection.
pub struct Gatherer {
    doors: Mutex<Option<Doors>>,
    unsettled: Arc<AtomicUsize>,
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

enum Item {
    Publish(Box<Publish>, Teller),
    Settle(Box<Outcome>),
    Flush(SyncSender<()>),
}

impl Gatherer {
    /// Starts the gathering threads.
    pub fn start(tools: &GatherTools) -> std::io::Result<Self> {
        let unsettled = Arc::new(AtomicUsize::new(0));
        let mut threads = Vec::new();
        let mut begin = |name: &str, is_patient: bool| {
            let (door, queue) = channel();
            let thread = Thread {
                tools: tools.clone(),
                pen: tools.db.pen(),
                queue,
                unsettled: unsettled.clone(),
                faults: 0,
                is_patient,
            };
            threads.push(std::thread::Builder::new().name(name.into()).spawn(move || thread.run())?);
            Ok::<_, std::io::Error>(door)
        };
        let publishes = begin("gather", false)?;
        let outcomes = if tools.db.is_sqlite() { publishes.clone() } else { begin("settle", true)? };
        let doors = Doors { publishes, outcomes };
        Ok(Self { doors: Mutex::new(Some(doors)), unsettled, threads: Mutex::new(threads) })
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

struct Thread {
    tools: GatherTools,
    pen: Pen,
    queue: Receiver<Item>,
    unsettled: Arc<AtomicUsize>,
    /// How often in a row storing failed.
    faults: u32,
    /// Whether nobody waits for what it stores.
    is_patient: bool,
}

impl Thread {
    fn run(mut self) {
        // Outcomes that could not be stored yet, oldest first.
        let mut outcomes: Vec<Outcome> = Vec::new();
        let mut flushes: Vec<SyncSender<()>> = Vec::new();
        let mut closed = false;
        while !(closed && outcomes.is_empty()) {
            let mut batch = Batch::default();
            match self.next(!outcomes.is_empty()) {
                Next::Item(item) => batch.take(item),
                Next::Nothing => {}
                Next::Closed => closed = true,
            }
            if self.is_patient && batch.flushes.is_empty() && !closed {
                std::thread::park_timeout(OUTCOMES_WAIT);
            } else {
                // Those who are about to ask get to: on a busy machine this gathers more, on an idle one it
                // costs nothing.
                std::thread::yield_now();
            }
            while batch.len() < MOST_IN_A_COMMIT
                && let Ok(item) = self.queue.try_recv()
            {
                batch.take(item);
            }
            outcomes.append(&mut batch.outcomes);
            flushes.append(&mut batch.flushes);
            self.store(batch.publishes, &mut outcomes);
            if outcomes.is_empty() {
                self.faults = 0;
                for flush in flushes.drain(..) {
                    let _ = flush.send(());
                }
                continue;
            }
            self.faults += 1;
            if closed && self.faults > MOST_FAULTS_AT_STOP {
                tracing::error!(lost = outcomes.len(), "outcomes could not be stored before the stop");
                return;
            }
        }
    }

    fn next(&self, waiting: bool) -> Next {
        let received = if waiting {
            self.queue.recv_timeout(PAUSE_AFTER_FAULT)
        } else {
            self.queue.recv().map_err(|_| RecvTimeoutError::Disconnected)
        };
        match received {
            Ok(item) => Next::Item(item),
            Err(RecvTimeoutError::Timeout) => Next::Nothing,
            Err(RecvTimeoutError::Disconnected) => {
                if waiting {
                    std::thread::park_timeout(PAUSE_AFTER_FAULT);
                }
                Next::Closed
            }
        }
    }

    /// Stores a batch in one transaction. When that fails for a reason of its own, each publish alone, so
    /// that one that cannot be stored takes no other with it; when the database is away, all are told so.
    fn store(&mut self, publishes: Vec<(Publish, Teller)>, outcomes: &mut Vec<Outcome>) {
        let publishes = self.admitted(publishes);
        if publishes.is_empty() && outcomes.is_empty() {
            return;
        }
        let (drafts, tellers): (Vec<Publish>, Vec<_>) = publishes.into_iter().unzip();
        let error = match self.commit(&drafts, outcomes, self.faults > 0) {
            Ok(answers) => {
                self.settled(outcomes);
                for (teller, answer) in tellers.into_iter().zip(answers) {
                    let _ = teller.send(answer);
                }
                return;
            }
            Err(error) => error,
        };
        tracing::warn!(%error, events = drafts.len(), outcomes = outcomes.len(), "a commit failed");
        let mut away = match same(&error) {
            Some(away) => Some(away),
            None => self.store_outcomes(outcomes).err(),
        };
        for (draft, teller) in drafts.into_iter().zip(tellers) {
            let answer = match away.as_ref().and_then(same) {
                Some(away) => Err(away),
                None => self
                    .commit(std::slice::from_ref(&draft), &[], false)
                    .and_then(|mut answers| answers.pop().unwrap_or(Err(Error::NotFound))),
            };
            if let Err(error) = &answer {
                away = same(error).or(away);
            }
            let _ = teller.send(answer);
        }
    }

    /// The publishes that may be stored now. While the disk is full none may, also when a small one would
    /// still fit: its deliveries could not go out.
    fn admitted(&self, publishes: Vec<(Publish, Teller)>) -> Vec<(Publish, Teller)> {
        let Some(trouble) = self.tools.db.trouble() else { return publishes };
        for (_, teller) in publishes {
            let _ = teller.send(Err(Error::Storage(trouble, "nothing is accepted for now".to_owned())));
        }
        Vec::new()
    }

    /// Stores outcomes by themselves: together, or one by one when one of them cannot be stored. An error
    /// says that the database is away. What is left is tried again, but not for ever.
    fn store_outcomes(&mut self, outcomes: &mut Vec<Outcome>) -> Result<(), Error> {
        if outcomes.is_empty() {
            return Ok(());
        }
        match self.commit(&[], outcomes, true) {
            Ok(_) => self.settled(outcomes),
            Err(error) if same(&error).is_some() => return Err(error),
            Err(_) => {
                for outcome in std::mem::take(outcomes) {
                    match self.commit(&[], std::slice::from_ref(&outcome), true) {
                        Ok(_) => self.settled(&mut vec![outcome]),
                        Err(error) if same(&error).is_some() => outcomes.push(outcome),
                        Err(error) if self.faults < MOST_FAULTS => {
                            tracing::warn!(%error, delivery = %outcome.handed.delivery, "an outcome waits");
                            outcomes.push(outcome);
                        }
                        Err(error) => {
                            // Its lease ends, and the delivery is sent again.
                            tracing::error!(%error, delivery = %outcome.handed.delivery, "an outcome is lost");
                            self.settled(&mut vec![outcome]);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// `again` says that some of the outcomes may be stored already: the answer to a commit can be lost.
    fn commit(
        &mut self,
        drafts: &[Publish],
        outcomes: &[Outcome],
        again: bool,
    ) -> Result<Vec<Decided>, Error> {
        // A panic must not end the thread that every publish and settle of this process needs.
        catch_unwind(AssertUnwindSafe(|| self.commit_here(drafts, outcomes, again)))
            .unwrap_or_else(|_| Err(Error::Internal("storing panicked".into())))
    }

    fn commit_here(
        &mut self,
        drafts: &[Publish],
        outcomes: &[Outcome],
        again: bool,
    ) -> Result<Vec<Decided>, Error> {
        let mut handed = Vec::new();
        let mut gone = Vec::new();
        let tools = &self.tools;
        let answers = self.pen.write(|conn| -> Result<_, Error> {
            let answers = publish::store(tools, conn, drafts, &mut handed)?;
            let outcomes = if again { settle::unstored(conn, outcomes)? } else { outcomes.iter().collect() };
            gone = settle::store(tools, conn, &outcomes)?;
            Ok(answers)
        })?;
        if !handed.is_empty() {
            self.tools.handoff.hand(handed);
        }
        for webhook in gone {
            self.tools.handoff.changed(webhook);
        }
        Ok(answers)
    }

    fn settled(&self, outcomes: &mut Vec<Outcome>) {
        if outcomes.is_empty() {
            return;
        }
        self.unsettled.fetch_sub(outcomes.len(), Ordering::Relaxed);
        outcomes.clear();
        self.tools.handoff.recorded();
    }
}

/// The same error once more, when it concerns everybody: the database is away, or takes no writes.
fn same(error: &Error) -> Option<Error> {
    match error {
        Error::Unavailable(why) => Some(Error::Unavailable(why.clone())),
        Error::Storage(trouble, why) => Some(Error::Storage(*trouble, why.clone())),
        _ => None,
    }
}

enum Next {
    Item(Item),
    Nothing,
    Closed,
}

#[derive(Default)]
struct Batch {
    publishes: Vec<(Publish, Teller)>,
    outcomes: Vec<Outcome>,
    flushes: Vec<SyncSender<()>>,
}

impl Batch {
    fn take(&mut self, item: Item) {
        match item {
            Item::Publish(draft, teller) => self.publishes.push((*draft, teller)),
            Item::Settle(outcome) => self.outcomes.push(*outcome),
            Item::Flush(flush) => self.flushes.push(flush),
        }
    }

    fn len(&self) -> usize {
        self.publishes.len() + self.outcomes.len() + self.flushes.len()
    }
}
