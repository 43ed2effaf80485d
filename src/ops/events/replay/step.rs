//! Carrying replays on: one small step in one transaction, so that a stop of the process loses nothing.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::manage::{chosen, selection};
use crate::domain::events::delivery::{DeliveryKind, DeliveryState};
use crate::domain::events::replay::{DEFAULT_PACE, ReplayState, Selection, StopReason, step_of};
use crate::domain::id::{DeliveryId, EndpointId, EventId};
use crate::domain::time::Ts;
use crate::domain::webhooks::webhook::WebhookStatus;
use crate::ops::Error;
use crate::ops::cx::Tools;
use crate::ops::events::queue::due_now;
use crate::ops::events::route::{Routes, Subject};
use crate::ops::webhooks::reach;
use crate::store::events::deliveries::{self, DeliveryRow};
use crate::store::events::events::{self, EventRow};
use crate::store::events::replays::{self, ReplayRow};
use crate::store::pool::Conn;
use crate::store::webhooks::webhooks::WebhookRow;
use crate::store::webhooks::{endpoints, routes, webhooks};

/// How many deliveries one step looks at; more than it sends again when few are chosen.
const MOST_LOOKED_AT: usize = 500;
/// Of how many it looks at a time whether they are the last of their events.
const MOST_AT_ONCE: usize = 64;
/// How long to wait when no replay runs.
const IDLE: Duration = Duration::from_secs(1);

/// Carries the replay that is due longest one step further; gives how long to wait before the next step.
/// Blocks. One node at a time is at a replay; two nodes may be at two.
pub fn step(tools: &Tools) -> Result<Duration, Error> {
    let now = tools.clock.now();
    let wait = |due: Option<Ts>| due.map_or(IDLE, |due| due.since(tools.clock.now()).min(IDLE));
    match tools.db.read(|conn| Ok::<_, Error>(replays::next_due(conn)?))? {
        Some(due) if due <= now => {}
        later => return Ok(wait(later)),
    }
    let sent = tools.db.write(|conn| -> Result<Option<usize>, Error> {
        let Some(row) = replays::take_due(conn, now)? else { return Ok(None) };
        let (row, sent) = go_on(tools, conn, row, now)?;
        replays::advance(conn, &row)?;
        Ok(Some(sent))
    })?;
    match sent {
        // Another node is at it.
        None => return Ok(IDLE),
        Some(0) => {}
        Some(_) => tools.handoff.wake(),
    }
    Ok(wait(tools.db.read(|conn| Ok::<_, Error>(replays::next_due(conn)?))?))
}

/// The replay after one step, and how many deliveries the step made.
fn go_on(tools: &Tools, conn: &mut Conn, row: ReplayRow, now: Ts) -> Result<(ReplayRow, usize), Error> {
    let webhook = webhooks::find(conn, row.bu_id, row.webhook_id)?;
    let stopped = match webhook.as_ref().map(|webhook| webhook.status) {
        None => Some(StopReason::WebhookDeleted),
        Some(WebhookStatus::Inactive) => Some(StopReason::WebhookInactive),
        Some(WebhookStatus::Active) => None,
    };
    let (None, Some(webhook)) = (stopped, webhook) else {
        return Ok((ended(row, ReplayState::Stopped, stopped, now), 0));
    };
    let selection = selection(&row)?;
    let bounds = chosen(&selection, row.id);
    let (most, pause) = step_of(row.pace_per_second.unwrap_or(DEFAULT_PACE));
    let limit = i64::try_from(MOST_LOOKED_AT).unwrap_or(i64::MAX);
    // No delivery ever has the first id of a moment itself, so that going on behind it leaves nothing out.
    let (from, until) = (row.position.unwrap_or(bounds.from), bounds.until);
    let looked_at =
        deliveries::of_webhook_from(conn, row.bu_id, row.webhook_id, Some(from), Some(until), limit)?;
    let is_end = looked_at.len() < MOST_LOOKED_AT;
    let (candidates, passed) = choose(conn, &row, &selection, &looked_at, most)?;
    let (made, skipped) = again(tools, conn, &webhook, &candidates, now)?;
    deliveries::insert(conn, &made)?;
    let dealt_with = made.len() + skipped;
    let row = ReplayRow {
        done: row.done + i64::try_from(dealt_with).unwrap_or(i64::MAX),
        skipped: row.skipped + i64::try_from(skipped).unwrap_or(i64::MAX),
        position: looked_at.iter().take(passed).next_back().map(|d| d.id).or(row.position),
        // What nobody gets takes no time from the pace.
        next_at: Some(if made.is_empty() { now } else { now + pause }),
        ..row
    };
    let is_over = is_end && passed == looked_at.len();
    Ok((if is_over { ended(row, ReplayState::Done, None, now) } else { row }, made.len()))
}

fn ended(row: ReplayRow, state: ReplayState, reason: Option<StopReason>, now: Ts) -> ReplayRow {
    ReplayRow { state, reason, finished_at: Some(now), next_at: None, ..row }
}

