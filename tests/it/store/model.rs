//! The queue against a small model of it: whatever two nodes do, in whatever order, both say the same.

use super::world::{WANTED, World, claim, outcome, publish_at};
use crate::support::databases::{TestDatabase, both_databases};
use bellwire::domain::events::cause::Cause;
use bellwire::domain::events::delivery::DeliveryState;
use bellwire::domain::events::retry::{LONGEST_WAIT, RetryPolicy};
use bellwire::domain::id::{BuId, DeliveryId, WebhookId};
use bellwire::domain::time::Ts;
use bellwire::domain::webhooks::draft::{EndpointDraft, TriggerDraft, WebhookDraft};
use bellwire::ops::cx::Tools;
use bellwire::ops::events::handoff::{Destination, Handed, Verdict};
use bellwire::ops::events::queue::{destinations, release};
use bellwire::ops::events::recover::{Recovery, recover};
use bellwire::ops::events::route::LEASE;
use bellwire::ops::events::settle::judge;
use bellwire::ops::webhooks::{create, remove};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

both_databases!(the_queue_does_what_its_model_does);

/// The waits of the endpoint's schedule, in seconds.
const WAITS: [u32; 2] = [5, 300];

/// What can happen.
#[derive(Debug, Clone)]
enum Step {
    Publish,
    Claim {
        node: usize,
        most: usize,
    },
    /// What came of one of the deliveries that were handed out, by whomever and however long ago.
    Settle {
        which: usize,
        end: End,
    },
    Release {
        which: usize,
    },
    /// A node forgets all that it holds.
    Crash {
        node: usize,
    },
    Sweep {
        node: usize,
    },
    Pass {
        seconds: u64,
    },
    /// All leases end, and a node takes what it can: the former holders are late from now on.
    Overtake {
        node: usize,
    },
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy)]
enum End {
    Arrived,
    Failed,
    /// Refused, and asked to be left alone for so many seconds.
    Asked(u64),
    /// A fault of this installation.
    Ours,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let end = prop_oneof![
        2 => Just(End::Arrived),
        5 => Just(End::Failed),
        1 => (0..200_000_u64).prop_map(End::Asked),
        1 => Just(End::Ours),
    ];
    let seconds = prop_oneof![
        1 => Just(0_u64),
        4 => 1..10_u64,
        2 => 50..70_u64,
        3 => 300..400_u64,
        1 => 80_000..90_000_u64,
    ];
    let step = prop_oneof![
        2 => Just(Step::Publish),
        6 => (0..2_usize, 1..4_usize).prop_map(|(node, most)| Step::Claim { node, most }),
        9 => (any::<usize>(), end).prop_map(|(which, end)| Step::Settle { which, end }),
        1 => any::<usize>().prop_map(|which| Step::Release { which }),
        1 => (0..2_usize).prop_map(|node| Step::Crash { node }),
        2 => (0..2_usize).prop_map(|node| Step::Sweep { node }),
        5 => seconds.prop_map(|seconds| Step::Pass { seconds }),
        3 => (0..2_usize).prop_map(|node| Step::Overtake { node }),
    ];
    // Something to do from the start.
    prop::collection::vec(step, 20..80).prop_map(|steps| [vec![Step::Publish; 4], steps].concat())
}

/// A delivery as the model has it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Model {
    place: Place,
    attempts: i32,
    lease_no: i64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    Ready { at: Ts },
    Leased { until: Ts },
    Ended(DeliveryState),
}

impl Model {
    fn is_due(&self, now: Ts) -> bool {
        matches!(self.place, Place::Ready { at } if at <= now)
    }

    fn is_held_under(&self, lease_no: i64) -> bool {
        matches!(self.place, Place::Leased { .. }) && self.lease_no == lease_no
    }
}

/// The two beside each other.
struct Both<'a> {
    world: &'a World,
    nodes: [Arc<Tools>; 2],
    bu: BuId,
    webhook: WebhookId,
    to: Arc<Destination>,
    model: BTreeMap<DeliveryId, Model>,
    held: Vec<(usize, Handed)>,
    published: usize,
}

