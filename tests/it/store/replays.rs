//! Replays step by step: at their pace, from where they were, by one node at a time, and no more than was asked.

use super::world::{WANTED, World, claim, event, settle};
use crate::support::databases::{TestDatabase, both_databases};
use bellwire::domain::events::delivery::{DeliveryKind, DeliveryState};
use bellwire::domain::events::replay::{ReplayState, StopReason};
use bellwire::domain::id::{BuId, EventId, WebhookId};
use bellwire::domain::webhooks::draft::TriggerDraft;
use bellwire::domain::webhooks::webhook::WebhookStatus;
use bellwire::ops::Error;
use bellwire::ops::events::handoff::Verdict;
use bellwire::ops::events::replay::{self, ReplayDraft, ReplayView};
use bellwire::ops::webhooks::edit::{self, WebhookChange};
use bellwire::ops::webhooks::{remove, secrets};
use bellwire::store::system::audit;
use serde_json::json;
use std::collections::HashSet;
use std::time::Duration;

both_databases!(
    a_replay_keeps_its_pace_and_goes_on_where_it_was,
    two_nodes_send_nothing_twice,
    only_the_last_delivery_of_an_event_is_sent_again,
    what_was_missed_is_held_to_scope_and_filter,
    a_replay_stops_with_its_webhook,
    the_audit_log_knows_replays_and_rotations_without_secrets,
);

fn draft(webhook: WebhookId, pace: i32) -> ReplayDraft {
    ReplayDraft { webhook, from: None, to: None, states: None, event_type: None, pace_per_second: Some(pace) }
}

/// A webhook whose `events` deliveries all failed a minute ago.
fn failed(world: &World, events: usize) -> (BuId, WebhookId) {
    let (bu, webhook) = world.queued(events);
    for handed in claim(&world.node, events).unwrap() {
        settle(&world.node, &handed, Verdict::Exhausted);
    }
    world.pass(Duration::from_mins(1));
    (bu, webhook)
}

fn resent(world: &World, bu: BuId, webhook: WebhookId) -> Vec<EventId> {
    let rows = world.deliveries(bu, webhook);
    rows.iter().filter(|row| row.kind == DeliveryKind::Replay).map(|row| row.event_id).collect()
}

fn shown(world: &World, bu: BuId, made: &ReplayView) -> ReplayView {
    replay::get(&world.operator(), bu, made.id).unwrap()
}

/// Steps until nothing is due at this moment.
fn exhaust(world: &World, bu: BuId, made: &ReplayView) -> ReplayView {
    while replay::step(&world.node).unwrap().is_zero() {}
    shown(world, bu, made)
}

fn a_replay_keeps_its_pace_and_goes_on_where_it_was(database: &TestDatabase) {
    let world = World::on(database);
    let (bu, webhook) = failed(&world, 25);
    let made = replay::create(&world.operator(), bu, draft(webhook, 40)).unwrap();
    assert_eq!((made.total, made.state), (25, ReplayState::Running));
    assert_eq!(exhaust(&world, bu, &made).done, 10, "a quarter of a second's worth");
    assert_eq!(exhaust(&world, bu, &made).done, 10, "and no more before it is over");

    world.pass(Duration::from_millis(250));
    let successor = world.another();
    replay::step(&successor).unwrap();
    assert_eq!(shown(&world, bu, &made).done, 20, "another process goes on where this one was");
    world.pass(Duration::from_millis(250));
    let done = exhaust(&world, bu, &made);
    assert_eq!((done.done, done.skipped, done.state), (25, 0, ReplayState::Done));
    assert_eq!(done.finished_at, Some(world.now()));
    let rows = world.deliveries(bu, webhook);
    let (old, new) = rows.split_at(25);
    assert!(old.iter().all(|row| row.state == DeliveryState::Exhausted), "the old ones stay as they were");
    assert!(new.iter().all(|row| row.state == DeliveryState::Ready && row.kind == DeliveryKind::Replay));
    let ids = |rows: &[bellwire::store::events::deliveries::DeliveryRow]| {
        rows.iter().map(|row| row.event_id).collect::<Vec<_>>()
    };
    assert_eq!(ids(old), ids(new));
}

fn two_nodes_send_nothing_twice(database: &TestDatabase) {
    let world = World::on(database);
    let (bu, webhook) = failed(&world, 200);
    let made = replay::create(&world.operator(), bu, draft(webhook, 8)).unwrap();
    let nodes = [world.another(), world.another()];
    for _ in 0..110 {
        std::thread::scope(|scope| {
            for node in &nodes {
                scope.spawn(|| replay::step(node).unwrap());
            }
        });
        world.pass(Duration::from_millis(250));
    }
    let sent = resent(&world, bu, webhook);
    assert_eq!((sent.len(), sent.iter().collect::<HashSet<_>>().len()), (200, 200));
    let done = shown(&world, bu, &made);
    assert_eq!((done.state, done.done), (ReplayState::Done, 200));
}

