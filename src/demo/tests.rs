//! The demo as a whole, on a database that is thrown away.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use diesel::prelude::*;
use tempfile::TempDir;

use crate::app::{App, Opening};
use crate::clock::Clock;
use crate::demo::{Receiver, Stream, World, prepare};
use crate::domain::access::user::Role;
use crate::domain::events::delivery::DeliveryState;
use crate::domain::id::{BuId, DeliveryId, EndpointId, EventId, WebhookId};
use crate::domain::time::Ts;
use crate::domain::webhooks::address::EgressPolicy;
use crate::keys::KeyRing;
use crate::ops::Error;
use crate::ops::access::partner_search;
use crate::ops::access::sign_in::{SignInDraft, sign_in};
use crate::ops::access::tokens;
use crate::ops::cx::{Actor, Source};
use crate::ops::events::handoff::NoDelivery;
use crate::store::events::deliveries::DeliveryRow;
use crate::store::events::events::EventRow;
use crate::store::events::rollups::HourRow;
use crate::store::pool::Address;
use crate::store::schema::{attempts, deliveries, delivery_hours, events, webhooks};

struct Stage {
    app: App,
    receiver: Receiver,
    world: Arc<World>,
    _folder: TempDir,
}

fn stage() -> Stage {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Receiver::start().unwrap();
    let egress = EgressPolicy {
        allow_http: true,
        allow: receiver.allowed().unwrap(),
        keep_private_responses: true,
        ..EgressPolicy::default()
    };
    let app = App::open(Opening {
        database: Address::Sqlite(folder.path().join("demo.db")),
        connections: 4,
        serving: true,
        keys: KeyRing::fresh(),
        egress,
        public_url: "http://127.0.0.1:8080/".parse().unwrap(),
        clock: Clock::system(),
        handoff: Arc::new(NoDelivery),
    })
    .unwrap();
    let world = Arc::new(prepare(&app, &receiver).unwrap());
    Stage { app, receiver, world, _folder: folder }
}

/// What the past must add up to, read from the tables themselves.
struct Past {
    events: Vec<EventRow>,
    deliveries: Vec<DeliveryRow>,
    /// Delivery, endpoint, start, duration, status, whether it failed.
    attempts: Vec<(DeliveryId, EndpointId, Ts, i32, Option<i32>, bool)>,
    hours: Vec<HourRow>,
}

fn past(app: &App) -> Past {
    let read = |conn: &mut crate::store::pool::Conn| {
        Ok::<_, Error>(Past {
            events: events::table.select(EventRow::as_select()).order(events::id).load(conn)?,
            deliveries: deliveries::table
                .select(DeliveryRow::as_select())
                .order(deliveries::id)
                .load(conn)?,
            attempts: attempts::table
                .select((
                    attempts::delivery_id,
                    attempts::endpoint_id,
                    attempts::started_at,
                    attempts::duration_ms,
                    attempts::status,
                    attempts::cause.is_not_null(),
                ))
                .order(attempts::id)
                .load(conn)?,
            hours: delivery_hours::table.select(HourRow::as_select()).load(conn)?,
        })
    };
    app.tools.db.read(read).unwrap()
}

fn ended(started: Ts, duration_ms: i32) -> Ts {
    Ts(started.0 + i64::from(duration_ms) * 1_000)
}

#[test]
fn the_past_is_in_order_and_adds_up() {
    let stage = stage();
    let past = past(&stage.app);
    assert!(past.events.len() > 1_000, "{}", past.events.len());

    assert!(past.events.is_sorted_by_key(|event| event.received_at), "ids follow the time of events");
    let mut places: BTreeMap<BuId, Vec<i64>> = BTreeMap::new();
    past.events.iter().for_each(|event| places.entry(event.bu_id).or_default().push(event.seq));
    assert_eq!(places.len(), 2);
    // What the set-up itself published took the first places.
    assert!(places.values().all(|seqs| seqs.iter().zip(seqs[0]..).all(|(seq, n)| *seq == n)));
    let at: BTreeMap<EventId, Ts> = past.events.iter().map(|event| (event.id, event.received_at)).collect();
    assert!(past.deliveries.is_sorted_by_key(|delivery| delivery.created_at));
    assert!(past.deliveries.iter().all(|d| at.get(&d.event_id) == Some(&d.created_at)));
    assert!(past.attempts.is_sorted_by_key(|(_, _, started, ..)| started.as_millis()));

    let mut counted: BTreeMap<(WebhookId, EndpointId, Ts), [i64; 5]> = BTreeMap::new();
    let by_id: BTreeMap<DeliveryId, &DeliveryRow> = past.deliveries.iter().map(|d| (d.id, d)).collect();
    let mut made: BTreeMap<DeliveryId, i32> = BTreeMap::new();
    for (delivery, endpoint, started, ms, status, failed) in &past.attempts {
        let key = (by_id[delivery].webhook_id, *endpoint, ended(*started, *ms).hour());
        let row = counted.entry(key).or_default();
        row[2] += i64::from(*failed);
        row[3] += i64::from(status.is_some());
        row[4] += i64::from(status.is_some() && *ms <= 100);
        *made.entry(*delivery).or_default() += 1;
    }
    for row in &past.deliveries {
        assert_eq!(made.get(&row.id).copied().unwrap_or_default(), row.attempts, "{}", row.id);
        assert_eq!(row.settled_at.is_some(), row.state.is_final());
        assert_eq!(row.next_at.is_some(), row.state == DeliveryState::Ready);
        if let (Some(settled), DeliveryState::Delivered | DeliveryState::Exhausted) =
            (row.settled_at, row.state)
        {
            let count = counted.entry((row.webhook_id, row.endpoint_id, settled.hour())).or_default();
            count[usize::from(row.state == DeliveryState::Exhausted)] += 1;
        }
    }
    let stored: BTreeMap<_, _> = past
        .hours
        .iter()
        .map(|h| {
            let sums = [h.delivered, h.exhausted, h.failed_attempts, h.le_30000, h.le_100];
            ((h.webhook_id, h.endpoint_id, h.hour), sums)
        })
        .collect();
    assert_eq!(stored, counted);
}