fn the_queue_does_what_its_model_does(database: &TestDatabase) {
    let world = World::on(database);
    let nodes = [world.node.clone(), world.another()];
    let cases = if world.node.db.is_sqlite() { 30 } else { 12 };
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let units = Cell::new(0);
    let done = TestRunner::new(config).run(&steps(), |steps| {
        units.set(units.get() + 1);
        let mut both = Both::new(&world, &nodes, units.get());
        for step in steps {
            both.take(&step);
        }
        // What is left of this case is none of the next one's business.
        remove::remove(&world.operator(), both.bu, both.webhook).unwrap();
        Ok(())
    });
    done.unwrap_or_else(|error| panic!("{error}"));
}

impl<'a> Both<'a> {
    fn new(world: &'a World, nodes: &[Arc<Tools>; 2], unit: usize) -> Self {
        let bu = world.unit(&format!("Unit {unit}"));
        let endpoint = EndpointDraft {
            url: "https://receiver.example.com/in".into(),
            retry: RetryPolicy::custom(WAITS.to_vec()).unwrap(),
            ..EndpointDraft::default()
        };
        let trigger = TriggerDraft { event: WANTED.into(), ..TriggerDraft::default() };
        let draft =
            WebhookDraft { endpoints: vec![endpoint], triggers: vec![trigger], ..WebhookDraft::default() };
        let made = create::create(&world.operator(), bu, draft).unwrap();
        let id = made.webhook.endpoints[0].id;
        let to = destinations(&world.node, &[id]).unwrap().remove(&id).unwrap();
        let (model, held) = (BTreeMap::new(), Vec::new());
        Self { world, nodes: nodes.clone(), bu, webhook: made.webhook.row.id, to, model, held, published: 0 }
    }

    fn take(&mut self, step: &Step) {
        let before = self.model.clone();
        match *step {
            Step::Publish => self.publish(),
            Step::Claim { node, most } => self.claim(node, most),
            Step::Settle { which, end } => self.settle(which, end),
            Step::Release { which } => self.release(which),
            Step::Crash { node } => self.held.retain(|(holder, _)| *holder != node),
            Step::Sweep { node } => self.sweep(node),
            Step::Pass { seconds } => self.world.pass(Duration::from_secs(seconds)),
            Step::Overtake { node } => {
                self.world.pass(LEASE + Duration::from_secs(1));
                self.sweep(node);
                self.claim(node, 4);
            }
        }
        for (id, was) in before {
            let ended = matches!(was.place, Place::Ended(_));
            assert!(
                !ended || self.model[&id] == was,
                "an end is an end: {was:?} became {:?}",
                self.model[&id]
            );
        }
        assert_eq!(self.stored(), self.model, "after {step:?}");
    }

    fn publish(&mut self) {
        self.published += 1;
        publish_at(&self.nodes[self.published % 2], self.bu, self.published);
        let now = self.world.now();
        let fresh = Model { place: Place::Ready { at: now }, attempts: 0, lease_no: 0 };
        let new: Vec<DeliveryId> =
            self.stored().into_keys().filter(|id| !self.model.contains_key(id)).collect();
        assert_eq!(new.len(), 1, "one event, one delivery");
        self.model.insert(new[0], fresh);
    }

    fn claim(&mut self, node: usize, most: usize) {
        let now = self.world.now();
        let due = self.model.values().filter(|delivery| delivery.is_due(now)).count();
        let claimed = claim(&self.nodes[node], most).unwrap();
        assert_eq!(claimed.len(), due.min(most), "all that is due, up to what was asked");
        for handed in claimed {
            let delivery = self.model.get_mut(&handed.delivery).unwrap();
            assert!(delivery.is_due(now), "nothing is early, and nothing is given twice: {delivery:?}");
            delivery.place = Place::Leased { until: now + LEASE };
            delivery.lease_no += 1;
            assert_eq!((handed.lease_no, handed.attempts), (delivery.lease_no, delivery.attempts));
            self.held.push((node, handed));
        }
    }

