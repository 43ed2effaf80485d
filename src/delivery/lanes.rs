//! Whose turn it is: one queue per endpoint, fair turns between business units and between their endpoints.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::id::{BuId, EndpointId};
use crate::ops::events::handoff::Handed;

/// How finely the age of what waits is told.
const GRAIN: Duration = Duration::from_secs(1);

/// How many attempts may be under way at once.
#[derive(Debug, Clone, Copy)]
pub struct Caps {
    /// To one endpoint.
    pub endpoint: usize,
    /// For one business unit.
    pub unit: usize,
    /// In this process.
    pub total: usize,
}

impl Default for Caps {
    fn default() -> Self {
        Self { endpoint: 8, unit: 32, total: 128 }
    }
}

/// A delivery that waits for its turn.
#[derive(Debug)]
pub struct Waiting {
    /// The delivery.
    pub handed: Handed,
    /// When it was handed over; its lease counts from then.
    pub since: Instant,
}

/// The queues of all endpoints. Every act takes constant time, however many endpoints there are.
#[derive(Debug, Default)]
pub struct Lanes {
    caps: Caps,
    by_endpoint: HashMap<EndpointId, Lane>,
    units: HashMap<BuId, Unit>,
    /// Units that have a lane that may go, each once.
    turns: VecDeque<BuId>,
    /// When lanes were last added to, oldest first, to a grain: what waits too long is found from here.
    ages: VecDeque<(Instant, EndpointId)>,
    /// Lanes that rest until a moment. An entry may be out of date: the lane's own `rest` counts.
    resting: BinaryHeap<Reverse<(Instant, EndpointId)>>,
    queued: usize,
    in_flight: usize,
}

#[derive(Debug)]
struct Lane {
    bu: BuId,
    queue: VecDeque<Waiting>,
    in_flight: usize,
    rest: Rest,
    /// Whether it stands in its unit's turns.
    is_listed: bool,
    /// Its last entry in `ages`, while it is there.
    noted: Option<Instant>,
}

#[derive(Debug, Default)]
struct Unit {
    /// Lanes that may go, each once.
    turns: VecDeque<EndpointId>,
    in_flight: usize,
    lanes: usize,
    is_listed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    None,
    Until(Instant),
    UntilResumed,
}

impl Lanes {
    /// Empty lanes with these caps.
    pub fn new(caps: Caps) -> Self {
        Self { caps, ..Self::default() }
    }

    /// How many deliveries wait.
    pub fn len(&self) -> usize {
        self.queued
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.queued == 0
    }

    /// Puts a delivery at the end of its endpoint's lane.
    pub fn push(&mut self, handed: Handed, since: Instant) {
        let endpoint = handed.endpoint;
        let units = &mut self.units;
        let lane = self.by_endpoint.entry(endpoint).or_insert_with(|| {
            units.entry(handed.bu).or_default().lanes += 1;
            Lane::new(handed.bu)
        });
        if lane.noted.is_none_or(|noted| since >= noted + GRAIN) {
            lane.noted = Some(since);
            self.ages.push_back((since, endpoint));
        }
        lane.queue.push_back(Waiting { handed, since });
        self.queued += 1;
        self.list(endpoint);
    }

    /// Takes the delivery whose turn it is; it counts as under way until `done` or `put_back`. `None` when
    /// nothing waits, or all that waits is held by a cap or rests.
    pub fn next(&mut self, now: Instant) -> Option<Waiting> {
        self.wake(now);
        while self.in_flight < self.caps.total {
            let bu = self.turns.pop_front()?;
            let Some(unit) = self.units.get_mut(&bu) else { continue };
            unit.is_listed = false;
            let taken = loop {
                let Some(endpoint) = unit.turns.pop_front() else { break None };
                let Some(lane) = self.by_endpoint.get_mut(&endpoint) else { continue };
                lane.is_listed = false;
                if !lane.may_go(&self.caps) {
                    continue;
                }
                if let Some(waiting) = lane.queue.pop_front() {
                    lane.in_flight += 1;
                    break Some(waiting);
                }
            };
            if let Some(waiting) = taken {
                unit.in_flight += 1;
                self.queued -= 1;
                self.in_flight += 1;
                self.list(waiting.handed.endpoint);
                self.list_unit(bu);
                return Some(waiting);
            }
        }
        None
    }

    /// The next moment at which a resting lane wakes.
    pub fn next_wake(&self) -> Option<Instant> {
        self.resting.peek().map(|Reverse((until, _))| *until)
    }

    /// An attempt ended: its endpoint and unit have room for another.
    pub fn done(&mut self, endpoint: EndpointId, bu: BuId) {
        if let Some(lane) = self.by_endpoint.get_mut(&endpoint) {
            lane.in_flight = lane.in_flight.saturating_sub(1);
        }
        if let Some(unit) = self.units.get_mut(&bu) {
            unit.in_flight = unit.in_flight.saturating_sub(1);
        }
        self.in_flight = self.in_flight.saturating_sub(1);
        self.list(endpoint);
        self.list_unit(bu);
        self.drop_idle(endpoint);
    }

