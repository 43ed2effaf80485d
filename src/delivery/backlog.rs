//! What waits in the database, endpoint by endpoint: whose turn it is to be fetched, and how much of it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::id::EndpointId;
use crate::domain::time::Ts;
use crate::ops::events::handoff::Handed;
use crate::ops::events::queue::Waiting;

/// How many endpoints one claim goes through, and how many deliveries it leases.
const MOST_ENDPOINTS: usize = 64;
const MOST_DELIVERIES: usize = 512;
/// How many deliveries of one endpoint are fetched at once: first so many, then as many as it uses up in
/// about a second.
const FIRST_RATION: usize = 64;
const LEAST_RATION: usize = 16;
const MOST_RATION: usize = 512;
const QUICK: Duration = Duration::from_secs(1);
const SLOW: Duration = Duration::from_secs(4);

/// The endpoints with deliveries that wait, as last looked up. Each is in one place: due later, in the turns,
/// set aside until its lane has room, or being claimed for.
#[derive(Debug, Default)]
pub struct Backlog {
    entries: HashMap<EndpointId, Entry>,
    turns: VecDeque<EndpointId>,
    later: BinaryHeap<Reverse<(Ts, EndpointId)>>,
    /// Endpoints that have fallen behind or caught up.
    changed: Vec<EndpointId>,
}

#[derive(Debug)]
struct Entry {
    due: Ts,
    stage: Stage,
    ration: usize,
    claimed_at: Option<Instant>,
    is_behind: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Later,
    Listed,
    SetAside,
    Asked,
}

impl Backlog {
    /// Takes what was just looked up; it stands in place of what was known.
    pub fn learn(&mut self, waiting: &[Waiting], now: Ts) {
        let seen: HashSet<EndpointId> = waiting.iter().map(|waiting| waiting.endpoint).collect();
        let changed = &mut self.changed;
        self.entries.retain(|endpoint, entry| {
            let stays = entry.stage == Stage::Asked || seen.contains(endpoint);
            if !stays && entry.is_behind {
                changed.push(*endpoint);
            }
            stays
        });
        for Waiting { endpoint, due } in waiting {
            let entry = self.entries.entry(*endpoint).or_insert_with(|| Entry::new(*due));
            if matches!(entry.stage, Stage::Asked | Stage::Listed) {
                continue;
            }
            entry.due = *due;
            entry.stage = if *due <= now { Stage::Listed } else { Stage::Later };
            if entry.stage == Stage::Listed {
                self.turns.push_back(*endpoint);
            }
        }
        let later = self.entries.iter().filter(|(_, entry)| entry.stage == Stage::Later);
        self.later = later.map(|(endpoint, entry)| Reverse((entry.due, *endpoint))).collect();
    }

    /// Chooses what to claim, in turns: at most `room` in all, of each endpoint at most as many as its lane
    /// `wants` of its ration. One that wants none is set aside until it is nudged or looked up again.
    pub fn choose(
        &mut self,
        now: Ts,
        mut room: usize,
        wants: impl Fn(EndpointId, usize) -> usize,
    ) -> Vec<(EndpointId, usize)> {
        self.ripen(now);
        room = room.min(MOST_DELIVERIES);
        let mut chosen = Vec::new();
        while room > 0
            && chosen.len() < MOST_ENDPOINTS
            && let Some(endpoint) = self.turns.pop_front()
        {
            let Some(entry) = self.entries.get_mut(&endpoint).filter(|e| e.stage == Stage::Listed) else {
                continue;
            };
            let most = wants(endpoint, entry.ration).min(room);
            entry.stage = if most == 0 { Stage::SetAside } else { Stage::Asked };
            if most > 0 {
                room -= most;
                chosen.push((endpoint, most));
            }
        }
        chosen
    }