fn only_the_last_delivery_of_an_event_is_sent_again(database: &TestDatabase) {
    let world = World::on(database);
    let (bu, webhook) = failed(&world, 4);
    let all = || replay::create(&world.operator(), bu, draft(webhook, 1_000)).unwrap();
    let first = all();
    exhaust(&world, bu, &first);
    let plan = || replay::count(&world.operator(), bu, draft(webhook, 1_000)).unwrap().count;
    assert_eq!(plan(), 0, "all of it is on its way");
    for (handed, at) in claim(&world.node, 4).unwrap().iter().zip(0..) {
        settle(&world.node, handed, if at == 0 { Verdict::Delivered } else { Verdict::Exhausted });
    }
    world.pass(Duration::from_mins(1));
    assert_eq!(plan(), 3);
    let second = all();
    assert_eq!((second.total, exhaust(&world, bu, &second).done), (3, 3));
    assert_eq!(world.deliveries(bu, webhook).len(), 4 + 4 + 3);
}

fn what_was_missed_is_held_to_scope_and_filter(database: &TestDatabase) {
    let world = World::on(database);
    let bu = world.unit("Acme");
    let (webhook, cx) = (world.webhook(bu), world.operator());
    let filter = json!([{"path": "/number", "op": "eq", "value": 1}]);
    let trigger = TriggerDraft { event: WANTED.into(), filter: Some(filter), ..TriggerDraft::default() };
    let change = WebhookChange {
        triggers: Some(vec![trigger]),
        status: Some(WebhookStatus::Inactive),
        ..WebhookChange::default()
    };
    edit::edit(&cx, bu, webhook, change).unwrap();
    let ids: Vec<EventId> = (0..3)
        .map(|n| world.node.gatherer.publish(event(bu, n)).blocking_recv().unwrap().unwrap().id)
        .collect();
    edit::activate(&cx, bu, webhook).unwrap();
    world.pass(Duration::from_mins(1));
    database.execute(&format!("DELETE FROM events WHERE id = '{}'", ids[2]));

    let made = replay::create(&world.operator(), bu, draft(webhook, 1_000)).unwrap();
    let done = exhaust(&world, bu, &made);
    assert_eq!((done.total, done.done, done.skipped, done.state), (3, 3, 2, ReplayState::Done));
    assert_eq!(resent(&world, bu, webhook), [ids[1]]);
}

fn a_replay_stops_with_its_webhook(database: &TestDatabase) {
    let world = World::on(database);
    let (bu, webhook) = failed(&world, 9);
    let cx = world.operator();
    let started = |pace| {
        let made = replay::create(&world.operator(), bu, draft(webhook, pace)).unwrap();
        replay::step(&world.node).unwrap();
        world.pass(Duration::from_secs(1));
        made
    };
    let first = started(4);
    edit::pause(&cx, bu, webhook).unwrap();
    let stopped = exhaust(&world, bu, &first);
    assert_eq!((stopped.state, stopped.reason), (ReplayState::Stopped, Some(StopReason::WebhookInactive)));
    assert_eq!((stopped.done, resent(&world, bu, webhook).len()), (1, 1));

    edit::activate(&cx, bu, webhook).unwrap();
    let second = started(4);
    assert_eq!(second.total, 8);
    assert!(matches!(
        replay::create(&world.operator(), bu, draft(webhook, 4)),
        Err(Error::Conflict { code: "replay_running", .. })
    ));
    remove::remove(&cx, bu, webhook).unwrap();
    let stopped = exhaust(&world, bu, &second);
    assert_eq!((stopped.state, stopped.reason), (ReplayState::Stopped, Some(StopReason::WebhookDeleted)));
    assert_eq!(resent(&world, bu, webhook).len(), 2);
}

fn the_audit_log_knows_replays_and_rotations_without_secrets(database: &TestDatabase) {
    let world = World::on(database);
    let (bu, webhook) = failed(&world, 1);
    let cx = world.operator();
    let made = replay::create(&cx, bu, draft(webhook, 1)).unwrap();
    replay::cancel(&cx, bu, made.id).unwrap();
    replay::cancel(&cx, bu, made.id).unwrap();
    let rotation = secrets::Rotation { secret: None, overlap: Duration::from_mins(1), from: None };
    let rotated = secrets::rotate(&cx, bu, webhook, rotation).unwrap();
    let rows = world.read(|conn| Ok(audit::rows(conn, 0, i64::MAX, 100)?));
    let actions: Vec<&str> = rows.iter().rev().take(3).map(|row| row.action.as_str()).collect();
    assert_eq!(actions, ["webhook.secret_rotated", "replay.cancelled", "replay.created"]);
    let told = rows.last().and_then(|row| row.after.clone()).unwrap();
    assert!(told.contains("changed") && !told.contains(rotated.secret.expose()), "{told}");
}