    /// Gives back what `next` took: it is first in its lane again, and the lane rests until `resume`.
    pub fn put_back(&mut self, waiting: Waiting) {
        let (endpoint, bu) = (waiting.handed.endpoint, waiting.handed.bu);
        if let Some(lane) = self.by_endpoint.get_mut(&endpoint) {
            lane.queue.push_front(waiting);
            lane.rest = Rest::UntilResumed;
            self.queued += 1;
        }
        self.done(endpoint, bu);
    }

    /// A lane that waits for this may go on; one that rests until a moment is not disturbed.
    pub fn resume(&mut self, endpoint: EndpointId) {
        self.end_rest(endpoint, Rest::UntilResumed);
    }

    /// A lane rests until this moment: its rate is used up, or something must pass first.
    pub fn hold_until(&mut self, endpoint: EndpointId, until: Instant) {
        if let Some(lane) = self.by_endpoint.get_mut(&endpoint) {
            lane.rest = Rest::Until(until);
            self.resting.push(Reverse((until, endpoint)));
        }
    }

    /// Takes out what was handed over at or before `cutoff` and still waits; up to a second late.
    pub fn expired(&mut self, cutoff: Instant) -> Vec<Waiting> {
        let mut expired = Vec::new();
        while let Some((noted, endpoint)) = self.ages.front().copied() {
            if noted + GRAIN > cutoff {
                break;
            }
            self.ages.pop_front();
            let Some(lane) = self.by_endpoint.get_mut(&endpoint) else { continue };
            while lane.queue.front().is_some_and(|waiting| waiting.since <= cutoff) {
                expired.extend(lane.queue.pop_front());
            }
            if lane.noted == Some(noted) {
                lane.noted = None;
            }
            self.drop_idle(endpoint);
        }
        self.queued -= expired.len();
        expired
    }

    /// Takes out everything that waits.
    pub fn drain(&mut self) -> Vec<Handed> {
        self.queued = 0;
        self.by_endpoint
            .values_mut()
            .flat_map(|lane| lane.queue.drain(..))
            .map(|waiting| waiting.handed)
            .collect()
    }

    fn wake(&mut self, now: Instant) {
        while let Some(Reverse((until, endpoint))) = self.resting.peek().copied() {
            if until > now {
                return;
            }
            self.resting.pop();
            self.end_rest(endpoint, Rest::Until(until));
        }
    }

    fn end_rest(&mut self, endpoint: EndpointId, rest: Rest) {
        let Some(lane) = self.by_endpoint.get_mut(&endpoint) else { return };
        if lane.rest == rest {
            lane.rest = Rest::None;
            self.list(endpoint);
            self.drop_idle(endpoint);
        }
    }

    /// Gives a lane its place in the turns, if it may go and has none.
    fn list(&mut self, endpoint: EndpointId) {
        let Some(lane) = self.by_endpoint.get_mut(&endpoint) else { return };
        if lane.is_listed || !lane.may_go(&self.caps) {
            return;
        }
        lane.is_listed = true;
        let bu = lane.bu;
        self.units.entry(bu).or_default().turns.push_back(endpoint);
        self.list_unit(bu);
    }

    fn list_unit(&mut self, bu: BuId) {
        let Some(unit) = self.units.get_mut(&bu) else { return };
        if !unit.is_listed && !unit.turns.is_empty() && unit.in_flight < self.caps.unit {
            unit.is_listed = true;
            self.turns.push_back(bu);
        }
    }

    /// Forgets a lane that has nothing to remember. One that is still noted stays for that while: a busy
    /// endpoint whose queue runs empty between two deliveries must not be made anew each time.
    fn drop_idle(&mut self, endpoint: EndpointId) {
        let Some(lane) = self.by_endpoint.get(&endpoint) else { return };
        let is_idle = lane.queue.is_empty() && lane.in_flight == 0 && lane.noted.is_none();
        if !is_idle || lane.rest != Rest::None {
            return;
        }
        let bu = lane.bu;
        self.by_endpoint.remove(&endpoint);
        if let Some(unit) = self.units.get_mut(&bu) {
            unit.lanes -= 1;
            if unit.lanes == 0 {
                self.units.remove(&bu);
            }
        }
    }
}

impl Lane {
    fn new(bu: BuId) -> Self {
        Self { bu, queue: VecDeque::new(), in_flight: 0, rest: Rest::None, is_listed: false, noted: None }
    }

    fn may_go(&self, caps: &Caps) -> bool {
        !self.queue.is_empty() && self.in_flight < caps.endpoint && self.rest == Rest::None
    }
}

#[cfg(test)]
mod tests;
