//! What the engine asks of the operations, in one place, so that tests can turn it by hand.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::domain::events::attempt::Attempt;
use crate::domain::id::{DeliveryId, EndpointId};
use crate::domain::time::Ts;
use crate::ops::Error;
use crate::ops::cx::Tools;
use crate::ops::events::handoff::{Destination, Destinations, Handed, Outcome, Verdict};
use crate::ops::events::queue::{self, Waiting};
use crate::ops::events::recover::{self, Recovery};
use crate::ops::events::settle;

/// The engine's view of the queue. The first five block and are never called on the engine's own thread.
pub trait Desk: Send + Sync + 'static {
    /// Every endpoint with deliveries that wait, and when its first is due.
    fn waiting(&self) -> Result<Vec<Waiting>, Error>;
    /// Leases deliveries that are due, of each endpoint at most so many.
    fn claim(&self, wanted: &[(EndpointId, usize)]) -> Result<Vec<Handed>, Error>;
    /// Gives back leases under which nothing was sent.
    fn release(&self, held: &[(DeliveryId, i64)]) -> Result<(), Error>;
    /// Frees what nobody holds any more; how many deliveries.
    fn recover(&self, what: Recovery) -> Result<usize, Error>;
    /// Notes durably that an attempt of a suspect begins; false when its lease is somebody else's by now.
    fn begin(&self, suspect: &Handed) -> Result<bool, Error>;
    /// Where these endpoints' deliveries go now; one that is gone is absent.
    fn destinations(&self, endpoints: &[EndpointId]) -> Result<Destinations, Error>;
    /// Blocks until all outcomes are durable.
    fn flush(&self);
    /// What becomes of a delivery after this attempt.
    fn judge(&self, handed: &Handed, to: &Destination, attempt: &Attempt, asked: Option<Duration>)
    -> Verdict;
    /// Takes an outcome; durable a moment later.
    fn settle(&self, outcome: Outcome);
    /// How many outcomes are not durable yet.
    fn unsettled(&self) -> usize;
    /// Whether what comes of an attempt could be recorded. While it could not, none begins.
    fn can_record(&self) -> bool;
    /// Tells that an endpoint is left alone for so long, or not any more.
    fn rests(&self, _endpoint: EndpointId, _rest: Option<Duration>) {}
    /// The moment by which deliveries are due.
    fn due_now(&self) -> Ts;
    /// Time and ids.
    fn clock(&self) -> &Clock;
}

impl Desk for Arc<Tools> {
    fn waiting(&self) -> Result<Vec<Waiting>, Error> {
        queue::waiting(self)
    }

    fn claim(&self, wanted: &[(EndpointId, usize)]) -> Result<Vec<Handed>, Error> {
        queue::claim(self, wanted)
    }

    fn release(&self, held: &[(DeliveryId, i64)]) -> Result<(), Error> {
        queue::release(self, held)
    }

    fn recover(&self, what: Recovery) -> Result<usize, Error> {
        recover::recover(self, what)
    }

    fn begin(&self, suspect: &Handed) -> Result<bool, Error> {
        queue::begin(self, suspect)
    }

    fn destinations(&self, endpoints: &[EndpointId]) -> Result<Destinations, Error> {
        queue::destinations(self, endpoints)
    }

    fn flush(&self) {
        self.gatherer.flush();
    }

    fn judge(
        &self,
        handed: &Handed,
        to: &Destination,
        attempt: &Attempt,
        asked: Option<Duration>,
    ) -> Verdict {
        settle::judge(self, handed, to, attempt, asked)
    }

    fn settle(&self, outcome: Outcome) {
        settle::settle(self, outcome);
    }

    fn unsettled(&self) -> usize {
        self.gatherer.unsettled()
    }

    fn can_record(&self) -> bool {
        self.db.trouble().is_none()
    }

    fn rests(&self, endpoint: EndpointId, rest: Option<Duration>) {
        self.known.resting.note(endpoint, rest.map(|rest| self.clock.now() + rest));
    }

    fn due_now(&self) -> Ts {
        queue::due_now(self)
    }

    fn clock(&self) -> &Clock {
        &self.clock
    }
}