    /// Takes what a claim brought. Who got all that was asked for is behind, and has another turn; the
    /// others have nothing due any more.
    pub fn claimed(&mut self, asked: &[(EndpointId, usize)], claimed: &[Handed], now: Instant) {
        let mut counts: HashMap<EndpointId, usize> = HashMap::new();
        for handed in claimed {
            *counts.entry(handed.endpoint).or_default() += 1;
        }
        for (endpoint, most) in asked {
            let is_full = counts.get(endpoint).is_some_and(|count| count >= most);
            let Some(entry) = self.entries.get_mut(endpoint) else { continue };
            if is_full != entry.is_behind {
                self.changed.push(*endpoint);
            }
            if is_full {
                entry.fetched(now);
                self.turns.push_back(*endpoint);
            } else {
                self.entries.remove(endpoint);
            }
        }
    }

    /// A claim failed: it is tried again.
    pub fn failed(&mut self, asked: &[(EndpointId, usize)]) {
        for (endpoint, _) in asked {
            if let Some(entry) = self.entries.get_mut(endpoint) {
                entry.stage = Stage::Listed;
                self.turns.push_back(*endpoint);
            }
        }
    }

    /// The lane of an endpoint that may have been set aside may have room again.
    pub fn nudge(&mut self, endpoint: EndpointId) {
        if let Some(entry) = self.entries.get_mut(&endpoint).filter(|e| e.stage == Stage::SetAside) {
            entry.stage = Stage::Listed;
            self.turns.push_back(endpoint);
        }
    }

    /// Whether more is due for an endpoint than was fetched. New deliveries then stand in line behind it.
    pub fn is_behind(&self, endpoint: EndpointId) -> bool {
        self.entries.get(&endpoint).is_some_and(|entry| entry.is_behind)
    }

    /// The endpoints that have fallen behind or caught up since the last call.
    pub fn take_changed(&mut self) -> Vec<EndpointId> {
        std::mem::take(&mut self.changed)
    }

    /// When the next endpoint becomes due.
    pub fn next_due(&self) -> Option<Ts> {
        self.later.peek().map(|Reverse((due, _))| *due)
    }

    fn ripen(&mut self, now: Ts) {
        while let Some(Reverse((due, endpoint))) = self.later.peek().copied() {
            if due > now {
                return;
            }
            self.later.pop();
            let entry = self.entries.get_mut(&endpoint);
            if let Some(entry) = entry.filter(|e| e.stage == Stage::Later && e.due == due) {
                entry.stage = Stage::Listed;
                self.turns.push_back(endpoint);
            }
        }
    }
}

impl Entry {
    const fn new(due: Ts) -> Self {
        Self { due, stage: Stage::Later, ration: FIRST_RATION, claimed_at: None, is_behind: false }
    }

