//! Suspects: who is held by workers that end again and again is set aside, but only who was being sent.

use super::world::{World, claim, publish_at, settle};
use crate::support::databases::{TestDatabase, both_databases};
use bellwire::config::Keep;
use bellwire::domain::events::cause::Cause;
use bellwire::domain::events::delivery::DeliveryState;
use bellwire::ops::events::handoff::{Handed, Verdict};
use bellwire::ops::events::queue::begin;
use bellwire::ops::events::recover::{Recovery, recover};
use bellwire::ops::system::upkeep::Round;
use bellwire::store::events::{attempts, rollups};
use std::time::Duration;

both_databases!(
    a_suspect_is_set_aside_when_it_had_begun_and_goes_on_when_not,
    a_start_with_a_long_queue_sets_aside_who_had_begun,
    of_several_suspects_each_gets_a_turn_alone,
    faults_of_ours_and_long_queues_make_no_suspects,
    an_attempt_that_ends_clears_its_delivery,
);

/// The holder dies, and another takes over.
fn lose(world: &World) {
    world.pass(Duration::from_mins(2));
    recover(&world.node, Recovery::Sweep).unwrap();
    world.node.gatherer.flush();
}

fn claimed(world: &World) -> Handed {
    claim(&world.node, 1).unwrap().remove(0)
}

fn a_suspect_is_set_aside_when_it_had_begun_and_goes_on_when_not(database: &TestDatabase) {
    let world = World::on(database);
    let (bu, webhook) = world.queued(1);
    for crashes in 0..2 {
        let held = claimed(&world);
        assert_eq!((held.crashes, held.is_suspect()), (crashes, false));
        lose(&world);
    }
    for _ in 0..3 {
        assert!(claimed(&world).is_suspect());
        lose(&world);
    }
    let row = world.deliveries(bu, webhook).remove(0);
    assert_eq!((row.state, row.interruptions), (DeliveryState::Ready, 2), "waiting is not held against it");

    let held = claimed(&world);
    assert!(!begin(&world.another(), &held).unwrap(), "only its holder may begin");
    assert!(begin(&world.node, &held).unwrap());
    lose(&world);

    let row = world.deliveries(bu, webhook).remove(0);
    assert_eq!(
        (row.state, row.cause, row.lease_owner),
        (DeliveryState::Exhausted, Some(Cause::WorkerCrash), None)
    );
    let attempts = world.read(|conn| Ok(attempts::of_deliveries(conn, bu, &[row.id])?));
    let causes: Vec<_> = attempts.iter().map(|attempt| attempt.cause.unwrap()).collect();
    assert_eq!(causes, [Cause::Interrupted, Cause::Interrupted, Cause::WorkerCrash]);
    let hours = world.read(|conn| Ok(rollups::of_webhooks(conn, bu, &[webhook], row.created_at.hour())?));
    assert_eq!(hours.iter().map(|hour| hour.exhausted).sum::<i64>(), 1);
    assert!(claim(&world.node, 1).unwrap().is_empty());
    let mut round = Round::new(&world.node, Keep::default());
    while round.step(&world.node).unwrap() {}
    assert_eq!(world.count("suspects"), 0, "nothing is left of it");
}

fn a_start_with_a_long_queue_sets_aside_who_had_begun(database: &TestDatabase) {
    let world = World::on(database);
    let (bu, webhook) = world.queued(1);
    for _ in 0..2 {
        claimed(&world);
        lose(&world);
    }
    assert!(begin(&world.node, &claimed(&world)).unwrap());
    // More than one transaction takes over, so that what the first one seized is still there for the next.
    for number in 0..600 {
        publish_at(&world.node, bu, number);
    }
    while !claim(&world.node, 600).unwrap().is_empty() {}
    world.pass(Duration::from_mins(2));
    let next = world.another();
    recover(&next, Recovery::Start).unwrap();
    next.gatherer.flush();
    let row = world.deliveries(bu, webhook).remove(0);
    assert_eq!((row.state, row.cause), (DeliveryState::Exhausted, Some(Cause::WorkerCrash)));
}

fn of_several_suspects_each_gets_a_turn_alone(database: &TestDatabase) {
    let world = World::on(database);
    let (bu, webhook) = world.queued(2);
    for _ in 0..2 {
        claim(&world.node, 2).unwrap();
        lose(&world);
    }
    for held in claim(&world.node, 2).unwrap() {
        assert!(begin(&world.node, &held).unwrap());
    }
    lose(&world);
    let held = claim(&world.node, 2).unwrap();
    assert!(held.iter().all(|held| held.crashes == 3), "one of the two did it: {held:?}");

    assert!(begin(&world.node, &held[0]).unwrap());
    lose(&world);

    let rows = world.deliveries(bu, webhook);
    let state = |held: &Handed| rows.iter().find(|row| row.id == held.delivery).unwrap().state;
    assert_eq!((state(&held[0]), state(&held[1])), (DeliveryState::Exhausted, DeliveryState::Ready));
}

fn faults_of_ours_and_long_queues_make_no_suspects(database: &TestDatabase) {
    let world = World::on(database);
    world.queued(100);
    for _ in 0..3 {
        let held = claimed(&world);
        settle(&world.node, &held, Verdict::Postpone(world.now()));
    }
    assert_eq!(world.count("suspects"), 0);
    while !claim(&world.node, 1).unwrap().is_empty() {
        world.pass(Duration::from_millis(1));
    }
    lose(&world);
    assert_eq!(world.count("suspects"), 64, "whoever stood far back was not being sent");
}

fn an_attempt_that_ends_clears_its_delivery(database: &TestDatabase) {
    let world = World::on(database);
    world.queued(1);
    for _ in 0..2 {
        claimed(&world);
        lose(&world);
    }
    let held = claimed(&world);
    assert!(held.is_suspect() && begin(&world.node, &held).unwrap());
    settle(&world.node, &held, Verdict::Retry(world.now()));
    assert_eq!(claimed(&world).crashes, 0);
}
