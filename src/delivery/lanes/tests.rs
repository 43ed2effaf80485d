//! Turns, caps and ages, held against a slow and obvious model.

use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use super::*;
use crate::delivery::samples::{handed, id};
use crate::domain::id::EndpointId;
use crate::ops::events::handoff::Handed;

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
        let of_endpoint = self.flying(|other| other.endpoint == handed.endpoint);
        let of_unit = self.flying(|other| other.bu == handed.bu);
        !self.resting.contains(&handed.endpoint)
            && of_endpoint < CAPS.endpoint
            && of_endpoint < CAPS.unit - of_unit
            && of_unit < CAPS.total - self.flying.len()
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
        let mut lanes = Lanes::new(CAPS, Rules::default());
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
    let mut lanes = Lanes::default();
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
    let mut lanes = Lanes::new(CAPS, Rules::default());
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
    let mut lanes = Lanes::new(CAPS, Rules::default());
    let start = Instant::now();
    (0..2).for_each(|n| lanes.push(handed(n, 1, 1), start));
    assert!(lanes.next(start).is_some());
    let later = start + Duration::from_millis(500);
    lanes.hold_until(id(1), later);
    assert!(lanes.next(start).is_none());
    assert_eq!(lanes.next_wake(), Some(later));
    assert!(lanes.next(later).is_some());
}

fn take(lanes: &mut Lanes, now: Instant) -> Vec<Waiting> {
    std::iter::from_fn(|| lanes.next(now)).collect()
}

fn land(lanes: &mut Lanes, waiting: &Waiting, sign: Sign, now: Instant) {
    lanes.heed(waiting.handed.endpoint, sign, now);
    lanes.done(waiting.handed.endpoint, waiting.handed.bu);
}

const FAILURE: Sign = Sign::Failure { is_overload: false, asked: None };

#[test]
fn many_that_hang_leave_places_to_one_that_does_not() {
    let now = Instant::now();
    for hanging in [1, 4, 12, 16, 24] {
        let mut lanes = Lanes::default();
        for n in 0..10_000 {
            lanes.push(handed(n, 1, u8::try_from(n % hanging).unwrap()), now);
        }
        let stuck = take(&mut lanes, now).len();
        assert!((8..32).contains(&stuck), "{hanging} that hang hold {stuck} of the unit's 32 places");
        lanes.push(handed(10_001, 1, 100), now);
        assert_eq!(take(&mut lanes, now).len(), 1);
    }
}

#[test]
fn units_that_hang_leave_places_to_one_that_does_not() {
    let (mut lanes, now) = (Lanes::default(), Instant::now());
    for n in 0..10_000 {
        lanes.push(handed(n, u8::try_from(n % 8).unwrap(), u8::try_from(n % 64).unwrap()), now);
    }
    let stuck = take(&mut lanes, now);
    assert!((100..128).contains(&stuck.len()), "{}", stuck.len());
    (0..5).for_each(|n| lanes.push(handed(20_000 + n, 9, 100), now));
    assert!(!take(&mut lanes, now).is_empty());
    for waiting in &stuck {
        land(&mut lanes, waiting, Sign::Success, now);
    }
    assert!(take(&mut lanes, now).len() > 100, "those that waited for free places go on");
}

#[test]
fn nothing_is_begun_to_an_open_endpoint_and_one_delivery_probes() {
    let (mut lanes, now) = (Lanes::default(), Instant::now());
    (0..1_000).for_each(|n| lanes.push(handed(n, 1, 1), now));
    for waiting in take(&mut lanes, now) {
        land(&mut lanes, &waiting, FAILURE, now);
    }
    assert_eq!((lanes.take_turned(), lanes.is_shut(id(1)), lanes.most(id(1))), (vec![id(1)], true, 0));
    assert!(lanes.next(now).is_none());
    assert_eq!((lanes.release(id(1)).len(), lanes.len(), lanes.wants(id(1), 64)), (992, 0, 0));

    let wakes = lanes.next_wake().unwrap();
    (0..100).for_each(|n| lanes.push(handed(n, 1, 1), now));
    let probe = lanes.next(wakes).unwrap();
    assert!(lanes.next(wakes).is_none(), "one and no more");
    assert_eq!((lanes.take_turned(), lanes.most(id(1)), lanes.wants(id(1), 64)), (vec![id(1)], 1, 0));

    land(&mut lanes, &probe, Sign::Success, wakes);
    let mut counts = Vec::new();
    while !lanes.is_empty() {
        let wave = take(&mut lanes, wakes);
        for waiting in &wave {
            land(&mut lanes, waiting, Sign::Success, wakes);
        }
        counts.push(wave.len());
    }
    assert_eq!(counts.iter().take(5).collect::<Vec<_>>(), [&1, &2, &4, &8, &8]);
    assert_eq!(counts.iter().max(), Some(&8), "never more than the cap");
    assert!(lanes.most(id(1)) == usize::MAX && lanes.wants(id(1), 64) == 64);
}

