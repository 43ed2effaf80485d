//! The pull feed: the events of a business unit in the order of their commits, none left out and none twice.

use std::collections::HashMap;

use crate::domain::access::permission::Permission;
use crate::domain::id::BuId;
use crate::ops::Error;
use crate::ops::access::tokens;
use crate::ops::authorize::authorize;
use crate::ops::cx::{Actor, Cx, Tools};
use crate::ops::events::log::MOST_LOOKED_AT;
use crate::ops::events::test_send::SOURCE;
use crate::store::events::events::{self, EventRow};

/// How many bytes of events stand on a page at the most, unless the first alone is larger.
const MOST_BYTES: i64 = 4 * 1024 * 1024;

/// From where on a reader reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// From the oldest event that is still kept.
    Oldest,
    /// From this moment: only what is stored from now on.
    Now,
    /// From behind this place in the order.
    After(i64),
}

/// What a reader reads.
#[derive(Debug, Clone)]
pub struct FeedQuery {
    /// Only events of this type.
    pub event_type: Option<String>,
    /// How many stand on a page.
    pub limit: usize,
}

/// What a look at the feed gives.
#[derive(Debug, Clone)]
pub enum Feed {
    /// What comes next.
    Page(FeedPage),
    /// What would come next is no longer kept. What is kept goes on behind this place.
    Gone(i64),
}

/// A page of the feed.
#[derive(Debug, Clone)]
pub struct FeedPage {
    /// The events, oldest first. Tests of webhooks are not among them.
    pub events: Vec<EventRow>,
    /// Behind which place to go on.
    pub place: i64,
    /// Whether there may be more right now. A page may be empty and still go on: no more than
    /// [`MOST_LOOKED_AT`] events are looked at for it.
    pub more: bool,
}

/// The next page of the feed of `bu`.
///
/// Places are given under a lock that lasts until the commit, so that whoever sees one sees all before it: a
/// place that is not there behind one that is was removed by retention.
pub fn look(cx: &Cx, bu: BuId, from: From, query: &FeedQuery) -> Result<Feed, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::EventsRead)?;
        if let Actor::Token(token) = &cx.actor {
            // A reader may have waited since it was let in.
            tokens::still(conn, token.token, Permission::EventsRead, cx.tools.clock.now())?;
        }
        // Read first: what is stored meanwhile must not look like something that is gone.
        let last = events::last_place(conn, bu)?;
        let start = match from {
            From::Now => last,
            From::After(place) => place,
            From::Oldest => events::from_place(conn, bu, 0)?.map_or(last, |(place, _)| place - 1),
        };
        if start > last {
            // The database is an older one than that which gave the cursor.
            return Ok(Feed::Gone(last));
        }
        let most = if query.event_type.is_some() { MOST_LOOKED_AT } else { query.limit };
        let heads = events::heads_after(conn, bu, start, i64::try_from(most + 1).unwrap_or(i64::MAX))?;
        let next = heads.first().map_or(last + 1, |head| head.seq);
        if next > start + 1 && start < last {
            return Ok(Feed::Gone(next - 1));
        }
        let (mut place, mut bytes, mut wanted) = (start, 0, Vec::new());
        for head in heads.iter().take(most) {
            let fits = head.source != SOURCE
                && query.event_type.as_ref().is_none_or(|event_type| *event_type == head.event_type);
            let is_full = wanted.len() == query.limit || (bytes > 0 && bytes + head.size > MOST_BYTES);
            if head.seq != place + 1 || (fits && is_full) {
                break;
            }
            place = head.seq;
            if fits {
                bytes += head.size;
                wanted.push(head.seq);
            }
        }
        let more = heads.last().is_some_and(|head| head.seq > place);
        let events = events::at_places(conn, bu, &wanted)?;
        // Retention may have been faster: what it took is told by the next page.
        let there = events.iter().zip(&wanted).take_while(|(event, place)| event.seq == **place).count();
        let taken = wanted.get(there).map(|place| place - 1);
        let events = events.into_iter().take(there).collect();
        Ok(Feed::Page(FeedPage { events, place: taken.unwrap_or(place), more: more || taken.is_some() }))
    })
}

/// What was seen of the events of units that somebody waits for, in order to hear of those that other processes
/// store.
#[derive(Default)]
pub struct Others {
    /// The last place of each unit, as of the look before.
    seen: HashMap<BuId, i64>,
}

