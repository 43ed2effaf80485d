//! One endpoint's queue, and the unit that it shares places with.

use std::collections::VecDeque;

use tokio::time::Instant;

use super::breaker::Breaker;
use crate::domain::id::{BuId, EndpointId};
use crate::ops::events::handoff::Handed;

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

#[derive(Debug)]
pub(super) struct Lane {
    pub bu: BuId,
    pub queue: VecDeque<Waiting>,
    /// What a person waits for: it goes first, and also while the breaker is open.
    pub urgent: VecDeque<Waiting>,
    pub in_flight: usize,
    pub rest: Rest,
    pub breaker: Breaker,
    /// Whether it stands in its unit's turns.
    pub is_listed: bool,
    /// Its last entry in `ages`, while it is there.
    pub noted: Option<Instant>,
}

#[derive(Debug, Default)]
pub(super) struct Unit {
    /// Lanes that may go, each once.
    pub turns: VecDeque<EndpointId>,
    pub in_flight: usize,
    pub lanes: usize,
    pub is_listed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    None,
    Until(Instant),
    UntilResumed,
}

impl Lane {
    pub fn new(bu: BuId, breaker: Breaker) -> Self {
        Self {
            bu,
            queue: VecDeque::new(),
            urgent: VecDeque::new(),
            in_flight: 0,
            rest: Rest::None,
            breaker,
            is_listed: false,
            noted: None,
        }
    }

    /// Where a delivery waits.
    pub fn place_of(&mut self, handed: &Handed) -> &mut VecDeque<Waiting> {
        if handed.is_urgent { &mut self.urgent } else { &mut self.queue }
    }

    /// Whether one may go as far as the endpoint is concerned.
    pub fn may_go(&self, caps: &Caps) -> bool {
        let places = if self.urgent.is_empty() { self.breaker.places() } else { caps.endpoint };
        let waits = !(self.urgent.is_empty() && self.queue.is_empty());
        self.rest == Rest::None && waits && self.in_flight < places
    }

    /// The next to go.
    pub fn pop(&mut self) -> Option<Waiting> {
        self.urgent.pop_front().or_else(|| self.queue.pop_front())
    }

    /// Takes out what has waited since `cutoff` or longer.
    pub fn pop_expired(&mut self, cutoff: Instant) -> Vec<Waiting> {
        let mut expired = Vec::new();
        for queue in [&mut self.urgent, &mut self.queue] {
            while queue.front().is_some_and(|waiting| waiting.since <= cutoff) {
                expired.extend(queue.pop_front());
            }
        }
        expired
    }

    /// Whether nothing waits, is under way or is noted.
    pub fn is_idle(&self) -> bool {
        let is_empty = self.queue.is_empty() && self.urgent.is_empty();
        is_empty && self.in_flight == 0 && self.noted.is_none() && self.rest == Rest::None
    }
}
