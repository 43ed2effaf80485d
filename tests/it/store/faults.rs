//! Faults of the database: what was answered stays true, and one fault does not become many.

use super::world::{World, claim, outcome};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::patience::{PATIENCE, until};
use bellwire::domain::events::cause::Cause;
use bellwire::domain::events::delivery::DeliveryState;
use bellwire::ops::events::handoff::Verdict;
use bellwire::store::events::attempts;
use bellwire::store::events::rollups;
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl};

both_databases!(
    an_outcome_whose_commit_was_not_answered_is_stored_once,
    an_outcome_that_cannot_be_stored_holds_up_no_other,
    a_delivery_whose_event_is_lost_ends,
);

/// As after a connection that broke between the commit and its answer.
fn an_outcome_whose_commit_was_not_answered_is_stored_once(database: &TestDatabase) {
    let world = World::on(database);
    let (bu, webhook) = world.queued(2);
    let handed = claim(&world.node, 2).unwrap();
    let told = outcome(&world.node, &handed[0], Verdict::Delivered);
    let again = bellwire::ops::events::handoff::Outcome {
        handed: told.handed.clone(),
        attempt: told.attempt.clone(),
        verdict: told.verdict,
    };
    world.node.gatherer.settle(told);
    world.node.gatherer.flush();

    world.node.gatherer.settle(again);
    world.node.gatherer.settle(outcome(&world.node, &handed[1], Verdict::Delivered));
    world.node.gatherer.flush();

    let rows = world.deliveries(bu, webhook);
    assert!(rows.iter().all(|row| (row.state, row.attempts) == (DeliveryState::Delivered, 1)), "{rows:?}");
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    assert_eq!(world.read(|conn| Ok(attempts::of_deliveries(conn, bu, &ids)?)).len(), 2);
    let hours = world.read(|conn| Ok(rollups::of_webhooks(conn, bu, &[webhook], world.now().hour())?));
    assert_eq!(hours.iter().map(|hour| hour.delivered).sum::<i64>(), 2);
}

fn an_outcome_that_cannot_be_stored_holds_up_no_other(database: &TestDatabase) {
    let world = World::on(database);
    let (bu, webhook) = world.queued(3);
    database.execute(if world.node.db.is_sqlite() {
        "CREATE TRIGGER no_13 BEFORE INSERT ON attempts WHEN NEW.number = 13 BEGIN SELECT RAISE(ABORT, 'no'); END"
    } else {
        "ALTER TABLE attempts ADD CHECK (number <> 13)"
    });
    let handed = claim(&world.node, 3).unwrap();
    for (i, handed) in handed.iter().enumerate() {
        let mut outcome = outcome(&world.node, handed, Verdict::Delivered);
        outcome.attempt = outcome.attempt.map(|a| bellwire::domain::events::attempt::Attempt {
            number: if i == 1 { 13 } else { a.number },
            ..a
        });
        world.node.gatherer.settle(outcome);
    }
    world.node.gatherer.flush();

    assert_eq!(world.node.gatherer.unsettled(), 0);
    let states: Vec<_> = handed
        .iter()
        .map(|h| world.deliveries(bu, webhook).iter().find(|row| row.id == h.delivery).unwrap().state)
        .collect();
    let left_to_its_lease = DeliveryState::Leased;
    assert_eq!(states, [DeliveryState::Delivered, left_to_its_lease, DeliveryState::Delivered]);
}

fn a_delivery_whose_event_is_lost_ends(database: &TestDatabase) {
    let world = World::on(database);
    let (bu, webhook) = world.queued(1);
    database.execute("DELETE FROM events");
    assert!(claim(&world.node, 1).unwrap().is_empty());
    world.node.gatherer.flush();
    let row = world.deliveries(bu, webhook).remove(0);
    assert_eq!((row.state, row.cause), (DeliveryState::Cancelled, Some(Cause::Expired)));
}

#[derive(QueryableByName)]
struct Waiting {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    waiting: i64,
}

/// Who deletes a webhook holds its row and then takes its deliveries. Who settles must not come the other way.
#[test]
fn settling_waits_for_a_webhook_before_it_holds_its_deliveries() {
    let database = TestDatabase::postgres();
    let world = World::on(&database);
    let (bu, webhook) = world.queued(1);
    let handed = claim(&world.node, 1).unwrap().remove(0);
    let mut deleting = PgConnection::establish(&database.url()).unwrap();
    deleting
        .batch_execute(&format!("BEGIN; UPDATE webhooks SET updated_at = 1 WHERE id = '{webhook}'"))
        .unwrap();

    world.node.gatherer.settle(outcome(&world.node, &handed, Verdict::Delivered));
    let mut watching = PgConnection::establish(&database.url()).unwrap();
    until(PATIENCE, || {
        let sql = "SELECT count(*) AS waiting FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let found: Waiting = diesel::sql_query(sql).get_result(&mut watching).map_err(|e| e.to_string())?;
        if found.waiting == 1 { Ok(()) } else { Err(format!("{} wait", found.waiting)) }
    });
    deleting
        .batch_execute(&format!(
            "SET lock_timeout = '1s'; UPDATE deliveries SET cause = 'gone' WHERE webhook_id = '{webhook}'; ROLLBACK"
        ))
        .unwrap();
    world.node.gatherer.flush();

    let row = world.deliveries(bu, webhook).remove(0);
    assert_eq!((row.state, row.cause), (DeliveryState::Delivered, None));
}
