//! The beginning of the log as it stands now, for somebody who watches it.

use super::line::is_seen;
use super::{LogLine, LogQuery, Place, Span, fits, suits};
use crate::domain::access::permission::Permission;
use crate::domain::events::delivery::DeliveryState;
use crate::domain::id::{BuId, DeliveryId, EventId, WebhookId};
use crate::domain::time::Ts;
use crate::ops::Error;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::ops::webhooks::reach;
use crate::store::events::deliveries::{self, DeliveryRow};
use crate::store::events::events;
use crate::store::pool::Conn;
use crate::store::webhooks::webhooks;

/// How many of the latest entries one look goes over: it is made about once a second for each who watches.
const LATEST: usize = 100;

/// An entry of the log, with what tells whether it has to be looked at again.
#[derive(Debug, Clone)]
pub struct LiveLine {
    /// The entry.
    pub line: LogLine,
    /// Whether the query asks for it as it stands now.
    pub wanted: bool,
    /// Since when it has stood so; `None` while it may still change.
    pub settled: Option<Ts>,
    /// Whether an attempt of it is being made.
    pub is_busy: bool,
}

/// The beginning of the log.
#[derive(Debug, Clone, Default)]
pub struct LiveLog {
    /// The latest entries, newest first, and those that were asked for.
    pub lines: Vec<LiveLine>,
    /// When the oldest of the latest entries that were looked at came in; `None` where there is none before it.
    pub since: Option<Ts>,
}

/// The latest entries of the log of `bu` and those that `shown` names. Where `query` goes on from and how many it
/// wants is not asked.
pub fn live(cx: &Cx, bu: BuId, query: &LogQuery, shown: &[Place]) -> Result<LiveLog, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::EventsRead)?;
        let Some(span) = Span::of(query) else { return Ok(LiveLog::default()) };
        match query.webhook {
            Some(webhook) if webhooks::names(conn, bu, &[webhook])?.is_empty() => Err(Error::NotFound),
            Some(webhook) => of_webhook(cx, conn, (bu, webhook), query, &span, shown),
            None => of_unit(conn, bu, query, &span, shown),
        }
    })
}

fn of_unit(
    conn: &mut Conn,
    bu: BuId,
    query: &LogQuery,
    span: &Span,
    shown: &[Place],
) -> Result<LiveLog, Error> {
    let end = events::last_place(conn, bu)?.saturating_add(1);
    let latest = i64::try_from(LATEST).unwrap_or(i64::MAX);
    let mut heads = events::heads(conn, bu, end, latest)?;
    let since = heads.get(LATEST - 1).map(|head| head.received_at);
    heads.retain(|head| span.holds(head.id) && fits(query, &head.event_type, head.received_at));
    let missing: Vec<EventId> = shown
        .iter()
        .filter_map(|place| if let Place::Event(id) = place { Some(*id) } else { None })
        .filter(|id| heads.iter().all(|head| head.id != *id))
        .collect();
    heads.extend(events::heads_of(conn, bu, &missing)?);
    let ids: Vec<EventId> = heads.iter().map(|head| head.id).collect();
    let sent = deliveries::by_event(conn, bu, &ids)?;
    let alive = heads.iter().map(|head| {
        let rows = sent.get(&head.id).map_or(&[][..], Vec::as_slice);
        alive(query, LogLine::of_event(head, rows), rows)
    });
    Ok(LiveLog { lines: alive.collect(), since })
}

fn of_webhook(
    cx: &Cx,
    conn: &mut Conn,
    (bu, webhook): (BuId, WebhookId),
    query: &LogQuery,
    span: &Span,
    shown: &[Place],
) -> Result<LiveLog, Error> {
    let latest = i64::try_from(LATEST).unwrap_or(i64::MAX);
    let mut rows = deliveries::of_webhook(conn, bu, webhook, None, latest)?;
    let since = rows.get(LATEST - 1).map(|row| row.created_at);
    rows.retain(|row| span.holds(row.event_id) && fits(query, &row.event_type, row.created_at));
    let missing: Vec<DeliveryId> = shown
        .iter()
        .filter_map(|place| if let Place::Delivery(id) = place { Some(*id) } else { None })
        .filter(|id| rows.iter().all(|row| row.id != *id))
        .collect();
    let others = deliveries::of_ids(conn, bu, &missing)?;
    rows.extend(others.into_iter().filter(|row| row.webhook_id == webhook));
    let far = reach::from_afar(cx, conn, bu, &rows)?;
    let seen = rows.iter().filter(|row| is_seen(&far, row.event_id));
    let lines = seen.map(|row| alive(query, LogLine::of_sent(row, &far), std::slice::from_ref(row)));
    Ok(LiveLog { lines: lines.collect(), since })
}

fn alive(query: &LogQuery, line: LogLine, rows: &[DeliveryRow]) -> LiveLine {
    let settled = rows.iter().map(|row| row.settled_at).try_fold(line.at, |last, at| Some(last.max(at?)));
    let is_busy = rows.iter().any(|row| row.state == DeliveryState::Leased);
    LiveLine { wanted: suits(query, &line), settled, is_busy, line }
}
