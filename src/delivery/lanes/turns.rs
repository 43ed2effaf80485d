//! The turns: what waits, whose turn it is, and what is under way.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::breaker::{Breaker, Rules};
use super::lane::{Caps, Lane, Rest, Unit, Waiting};
use crate::domain::id::{BuId, EndpointId};
use crate::ops::events::handoff::Handed;

/// How finely the age of what waits is told.
const GRAIN: Duration = Duration::from_secs(1);

/// The queues of all endpoints. Every act takes constant time, however many endpoints there are.
///
/// Beside the caps holds one rule: a lane that has some under way begins another only while its unit has
/// more places free than that, and a unit only while the process has. So those that hang, however many and
/// however suddenly, never take the last places from one that has nothing under way.
#[derive(Debug, Default)]
pub struct Lanes {
    pub(super) caps: Caps,
    pub(super) rules: Rules,
    pub(super) by_endpoint: HashMap<EndpointId, Lane>,
    pub(super) units: HashMap<BuId, Unit>,
    /// Units that have a lane that may go, each once.
    turns: VecDeque<BuId>,
    /// Units that wait until the process has more places free; they count as listed.
    crowded: Vec<BuId>,
    /// When lanes were last added to, oldest first, to a grain: what waits too long is found from here.
    pub(super) ages: VecDeque<(Instant, EndpointId)>,
    /// Lanes that rest until a moment. An entry may be out of date: what the lane itself says counts.
    pub(super) resting: BinaryHeap<Reverse<(Instant, EndpointId)>>,
    /// Endpoints whose breaker has turned.
    pub(super) turned: Vec<EndpointId>,
    pub(super) queued: usize,
    in_flight: usize,
}

impl Lanes {
    /// Empty lanes with these caps, whose breakers go by these rules.
    pub fn new(caps: Caps, rules: Rules) -> Self {
        Self { caps, rules, ..Self::default() }
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
        let (units, cap) = (&mut self.units, self.caps.endpoint);
        let lane = self.by_endpoint.entry(endpoint).or_insert_with(|| {
            units.entry(handed.bu).or_default().lanes += 1;
            Lane::new(handed.bu, Breaker::new(cap, since))
        });
        if lane.noted.is_none_or(|noted| since >= noted + GRAIN) {
            lane.noted = Some(since);
            self.ages.push_back((since, endpoint));
        }
        lane.place_of(&handed).push_back(Waiting { handed, since });
        self.queued += 1;
        self.list(endpoint);
    }

    /// Takes the delivery whose turn it is; it counts as under way until `done` or `put_back`. `None` when
    /// nothing waits, or all that waits is held by a cap or rests.
    pub fn next(&mut self, now: Instant) -> Option<Waiting> {
        self.wake(now);
        while self.in_flight < self.caps.total {
            let bu = self.turns.pop_front()?;
            let free = self.caps.total - self.in_flight;
            let Some(unit) = self.units.get_mut(&bu) else { continue };
            if unit.in_flight >= free {
                self.crowded.push(bu);
                continue;
            }
            unit.is_listed = false;
            let free = self.caps.unit.saturating_sub(unit.in_flight);
            // Those that wait until their unit has more places free. Each has some under way, so they are few.
            let mut crowded = Vec::new();
            let taken = loop {
                let Some(endpoint) = unit.turns.pop_front() else { break None };
                let Some(lane) = self.by_endpoint.get_mut(&endpoint) else { continue };
                lane.is_listed = false;
                if !lane.may_go(&self.caps) {
                    continue;
                }
                if lane.in_flight >= free {
                    lane.is_listed = true;
                    crowded.push(endpoint);
                } else if let Some(waiting) = lane.pop() {
                    lane.in_flight += 1;
                    break Some(waiting);
                }
            };
            unit.turns.extend(crowded);
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
        self.turns.extend(self.crowded.drain(..));
        self.list(endpoint);
        self.list_unit(bu);
        self.drop_idle(endpoint);
    }

    /// Gives back what `next` took: it is first in its lane again, and the lane rests until `resume`.
    pub fn put_back(&mut self, waiting: Waiting) {
        let (endpoint, bu) = (waiting.handed.endpoint, waiting.handed.bu);
        if let Some(lane) = self.by_endpoint.get_mut(&endpoint) {
            lane.place_of(&waiting.handed).push_front(waiting);
            lane.rest = Rest::UntilResumed;
            self.queued += 1;
        }
        self.done(endpoint, bu);
    }

    /// A lane that waits for this may go on; one that rests until a moment is not disturbed.
    pub fn resume(&mut self, endpoint: EndpointId) {
        self.end_rest(endpoint, Rest::UntilResumed);
    }

    /// A lane rests until this moment: its rate is used up, or something must pass first. This holds for
    /// everything in it, also for a probe and for what a person waits for. Each node spaces by itself: with
    /// several, an endpoint may be sent so many times its rate.
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
            expired.extend(lane.pop_expired(cutoff));
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
            .flat_map(|lane| lane.urgent.drain(..).chain(lane.queue.drain(..)))
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
            if self.by_endpoint.get_mut(&endpoint).is_some_and(|lane| lane.breaker.wake(now)) {
                self.turned.push(endpoint);
                self.list(endpoint);
            }
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
    pub(super) fn list(&mut self, endpoint: EndpointId) {
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
    pub(super) fn drop_idle(&mut self, endpoint: EndpointId) {
        let cap = self.caps.endpoint;
        let is_plain = |lane: &Lane| lane.is_idle() && lane.breaker.is_plain(cap);
        if self.by_endpoint.get(&endpoint).is_some_and(is_plain) {
            self.remove(endpoint);
        }
    }

    pub(super) fn remove(&mut self, endpoint: EndpointId) {
        let Some(lane) = self.by_endpoint.remove(&endpoint) else { return };
        if let Some(unit) = self.units.get_mut(&lane.bu) {
            unit.lanes -= 1;
            if unit.lanes == 0 {
                self.units.remove(&lane.bu);
            }
        }
    }
}
