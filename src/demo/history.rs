//! A week of the past: events, what became of each of their deliveries, and the sums that charts read.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use crate::app::App;
use crate::clock::Clock;
use crate::demo::Receiver;
use crate::demo::chance::Chance;
use crate::demo::past::{Way, ended};
use crate::demo::payload::payload;
use crate::demo::seeds::MIX;
use crate::demo::world::{Unit, World};
use crate::domain::events::attempt::Attempt;
use crate::domain::events::delivery::DeliveryState;
use crate::domain::events::event::envelope;
use crate::domain::id::{EndpointId, EventId, NodeId, TeamId, UserId, WebhookId};
use crate::domain::time::Ts;
use crate::ops::Error;
use crate::ops::events::handoff::{Destination, NoDelivery, Room};
use crate::ops::events::queue::destinations;
use crate::ops::events::route::{Lease, Routes, Subject};
use crate::ops::events::settle;
use crate::store::events::deliveries::DeliveryRow;
use crate::store::events::events::EventRow;
use crate::store::events::rollups::{HourRow, MINUTES};
use crate::store::events::{attempts, deliveries, events, rollups, unit_hours};
use crate::store::pool::Conn;
use crate::store::webhooks::{endpoints, routes, webhooks};

const HOUR: Duration = Duration::from_hours(1);
const HOURS: u32 = 7 * 24;
/// The last minute belongs to the stream.
const UNTIL: Duration = Duration::from_mins(1);

/// Writes the past of every unit, in one transaction.
pub fn write(app: &App, world: &World, receiver: &Receiver) -> Result<(), Error> {
    let now = app.tools.clock.now();
    let chance = &mut Chance::new();
    let shares: Vec<(usize, u32)> = world.units.iter().map(|unit| unit.seed.share).enumerate().collect();
    let mut units = Vec::new();
    for unit in &world.units {
        units.push((unit, ways(app, unit)?));
    }
    let base = receiver.url("");
    app.tools.db.write(|conn| {
        let mut pasts = units
            .iter()
            .map(|(unit, to)| Past::open(conn, unit, to, &base, now))
            .collect::<Result<Vec<_>, Error>>()?;
        let moments = moments(now, chance);
        let first = moments.first().copied().unwrap_or(now);
        let clock = Clock::standing(first);
        for at in moments {
            clock.advance(Duration::from_micros(u64::try_from(at.0 - clock.now().0).unwrap_or_default()));
            let past = chance.weighted(&shares).and_then(|index| pasts.get_mut(index));
            if let (Some(past), Some(event_type)) = (past, chance.weighted(&MIX)) {
                past.event(conn, event_type, &clock, app, chance)?;
            }
        }
        pasts.into_iter().try_for_each(|past| past.store(conn, app.tools.node))
    })
}

/// Where the endpoints of a unit lead.
fn ways(app: &App, unit: &Unit) -> Result<HashMap<EndpointId, Arc<Destination>>, Error> {
    let ids: Vec<WebhookId> = unit.hooks.iter().map(|hook| hook.id).collect();
    let rows = app.tools.db.read(|conn| Ok::<_, Error>(endpoints::of_webhooks(conn, unit.bu, &ids)?))?;
    let ids: Vec<EndpointId> = rows.into_iter().map(|row| row.id).collect();
    destinations(&app.tools, &ids)
}

/// When events happened, in order: more by day than by night, fewer at the week's end.
fn moments(now: Ts, chance: &mut Chance) -> Vec<Ts> {
    let mut moments = Vec::new();
    for back in 0..=HOURS {
        let hour = now.hour() - HOUR * back;
        let of_day = hour.as_secs().div_euclid(3_600).rem_euclid(24);
        // The epoch was a Thursday.
        let of_week = (hour.as_secs().div_euclid(86_400) + 4).rem_euclid(7);
        let usual = match of_day {
            8..18 => 30,
            6..8 | 18..22 => 15,
            _ => 5,
        };
        let usual = if matches!(of_week, 0 | 6) { usual / 3 } else { usual };
        let count = chance.between(usual * 2 / 3, usual * 4 / 3);
        moments.extend((0..count).map(|_| hour + chance.within(HOUR)));
    }
    moments.retain(|at| *at > now - HOUR * HOURS && *at < now - UNTIL);
    moments.sort_unstable();
    moments
}

/// The past of one unit while it is made up.
struct Past<'a> {
    unit: &'a Unit,
    now: Ts,
    ways: HashMap<EndpointId, Way<'a>>,
    teams: HashMap<UserId, Vec<TeamId>>,
    stopped: HashMap<WebhookId, Ts>,
    routes: Routes,
    events: Vec<EventRow>,
    deliveries: Vec<DeliveryRow>,
    attempts: Vec<Attempt>,
    minutes: BTreeMap<(WebhookId, EndpointId, Ts), HourRow>,
    sent: Vec<(Ts, WebhookId, bool)>,
}

