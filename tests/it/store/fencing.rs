//! Leases: a node that is late changes nothing, but for one thing: what has arrived is delivered.

use super::world::{World, claim, outcome, settle};
use crate::support::databases::{TestDatabase, both_databases};
use bellwire::domain::events::attempt::Attempt;
use bellwire::domain::events::cause::Cause;
use bellwire::domain::events::delivery::DeliveryState;
use bellwire::domain::id::{BuId, WebhookId};
use bellwire::ops::events::handoff::Verdict;
use bellwire::ops::events::recover::{Recovery, recover};
use bellwire::ops::webhooks::remove;
use bellwire::store::events::attempts;
use bellwire::store::events::deliveries::DeliveryRow;
use std::time::Duration;

both_databases!(
    a_lease_is_taken_over_when_it_has_ended_and_not_before,
    a_stale_failure_changes_nothing,
    a_late_success_is_a_success,
    an_end_is_an_end,
    a_start_takes_over_at_once_only_where_one_process_serves,
);

const LEASE: Duration = Duration::from_mins(1);

fn only(world: &World, (bu, webhook): (BuId, WebhookId)) -> (DeliveryRow, Vec<Attempt>) {
    let mut rows = world.deliveries(bu, webhook);
    assert_eq!(rows.len(), 1);
    let row = rows.remove(0);
    let attempts = world.read(|conn| Ok(attempts::of_deliveries(conn, bu, &[row.id])?));
    (row, attempts)
}

fn a_lease_is_taken_over_when_it_has_ended_and_not_before(database: &TestDatabase) {
    let world = World::on(database);
    let queued = world.queued(1);
    let other = world.another();
    let began = world.now();
    let held = claim(&world.node, 1).unwrap().remove(0);

    world.pass(LEASE);
    assert_eq!(recover(&other, Recovery::Sweep).unwrap(), 0);
    assert!(claim(&other, 1).unwrap().is_empty());
    world.pass(Duration::from_micros(1));
    assert_eq!(recover(&other, Recovery::Sweep).unwrap(), 1);
    assert_eq!(recover(&other, Recovery::Sweep).unwrap(), 0, "once");

    let (row, attempts) = only(&world, queued);
    assert_eq!((row.state, row.next_at), (DeliveryState::Ready, Some(world.now())));
    assert_eq!((row.attempts, row.interruptions), (0, 1), "what is unknown does not use up an attempt");
    assert_eq!((attempts.len(), attempts[0].cause), (1, Some(Cause::Interrupted)));
    assert_eq!((attempts[0].number, attempts[0].started_at), (1, began));
    let again = claim(&other, 1).unwrap().remove(0);
    assert_eq!((again.delivery, again.lease_no, again.next_number()), (held.delivery, held.lease_no + 1, 2));
}

fn a_stale_failure_changes_nothing(database: &TestDatabase) {
    let world = World::on(database);
    let queued = world.queued(1);
    let other = world.another();
    let stale = claim(&world.node, 1).unwrap().remove(0);
    world.pass(LEASE * 2);
    recover(&other, Recovery::Sweep).unwrap();
    let current = claim(&other, 1).unwrap().remove(0);

    for verdict in
        [Verdict::Retry(world.now()), Verdict::Exhausted, Verdict::Cancelled(Cause::EndpointDeleted)]
    {
        settle(&world.node, &stale, verdict);
        let (row, _) = only(&world, queued);
        assert_eq!((row.state, row.lease_no), (DeliveryState::Leased, current.lease_no), "{verdict:?}");
        assert_eq!((row.lease_owner, row.attempts, row.cause), (Some(other.node), 0, None), "{verdict:?}");
    }

    let (_, attempts) = only(&world, queued);
    assert_eq!(attempts.len(), 4, "but what was sent stays visible");
    settle(&other, &current, Verdict::Delivered);
    assert_eq!(only(&world, queued).0.state, DeliveryState::Delivered);
}

fn a_late_success_is_a_success(database: &TestDatabase) {
    let world = World::on(database);
    let queued = world.queued(1);
    let other = world.another();
    let stale = claim(&world.node, 1).unwrap().remove(0);
    world.pass(LEASE * 2);
    recover(&other, Recovery::Sweep).unwrap();
    let current = claim(&other, 1).unwrap().remove(0);

    settle(&world.node, &stale, Verdict::Delivered);
    let (row, _) = only(&world, queued);
    assert_eq!((row.state, row.last_status), (DeliveryState::Delivered, Some(200)));
    assert_eq!((row.lease_owner, row.next_at, row.settled_at), (None, None, Some(world.now())));

    settle(&other, &current, Verdict::Retry(world.now()));
    assert_eq!(only(&world, queued).0.state, DeliveryState::Delivered, "and stays one");
    assert!(claim(&other, 1).unwrap().is_empty());
}

fn an_end_is_an_end(database: &TestDatabase) {
    let world = World::on(database);
    let ends = [Verdict::Exhausted, Verdict::Cancelled(Cause::EndpointDeleted)];
    for end in ends {
        let bu = world.unit(&format!("{end:?}"));
        let queued = (bu, world.webhook(bu));
        super::world::publish_at(&world.node, bu, 1);
        let held = claim(&world.node, 1).unwrap().remove(0);
        settle(&world.node, &held, end);
        let ended = only(&world, queued).0;
        assert!(ended.state.is_final(), "{ended:?}");
        for late in [Verdict::Delivered, Verdict::Retry(world.now())] {
            settle(&world.node, &held, late);
            assert_eq!(only(&world, queued).0.state, ended.state, "{late:?} after {end:?}");
        }
    }
    // Deleting a webhook fences those who are sending.
    let bu = world.unit("Deleted");
    let queued = (bu, world.webhook(bu));
    super::world::publish_at(&world.node, bu, 1);
    let held = claim(&world.node, 1).unwrap().remove(0);
    assert_eq!(remove::remove(&world.operator(), bu, queued.1).unwrap(), 1);
    settle(&world.node, &held, Verdict::Retry(world.now()));
    let (row, _) = only(&world, queued);
    assert_eq!((row.state, row.cause), (DeliveryState::Cancelled, Some(Cause::WebhookDeleted)));
}

fn a_start_takes_over_at_once_only_where_one_process_serves(database: &TestDatabase) {
    let world = World::on(database);
    let queued = world.queued(1);
    let held = claim(&world.node, 1).unwrap().remove(0);
    let restarted = world.another();
    let freed = recover(&restarted, Recovery::Start).unwrap();
    assert_eq!(freed, usize::from(restarted.db.is_sqlite()), "elsewhere the other nodes are alive");
    // Whether it was taken over or not, the outcome of the first attempt counts when it is a success.
    world.node.gatherer.settle(outcome(&world.node, &held, Verdict::Delivered));
    world.node.gatherer.flush();
    assert_eq!(only(&world, queued).0.state, DeliveryState::Delivered);
}
