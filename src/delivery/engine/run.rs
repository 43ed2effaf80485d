//! The engine's loop: what arrives goes into lanes, whose turn it is goes out, what ends makes room.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout_at};

use super::chores::{Chores, Done};
use super::fetch::Fetching;
use super::start::Settings;
use super::suspects::{Suspects, is_noted};
use crate::delivery::backlog::Backlog;
use crate::delivery::courier::{Courier, broken};
use crate::delivery::desk::Desk;
use crate::delivery::destinations::{Known, Routes};
use crate::delivery::failpoint::attempt_begins;
use crate::delivery::inbox::{Letters, Message};
use crate::delivery::lanes::{Lanes, Sign, Waiting};
use crate::delivery::outgoing::Route;
use crate::domain::events::cause::Cause;
use crate::domain::events::delivery::DeliveryKind;
use crate::domain::id::{DeliveryId, EndpointId};
use crate::ops::Error;
use crate::ops::events::handoff::{Destinations, Handed, Outcome, Standing, Verdict};
use crate::ops::events::recover::Recovery;
use crate::ops::events::route::LEASE;

/// What is kept free of a lease, so that an attempt has settled before it ends.
const MARGIN: Duration = Duration::from_secs(5);
/// After which time in a lane a delivery is given back, whatever its endpoint's timeout.
const LONGEST_WAIT: Duration = Duration::from_secs(50);
/// How many deliveries one release gives back, and how many messages are read at once.
const BATCH: usize = 256;
/// How many readings of destinations run at once.
const MOST_READINGS: usize = 4;
/// With more outcomes than this not yet durable, nothing new begins. A crash repeats what is in flight and
/// what has come back but is not recorded: with this and the cap of the lanes, 640 deliveries at the most.
/// As much as one commit takes, so that the attempts of one batch are made while another is stored.
const MOST_UNSETTLED: usize = 512;
const TICK: Duration = Duration::from_secs(1);
/// How many ticks pass between two sweeps for orphans.
const SWEEP: u64 = 10;
/// How long the stop waits for outcomes to become durable beyond its grace.
const FLUSH: Duration = Duration::from_secs(2);

/// Everything the loop holds.
pub struct Engine {
    pub(super) desk: Arc<dyn Desk>,
    pub(super) courier: Arc<Courier>,
    pub(super) letters: Letters,
    pub(super) lanes: Lanes,
    pub(super) backlog: Backlog,
    pub(super) routes: Routes,
    pub(super) chores: Chores,
    pub(super) flights: JoinSet<Sign>,
    pub(super) suspects: Suspects,
    /// What is under way, by its task: a task that crashes leaves only its id.
    pub(super) aloft: HashMap<Id, Handed>,
    /// Leases to give back.
    pub(super) unstarted: Vec<(DeliveryId, i64)>,
    pub(super) ticks: u64,
    pub(super) is_recovered: bool,
    pub(super) fetching: Fetching,
    /// The last release failed; the next waits for a tick.
    pub(super) is_release_held: bool,
    pub(super) stops_at: Option<Instant>,
}

impl Engine {
    /// An engine that holds nothing yet.
    pub fn new(desk: Arc<dyn Desk>, courier: Courier, letters: Letters, settings: Settings) -> Self {
        Self {
            courier: Arc::new(courier),
            letters,
            lanes: Lanes::new(settings.caps, settings.rules),
            backlog: Backlog::default(),
            routes: Routes::default(),
            chores: Chores::new(desk.clone()),
            desk,
            flights: JoinSet::new(),
            suspects: Suspects::default(),
            aloft: HashMap::new(),
            unstarted: Vec::new(),
            ticks: 0,
            is_recovered: false,
            fetching: Fetching::new(),
            is_release_held: false,
            stops_at: None,
        }
    }

