//! The queue: one delivery is given to one node, when it is due, and goes back when it was not used.

use super::world::{World, claim, publish_at, settle};
use crate::support::databases::{TestDatabase, both_databases};
use bellwire::domain::events::delivery::DeliveryState;
use bellwire::domain::id::{DeliveryId, EventId};
use bellwire::ops::events::handoff::Verdict;
use bellwire::ops::events::queue::release;
use std::collections::BTreeSet;
use std::sync::Barrier;
use std::time::Duration;

both_databases!(
    no_delivery_is_given_to_two,
    a_claim_takes_what_is_due_and_the_longest_due_first,
    what_was_not_used_is_due_at_once_and_not_counted,
    a_claim_brings_the_body_that_was_published,
);

fn no_delivery_is_given_to_two(database: &TestDatabase) {
    let world = World::on(database);
    world.queued(400);
    let nodes = [world.another(), world.another()];
    let start = Barrier::new(4);

    let claimed: Vec<DeliveryId> = std::thread::scope(|scope| {
        let claimers: Vec<_> = (0..4)
            .map(|n| {
                let (node, start) = (&nodes[n % 2], &start);
                scope.spawn(move || {
                    start.wait();
                    let mut mine = Vec::new();
                    loop {
                        let some = claim(node, 7).unwrap();
                        if some.is_empty() {
                            return mine;
                        }
                        assert!(some.len() <= 7);
                        mine.extend(some.iter().map(|handed| handed.delivery));
                    }
                })
            })
            .collect();
        claimers.into_iter().flat_map(|claimer| claimer.join().unwrap()).collect()
    });

    let distinct: BTreeSet<_> = claimed.iter().copied().collect();
    assert_eq!(distinct.len(), claimed.len(), "nothing is given twice");
    // A claim may come back empty while another node holds the last rows for a moment.
    let rest = claim(&world.node, 400).unwrap().len();
    assert_eq!(claimed.len() + rest, 400);
}

fn a_claim_takes_what_is_due_and_the_longest_due_first(database: &TestDatabase) {
    let world = World::on(database);
    let (bu, webhook) = world.queued(3);
    let claimed = claim(&world.node, 10).unwrap();
    assert_eq!(claimed.len(), 3);
    for (handed, minutes) in claimed.iter().zip([3, 1, 2]) {
        settle(&world.node, handed, Verdict::Retry(world.now() + Duration::from_mins(minutes)));
    }
    let row = world.deliveries(bu, webhook).remove(0);
    assert_eq!((row.state, row.attempts, row.lease_owner), (DeliveryState::Ready, 1, None));

    world.pass(Duration::from_mins(1) - Duration::from_micros(1));
    assert!(claim(&world.node, 10).unwrap().is_empty(), "nothing is early");
    world.pass(Duration::from_micros(1));
    let first = claim(&world.node, 10).unwrap();
    assert_eq!(first.iter().map(|h| h.delivery).collect::<Vec<_>>(), [claimed[1].delivery]);
    assert_eq!((first[0].attempts, first[0].next_number(), first[0].lease_no), (1, 2, 2));
    world.pass(Duration::from_hours(1));
    for later in [claimed[2].delivery, claimed[0].delivery] {
        assert_eq!(claim(&world.node, 1).unwrap()[0].delivery, later);
    }
    assert!(claim(&world.node, 10).unwrap().is_empty(), "what is leased is not given again");
}

fn what_was_not_used_is_due_at_once_and_not_counted(database: &TestDatabase) {
    let world = World::on(database);
    let (bu, webhook) = world.queued(2);
    let other = world.another();
    let claimed = claim(&world.node, 10).unwrap();
    let held: Vec<_> = claimed.iter().map(|handed| (handed.delivery, handed.lease_no)).collect();

    release(&other, &held).unwrap();
    release(&world.node, &[(held[0].0, held[0].1 + 1), (held[1].0, held[1].1 - 1)]).unwrap();
    assert!(claim(&other, 10).unwrap().is_empty(), "only its holder gives a lease back, under its number");

    release(&world.node, &held).unwrap();
    for row in world.deliveries(bu, webhook) {
        assert_eq!((row.state, row.next_at), (DeliveryState::Ready, Some(world.now())));
        assert_eq!((row.attempts, row.interruptions, row.lease_until), (0, 0, None));
    }
    let again = claim(&other, 10).unwrap();
    assert_eq!(again.iter().map(|handed| handed.lease_no).collect::<Vec<_>>(), [2, 2]);
}

fn a_claim_brings_the_body_that_was_published(database: &TestDatabase) {
    let world = World::on(database);
    world.queued(0);
    let bu = world.unit("Other");
    world.webhook(bu);
    let ids: BTreeSet<EventId> = (0..3).map(|n| publish_at(&world.node, bu, n)).collect();
    let claimed = claim(&world.another(), 10).unwrap();
    assert_eq!(claimed.iter().map(|handed| handed.event).collect::<BTreeSet<_>>(), ids);
    for handed in claimed {
        let body = std::str::from_utf8(&handed.body).unwrap();
        let head = format!(r#"{{"id":"{}","type":"order.completed","created":"#, handed.event);
        assert!(body.starts_with(&head) && body.contains(r#""data":{"number":"#), "{body}");
    }
}
