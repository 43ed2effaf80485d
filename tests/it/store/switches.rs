//! Webhooks that the plan or their receivers switch, many at once: each is told of, and nobody waits in a circle.

use super::world::{World, claim, outcome, publish_at, settle};
use crate::support::databases::{TestDatabase, both_databases};
use bellwire::domain::id::{BuId, WebhookId};
use bellwire::domain::webhooks::draft::{EndpointDraft, TriggerDraft, WebhookDraft};
use bellwire::domain::webhooks::webhook::{InactiveReason, WebhookStatus};
use bellwire::ops::access::plan::set_api_access;
use bellwire::ops::cx::{Actor, Cx, Source, Tools};
use bellwire::ops::events::handoff::Verdict;
use bellwire::ops::webhooks::create;
use bellwire::store::access::units;
use bellwire::store::webhooks::webhooks;
use std::sync::Arc;

both_databases!(
    a_receiver_that_is_gone_ends_its_webhook_and_that_is_told_once,
    plans_receivers_and_publishers_do_not_wait_for_each_other,
);

/// A webhook that hears when others are switched off or on.
fn alarm(world: &World, bu: BuId) -> WebhookId {
    let endpoint = EndpointDraft { url: "https://alarms.example.com/in".into(), ..EndpointDraft::default() };
    let triggers = ["webhook.disabled", "webhook.updated"]
        .map(|event| TriggerDraft { event: event.into(), ..TriggerDraft::default() });
    let draft =
        WebhookDraft { endpoints: vec![endpoint], triggers: triggers.into(), ..WebhookDraft::default() };
    create::create(&world.operator(), bu, draft).unwrap().webhook.row.id
}

fn told(world: &World, bu: BuId, alarm: WebhookId) -> Vec<String> {
    world.deliveries(bu, alarm).into_iter().map(|row| row.event_type).collect()
}

fn a_receiver_that_is_gone_ends_its_webhook_and_that_is_told_once(database: &TestDatabase) {
    let world = World::on(database);
    let bu = world.unit("Acme");
    let (webhook, alarm) = (world.webhook(bu), alarm(&world, bu));
    for number in 0..3 {
        publish_at(&world.node, bu, number);
    }
    let claimed = claim(&world.node, 3).unwrap();
    assert_eq!(claimed.len(), 3);
    // Every attempt that was under way is answered alike.
    world.node.gatherer.settle(outcome(&world.node, &claimed[0], Verdict::Gone));
    world.node.gatherer.settle(outcome(&world.node, &claimed[1], Verdict::Gone));
    world.node.gatherer.flush();
    settle(&world.node, &claimed[2], Verdict::Gone);
    let row = world.read(|conn| Ok(webhooks::find(conn, bu, webhook)?)).unwrap();
    assert_eq!((row.status, row.inactive_reason), (WebhookStatus::Inactive, Some(InactiveReason::Gone)));
    assert_eq!(told(&world, bu, alarm), ["webhook.disabled"]);
}

/// What goes wrong in a circle of waits is broken off by the database; then somebody got an error.
fn plans_receivers_and_publishers_do_not_wait_for_each_other(database: &TestDatabase) {
    const ROUNDS: usize = 12;
    let world = World::on(database);
    let units: Vec<BuId> = (0..3).map(|n| world.unit(&format!("Unit {n}"))).collect();
    let partners: Vec<i64> = world.read(|conn| {
        let number = |bu: &BuId| Ok(units::find(conn, *bu)?.unwrap().partner_id);
        units.iter().map(number).collect()
    });
    for bu in &units {
        alarm(&world, *bu);
        for _ in 0..3 {
            world.webhook(*bu);
        }
    }
    let nodes: Vec<Arc<Tools>> = (0..2).map(|_| world.another()).collect();
    std::thread::scope(|scope| {
        for number in &partners {
            let operator = Cx::new(&world.another(), Actor::Operator, Source::default());
            scope.spawn(move || {
                for round in 0..ROUNDS * 2 {
                    set_api_access(&operator, *number, round % 2 == 1).unwrap();
                }
            });
        }
        for (at, node) in nodes.iter().enumerate() {
            let units = &units;
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    // Several units in one commit, in another order each time.
                    let answers: Vec<_> = (0..units.len())
                        .map(|n| node.gatherer.publish(super::world::event(units[(n + at + round) % 3], n)))
                        .collect();
                    for sent in claim(node, 12).unwrap() {
                        let verdict = if round % 2 == at { Verdict::Gone } else { Verdict::Delivered };
                        node.gatherer.settle(outcome(node, &sent, verdict));
                    }
                    for answer in answers {
                        answer.blocking_recv().unwrap().unwrap();
                    }
                    node.gatherer.flush();
                }
            });
        }
    });
    if !world.node.db.is_sqlite() {
        let circles = "SELECT CAST(deadlocks AS TEXT) AS line FROM pg_stat_database \
                       WHERE datname = current_database()";
        assert_eq!(database.lines(circles), ["0"]);
    }
}
