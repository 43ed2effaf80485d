//! Turns, caps and ages, held against a slow and obvious model.

use super::*;
use crate::delivery::samples::{handed, id};
use proptest::prelude::*;

const CAPS: Caps = Caps { endpoint: 2, unit: 3, total: 5 };

/// What a lane holds and what is under way, kept the slow and obvious way.
#[derive(Default)]
struct Model {
    queued: Vec<Handed>,
    flying: Vec<Handed>,
    resting: Vec<EndpointId>,
}

impl Model {
    fn flying(&self, of: impl Fn(&Handed) -> bool) -> usize {
        self.flying.iter().filter(|handed| of(handed)).count()
    }

    fn may_go(&self, handed: &Handed) -> bool {
        !self.resting.contains(&handed.endpoint)
            && self.flying(|other| other.endpoint == handed.endpoint) < CAPS.endpoint
            && self.flying(|other| other.bu == handed.bu) < CAPS.unit
            && self.flying.len() < CAPS.total
    }
}

#[derive(Debug, Clone)]
enum Act {
    Push(u8),
    Next,
    PutBack,
    Resume(u8),
    Done(usize),
    Expire,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        5 => (0_u8..8).prop_map(Act::Push),
        6 => Just(Act::Next),
        1 => Just(Act::PutBack),
        2 => (0_u8..8).prop_map(Act::Resume),
        4 => (0_usize..5).prop_map(Act::Done),
        1 => Just(Act::Expire),
    ];
    proptest::collection::vec(act, 0..200)
}

proptest! {
    #[test]
    fn caps_hold_nothing_is_lost_and_whatever_may_go_goes(acts in acts()) {
        let mut lanes = Lanes::new(CAPS);
        let mut model = Model::default();
        let mut now = Instant::now();
        for (n, act) in acts.into_iter().enumerate() {
            now += Duration::from_millis(300);
            match act {
                Act::Push(e) => {
                    let handed = handed(n, e % 3, e);
                    lanes.push(handed.clone(), now);
                    model.queued.push(handed);
                }
                Act::Next | Act::PutBack => {
                    let Some(waiting) = lanes.next(now) else {
                        prop_assert!(!model.queued.iter().any(|handed| model.may_go(handed)));
                        continue;
                    };
                    let first = model.queued.iter().position(|h| h.endpoint == waiting.handed.endpoint);
                    let handed = model.queued.remove(first.unwrap());
                    prop_assert_eq!(handed.delivery, waiting.handed.delivery);
                    prop_assert!(model.may_go(&handed));
                    if matches!(act, Act::PutBack) {
                        model.resting.push(handed.endpoint);
                        model.queued.insert(first.unwrap(), handed);
                        lanes.put_back(waiting);
                    } else {
                        model.flying.push(handed);
                    }
                }
                Act::Resume(e) => {
                    model.resting.retain(|endpoint| *endpoint != id(usize::from(e)));
                    lanes.resume(id(usize::from(e)));
                }
                Act::Done(n) if n < model.flying.len() => {
                    let handed = model.flying.remove(n);
                    lanes.done(handed.endpoint, handed.bu);
                }
                Act::Done(_) => {}
                Act::Expire => {
                    for gone in lanes.expired(now.checked_sub(Duration::from_secs(5)).unwrap()) {
                        let at = model.queued.iter().position(|h| h.delivery == gone.handed.delivery);
                        model.queued.remove(at.unwrap());
                    }
                }
            }
            prop_assert_eq!(lanes.len(), model.queued.len());
        }
        let mut left: Vec<_> = lanes.drain().iter().map(|handed| handed.delivery).collect();
        let mut due: Vec<_> = model.queued.iter().map(|handed| handed.delivery).collect();
        left.sort();
        due.sort();
        prop_assert_eq!(left, due);
    }
}

#[test]
fn a_hung_endpoint_and_a_busy_unit_never_block_others() {
    let mut lanes = Lanes::new(Caps::default());
    let now = Instant::now();
    (0..10_000).for_each(|n| lanes.push(handed(n, 1, 1), now));
    lanes.push(handed(10_001, 1, 2), now);
    lanes.push(handed(10_002, 2, 3), now);
    let taken: Vec<Waiting> = std::iter::from_fn(|| lanes.next(now)).collect();
    assert_eq!(taken.len(), 10);
    let place = |endpoint: usize| taken.iter().position(|w| w.handed.endpoint == id(endpoint)).unwrap();
    assert!(place(2) < 3 && place(3) < 3, "the others have their turn at once");
}

#[test]
fn what_waits_too_long_is_found_and_idle_lanes_are_forgotten() {
    let mut lanes = Lanes::new(CAPS);
    let start = Instant::now();
    (0..5).for_each(|n| lanes.push(handed(n, 1, 1), start));
    lanes.push(handed(9, 1, 1), start + Duration::from_secs(30));
    let first = lanes.next(start).unwrap();
    assert!(lanes.expired(start).is_empty());
    assert_eq!(lanes.expired(start + Duration::from_secs(10)).len(), 4);
    assert_eq!(lanes.len(), 1);
    lanes.done(first.handed.endpoint, first.handed.bu);
    assert_eq!(lanes.expired(start + Duration::from_mins(1)).len(), 1);
    assert!(lanes.by_endpoint.is_empty() && lanes.units.is_empty() && lanes.ages.is_empty());
}

#[test]
fn a_held_lane_rests_until_its_moment() {
    let mut lanes = Lanes::new(CAPS);
    let start = Instant::now();
    (0..2).for_each(|n| lanes.push(handed(n, 1, 1), start));
    assert!(lanes.next(start).is_some());
    let later = start + Duration::from_millis(500);
    lanes.hold_until(id(1), later);
    assert!(lanes.next(start).is_none());
    assert_eq!(lanes.next_wake(), Some(later));
    assert!(lanes.next(later).is_some());
}