    fn settle(&mut self, which: usize, end: End) {
        let Some((node, handed)) = self.let_go(which) else { return };
        let (now, node) = (self.world.now(), self.nodes[node].clone());
        let verdict = self.verdict(&node, &handed, end);
        let delivery = self.model.get_mut(&handed.delivery).unwrap();
        let is_open = !matches!(delivery.place, Place::Ended(_));
        if delivery.is_held_under(handed.lease_no) || (is_open && verdict == Verdict::Delivered) {
            delivery.attempts += i32::from(!matches!(verdict, Verdict::Postpone(_)));
            delivery.place = match verdict {
                Verdict::Retry(at) | Verdict::Postpone(at) => Place::Ready { at },
                Verdict::Delivered => Place::Ended(DeliveryState::Delivered),
                _ => Place::Ended(DeliveryState::Exhausted),
            };
        }
        if let Verdict::Retry(at) = verdict {
            let base = Duration::from_secs(WAITS[usize::try_from(handed.attempts).unwrap()].into());
            let asked =
                if let End::Asked(seconds) = end { Duration::from_secs(seconds) } else { Duration::ZERO };
            let asked = asked.min(LONGEST_WAIT);
            assert!(at >= now + base.max(asked), "never early");
            assert!(at <= now + (base + base / 4).max(asked), "never later than a quarter");
        }
        node.gatherer.settle(outcome(&node, &handed, verdict));
        node.gatherer.flush();
    }

    /// As the engine judges it.
    fn verdict(&self, node: &Tools, handed: &Handed, end: End) -> Verdict {
        let mut attempt = outcome(node, handed, Verdict::Exhausted).attempt.unwrap();
        let mut asked = None;
        match end {
            End::Arrived => attempt.cause = None,
            End::Failed => {}
            End::Asked(seconds) => asked = Some(Duration::from_secs(seconds)),
            End::Ours => attempt.cause = Some(Cause::SecretUnreadable),
        }
        let verdict = judge(node, handed, &self.to, &attempt, asked);
        let is_last = usize::try_from(handed.attempts).unwrap() == WAITS.len();
        match (end, verdict) {
            (End::Arrived, Verdict::Delivered) => {}
            (End::Failed | End::Asked(_), Verdict::Exhausted) => assert!(is_last, "{handed:?}"),
            (End::Failed | End::Asked(_), Verdict::Retry(_)) => assert!(!is_last, "{handed:?}"),
            (End::Ours, Verdict::Postpone(at)) => assert!(at > self.world.now()),
            odd => panic!("{odd:?}"),
        }
        verdict
    }

    fn release(&mut self, which: usize) {
        let Some((node, handed)) = self.let_go(which) else { return };
        let delivery = self.model.get_mut(&handed.delivery).unwrap();
        if delivery.is_held_under(handed.lease_no) {
            delivery.place = Place::Ready { at: self.world.now() };
        }
        release(&self.nodes[node], &[(handed.delivery, handed.lease_no)]).unwrap();
    }

    fn sweep(&mut self, node: usize) {
        let now = self.world.now();
        let mut freed = 0;
        for delivery in self.model.values_mut() {
            if matches!(delivery.place, Place::Leased { until } if until < now) {
                delivery.place = Place::Ready { at: now };
                freed += 1;
            }
        }
        assert_eq!(recover(&self.nodes[node], Recovery::Sweep).unwrap(), freed);
    }

    /// Takes one of those that were handed out, whether its lease still holds or not.
    fn let_go(&mut self, which: usize) -> Option<(usize, Handed)> {
        let count = self.held.len();
        (count > 0).then(|| self.held.swap_remove(which % count))
    }

    /// What the database says, in the model's words.
    fn stored(&self) -> BTreeMap<DeliveryId, Model> {
        let rows = self.world.deliveries(self.bu, self.webhook).into_iter();
        rows.map(|row| {
            let place = match row.state {
                DeliveryState::Ready => Place::Ready { at: row.next_at.unwrap() },
                DeliveryState::Leased => Place::Leased { until: row.lease_until.unwrap() },
                ended => Place::Ended(ended),
            };
            (row.id, Model { place, attempts: row.attempts, lease_no: row.lease_no })
        })
        .collect()
    }
}
