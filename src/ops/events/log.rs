//! Event Logs: the events of a business unit, or what one webhook was sent, looked through in bounded steps.

mod line;
mod live;

use std::time::Duration;

pub use line::LogLine;
use line::is_seen;
pub use live::{LiveLine, LiveLog, live};

use crate::domain::access::permission::Permission;
use crate::domain::id::{BuId, DeliveryId, EventId, WebhookId};
use crate::domain::time::Ts;
use crate::ops::Error;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::ops::events::inspect::Outcome;
use crate::ops::webhooks::reach;
use crate::store::events::deliveries;
use crate::store::events::events::{self, EventHead};
use crate::store::pool::Conn;
use crate::store::webhooks::webhooks;

/// How many entries one search looks at before it stops and offers to go on.
pub const MOST_LOOKED_AT: usize = 2_000;
/// How many it reads at a time.
const STEP: usize = 250;
/// How far the order of places and the order of moments may differ: longer than any transaction.
const SLACK: Duration = Duration::from_mins(1);

/// Which entries are wanted. Everything given must hold.
#[derive(Debug, Clone, Default)]
pub struct LogQuery {
    /// Only what this webhook was sent; otherwise every event of the unit.
    pub webhook: Option<WebhookId>,
    /// Only events whose id starts so, with or without `evt_`.
    pub id: Option<String>,
    /// Only of this type.
    pub event_type: Option<String>,
    /// Only with this outcome.
    pub outcome: Option<Outcome>,
    /// Only with this HTTP status at the last attempt.
    pub status: Option<i32>,
    /// Only from this moment on.
    pub from: Option<Ts>,
    /// Only up to this moment, included.
    pub to: Option<Ts>,
    /// Where the page before ended.
    pub after: Option<Place>,
    /// How many stand on a page.
    pub limit: usize,
}

/// A place in the log that a page can go on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the log of the unit.
    Event(EventId),
    /// In the log of a webhook.
    Delivery(DeliveryId),
}

impl Place {
    /// Reads what [`Place::to_string`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let event = text.parse().map(Self::Event);
        event.or_else(|_| text.parse().map(Self::Delivery)).ok()
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Event(id) => id.fmt(f),
            Self::Delivery(id) => id.fmt(f),
        }
    }
}

/// A page of the log.
#[derive(Debug, Clone, Default)]
pub struct LogPage {
    /// The entries, newest first.
    pub lines: Vec<LogLine>,
    /// Where to go on, when there may be more.
    pub next: Option<Place>,
    /// Whether the search stopped because it had looked at [`MOST_LOOKED_AT`] entries.
    pub stopped: bool,
}

/// A page of the log of `bu`, newest first.
pub fn log(cx: &Cx, bu: BuId, query: &LogQuery) -> Result<LogPage, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::EventsRead)?;
        let Some(span) = Span::of(query) else { return Ok(LogPage::default()) };
        match query.webhook {
            Some(webhook) if webhooks::names(conn, bu, &[webhook])?.is_empty() => Err(Error::NotFound),
            Some(webhook) => of_webhook(cx, conn, (bu, webhook), query, &span),
            None => of_unit(conn, bu, query, &span),
        }
    })
}

/// The ids and the moments between which entries may lie.
struct Span {
    ids: Option<(String, String)>,
    from: Option<Ts>,
    to: Option<Ts>,
}

impl Span {
    /// `None` when nothing can lie in it.
    fn of(query: &LogQuery) -> Option<Self> {
        let ids = match &query.id {
            None => None,
            Some(text) => Some(EventId::range_of_prefix(text)?),
        };
        // An id tells when it was made, so that a search by its beginning starts near the place.
        let told = ids.as_ref().map(|(low, high)| (made_at(low), made_at(high) + Duration::from_millis(1)));
        Some(Self {
            from: [query.from, told.map(|(low, _)| low)].into_iter().flatten().max(),
            to: [query.to, told.map(|(_, high)| high)].into_iter().flatten().min(),
            ids,
        })
    }

    fn holds(&self, event: EventId) -> bool {
        self.ids.as_ref().is_none_or(|(low, high)| (low.as_str()..=high.as_str()).contains(&event.as_str()))
    }
}

/// When an id was made, by its own account; a text that is more than any id was made at the end of time.
fn made_at(id: &str) -> Ts {
    id.parse::<EventId>().map_or(Ts(i64::MAX), |id| id.made_at())
}

