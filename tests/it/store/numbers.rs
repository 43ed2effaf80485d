//! Numbers: places in the order of commits, keys that are remembered for a day, and the sums that charts read.

use super::world::{WANTED, World, claim, event, outcome, publish_at};
use crate::support::databases::{TestDatabase, both_databases};
use bellwire::domain::events::payload::SoundJson;
use bellwire::domain::id::BuId;
use bellwire::ops::Error;
use bellwire::ops::events::handoff::Verdict;
use bellwire::ops::events::publish::{self, Published};
use bellwire::store::events::events::{self, EventFilter, take_places};
use bellwire::store::events::{idempotency_keys, rollups};
use bellwire::store::pool::Conn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

both_databases!(
    the_order_of_a_unit_has_no_gaps_also_while_it_grows,
    places_are_taken_for_each_unit_and_given_back_by_a_rollback,
    a_key_is_forgotten_after_a_day,
    the_hours_add_up,
    what_a_view_reads_is_of_one_moment,
);

/// The places of all events of `bu`, in order.
fn places(conn: &mut Conn, bu: BuId) -> Vec<i64> {
    let mut rows = events::list(conn, bu, &EventFilter::default(), i64::MAX).unwrap();
    rows.reverse();
    rows.iter().map(|row| row.seq).collect()
}

fn the_order_of_a_unit_has_no_gaps_also_while_it_grows(database: &TestDatabase) {
    let world = World::on(database);
    let units = [world.unit("Acme"), world.unit("Other")];
    let nodes = [world.another(), world.another()];
    let done = AtomicBool::new(false);

    std::thread::scope(|scope| {
        let producers: Vec<_> = (0..4)
            .map(|n| {
                let node = &nodes[n % 2];
                // Both nodes publish to both units, in opposite order.
                scope.spawn(move || {
                    let ids = (0..100).map(|i| publish_at(node, units[(i + n) % 2], i));
                    ids.collect::<Vec<_>>()
                })
            })
            .collect();
        let reader = scope.spawn(|| {
            let mut looks = 0;
            while !done.load(Ordering::Relaxed) {
                let seen = world.read(|conn| Ok(places(conn, units[0])));
                let whole: Vec<i64> = (1..=i64::try_from(seen.len()).unwrap()).collect();
                assert_eq!(seen, whole, "nobody sees a later place before an earlier one");
                looks += 1;
            }
            looks
        });
        let published: Vec<_> = producers.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        done.store(true, Ordering::Relaxed);
        assert_eq!(published.into_iter().map(|ids| ids.unwrap().len()).sum::<usize>(), 400);
        assert!(reader.join().unwrap() > 0);
    });

    for bu in units {
        let whole: Vec<i64> = (1..=200).collect();
        assert_eq!(world.read(|conn| Ok(places(conn, bu))), whole);
    }
}

fn places_are_taken_for_each_unit_and_given_back_by_a_rollback(database: &TestDatabase) {
    let world = World::on(database);
    let units = [world.unit("Acme"), world.unit("Other")];
    let take = |bu, count| world.node.db.write(|conn| Ok::<_, Error>(take_places(conn, bu, count)?)).unwrap();
    let before = units.map(|bu| take(bu, 0));
    assert_eq!(
        (take(units[0], 3), take(units[0], 1), take(units[1], 2)),
        (before[0] + 3, before[0] + 4, before[1] + 2)
    );
    let undone = world.node.db.write(|conn| -> Result<(), Error> {
        take_places(conn, units[0], 100)?;
        Err(Error::NotFound)
    });
    assert!(undone.is_err());
    assert_eq!(take(units[0], 0), before[0] + 4);
}

