//! Work at the desk that blocks: it runs beside the engine's thread, a few chores at a time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::delivery::desk::Desk;
use crate::domain::id::{DeliveryId, EndpointId};
use crate::ops::Error;
use crate::ops::events::handoff::{Destinations, Handed};
use crate::ops::events::queue::Waiting;
use crate::ops::events::recover::Recovery;

/// A chore that is done.
pub enum Done {
    /// What waits was looked up, from this moment on.
    Looked(Instant, Result<Vec<Waiting>, Error>),
    /// So many of each endpoint were asked for, at this moment; these were leased.
    Claimed(Vec<(EndpointId, usize)>, Instant, Result<Vec<Handed>, Error>),
    /// These were asked about, at this moment.
    Read(Vec<EndpointId>, Instant, Result<Destinations, Error>),
    /// These were to be given back.
    Released(Vec<(DeliveryId, i64)>, Result<(), Error>),
    /// Orphans were freed.
    Recovered(Recovery, Result<usize, Error>),
}

/// The chores under way.
pub struct Chores {
    desk: Arc<dyn Desk>,
    running: JoinSet<Done>,
    /// How many of each kind are under way.
    pub count: Count,
}

/// How many chores of each kind are under way.
#[derive(Debug, Clone, Copy, Default)]
pub struct Count {
    /// Looks at what waits.
    pub looks: usize,
    /// Claims.
    pub claims: usize,
    /// Readings of destinations.
    pub readings: usize,
    /// Releases.
    pub releases: usize,
    /// Recoveries.
    pub recoveries: usize,
}

impl Chores {
    /// None yet.
    pub fn new(desk: Arc<dyn Desk>) -> Self {
        Self { desk, running: JoinSet::new(), count: Count::default() }
    }

    /// Whether none is under way.
    pub fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// The next chore that is done; `None` when none is under way.
    pub async fn next(&mut self) -> Option<Done> {
        loop {
            match self.running.join_next().await? {
                Ok(done) => {
                    let count = match done {
                        Done::Looked(..) => &mut self.count.looks,
                        Done::Claimed(..) => &mut self.count.claims,
                        Done::Read(..) => &mut self.count.readings,
                        Done::Released(..) => &mut self.count.releases,
                        Done::Recovered(..) => &mut self.count.recoveries,
                    };
                    *count -= 1;
                    return Some(done);
                }
                // Panics are caught inside; a chore is never cancelled.
                Err(error) => tracing::error!(%error, "a chore was lost"),
            }
        }
    }

    /// Looks up which endpoints have deliveries waiting.
    pub fn look(&mut self) {
        let began = Instant::now();
        self.count.looks += 1;
        self.run(move |desk| Done::Looked(began, caught(|| desk.waiting())));
    }

    /// Leases deliveries that are due, of each endpoint at most so many.
    pub fn claim(&mut self, wanted: Vec<(EndpointId, usize)>) {
        let began = Instant::now();
        self.count.claims += 1;
        self.run(move |desk| {
            let claimed = caught(|| desk.claim(&wanted));
            Done::Claimed(wanted, began, claimed)
        });
    }

    /// Reads where endpoints' deliveries go.
    pub fn read(&mut self, endpoints: Vec<EndpointId>) {
        let began = Instant::now();
        self.count.readings += 1;
        self.run(move |desk| {
            let read = caught(|| desk.destinations(&endpoints));
            Done::Read(endpoints, began, read)
        });
    }

    /// Gives leases back.
    pub fn release(&mut self, held: Vec<(DeliveryId, i64)>) {
        self.count.releases += 1;
        self.run(move |desk| {
            let released = caught(|| desk.release(&held));
            Done::Released(held, released)
        });
    }

    /// Frees orphans.
    pub fn recover(&mut self, what: Recovery) {
        self.count.recoveries += 1;
        self.run(move |desk| Done::Recovered(what, caught(|| desk.recover(what))));
    }

    fn run(&mut self, chore: impl FnOnce(&dyn Desk) -> Done + Send + 'static) {
        let desk = self.desk.clone();
        self.running.spawn_blocking(move || chore(&*desk));
    }
}

/// A panic at the desk is an error like any other: the engine must learn which chore failed.
fn caught<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Error::Internal("the operation panicked".to_owned())))
}
