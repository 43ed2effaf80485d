//! A gathering thread: what arrived while the last commit was flushed goes into the next one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

use super::door::{GatherTools, Item, Teller};
use crate::ops::Error;
use crate::ops::events::bell::Bell;
use crate::ops::events::handoff::Outcome;
use crate::ops::events::publish::{self, Decided, News, Publish};
use crate::ops::events::settle;
use crate::store::db::Pen;

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

/// Stores what comes in at its door, until that is closed.
pub(super) struct Thread {
    tools: GatherTools,
    pen: Pen,
    queue: Receiver<Item>,
    unsettled: Arc<AtomicUsize>,
    bell: Arc<Bell>,
    /// How often in a row storing failed.
    faults: u32,
    /// Whether nobody waits for what it stores.
    is_patient: bool,
}

impl Thread {
    /// A thread that stores what comes in at `queue`, takes off the number what it stored, and rings the bell.
    pub(super) fn new(
        tools: &GatherTools,
        queue: Receiver<Item>,
        (unsettled, bell): (Arc<AtomicUsize>, Arc<Bell>),
        is_patient: bool,
    ) -> Self {
        Self { tools: tools.clone(), pen: tools.db.pen(), queue, unsettled, bell, faults: 0, is_patient }
    }

    /// Runs until the door is closed and everything is stored.
    pub(super) fn run(mut self) {
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
        let mut news = News::default();
        let tools = &self.tools;
        let answers = self.pen.write(|conn| -> Result<_, Error> {
            let mut telling = settle::telling(outcomes);
            if !telling.is_empty() {
                // Units in one order everywhere, whatever is published and settled together.
                telling.extend(drafts.iter().map(Publish::bu));
            }
            for bu in telling {
                publish::take_order(conn, bu)?;
            }
            let answers = publish::store(tools, conn, drafts, &mut handed)?;
            let outcomes = if again { settle::unstored(conn, outcomes)? } else { outcomes.iter().collect() };
            gone = settle::store(tools, conn, &outcomes, &mut news)?;
            Ok(answers)
        })?;
        let (told, units) = news.into_parts();
        handed.extend(told);
        if !handed.is_empty() {
            self.tools.handoff.hand(handed);
        }
        let new =
            drafts.iter().zip(&answers).filter(|(_, answer)| answer.as_ref().is_ok_and(|p| !p.repeated));
        self.bell.ring(new.map(|(draft, _)| draft.bu()).chain(units));
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
