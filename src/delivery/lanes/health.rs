//! What the ends of attempts mean for their lanes: fewer places, a rest, or all of them again.

use std::cmp::Reverse;
use std::time::Duration;

use tokio::time::Instant;

use super::breaker::Sign;
use super::lane::Waiting;
use super::turns::Lanes;
use crate::domain::id::EndpointId;
use crate::keys::random_fraction;

impl Lanes {
    /// Heeds what the end of an attempt says about its endpoint. Comes before `done`.
    pub fn heed(&mut self, endpoint: EndpointId, sign: Sign, now: Instant) {
        let Some(lane) = self.by_endpoint.get_mut(&endpoint) else { return };
        if lane.breaker.heed(sign, self.caps.endpoint, &self.rules, random_fraction(), now) {
            self.turned.push(endpoint);
            if let Some(until) = lane.breaker.wakes_at() {
                self.resting.push(Reverse((until, endpoint)));
            }
        }
        self.list(endpoint);
    }

    /// The endpoints whose breaker has turned since the last call: what may wait for them here has changed.
    pub fn take_turned(&mut self) -> Vec<EndpointId> {
        std::mem::take(&mut self.turned)
    }

    /// For how long from `now` on nothing is begun to an endpoint, while that is so.
    pub fn rest(&self, endpoint: EndpointId, now: Instant) -> Option<Duration> {
        let until = self.by_endpoint.get(&endpoint)?.breaker.wakes_at()?;
        Some(until.saturating_duration_since(now))
    }

    /// Whether nothing is begun to an endpoint, so that nothing should wait for it here.
    pub fn is_shut(&self, endpoint: EndpointId) -> bool {
        self.by_endpoint.get(&endpoint).is_some_and(|lane| lane.breaker.is_shut())
    }

    /// How many new deliveries may be held for an endpoint as far as its breaker is concerned.
    pub fn most(&self, endpoint: EndpointId) -> usize {
        match self.by_endpoint.get(&endpoint).map(|lane| lane.breaker) {
            Some(breaker) if breaker.is_shut() => 0,
            Some(breaker) if breaker.is_probing() => 1,
            _ => usize::MAX,
        }
    }

    /// How many to fetch for an endpoint, when `ration` are fetched for it at once: none before it has
    /// used up half of that.
    pub fn wants(&self, endpoint: EndpointId, ration: usize) -> usize {
        let Some(lane) = self.by_endpoint.get(&endpoint) else { return ration };
        if lane.breaker.is_shut() {
            0
        } else if lane.breaker.is_probing() {
            usize::from(lane.queue.is_empty() && lane.in_flight == 0)
        } else if lane.queue.len() <= ration / 2 {
            ration
        } else {
            0
        }
    }

    /// Takes out what waits for an endpoint, but for what a person waits for.
    pub fn release(&mut self, endpoint: EndpointId) -> Vec<Waiting> {
        let Some(lane) = self.by_endpoint.get_mut(&endpoint) else { return Vec::new() };
        let released: Vec<Waiting> = lane.queue.drain(..).collect();
        self.queued -= released.len();
        self.drop_idle(endpoint);
        released
    }

    /// Forgets endpoints that nothing was heard of for a long time.
    pub fn tidy(&mut self, now: Instant) {
        let cap = self.caps.endpoint;
        let old: Vec<EndpointId> = self
            .by_endpoint
            .iter()
            .filter(|(_, lane)| lane.is_idle() && lane.breaker.is_forgettable(cap, now))
            .map(|(endpoint, _)| *endpoint)
            .collect();
        for endpoint in old {
            self.remove(endpoint);
            self.turned.push(endpoint);
        }
    }
}