    /// Runs until `stop` names a grace and everything is put away, or the grace is over.
    pub async fn run(mut self, mut stop: oneshot::Receiver<Duration>) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let woken = self.letters.woken.clone();
        let recorded = self.letters.recorded.clone();
        let mut messages = Vec::new();
        self.chores.recover(Recovery::Start);
        while !self.is_over() {
            let moment = self.stops_at.or_else(|| self.next_moment());
            tokio::select! {
                count = self.letters.messages.recv_many(&mut messages, BATCH), if !self.letters.messages.is_closed() => {
                    if count == 0 {
                        self.letters.messages.close();
                    }
                    messages.drain(..).for_each(|message| self.take(message));
                }
                Some(ended) = self.flights.join_next_with_id() => {
                    self.landed(ended);
                    while let Some(ended) = self.flights.try_join_next_with_id() {
                        self.landed(ended);
                    }
                }
                Some(done) = self.chores.next() => self.heed(done),
                () = woken.notified() => self.fetching.is_look_due = true,
                () = recorded.notified(), if self.is_full() => {}
                _ = ticks.tick() => self.tick(),
                () = sleep_until(moment.unwrap_or_else(Instant::now)), if moment.is_some() => {}
                grace = &mut stop, if self.stops_at.is_none() => self.stop(grace.unwrap_or_default()),
            }
            self.turn();
        }
        self.flush().await;
    }

    fn is_over(&self) -> bool {
        let is_put_away = self.flights.is_empty() && self.chores.is_empty() && self.unstarted.is_empty();
        self.stops_at.is_some_and(|at| is_put_away || Instant::now() >= at)
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Deliveries(deliveries, since) => self.queue(deliveries, since),
            Message::Changed(webhook) => self.routes.forget(webhook),
        }
    }

    /// Puts deliveries that are held already into their lanes.
    pub(super) fn queue(&mut self, deliveries: Vec<Handed>, since: Instant) {
        for handed in deliveries {
            let is_left_alone = !handed.is_urgent && self.lanes.is_shut(handed.endpoint);
            if self.stops_at.is_some() || is_left_alone {
                self.give_back(&handed);
            } else {
                self.lanes.push(handed, since);
            }
        }
    }

    pub(super) fn give_back(&mut self, handed: &Handed) {
        self.letters.load.remove(handed);
        self.unstarted.push((handed.delivery, handed.lease_no));
    }

    /// Does what the last event made possible.
    fn turn(&mut self) {
        let now = Instant::now();
        while self.may_begin()
            && let Some(waiting) = self.lanes.next(now)
        {
            let endpoint = waiting.handed.endpoint;
            match self.routes.get(endpoint, waiting.handed.webhook, now) {
                Some(Known::Route(route)) => self.depart(waiting, route, now),
                Some(Known::Gone) => self.cancel(waiting.handed, Cause::EndpointDeleted),
                None => self.lanes.put_back(waiting),
            }
        }
        self.adjust();
        if self.chores.count.readings < MOST_READINGS && self.routes.is_wanting() {
            self.chores.read(self.routes.take_wanted());
        }
        if self.chores.count.releases == 0 && !self.is_release_held && !self.unstarted.is_empty() {
            let rest = self.unstarted.split_off(self.unstarted.len().min(BATCH));
            self.chores.release(std::mem::replace(&mut self.unstarted, rest));
        }
        self.look(now);
        self.claim();
    }

    pub(super) fn may_begin(&self) -> bool {
        self.stops_at.is_none() && !self.is_full() && self.desk.can_record()
    }

    /// Whether outcomes have to become durable first.
    fn is_full(&self) -> bool {
        self.desk.unsettled() > MOST_UNSETTLED
    }

    fn depart(&mut self, waiting: Waiting, route: Arc<Route>, now: Instant) {
        let Waiting { handed, since } = waiting;
        let to = &route.destination;
        let may_go = match to.standing {
            Standing::Active => Ok(()),
            Standing::Inactive if handed.kind == DeliveryKind::Test => Ok(()),
            Standing::Inactive => Err(Cause::WebhookInactive),
            Standing::Deleted => Err(Cause::WebhookDeleted),
        };
        if let Err(cause) = may_go {
            return self.cancel(handed, cause);
        }
        if now.saturating_duration_since(since) > LEASE.saturating_sub(to.timeout + MARGIN) {
            // Its lease could end before the attempt does, and another node would send it again.
            self.lanes.done(handed.endpoint, handed.bu);
            return self.give_back(&handed);
        }
        if handed.is_suspect() && !self.suspects.admit(&handed, now) {
            return self.lanes.put_back(Waiting { handed, since });
        }
        if let Some(rate) =
            to.rate_per_second.and_then(|rate| u32::try_from(rate).ok()).filter(|rate| *rate > 0)
        {
            self.lanes.hold_until(handed.endpoint, now + Duration::from_secs(1) / rate);
        }
        let flight = fly(self.desk.clone(), self.courier.clone(), route, handed.clone());
        let id = self.flights.spawn(flight).id();
        self.aloft.insert(id, handed);
    }

    fn cancel(&mut self, handed: Handed, cause: Cause) {
        self.lanes.done(handed.endpoint, handed.bu);
        self.letters.load.remove(&handed);
        self.desk.settle(Outcome { handed, attempt: None, verdict: Verdict::Cancelled(cause) });
    }

    fn landed(&mut self, ended: Result<(Id, Sign), JoinError>) {
        let (id, sign, crash) = match ended {
            Ok((id, sign)) => (id, sign, None),
            Err(error) => (error.id(), Sign::Nothing, Some(error)),
        };
        let Some(handed) = self.aloft.remove(&id) else { return };
        self.lanes.heed(handed.endpoint, sign, Instant::now());
        self.lanes.done(handed.endpoint, handed.bu);
        self.letters.load.remove(&handed);
        self.backlog.nudge(handed.endpoint);
        if handed.is_suspect() {
            for endpoint in self.suspects.landed(handed.endpoint) {
                self.lanes.resume(endpoint);
            }
        }
        if let Some(error) = crash {
            tracing::error!(%error, delivery = %handed.delivery, "an attempt crashed");
            self.crashed(handed);
        }
    }

    /// A crash is contained: this delivery is tried again a little later, or put aside, and others go on.
    fn crashed(&self, handed: Handed) {
        let clock = self.desk.clock();
        let (cause, verdict) = if handed.is_suspect() {
            (Cause::WorkerCrash, Verdict::Exhausted)
        } else {
            (Cause::Interrupted, Verdict::Postpone(self.desk.due_now() + LEASE))
        };
        let attempt = Some(broken(&handed, clock, cause));
        self.desk.settle(Outcome { handed, attempt, verdict });
    }

    fn heed(&mut self, done: Done) {
        match done {
            Done::Looked(began, waiting) => self.looked(began, waiting),
            Done::Claimed(asked, began, claimed) => self.claimed(&asked, began, claimed),
            Done::Read(asked, began, read) => self.learn(&asked, began, read),
            Done::Released(held, released) => {
                if logged("giving deliveries back", released).is_some() {
                    self.fetching.is_look_due = true;
                } else {
                    self.is_release_held = true;
                    self.unstarted.extend(held);
                }
            }
            Done::Recovered(what, recovered) => {
                let freed = logged("recovering deliveries", recovered);
                if what == Recovery::Start && freed.is_some() && self.stops_at.is_none() {
                    self.is_recovered = true;
                    self.letters.load.set_open(true);
                }
                self.fetching.is_look_due |= freed.is_some_and(|freed| freed > 0);
            }
        }
    }

    fn learn(&mut self, asked: &[EndpointId], began: Instant, read: Result<Destinations, Error>) {
        if let Some(read) = logged("reading destinations", read) {
            for endpoint in self.routes.learn(asked, &read, began, Instant::now()) {
                self.lanes.resume(endpoint);
            }
        } else {
            self.routes.fail(asked);
            let later = Instant::now() + TICK;
            for endpoint in asked {
                self.lanes.hold_until(*endpoint, later);
            }
        }
    }

    fn tick(&mut self) {
        let now = Instant::now();
        self.ticks += 1;
        self.fetching.is_look_due = true;
        self.fetching.is_claim_held = false;
        self.is_release_held = false;
        self.suspects.held_up().into_iter().for_each(|endpoint| self.lanes.resume(endpoint));
        if let Some(cutoff) = now.checked_sub(LONGEST_WAIT) {
            self.lanes.expired(cutoff).iter().for_each(|waiting| self.give_back(&waiting.handed));
        }
        let is_sweep = self.ticks.is_multiple_of(SWEEP);
        if is_sweep {
            self.routes.tidy(now);
            self.lanes.tidy(now);
        }
        // What was handed over since the start is leased too: never two recoveries of the start.
        if self.chores.count.recoveries > 0 || self.stops_at.is_some() {
            return;
        }
        if !self.is_recovered {
            self.chores.recover(Recovery::Start);
        } else if is_sweep {
            self.chores.recover(Recovery::Sweep);
        }
    }

    fn stop(&mut self, grace: Duration) {
        self.stops_at = Some(Instant::now() + grace);
        self.letters.load.set_open(false);
        self.letters.messages.close();
        while let Ok(message) = self.letters.messages.try_recv() {
            self.take(message);
        }
        for handed in self.lanes.drain() {
            self.give_back(&handed);
        }
        tracing::info!(under_way = self.flights.len(), given_back = self.unstarted.len(), "deliveries stop");
    }

    async fn flush(mut self) {
        if !self.flights.is_empty() {
            tracing::warn!(abandoned = self.flights.len(), "attempts under way are left to their leases");
            self.flights.abort_all();
        }
        let desk = self.desk.clone();
        let flushed = tokio::task::spawn_blocking(move || desk.flush());
        let until = self.stops_at.unwrap_or_else(Instant::now).max(Instant::now()) + FLUSH;
        if timeout_at(until, flushed).await.is_err() {
            tracing::error!("outcomes could not be stored in time; their deliveries will be sent again");
        }
    }
}

/// One attempt from the request to the settling.
async fn fly(desk: Arc<dyn Desk>, courier: Arc<Courier>, route: Arc<Route>, handed: Handed) -> Sign {
    if handed.is_suspect() && !is_noted(&desk, &handed).await {
        return Sign::Nothing;
    }
    attempt_begins(&handed.event_type);
    let tried = courier.attempt(&route, &handed).await;
    let sign = tried.sign(handed.kind);
    let verdict = desk.judge(&handed, &route.destination, &tried.attempt, tried.retry_after);
    desk.settle(Outcome { handed, attempt: Some(tried.attempt), verdict });
    sign
}

pub(super) fn logged<T>(what: &str, result: Result<T, Error>) -> Option<T> {
    result.inspect_err(|error| tracing::error!(%error, "{what} failed")).ok()
}