fn a_key_is_forgotten_after_a_day(database: &TestDatabase) {
    let world = World::on(database);
    let units = [world.unit("Acme"), world.unit("Other")];
    let post = |bu: BuId, body: &str| -> Result<Published, Error> {
        let sound = SoundJson::scan(body.as_bytes()).unwrap();
        let draft = publish::check(&world.operator(), bu, sound, Some("the-key"))?;
        world.node.gatherer.publish(draft).blocking_recv().unwrap()
    };
    let (one, other) =
        (r#"{"type":"order.completed","data":{}}"#, r#"{"type":"order.completed","data":{"n":1}}"#);
    let first = post(units[0], one).unwrap();
    assert!(!first.repeated);
    assert_ne!(post(units[1], other).unwrap().id, first.id, "another unit, another key");

    world.pass(Duration::from_hours(24));
    let again = post(units[0], one).unwrap();
    assert_eq!((again.id, again.repeated, again.received_at), (first.id, true, first.received_at));
    assert!(matches!(post(units[0], other), Err(Error::Conflict { code: "idempotency_key_reused", .. })));
    world.pass(Duration::from_micros(1));
    let fresh = post(units[0], other).unwrap();
    assert!(fresh.id != first.id && !fresh.repeated, "a day later the key is new");

    let forget =
        |before| world.node.db.write(|conn| Ok::<_, Error>(idempotency_keys::forget(conn, before, 10)?));
    assert_eq!(forget(world.now()).unwrap(), 1, "the other unit's is the only old one left");
    assert_eq!(forget(world.now()).unwrap(), 0);
    assert!(post(units[0], other).unwrap().repeated);
}

fn the_hours_add_up(database: &TestDatabase) {
    let world = World::on(database);
    let (bu, webhook) = world.queued(60);
    let other = world.another();
    for minutes in [0, 30, 60] {
        world.pass(Duration::from_mins(minutes));
        let handed = claim(&world.node, 20).unwrap();
        // Two nodes add to the same hour at the same time.
        std::thread::scope(|scope| {
            for (half, node) in handed.chunks(10).zip([&world.node, &other]) {
                scope.spawn(move || {
                    for (i, handed) in half.iter().enumerate() {
                        let verdict = match i {
                            0..7 => Verdict::Delivered,
                            7..9 => Verdict::Retry(node.clock.now() + Duration::from_hours(9)),
                            _ => Verdict::Exhausted,
                        };
                        node.gatherer.settle(outcome(node, handed, verdict));
                        node.gatherer.flush();
                    }
                });
            }
        });
    }

    let hours = world.read(|conn| {
        Ok(rollups::of_webhooks(conn, bu, &[webhook], world.now().hour() - Duration::from_hours(1))?)
    });
    let sums: Vec<_> = hours
        .iter()
        .map(|h| (h.delivered, h.exhausted, h.failed_attempts, h.le_10, h.le_25, h.le_30000))
        .collect();
    assert_eq!(
        sums,
        [(28, 4, 12, 0, 40, 40), (14, 2, 6, 0, 20, 20)],
        "two claims at noon, one an hour later"
    );
    let later = world.read(|conn| Ok(rollups::of_webhooks(conn, bu, &[webhook], world.now().hour())?));
    assert_eq!(later.len(), 1);
    let stranger = world.unit("Stranger");
    assert!(
        world.read(|conn| Ok(rollups::of_webhooks(conn, stranger, &[webhook], later[0].hour)?)).is_empty()
    );
    assert_eq!(event(bu, 0).event_type(), WANTED);

    let slots = |bu, minutes| {
        let until = later[0].hour + Duration::from_hours(1);
        let width = Duration::from_mins(minutes);
        let span = rollups::Span { from: until - Duration::from_hours(2), until, width };
        let mut slots = world.read(|conn| Ok(rollups::slots(conn, bu, webhook, &span)?));
        slots.sort_by_key(|slot| slot.at);
        let told =
            slots.iter().map(|s| (s.at, s.delivered, s.exhausted, s.begun, s.failed_first, s.answered[1]));
        told.collect::<Vec<_>>()
    };
    let claim = |at| (at, 14, 2, 20, 6, 20);
    assert_eq!(slots(bu, 30), [claim(0), claim(1), claim(3)]);
    assert_eq!(slots(bu, 60), [(0, 28, 4, 40, 12, 40), claim(1)]);
    assert!(slots(stranger, 30).is_empty() && slots(stranger, 60).is_empty());
    let forget = |limit| {
        world.node.db.write(|conn| Ok::<_, Error>(rollups::forget_minutes(conn, world.now(), limit)?))
    };
    world.pass(Duration::from_mins(2));
    assert_eq!([2, 9, 9].map(|limit| forget(limit).unwrap()), [2, 1, 0]);
    assert_eq!((slots(bu, 30).len(), slots(bu, 60).len()), (0, 2), "hours are kept");
}

fn what_a_view_reads_is_of_one_moment(database: &TestDatabase) {
    let world = World::on(database);
    let (bu, node) = (world.unit("Acme"), world.another());
    publish_at(&node, bu, 1);
    let looked = world.operator().read(|conn| {
        let before = places(conn, bu);
        publish_at(&node, bu, 2);
        Ok((before, places(conn, bu)))
    });
    assert_eq!(looked.unwrap(), (vec![1], vec![1]), "what was stored in between is in neither");
    assert_eq!(world.read(|conn| Ok(places(conn, bu))), [1, 2]);
}