#[test]
fn every_webhook_has_something_to_show_and_every_outcome_occurs() {
    let stage = stage();
    let past = past(&stage.app);
    let rows: Vec<(WebhookId, Option<Ts>, Option<bool>)> = stage
        .app
        .tools
        .db
        .read(|conn| {
            let columns = (webhooks::id, webhooks::last_sent_at, webhooks::last_sent_ok);
            Ok::<_, Error>(webhooks::table.select(columns).load(conn)?)
        })
        .unwrap();
    assert_eq!(rows.len(), stage.world.units.iter().map(|unit| unit.hooks.len()).sum::<usize>());
    let webhook_of: BTreeMap<DeliveryId, WebhookId> =
        past.deliveries.iter().map(|d| (d.id, d.webhook_id)).collect();
    let mut last: BTreeMap<WebhookId, (Ts, bool)> = BTreeMap::new();
    for (delivery, _, started, ms, _, failed) in &past.attempts {
        let this = (ended(*started, *ms), !failed);
        let latest = last.entry(webhook_of[delivery]).or_insert(this);
        *latest = this.max(*latest);
    }
    for (id, last_sent, ok) in &rows {
        assert!(last_sent.is_some(), "{id} has no attempts");
        assert_eq!(last_sent.zip(*ok), last.get(id).copied(), "{id}");
    }
    assert_eq!(rows.iter().map(|(_, _, ok)| *ok).collect::<BTreeSet<_>>().len(), 2, "some fail, some do not");
    let states: BTreeSet<DeliveryState> = past.deliveries.iter().map(|d| d.state).collect();
    assert_eq!(
        states.into_iter().collect::<Vec<_>>(),
        [
            DeliveryState::Ready,
            DeliveryState::Delivered,
            DeliveryState::Exhausted,
            DeliveryState::Skipped,
            DeliveryState::Filtered
        ]
    );
}

#[test]
fn every_role_can_sign_in_at_each_partner_and_the_token_opens_its_unit() {
    let stage = stage();
    let (tools, world) = (&stage.app.tools, &stage.world);
    for number in [10_001, 12_345, 12_388] {
        let roles: BTreeSet<Role> =
            world.seats.iter().filter(|seat| seat.number == number).map(|seat| seat.role).collect();
        assert_eq!(roles.len(), Role::ALL.len(), "{number}");
    }
    let told = world.to_string();
    for seat in [world.seats.first().unwrap(), world.seats.last().unwrap()] {
        assert!(told.contains(&seat.email), "{told}");
        let draft = SignInDraft {
            email: seat.email.clone(),
            password: world.password.clone().into(),
            remember: false,
        };
        let session =
            sign_in(tools, &draft, None, &Source::default()).unwrap_or_else(|_| panic!("{}", seat.email));
        if seat.number == 10_001 {
            let cx = stage.app.cx(Actor::Login(session.login), Source::default());
            let found = partner_search::search(&cx, "kes").unwrap();
            let names: Vec<&str> = found.iter().map(|hit| hit.partner.name.as_str()).collect();
            assert!(
                names.contains(&"Kestrel Retail Group") && names.contains(&"Morrow & Kessler Fuel Cards")
            );
            assert!(!names.contains(&"Keswold Garden Centres"), "that unit is not granted");
        }
    }
    let actor = tokens::authenticate(tools, &world.token, &Source::default()).unwrap().unwrap();
    assert_eq!(actor.partner, 12_345);
}

#[test]
fn the_stream_publishes_until_it_is_dropped() {
    let stage = stage();
    let count = || {
        let all =
            |conn: &mut crate::store::pool::Conn| Ok::<i64, Error>(events::table.count().get_result(conn)?);
        stage.app.tools.db.read(all).unwrap()
    };
    let before = count();
    let stream = Stream::start(&stage.app, &stage.world).unwrap();
    let began = std::time::Instant::now();
    while count() == before {
        assert!(began.elapsed().as_secs() < 20, "nothing is published");
        std::thread::yield_now();
    }
    drop(stream);
    let after = count();
    stage.app.tools.gatherer.flush();
    assert_eq!(count(), after);
    assert!(stage.receiver.url("ok").starts_with("http://127.0.0.1:"));
}
