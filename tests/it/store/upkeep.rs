//! Upkeep: what has had its time goes, in small batches, and what is under way never does.

use super::world::{World, claim, outcome, publish_at};
use crate::support::databases::{TestDatabase, both_databases};
use bellwire::config::Keep;
use bellwire::domain::events::delivery::DeliveryState;
use bellwire::domain::id::{BuId, EventId, SessionKind, UserKind};
use bellwire::ops::Error;
use bellwire::ops::events::handoff::Verdict;
use bellwire::ops::system::upkeep::Round;
use bellwire::store::events::{attempts, events, idempotency_keys};
use std::time::Duration;

both_databases!(
    old_events_go_with_all_that_became_of_them,
    an_event_that_is_still_under_way_stays_and_holds_up_no_other,
    what_is_kept_for_ever_stays,
    forgotten_keys_sessions_links_and_guesses_are_gone,
    two_nodes_do_not_wait_for_each_other,
);

const KEEP: Duration = Duration::from_hours(24);

/// Goes through a whole round; gives how many batches it took.
fn round(world: &World, days: u32) -> usize {
    let mut round = Round::new(&world.node, Keep { days, audit_days: 0 });
    let mut batches = 1;
    while round.step(&world.node).unwrap() {
        batches += 1;
    }
    batches
}

fn stored(world: &World, bu: BuId) -> Vec<EventId> {
    let filter = events::EventFilter::default();
    let mut rows = world.read(|conn| Ok(events::list(conn, bu, &filter, i64::MAX)?));
    // Bellwire tells of the webhooks that it makes.
    rows.retain(|event| event.source != "system" || event.event_type == super::world::WANTED);
    rows.into_iter().map(|event| event.id).collect()
}

fn old_events_go_with_all_that_became_of_them(database: &TestDatabase) {
    let world = World::on(database);
    let (bu, webhook) = world.queued(250);
    for handed in claim(&world.node, 250).unwrap() {
        world.node.gatherer.settle(outcome(&world.node, &handed, Verdict::Delivered));
    }
    world.node.gatherer.flush();
    let sent: Vec<_> = world.deliveries(bu, webhook).iter().map(|row| row.id).collect();
    world.pass(KEEP);
    let young = publish_at(&world.node, bu, 0);

    round(&world, 1);
    assert_eq!(stored(&world, bu).len(), 251, "what is exactly as old as is kept stays");
    world.pass(Duration::from_millis(1));
    assert!(round(&world, 1) > 3, "not all of them at once");

    assert_eq!(stored(&world, bu), [young]);
    assert_eq!(world.deliveries(bu, webhook).len(), 1);
    assert!(world.read(|conn| Ok(attempts::of_deliveries(conn, bu, &sent)?)).is_empty());
}

fn an_event_that_is_still_under_way_stays_and_holds_up_no_other(database: &TestDatabase) {
    let world = World::on(database);
    let (bu, webhook) = world.queued(120);
    let handed = claim(&world.node, 120).unwrap();
    // The oldest hundred fill a batch: some wait for a further attempt, the rest are still held.
    for (i, handed) in handed.iter().enumerate() {
        let verdict = match i {
            0..50 => Verdict::Retry(world.now() + KEEP * 3),
            50..100 => continue,
            _ => Verdict::Exhausted,
        };
        world.node.gatherer.settle(outcome(&world.node, handed, verdict));
    }
    world.node.gatherer.flush();
    world.pass(KEEP * 2);
    round(&world, 1);

    assert_eq!(stored(&world, bu).len(), 100);
    let rows = world.deliveries(bu, webhook);
    let of = |state| rows.iter().filter(|row| row.state == state).count();
    assert_eq!((of(DeliveryState::Ready), of(DeliveryState::Leased), rows.len()), (50, 50, 100));
}

fn what_is_kept_for_ever_stays(database: &TestDatabase) {
    let world = World::on(database);
    let bu = world.unit("Acme");
    publish_at(&world.node, bu, 1);
    world.pass(KEEP * 10_000);
    round(&world, 0);
    assert_eq!(stored(&world, bu).len(), 1);
}

fn forgotten_keys_sessions_links_and_guesses_are_gone(database: &TestDatabase) {
    let world = World::on(database);
    let bu = world.unit("Acme");
    let now = world.now();
    let rows: Vec<_> = (0..1_200)
        .map(|n| idempotency_keys::KeyRow {
            bu_id: bu,
            key: format!("key:{n}"),
            digest: vec![1],
            event_id: world.node.clock.id(),
            created_at: now,
        })
        .collect();
    world.node.db.write(|conn| Ok::<_, Error>(idempotency_keys::insert(conn, &rows)?)).unwrap();
    let (user, session) = (world.node.clock.id::<UserKind>(), world.node.clock.id::<SessionKind>());
    let digest = if world.node.db.is_sqlite() { "x'64'" } else { r"'\x64'" };
    database.execute(&format!(
        "INSERT INTO users (id, number, email, name, created_at) VALUES ('{user}', 1, 'a@b', 'A', 1);
         INSERT INTO sessions (id, digest, user_id, level, created_at, last_seen_at, reauth_at, remember)
            VALUES ('{session}', {digest}, '{user}', 'full', {now}, {now}, 1, '0');
         INSERT INTO one_time_links (digest, purpose, role, created_at, expires_at)
            VALUES ({digest}, 'setup', 'owner', {now}, {now});
         INSERT INTO sign_in_throttles (key, failures, window_started_at) VALUES ('k', 1, {now});",
        now = now.0,
    ));
    let tables = ["idempotency_keys", "sessions", "one_time_links", "sign_in_throttles"];
    let counts = || tables.map(|table| world.count(table));
    round(&world, 0);
    assert_eq!(counts(), [1_200, 1, 1, 1]);
    world.pass(Duration::from_hours(24) + Duration::from_micros(1));
    round(&world, 0);
    assert_eq!(counts(), [0, 0, 0, 0]);
}

fn two_nodes_do_not_wait_for_each_other(database: &TestDatabase) {
    let world = World::on(database);
    let (bu, _) = world.queued(0);
    publish_at(&world.node, bu, 1);
    database.execute("UPDATE deliveries SET state = 'delivered'");
    world.pass(KEEP * 2);
    let other = world.another();
    std::thread::scope(|scope| {
        for node in [&world.node, &other] {
            scope.spawn(move || {
                let mut round = Round::new(node, Keep { days: 1, audit_days: 0 });
                while round.step(node).unwrap() {}
            });
        }
    });
    round(&world, 1);
    assert!(stored(&world, bu).is_empty());
    assert_eq!(world.count("deliveries"), 0);
}