impl<'a> Past<'a> {
    fn open(
        conn: &mut Conn,
        unit: &'a Unit,
        to: &'a HashMap<EndpointId, Arc<Destination>>,
        base: &str,
        now: Ts,
    ) -> Result<Self, Error> {
        let mut teams = HashMap::new();
        for person in &unit.people {
            teams.insert(person.login.user, routes::teams_of(conn, person.login.user)?);
        }
        Ok(Self {
            unit,
            now,
            ways: to.iter().map(|(id, to)| (*id, Way::new(to, base, now))).collect(),
            teams,
            stopped: unit.hooks.iter().filter_map(|hook| Some((hook.id, hook.stopped?))).collect(),
            routes: Routes::default(),
            events: Vec::new(),
            deliveries: Vec::new(),
            attempts: Vec::new(),
            minutes: BTreeMap::new(),
            sent: Vec::new(),
        })
    }

    /// One event at the moment of `clock`, routed by the same rules as any other, with all that followed.
    fn event(
        &mut self,
        conn: &mut Conn,
        event_type: &str,
        clock: &Clock,
        app: &App,
        chance: &mut Chance,
    ) -> Result<(), Error> {
        let at = clock.now();
        let (subject, programme) = self.unit.place(event_type, chance);
        let id: EventId = clock.id();
        let data = payload(event_type, self.unit.seed.domain, at, chance).to_string();
        let body = envelope(id, event_type, at, data.as_bytes());
        let event = EventRow {
            id,
            bu_id: self.unit.bu,
            seq: 0,
            event_type: event_type.to_owned(),
            subject,
            programme_id: programme,
            source: "api".into(),
            created_at: at,
            received_at: at,
            data_at: i32::try_from(body.data_at).unwrap_or(i32::MAX),
            body: body.bytes,
        };
        self.routes.load(conn, self.unit.bu, event_type)?;
        let subject =
            subject.map(|user| Subject { user, teams: self.teams.get(&user).cloned().unwrap_or_default() });
        self.routes.about(id, subject.as_ref());
        let lease = Lease { node: app.tools.node, clock, now: at, due: at };
        let rows = self.routes.deliveries(
            std::slice::from_ref(&event),
            lease,
            &mut Room::of(&NoDelivery),
            &mut Vec::new(),
        );
        for row in rows {
            self.delivery(row, chance);
        }
        self.events.push(event);
        Ok(())
    }

    fn delivery(&mut self, mut row: DeliveryRow, chance: &mut Chance) {
        let was_on = self.stopped.get(&row.webhook_id).is_some_and(|stopped| row.created_at < *stopped);
        if row.state == DeliveryState::Skipped && was_on {
            (row.state, row.cause, row.settled_at) = (DeliveryState::Ready, None, None);
        }
        if row.state == DeliveryState::Ready
            && let Some(way) = self.ways.get(&row.endpoint_id)
        {
            let made = way.send(&mut row, self.now, chance);
            for attempt in &made {
                self.count(&row, attempt);
            }
            let arrived = (row.state, made.last());
            if let (state @ (DeliveryState::Delivered | DeliveryState::Exhausted), Some(last)) = arrived {
                let sums = self.minutes(&row, ended(last));
                sums.delivered += i64::from(state == DeliveryState::Delivered);
                sums.exhausted += i64::from(state == DeliveryState::Exhausted);
            }
            self.attempts.extend(made);
        }
        self.deliveries.push(row);
    }

    fn count(&mut self, row: &DeliveryRow, attempt: &Attempt) {
        let failed = attempt.cause.is_some();
        let at = ended(attempt);
        self.sent.push((at, row.webhook_id, !failed));
        let sums = self.minutes(row, at);
        sums.failed_attempts += i64::from(failed);
        sums.begun += i64::from(attempt.number == 1);
        sums.failed_first += i64::from(failed && attempt.number == 1);
        if attempt.status.is_some() {
            sums.answered(attempt.duration_ms);
        }
    }

    fn minutes(&mut self, row: &DeliveryRow, at: Ts) -> &mut HourRow {
        let (webhook, endpoint, minute) = (row.webhook_id, row.endpoint_id, at.step(MINUTES));
        self.minutes
            .entry((webhook, endpoint, minute))
            .or_insert_with(|| HourRow::empty(webhook, endpoint, row.bu_id, minute))
    }

    fn store(mut self, conn: &mut Conn, node: NodeId) -> Result<(), Error> {
        let count = i64::try_from(self.events.len()).unwrap_or_default();
        let last = events::take_places(conn, self.unit.bu, count)?;
        for (event, seq) in self.events.iter_mut().zip(last - count + 1..) {
            event.seq = seq;
        }
        for chunk in self.events.chunks(1_000) {
            events::insert(conn, chunk)?;
        }
        deliveries::insert(conn, &self.deliveries)?;
        attempts::insert(conn, self.attempts.iter())?;
        let counted: Vec<HourRow> = self.minutes.into_values().collect();
        rollups::add(conn, &counted)?;
        unit_hours::add(conn, node, &counted)?;
        self.sent.sort_unstable();
        let told = settle::told(self.sent.into_iter().map(|(at, webhook, ok)| (webhook, at, ok, !ok)));
        webhooks::sent(conn, &told)?;
        Ok(())
    }
}