/// Whether an entry that costs no further query to know is wanted.
fn fits(query: &LogQuery, event_type: &str, at: Ts) -> bool {
    query.event_type.as_deref().is_none_or(|wanted| wanted == event_type)
        && query.from.is_none_or(|from| at >= from)
        && query.to.is_none_or(|to| at <= to)
}

fn of_unit(conn: &mut Conn, bu: BuId, query: &LogQuery, span: &Span) -> Result<LogPage, Error> {
    let mut before = match query.after {
        Some(Place::Event(id)) => events::place(conn, bu, id)?.ok_or(Error::NotFound)?,
        Some(Place::Delivery(_)) => return Err(Error::NotFound),
        None => events::place_at(conn, bu, span.to.map(|to| to + SLACK))?,
    };
    let oldest = span.from.map(|from| from - SLACK);
    let mut collected = Collected::new(query.limit);
    loop {
        let step = i64::try_from(STEP).unwrap_or(i64::MAX);
        let heads = events::heads(conn, bu, before, step)?;
        let is_last = heads.len() < STEP;
        let is_wanted =
            |head: &EventHead| span.holds(head.id) && fits(query, &head.event_type, head.received_at);
        let wanted: Vec<EventId> = heads.iter().filter(|head| is_wanted(head)).map(|head| head.id).collect();
        // Few of many failed: only theirs are read whole. The others count as unsent, which nobody asked for.
        let read = match query.outcome {
            Some(Outcome::Failed) => deliveries::given_up_among(conn, bu, &wanted)?,
            _ => wanted,
        };
        let sent = deliveries::by_event(conn, bu, &read)?;
        for head in heads {
            if oldest.is_some_and(|oldest| head.received_at < oldest) {
                return Ok(collected.end());
            }
            before = head.seq;
            let place = Place::Event(head.id);
            let line = is_wanted(&head)
                .then(|| LogLine::of_event(&head, sent.get(&head.id).map_or(&[], Vec::as_slice)));
            if !collected.take(place, line.filter(|line| suits(query, line))) {
                return Ok(collected.page);
            }
        }
        if is_last {
            return Ok(collected.end());
        }
    }
}

fn of_webhook(
    cx: &Cx,
    conn: &mut Conn,
    (bu, webhook): (BuId, WebhookId),
    query: &LogQuery,
    span: &Span,
) -> Result<LogPage, Error> {
    let mut before = match query.after {
        Some(Place::Delivery(id)) => Some(id),
        Some(Place::Event(_)) => return Err(Error::NotFound),
        None => query.to.map(|to| DeliveryId::first_at(to + Duration::from_millis(1))),
    };
    // A delivery is never older than its event, and a replay of it is younger.
    let oldest = span.from.map(|from| from - SLACK);
    let mut collected = Collected::new(query.limit);
    loop {
        let step = i64::try_from(STEP).unwrap_or(i64::MAX);
        let rows = deliveries::of_webhook(conn, bu, webhook, before, step)?;
        let is_last = rows.len() < STEP;
        let far = reach::from_afar(cx, conn, bu, &rows)?;
        for row in rows {
            if oldest.is_some_and(|oldest| row.created_at < oldest) {
                return Ok(collected.end());
            }
            before = Some(row.id);
            let place = Place::Delivery(row.id);
            let wanted = is_seen(&far, row.event_id)
                && span.holds(row.event_id)
                && fits(query, &row.event_type, row.created_at);
            let line = wanted.then(|| LogLine::of_sent(&row, &far));
            if !collected.take(place, line.filter(|line| suits(query, line))) {
                return Ok(collected.page);
            }
        }
        if is_last {
            return Ok(collected.end());
        }
    }
}

fn suits(query: &LogQuery, line: &LogLine) -> bool {
    query.outcome.is_none_or(|wanted| wanted == line.outcome)
        && query.status.is_none_or(|wanted| line.last_status == Some(wanted))
}

/// Entries as they are found, until there are enough or enough was looked at.
struct Collected {
    page: LogPage,
    limit: usize,
    looked_at: usize,
    last: Option<Place>,
}

impl Collected {
    fn new(limit: usize) -> Self {
        Self { page: LogPage::default(), limit, looked_at: 0, last: None }
    }

    /// Takes what stands at `place`, if it is wanted; whether to go on.
    fn take(&mut self, place: Place, line: Option<LogLine>) -> bool {
        let full = line.is_some() && self.page.lines.len() == self.limit;
        let tired = self.looked_at == MOST_LOOKED_AT;
        if full || tired {
            self.page.next = self.last;
            self.page.stopped = !full;
            return false;
        }
        self.looked_at += 1;
        self.last = Some(place);
        self.page.lines.extend(line);
        true
    }

