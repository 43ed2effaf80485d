//! Fetching: what waits in the database comes into the lanes, and goes back from those that are shut.

use std::time::Duration;

use tokio::time::Instant;

use super::run::{Engine, logged};
use crate::delivery::inbox::PART_OF_ONE;
use crate::domain::id::EndpointId;
use crate::ops::Error;
use crate::ops::events::handoff::Handed;
use crate::ops::events::queue::Waiting;

/// With less room than this, what waits in the database is fetched only when nothing waits here: many small
/// claims would cost more than they bring.
const LEAST_ROOM: usize = 64;
/// A look at what waits is followed by a pause of so many times as long as it took.
const PAUSE_AFTER_LOOK: u32 = 20;

/// When the database is looked into next.
pub struct Fetching {
    /// What waits there may have changed.
    pub is_look_due: bool,
    /// When the next look may begin.
    pub look_from: Instant,
    /// The last claim failed; the next waits for a tick.
    pub is_claim_held: bool,
}

impl Fetching {
    /// At once.
    pub fn new() -> Self {
        Self { is_look_due: true, look_from: Instant::now(), is_claim_held: false }
    }
}

impl Engine {
    /// When something may go or be fetched that may not now.
    pub fn next_moment(&self) -> Option<Instant> {
        if !self.may_begin() {
            return None;
        }
        let (now, here) = (Instant::now(), self.desk.due_now());
        let look = Some(self.fetching.look_from).filter(|from| self.fetching.is_look_due && *from > now);
        let due = self.backlog.next_due().filter(|due| *due > here);
        let due = due.map(|due| now + Duration::from_millis(due.millis_since(here).unsigned_abs() + 1));
        [self.lanes.next_wake(), look, due].into_iter().flatten().min()
    }

    /// Looks up what waits, when it may have changed and the last look was long enough ago.
    pub fn look(&mut self, now: Instant) {
        let may_look = self.is_recovered && self.may_begin() && self.chores.count.looks == 0;
        if self.fetching.is_look_due && may_look && now >= self.fetching.look_from {
            self.fetching.is_look_due = false;
            self.chores.look();
        }
    }

    /// Fetches what is due for the endpoints that have used up what was fetched for them.
    pub fn claim(&mut self) {
        if self.chores.count.claims > 0 || self.fetching.is_claim_held || !self.may_begin() {
            return;
        }
        let room = self.letters.load.room();
        if room >= LEAST_ROOM || (room > 0 && self.lanes.is_empty()) {
            let lanes = &self.lanes;
            let part = (room / PART_OF_ONE).max(1);
            let wants = |endpoint, ration: usize| lanes.wants(endpoint, ration.min(part));
            let wanted = self.backlog.choose(self.desk.due_now(), room, wants);
            if !wanted.is_empty() {
                self.chores.claim(wanted);
            }
        }
    }

    /// Takes what a look that began at `began` found.
    pub fn looked(&mut self, began: Instant, waiting: Result<Vec<Waiting>, Error>) {
        let now = Instant::now();
        self.fetching.look_from = now + now.saturating_duration_since(began) * PAUSE_AFTER_LOOK;
        if let Some(waiting) = logged("looking at what waits", waiting) {
            self.backlog.learn(&waiting, self.desk.due_now());
        }
    }

    /// Takes what a claim that began at `began` leased.
    pub fn claimed(
        &mut self,
        asked: &[(EndpointId, usize)],
        began: Instant,
        claimed: Result<Vec<Handed>, Error>,
    ) {
        if let Some(claimed) = logged("claiming deliveries", claimed) {
            self.backlog.claimed(asked, &claimed, Instant::now());
            self.letters.load.add(&claimed);
            self.queue(claimed, began);
        } else {
            self.backlog.failed(asked);
            self.fetching.is_claim_held = true;
        }
    }

    /// Where a breaker has turned, or an endpoint has fallen behind or caught up: how many new deliveries are
    /// taken for it, and whether what waits for it here stays.
    pub fn adjust(&mut self) {
        let mut changed = self.lanes.take_turned();
        changed.extend(self.backlog.take_changed());
        for endpoint in changed {
            self.desk.rests(endpoint, self.lanes.rest(endpoint, Instant::now()));
            let is_behind = self.backlog.is_behind(endpoint);
            self.letters.load.set_most(endpoint, if is_behind { 0 } else { self.lanes.most(endpoint) });
            if self.lanes.is_shut(endpoint) {
                let released = self.lanes.release(endpoint);
                tracing::info!(%endpoint, given_back = released.len(), "an endpoint is left alone for a while");
                for waiting in released {
                    self.give_back(&waiting.handed);
                }
            } else {
                // What was made while it was behind or shut waits in the database.
                self.fetching.is_look_due |= !is_behind;
                self.backlog.nudge(endpoint);
            }
        }
    }
}
