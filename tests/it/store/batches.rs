//! Batches: many publishes and settles share a commit, and one that cannot be stored takes no other with it.

use super::world::{World, claim, event, outcome, publish_at};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::patience::{PATIENCE, until};
use bellwire::domain::events::delivery::DeliveryState;
use bellwire::ops::Error;
use bellwire::ops::events::handoff::Verdict;
use bellwire::store::events::events::take_places;
use std::collections::BTreeSet;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

both_databases!(
    five_hundred_are_settled_together,
    one_event_that_cannot_be_stored_takes_no_other_with_it,
    what_is_not_committed_is_not_there,
);

fn five_hundred_are_settled_together(database: &TestDatabase) {
    let world = World::on(database);
    let (bu, webhook) = world.queued(500);
    let handed = claim(&world.node, 500).unwrap();
    assert_eq!(handed.len(), 500);

    for (i, handed) in handed.iter().enumerate() {
        let verdict = if i % 5 == 0 { Verdict::Exhausted } else { Verdict::Delivered };
        world.node.gatherer.settle(outcome(&world.node, handed, verdict));
    }
    world.node.gatherer.flush();

    assert_eq!(world.node.gatherer.unsettled(), 0);
    let rows = world.deliveries(bu, webhook);
    let of_state = |state| rows.iter().filter(|row| row.state == state).count();
    assert_eq!((of_state(DeliveryState::Delivered), of_state(DeliveryState::Exhausted)), (400, 100));
    assert!(rows.iter().all(|row| row.attempts == 1 && row.last_duration_ms == Some(20)));
    assert!(rows.iter().all(|row| row.settled_at == Some(world.now()) && row.lease_until.is_none()));
}

fn one_event_that_cannot_be_stored_takes_no_other_with_it(database: &TestDatabase) {
    let world = World::on(database);
    let (bu, webhook) = world.queued(1);
    let handed = claim(&world.node, 1).unwrap().remove(0);
    // In this unit the next place in the order is taken already, as after a restore that went wrong.
    let broken = world.unit("Broken");
    publish_at(&world.node, broken, 0);
    database.execute(&format!("UPDATE event_sequences SET last_seq = last_seq - 1 WHERE bu_id = '{broken}'"));
    let (held, is_held) = channel();
    let (go_on, may_go_on) = channel::<()>();

    let answers = std::thread::scope(|scope| {
        // While somebody holds the order of the unit, what arrives gathers into one batch.
        let db = world.node.db.clone();
        scope.spawn(move || {
            db.write(|conn| -> Result<(), Error> {
                take_places(conn, bu, 0)?;
                held.send(()).unwrap();
                may_go_on.recv().unwrap();
                Ok(())
            })
        });
        is_held.recv().unwrap();
        let answers: Vec<_> = (0..20)
            .map(|n| world.node.gatherer.publish(event(if n == 10 { broken } else { bu }, n)))
            .collect();
        world.node.gatherer.settle(outcome(&world.node, &handed, Verdict::Delivered));
        go_on.send(()).unwrap();
        answers.into_iter().map(|answer| answer.blocking_recv().unwrap()).collect::<Vec<_>>()
    });

    let failed: Vec<usize> = (0..20).filter(|n| answers[*n].is_err()).collect();
    assert_eq!(failed, [10]);
    let ids: BTreeSet<_> = answers.iter().flatten().map(|published| published.id).collect();
    world.node.gatherer.flush();
    let mut rows = world.deliveries(bu, webhook);
    assert_eq!(rows.remove(0).state, DeliveryState::Delivered, "the outcome in the same batch is stored too");
    let stored: BTreeSet<_> = rows.iter().map(|row| row.event_id).collect();
    assert_eq!((ids.len(), &ids), (19, &stored), "each of the others is stored once, with its delivery");
}

fn what_is_not_committed_is_not_there(database: &TestDatabase) {
    let world = World::on(database);
    let (bu, webhook) = world.queued(1);
    let handed = claim(&world.node, 1).unwrap().remove(0);
    let other = world.another();

    let undone = world.node.db.write(|conn| -> Result<(), Error> {
        bellwire::store::events::under_way::cancel_of_webhook(
            conn,
            bu,
            webhook,
            bellwire::domain::events::cause::Cause::WebhookDeleted,
            world.now(),
        )?;
        Err(Error::NotFound)
    });

    assert!(matches!(undone, Err(Error::NotFound)));
    let row = world.deliveries(bu, webhook).remove(0);
    assert_eq!((row.state, row.lease_no), (DeliveryState::Leased, handed.lease_no));
    assert!(claim(&other, 1).unwrap().is_empty());
}

#[test]
fn without_the_database_all_that_wait_are_told_together() {
    let database = TestDatabase::postgres();
    let world = World::on(&database);
    let (bu, _) = world.queued(1);
    let url = database.url();
    let name = url.split('?').next().and_then(|path| path.rsplit('/').next()).unwrap();
    let server = TestDatabase::postgres();
    server.execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
    server.execute(&format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}'"
    ));

    let start = Instant::now();
    let answers: Vec<_> = (0..20).map(|n| world.node.gatherer.publish(event(bu, n))).collect();
    for answer in answers {
        assert!(matches!(answer.blocking_recv().unwrap(), Err(Error::Unavailable(_))));
    }
    // Each would wait five seconds for a connection of its own.
    assert!(start.elapsed() < Duration::from_secs(50), "{:?}", start.elapsed());

    server.execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"));
    until(PATIENCE, || world.node.gatherer.publish(event(bu, 20)).blocking_recv().unwrap());
}