    /// The page when nothing follows.
    fn end(self) -> LogPage {
        self.page
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::user::Role;
    use crate::ops::testing::World;
    use crate::store::events::events::EventRow;

    const EVENTS: usize = 2_300;

    /// A unit with one event a minute, numbered from 1.
    fn unit(world: &World) -> (Cx, BuId, Vec<EventId>) {
        let ours = world.channel("Ours");
        let (cx, bu) = (world.login(ours.partner, Role::Viewer), ours.bu.unwrap());
        let rows: Vec<EventRow> = (1..)
            .take(EVENTS)
            .map(|seq| {
                world.tools.clock.advance(Duration::from_mins(1));
                let now = world.tools.clock.now();
                EventRow {
                    id: cx.id(),
                    bu_id: bu,
                    seq,
                    event_type: if seq == 1 { "user.created" } else { "order.completed" }.to_owned(),
                    subject: None,
                    programme_id: None,
                    source: "api".to_owned(),
                    created_at: now,
                    received_at: now,
                    body: b"{}".to_vec(),
                    data_at: 0,
                }
            })
            .collect();
        let ids = rows.iter().map(|row| row.id).collect();
        cx.write(|conn| {
            events::take_places(conn, bu, i64::try_from(EVENTS).unwrap())?;
            rows.chunks(500).try_for_each(|rows| Ok(events::insert(conn, rows).map(drop)?))
        })
        .unwrap();
        (cx, bu, ids)
    }

    fn found(page: &LogPage) -> Vec<EventId> {
        page.lines.iter().map(|line| line.event).collect()
    }

    #[test]
    fn a_search_stops_after_so_many_entries_and_goes_on_from_there() {
        let world = World::new();
        let (cx, bu, ids) = unit(&world);
        let query = LogQuery { event_type: Some("user.created".into()), limit: 5, ..LogQuery::default() };
        let page = log(&cx, bu, &query).unwrap();
        assert!(page.stopped && page.lines.is_empty());
        assert_eq!(page.next, Some(Place::Event(ids[EVENTS - MOST_LOOKED_AT])));
        let page = log(&cx, bu, &LogQuery { after: page.next, ..query }).unwrap();
        assert_eq!((found(&page), page.next, page.stopped), (vec![ids[0]], None, false));
    }

    #[test]
    fn a_list_of_one_type_does_not_walk_the_whole_history_at_once() {
        use crate::ops::events::inspect::{EventQuery, list};
        let world = World::new();
        let (cx, bu, ids) = unit(&world);
        let query = EventQuery { before: None, event_type: Some("user.created".into()), limit: 5 };
        let page = list(&cx, bu, &query).unwrap();
        assert_eq!((page.lines.len(), page.next), (0, Some(ids[EVENTS - MOST_LOOKED_AT])));
        let page = list(&cx, bu, &EventQuery { before: page.next, ..query }).unwrap();
        assert_eq!((page.lines[0].event.id, page.lines.len(), page.next), (ids[0], 1, None));
    }

    #[test]
    fn a_time_or_the_beginning_of_an_id_leads_straight_to_the_place() {
        let world = World::new();
        let (cx, bu, ids) = unit(&world);
        let old = ids[40];
        for id in [old.to_string(), old.as_str()[..14].to_owned(), old.as_str()[4..20].to_owned()] {
            let page = log(&cx, bu, &LogQuery { id: Some(id), limit: 5, ..LogQuery::default() }).unwrap();
            assert_eq!((found(&page), page.stopped), (vec![old], false));
        }
        let at = old.made_at();
        let (from, to) = (Some(at - Duration::from_mins(1)), Some(at));
        let page = log(&cx, bu, &LogQuery { from, to, limit: 5, ..LogQuery::default() }).unwrap();
        assert_eq!((found(&page), page.next), (vec![old, ids[39]], None));
        let page = log(&cx, bu, &LogQuery { to, limit: 2, ..LogQuery::default() }).unwrap();
        assert_eq!((found(&page), page.next), (vec![old, ids[39]], Some(Place::Event(ids[39]))));
        for nothing in ["evt_zzz", "%", "evt_0123456789012345678901234567"] {
            let query = LogQuery { id: Some(nothing.into()), limit: 5, ..LogQuery::default() };
            assert!(log(&cx, bu, &query).unwrap().lines.is_empty(), "{nothing}");
        }
    }
}