    /// All that was asked for came. What is fetched at once follows how fast it is used up.
    fn fetched(&mut self, now: Instant) {
        let pause = self.claimed_at.replace(now).map(|before| now.saturating_duration_since(before));
        match pause {
            Some(pause) if pause < QUICK => self.ration = (self.ration * 2).min(MOST_RATION),
            Some(pause) if pause > SLOW => self.ration = (self.ration / 2).max(LEAST_RATION),
            _ => {}
        }
        self.stage = Stage::Listed;
        self.is_behind = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::samples::{handed, id};

    const NOW: Ts = Ts(1_000_000);

    fn waiting(endpoint: usize, due: i64) -> Waiting {
        Waiting { endpoint: id(endpoint), due: Ts(due) }
    }

    fn all(_: EndpointId, ration: usize) -> usize {
        ration
    }

    fn of_one(count: usize, endpoint: u8) -> Vec<Handed> {
        (0..count).map(|n| handed(n, 1, endpoint)).collect()
    }

    #[test]
    fn every_endpoint_that_is_due_has_a_turn_before_one_has_two() {
        let mut backlog = Backlog::default();
        backlog.learn(&(0..100).map(|n| waiting(n, 0)).collect::<Vec<_>>(), NOW);
        let mut seen = HashSet::new();
        while seen.len() < 100 {
            let asked = backlog.choose(NOW, 20_000, |_, _| 2);
            assert!(!asked.is_empty() && asked.len() <= MOST_ENDPOINTS);
            assert!(asked.iter().take(100 - seen.len()).all(|(endpoint, _)| seen.insert(*endpoint)));
            backlog.failed(&asked);
        }
    }

    #[test]
    fn a_claim_stays_within_the_room_and_within_its_own_size() {
        let mut backlog = Backlog::default();
        backlog.learn(&(0..100).map(|n| waiting(n, 0)).collect::<Vec<_>>(), NOW);
        let few = backlog.choose(NOW, 70, all);
        assert_eq!(few.iter().map(|(_, most)| *most).collect::<Vec<_>>(), [FIRST_RATION, 6]);
        let many = backlog.choose(NOW, 20_000, all);
        assert_eq!(many.iter().map(|(_, most)| *most).sum::<usize>(), MOST_DELIVERIES);
        assert!(backlog.choose(NOW, 0, all).is_empty());
    }

    #[test]
    fn who_is_not_due_comes_when_it_is() {
        let mut backlog = Backlog::default();
        backlog.learn(&[waiting(1, NOW.0 + 2), waiting(2, NOW.0 + 1)], NOW);
        assert!(backlog.choose(NOW, 10, all).is_empty());
        assert_eq!(backlog.next_due(), Some(Ts(NOW.0 + 1)));
        assert_eq!(backlog.choose(Ts(NOW.0 + 1), 10, all), [(id(2), 10)]);
        backlog.learn(&[waiting(1, NOW.0)], NOW);
        assert_eq!(backlog.choose(NOW, 10, all), [(id(1), 10)], "it became due earlier than was known");
    }

    #[test]
    fn who_wants_none_is_set_aside_and_holds_up_nobody() {
        let mut backlog = Backlog::default();
        backlog.learn(&[waiting(1, 0), waiting(2, 0)], NOW);
        let shut = |endpoint, ration| if endpoint == id(1) { 0 } else { ration };
        assert_eq!(backlog.choose(NOW, 10, shut), [(id(2), 10)]);
        assert!(backlog.choose(NOW, 10, all).is_empty());
        backlog.nudge(id(1));
        backlog.nudge(id(2));
        assert_eq!(backlog.choose(NOW, 10, all), [(id(1), 10)]);
    }

    #[test]
    fn who_got_all_it_asked_for_is_behind_until_a_claim_comes_back_short() {
        let (mut backlog, now) = (Backlog::default(), Instant::now());
        backlog.learn(&[waiting(1, 0)], NOW);
        let asked = backlog.choose(NOW, 1_000, all);
        backlog.claimed(&asked, &of_one(FIRST_RATION, 1), now);
        assert!(backlog.is_behind(id(1)));
        assert_eq!(backlog.take_changed(), [id(1)]);
        let asked = backlog.choose(NOW, 1_000, all);
        assert_eq!(asked, [(id(1), FIRST_RATION)]);
        backlog.claimed(&asked, &of_one(FIRST_RATION - 1, 1), now);
        assert!(!backlog.is_behind(id(1)) && backlog.entries.is_empty());
        assert_eq!(backlog.take_changed(), [id(1)]);
    }

    #[test]
    fn a_quick_endpoint_is_fetched_more_at_once_and_a_slow_one_less() {
        let (mut backlog, mut now) = (Backlog::default(), Instant::now());
        backlog.learn(&[waiting(1, 0)], NOW);
        let mut rations = |pause: Duration| {
            now += pause;
            let asked = backlog.choose(NOW, 1_000, all);
            backlog.claimed(&asked, &of_one(asked[0].1, 1), now);
            asked[0].1
        };
        let quick: Vec<usize> = (0..6).map(|_| rations(QUICK / 2)).collect();
        assert_eq!(quick, [64, 64, 128, 256, 512, 512]);
        let slow: Vec<usize> = (0..8).map(|_| rations(SLOW * 2)).collect();
        assert_eq!(slow, [512, 256, 128, 64, 32, 16, 16, 16]);
    }
}