impl Others {
    /// Rings for the units that have events since the last time. Blocks.
    pub fn hear(&mut self, tools: &Tools) -> Result<(), Error> {
        let bell = tools.gatherer.bell();
        let awaited = bell.awaited();
        self.seen.retain(|bu, _| awaited.contains(bu));
        if awaited.is_empty() {
            return Ok(());
        }
        let places = tools.db.read(|conn| Ok::<_, Error>(events::last_places(conn, &awaited)?))?;
        let new = places.into_iter().filter(|(bu, place)| self.seen.insert(*bu, *place) != Some(*place));
        bell.ring(new.map(|(bu, _)| bu));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::access::permission::Scopes;
    use crate::ops::events::bell::Heard;
    use crate::ops::testing::World;
    use crate::store::dialect::each;
    use crate::store::pool::Conn;
    use diesel::connection::SimpleConnection;

    fn event(cx: &Cx, bu: BuId, seq: i64, size: usize) -> EventRow {
        let (event_type, source) = match seq {
            3 => ("user.created", "api"),
            4 => ("order.completed", SOURCE),
            _ => ("order.completed", "api"),
        };
        EventRow {
            id: cx.id(),
            bu_id: bu,
            seq,
            event_type: event_type.to_owned(),
            subject: None,
            programme_id: None,
            source: source.to_owned(),
            created_at: cx.now,
            received_at: cx.now,
            body: vec![b' '; size],
            data_at: 0,
        }
    }

    /// A unit with six events, the third of another type, the fourth a test.
    fn unit(world: &World, size: usize) -> (Cx, BuId, Vec<EventRow>) {
        let bu = world.channel("Ours").bu.unwrap();
        let cx = world.token(bu, Scopes::all());
        // Bellwire has told of the token; here the order begins anew.
        let anew = "DELETE FROM events; DELETE FROM event_sequences;";
        cx.write(|conn| Ok(each!(conn, c => c.batch_execute(anew))?)).unwrap();
        let rows: Vec<EventRow> = (1..=6).map(|seq| event(&cx, bu, seq, size)).collect();
        let store = |conn: &mut Conn| {
            events::take_places(conn, bu, 6)?;
            Ok(events::insert(conn, &rows).map(drop)?)
        };
        cx.write(store).unwrap();
        (cx, bu, rows)
    }

    fn query(limit: usize, event_type: Option<&str>) -> FeedQuery {
        FeedQuery { event_type: event_type.map(str::to_owned), limit }
    }

    /// Places on the page, where it goes on, and whether there is more.
    fn seen(cx: &Cx, bu: BuId, from: From, query: &FeedQuery) -> Result<(Vec<i64>, i64, bool), i64> {
        match look(cx, bu, from, query).unwrap() {
            Feed::Page(page) => Ok((page.events.iter().map(|e| e.seq).collect(), page.place, page.more)),
            Feed::Gone(place) => Err(place),
        }
    }

    #[test]
    fn pages_follow_each_other_without_tests_and_other_types() {
        let world = World::new();
        let (cx, bu, _) = unit(&world, 2);
        let all = query(2, None);
        assert_eq!(seen(&cx, bu, From::Oldest, &all), Ok((vec![1, 2], 2, true)));
        assert_eq!(seen(&cx, bu, From::After(2), &all), Ok((vec![3], 4, true)));
        assert_eq!(seen(&cx, bu, From::After(4), &all), Ok((vec![5, 6], 6, false)));
        assert_eq!(seen(&cx, bu, From::After(6), &all), Ok((vec![], 6, false)));
        assert_eq!(seen(&cx, bu, From::Now, &all), Ok((vec![], 6, false)));
        let users = query(2, Some("user.created"));
        assert_eq!(seen(&cx, bu, From::Oldest, &users), Ok((vec![3], 6, false)));
        let quotes = query(2, Some("quote.sent"));
        assert_eq!(seen(&cx, bu, From::After(2), &quotes), Ok((vec![], 6, false)));
        let other = world.channel("Other").bu.unwrap();
        let theirs = world.token(other, Scopes::all());
        // The other unit has what Bellwire tells of its token, and nothing of this one's.
        assert_eq!(seen(&theirs, other, From::Oldest, &all), Ok((vec![1], 1, false)));
    }

    #[test]
    fn a_page_holds_so_many_bytes_and_at_least_one_event() {
        let world = World::new();
        let size = usize::try_from(MOST_BYTES).unwrap() / 2 + 1;
        let (cx, bu, _) = unit(&world, size);
        assert_eq!(seen(&cx, bu, From::Oldest, &query(9, None)), Ok((vec![1], 1, true)));
    }

    #[test]
    fn what_retention_took_is_told_once_and_then_passed_over() {
        let world = World::new();
        let (cx, bu, rows) = unit(&world, 2);
        let remove = |places: &[usize]| {
            let ids: Vec<_> = places.iter().map(|at| rows[*at].id).collect();
            cx.write(|conn| Ok(events::remove(conn, &ids).map(drop)?)).unwrap();
        };
        let all = query(9, None);
        remove(&[0, 2]);
        assert_eq!(seen(&cx, bu, From::After(0), &all), Err(1));
        assert_eq!(seen(&cx, bu, From::Oldest, &all), Ok((vec![2], 2, true)));
        assert_eq!(seen(&cx, bu, From::After(2), &all), Err(3));
        assert_eq!(seen(&cx, bu, From::After(3), &all), Ok((vec![5, 6], 6, false)));
        remove(&[1, 3, 4, 5]);
        assert_eq!(seen(&cx, bu, From::After(3), &all), Err(6));
        assert_eq!(seen(&cx, bu, From::After(6), &all), Ok((vec![], 6, false)));
        assert_eq!(seen(&cx, bu, From::Oldest, &all), Ok((vec![], 6, false)));
        assert_eq!(seen(&cx, bu, From::After(7), &all), Err(6), "a cursor of a newer database");
    }

    #[actix_web::test]
    async fn events_of_other_processes_are_heard() {
        let world = World::new();
        let (cx, bu, _) = unit(&world, 2);
        let mut listening = world.tools.gatherer.bell().listen(bu);
        let mut others = Others::default();
        let mut heard = async || {
            others.hear(&world.tools).unwrap();
            listening.wait(Duration::ZERO).await
        };
        assert_eq!(heard().await, Heard::Rung, "nobody knows what was stored before the first look");
        assert_eq!(heard().await, Heard::Nothing);
        cx.write(|conn| Ok(events::take_places(conn, bu, 1).map(drop)?)).unwrap();
        assert_eq!(heard().await, Heard::Rung);
    }
}
