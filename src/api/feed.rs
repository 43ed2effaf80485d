//! `GET /events?after=…`: the pull feed, which waits for what is not there yet.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::time::{Instant, sleep};

use crate::api::caller::Caller;
use crate::api::cursor::Cursors;
use crate::api::error::Problem;
use crate::api::query::Query;
use crate::api::views::Listing;
use crate::api::webhooks::known_type;
use crate::domain::id::{EventId, ProgrammeId, UserId};
use crate::domain::time::Ts;
use crate::ops::events::bell::{Heard, Listening};
use crate::ops::events::feed::{self, Feed, FeedPage, FeedQuery, From};
use crate::ops::events::inspect;
use crate::store::events::events::EventRow;

/// The longest a request waits, in seconds.
const LONGEST_WAIT_S: u32 = 30;
/// A look after one that found nothing wanted comes no sooner: a reader of one rare type does not ask the database
/// as often as others are published.
const PAUSE: Duration = Duration::from_millis(100);

/// An event as a receiver would have got it, and what is known of it beside that.
#[derive(Serialize)]
struct FeedEventView<'a> {
    id: EventId,
    r#type: &'a str,
    created: Ts,
    received_at: Ts,
    source: &'a str,
    subject: Option<UserId>,
    programme: Option<ProgrammeId>,
    data: &'a RawValue,
}

#[derive(Serialize)]
struct FeedMeta {
    limit: u32,
    next: String,
    more: bool,
}

/// The events behind a cursor, oldest first, each once and none left out. `wait` is for how many seconds to wait
/// for the first one. The answer always says where to go on, also when it holds nothing. 410 when what would
/// come next is no longer kept.
pub async fn pull(caller: Caller, request: &HttpRequest) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(request);
    let limit = query.number("limit", 100, 1..=100);
    let wait = query.number("wait", 0, 0..=LONGEST_WAIT_S);
    let event_type = query.event_type("type");
    let cursors = Cursors::new(&caller, "feed", &[event_type.as_deref()]);
    let from = match query.text("after") {
        Some("oldest") => From::Oldest,
        Some("now") => From::Now,
        Some(_) => cursors.read(&mut query, "after").map_or(From::Now, From::After),
        None => {
            query.fault("after", "required", "Say after what to go on: a cursor, oldest or now.");
            From::Now
        }
    };
    if query.text("before").is_some() {
        query.fault("before", "both_given", "Give either before or after.");
    }
    query.check()?;
    let wanted = FeedQuery { event_type, limit: usize::try_from(limit).unwrap_or(usize::MAX) };
    let page = read(&caller, request, from, wanted, wait).await?;
    let page = page.map_err(|place| Problem::gone(cursors.seal(place)))?;
    let data = page.events.iter().map(view).collect::<Result<_, _>>()?;
    let meta = FeedMeta { limit, next: cursors.seal(page.place), more: page.more };
    Ok(HttpResponse::Ok().json(Listing { data, meta }))
}

/// The first page that holds something, or where the last look ended; an error is the place behind what is gone.
async fn read(
    caller: &Caller,
    request: &HttpRequest,
    mut from: From,
    query: FeedQuery,
    wait_s: u32,
) -> Result<Result<FeedPage, i64>, Problem> {
    let end = Instant::now() + Duration::from_secs(wait_s.into());
    let mut waiting = None;
    if wait_s > 0 {
        // Before the first look: what is stored after it is heard.
        waiting = Some((caller.seat(request)?, caller.cx.tools.gatherer.bell().listen(caller.bu())));
    }
    let mut pause = Duration::ZERO;
    loop {
        let wanted = query.clone();
        let found = caller.run(move |cx, bu| {
            let found = feed::look(cx, bu, from, &wanted)?;
            known_type(cx, bu, "type", wanted.event_type.as_deref())?;
            Ok(found)
        });
        let page = match found.await.map_err(Problem::in_query)? {
            Feed::Page(page) => page,
            Feed::Gone(place) => return Ok(Err(place)),
        };
        let Some((_, listening)) = &mut waiting else { return Ok(Ok(page)) };
        if !page.events.is_empty() || !goes_on(&page, listening, end, pause).await {
            return Ok(Ok(page));
        }
        from = From::After(page.place);
        pause = if page.more { Duration::ZERO } else { PAUSE };
    }
}

/// Whether to look again: after a pause when there is more, otherwise when something new was stored in time.
async fn goes_on(page: &FeedPage, listening: &mut Listening, end: Instant, pause: Duration) -> bool {
    let left = || end.saturating_duration_since(Instant::now());
    if page.more {
        sleep(PAUSE.min(left())).await;
        return !left().is_zero() && listening.wait(Duration::ZERO).await != Heard::Stop;
    }
    let heard = listening.wait(left()).await == Heard::Rung;
    if heard {
        sleep(pause.min(left())).await;
    }
    heard
}

fn view(event: &EventRow) -> Result<FeedEventView<'_>, Problem> {
    Ok(FeedEventView {
        id: event.id,
        r#type: &event.event_type,
        created: event.created_at,
        received_at: event.received_at,
        source: &event.source,
        subject: event.subject,
        programme: event.programme_id,
        data: serde_json::from_slice(inspect::data(event))?,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use uuid::Uuid;

    use super::*;
    use crate::domain::id::BuId;
    use crate::ops::events::bell::Bell;

    #[actix_web::test]
    async fn a_look_that_found_nothing_wanted_is_followed_by_a_pause_while_there_is_more() {
        let bell = Arc::new(Bell::default());
        let mut listening = bell.listen(BuId::from_uuid(Uuid::from_u128(1)));
        let page = FeedPage { events: Vec::new(), place: 2_000, more: true };
        let began = Instant::now();
        let end = began + Duration::from_hours(1);
        assert!(goes_on(&page, &mut listening, end, Duration::ZERO).await);
        assert!(began.elapsed() >= PAUSE);
        assert!(!goes_on(&page, &mut listening, began, Duration::ZERO).await, "the time is over");
        bell.stop();
        assert!(!goes_on(&page, &mut listening, end, Duration::ZERO).await, "the process stops");
    }
}