#[test]
fn what_a_person_waits_for_goes_first_and_to_an_open_endpoint_too() {
    let (mut lanes, now) = (Lanes::default(), Instant::now());
    (0..8).for_each(|n| lanes.push(handed(n, 1, 1), now));
    for waiting in take(&mut lanes, now) {
        land(&mut lanes, &waiting, FAILURE, now);
    }
    let urgent = |n| Handed { is_urgent: true, ..handed(n, 1, 1) };
    lanes.push(handed(10, 1, 1), now);
    lanes.push(urgent(11), now);
    let tested = lanes.next(now).unwrap();
    assert_eq!(tested.handed.delivery, id(11));
    assert!(lanes.next(now).is_none());
    lanes.push(urgent(12), now);
    assert_eq!(lanes.release(id(1)).len(), 1, "what a person waits for stays");
    lanes.push(handed(13, 1, 1), now);
    lanes.hold_until(id(1), now + Duration::from_secs(1));
    assert!(lanes.next(now).is_none(), "but the endpoint's rate holds for it");
    land(&mut lanes, &tested, Sign::Success, now);
    let later = now + Duration::from_secs(1);
    let order: Vec<_> = take(&mut lanes, later).iter().map(|waiting| waiting.handed.delivery).collect();
    assert_eq!(order, [id(12)], "it closed the breaker, and the rest comes step by step");
}

#[test]
fn an_endpoints_rate_holds_while_what_has_gathered_drains() {
    let (mut lanes, start) = (Lanes::default(), Instant::now());
    let pause = Duration::from_millis(100);
    (0..8).for_each(|n| lanes.push(handed(n, 1, 1), start));
    for waiting in take(&mut lanes, start) {
        land(&mut lanes, &waiting, FAILURE, start);
    }
    let mut now = lanes.next_wake().unwrap();
    (0..50).for_each(|n| lanes.push(handed(n, 1, 1), now));
    let mut begun = Vec::new();
    while begun.len() < 50 {
        while let Some(waiting) = lanes.next(now) {
            lanes.hold_until(id(1), now + pause);
            land(&mut lanes, &waiting, Sign::Success, now);
            begun.push(now);
        }
        now += Duration::from_millis(10);
    }
    assert!(begun.windows(2).all(|two| two[1] - two[0] >= pause));
}

#[test]
fn what_is_well_leaves_nothing_behind_and_what_failed_is_forgotten_in_time() {
    let (mut lanes, now) = (Lanes::default(), Instant::now());
    let many = |lanes: &mut Lanes, sign| {
        for n in 0..2_000_usize {
            lanes.push(Handed { endpoint: id(n), bu: id(n), ..handed(n, 1, 1) }, now);
            let waiting = lanes.next(now).unwrap();
            land(lanes, &waiting, sign, now);
        }
        lanes.expired(now + Duration::from_mins(1));
    };
    many(&mut lanes, Sign::Success);
    assert!(lanes.by_endpoint.is_empty() && lanes.units.is_empty());
    many(&mut lanes, FAILURE);
    lanes.tidy(now + Duration::from_mins(1));
    assert_eq!(lanes.by_endpoint.len(), 2_000, "a failure is remembered");
    lanes.tidy(now + Duration::from_hours(2));
    assert!(lanes.by_endpoint.is_empty() && lanes.units.is_empty());
    assert_eq!(lanes.take_turned().len(), 2_000);
}