/// The first `most` of these deliveries that are meant and are the last of their event to their endpoint, and how
/// many were passed on the way.
fn choose<'a>(
    conn: &mut Conn,
    replay: &ReplayRow,
    selection: &Selection,
    looked_at: &'a [DeliveryRow],
    most: usize,
) -> Result<(Vec<&'a DeliveryRow>, usize), Error> {
    let (mut chosen, mut passed) = (Vec::new(), 0);
    for part in looked_at.chunks(MOST_AT_ONCE) {
        let is_meant =
            |d: &&DeliveryRow| d.kind != DeliveryKind::Test && selection.wants(d.state, &d.event_type);
        let meant: Vec<&DeliveryRow> = part.iter().filter(is_meant).collect();
        let last = last_of_each(conn, replay, &meant)?;
        for row in part {
            let is_chosen = is_meant(&row) && last.get(&(row.event_id, row.endpoint_id)) == Some(&row.id);
            if is_chosen && chosen.len() == most {
                return Ok((chosen, passed));
            }
            chosen.extend(is_chosen.then_some(row));
            passed += 1;
        }
    }
    Ok((chosen, passed))
}

/// The last delivery of each of these events to each endpoint of the webhook.
fn last_of_each(
    conn: &mut Conn,
    replay: &ReplayRow,
    deliveries: &[&DeliveryRow],
) -> Result<HashMap<(EventId, EndpointId), DeliveryId>, Error> {
    let rows = deliveries::of_events(conn, replay.bu_id, &events_of(deliveries))?;
    let these = rows.iter().filter(|d| d.webhook_id == replay.webhook_id && d.kind != DeliveryKind::Test);
    // They come in the order they were made, so that the last one stays.
    Ok(these.map(|d| ((d.event_id, d.endpoint_id), d.id)).collect())
}

fn events_of(deliveries: &[&DeliveryRow]) -> Vec<EventId> {
    let mut ids: Vec<EventId> = deliveries.iter().map(|d| d.event_id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// The new deliveries of the chosen ones, and how many of these cannot be sent again: the endpoint or the event
/// is gone, or what was held back while the webhook was inactive is not for it.
fn again(
    tools: &Tools,
    conn: &mut Conn,
    webhook: &WebhookRow,
    chosen: &[&DeliveryRow],
    now: Ts,
) -> Result<(Vec<DeliveryRow>, usize), Error> {
    let events = held(conn, webhook, &events_of(chosen))?;
    let here: HashSet<EndpointId> =
        endpoints::of_webhooks(conn, webhook.bu_id, &[webhook.id])?.iter().map(|e| e.id).collect();
    let mut routes = HashMap::new();
    let (mut made, mut skipped) = (Vec::new(), 0);
    for old in chosen {
        let event = events.get(&old.event_id).filter(|_| here.contains(&old.endpoint_id));
        let event = match event {
            Some(event) if old.state == DeliveryState::Skipped => {
                is_for(conn, routes.entry(event.bu_id).or_default(), event, old.endpoint_id)?.then_some(event)
            }
            other => other,
        };
        match event {
            Some(event) => {
                let (endpoint, kind) = (old.endpoint_id, DeliveryKind::Replay);
                let row = DeliveryRow::due(
                    tools.clock.id(),
                    event,
                    webhook.id,
                    endpoint,
                    kind,
                    now,
                    due_now(tools),
                );
                made.push(row.of_unit(webhook.bu_id));
            }
            None => skipped += 1,
        }
    }
    Ok((made, skipped))
}

/// These events, held, as far as they are kept and the webhook may still hear where they happened.
fn held(conn: &mut Conn, webhook: &WebhookRow, ids: &[EventId]) -> Result<HashMap<EventId, EventRow>, Error> {
    let mut units = vec![webhook.bu_id];
    if webhook.reach_partner_id.is_some() {
        units = events::units_of(conn, ids)?.into_iter().map(|(_, unit)| unit).collect();
        units.sort_unstable();
        units.dedup();
    }
    let mut events = HashMap::new();
    for unit in units {
        if unit == webhook.bu_id || reach::hears(conn, webhook, unit)? {
            events.extend(events::hold_all(conn, unit, ids)?.into_iter().map(|event| (event.id, event)));
        }
    }
    Ok(events)
}

/// Whether scope and filter let an event through to an endpoint: nobody asked them while the webhook was
/// inactive.
fn is_for(
    conn: &mut Conn,
    routes: &mut Routes,
    event: &EventRow,
    endpoint: EndpointId,
) -> Result<bool, Error> {
    routes.load(conn, event.bu_id, &event.event_type)?;
    if let Some(user) = event.subject {
        let subject = Subject { user, teams: routes::teams_of(conn, user)? };
        routes.about(event.id, Some(&subject));
    }
    Ok(routes.let_through(event, endpoint))
}
