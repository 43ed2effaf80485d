//! The stream of a live list: it looks when something rings or settles, and waits without holding anything.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::Method;
use actix_web::http::header::{self, ContentEncoding};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, rt};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::shown::{Line, Look, Shown};
use crate::domain::id::{BuId, SessionId};
use crate::domain::time::Ts;
use crate::http::limits::Seat;
use crate::ops::Error;
use crate::ops::access::sign_in::is_live;
use crate::ops::cx::Cx;
use crate::ops::events::bell::{Heard, Listening};
use crate::web::fault::Fault;
use crate::web::here::Here;
use crate::web::session::limits;

/// What is sent comes no oftener, and what is on its way is looked at again after this time.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
/// After this time it is looked even if nothing rang: what settles does not ring, and what may be seen may have been
/// withdrawn.
const LONGEST_WAIT: Duration = Duration::from_secs(3);
/// What has just been stored is mostly delivered by then, and comes as one row instead of two.
const AFTER_A_RING: Duration = Duration::from_millis(250);
/// A stream in which nothing was sent for so long sends an empty line: proxies keep it open, and one that nobody
/// reads any more is found out.
const SILENCE: Duration = Duration::from_secs(15);

/// A list that is shown live.
pub trait Live: Send + Sync + 'static {
    /// One line of it.
    type Line: Line;

    /// Reads what the page shows when the stream begins, and gives the keys of those lines that are told of whatever
    /// their age; refuses whoever may not look.
    fn begin(&mut self, cx: &Cx, bu: BuId) -> Result<Vec<String>, Error>;

    /// Its newest lines as they stand now; refuses whoever may not look.
    fn look(&self, cx: &Cx, bu: BuId) -> Result<Look<Self::Line>, Error>;

    /// One line, told whether it has just come in.
    fn draw(&self, bu: BuId, line: &Self::Line, fresh: bool, now: Ts) -> askama::Result<String>;
}

/// The stream of what comes into `list` and changes in it from the moment that `Last-Event-ID`, or `after` in the
/// address, names.
pub async fn stream(here: Here, request: &HttpRequest, list: impl Live) -> Result<HttpResponse, Fault> {
    let seat = limits(request)?.tail(here.signed.login.session)?;
    // Before the first look: what is stored after it is heard.
    let listening = here.signed.app.tools.gatherer.bell().listen(here.bu());
    let (list, on_page) = here
        .run(move |cx, bu| {
            let mut list = list;
            let on_page = list.begin(cx, bu)?;
            Ok((Arc::new(list), on_page))
        })
        .await?;
    let mut answer = HttpResponse::Ok();
    answer
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::VARY, "HX-Request, Cookie"))
        .insert_header(("x-accel-buffering", "no"))
        .insert_header(ContentEncoding::Identity);
    if request.method() == Method::HEAD {
        // Nobody reads what would follow, and the connection would be held by it all the same.
        return Ok(answer.finish());
    }
    let query = here.query();
    let cursor = request.headers().get("last-event-id").and_then(|value| value.to_str().ok());
    let cursor = cursor.or_else(|| query.typed("after"));
    let shown = Shown::after(cursor, here.signed.cx().now, on_page.into_iter());
    let (out, lines) = mpsc::channel(1);
    rt::spawn(write(Reader { here, list, shown, listening, out, spoke: Instant::now(), _seat: seat }));
    Ok(answer.body(Lines(lines)))
}

/// Somebody who reads a stream.
struct Reader<L> {
    here: Here,
    list: Arc<L>,
    shown: Shown,
    listening: Listening,
    out: mpsc::Sender<Bytes>,
    /// When something was last sent.
    spoke: Instant,
    /// Held as long as the stream lasts.
    _seat: Seat<SessionId>,
}

/// Writes until the reader leaves, may not look any more, or the process stops.
async fn write<L: Live>(mut reader: Reader<L>) {
    let gone = reader.out.clone();
    tokio::select! {
        () = gone.closed() => {}
        () = reader.go_on() => {}
    }
}

impl<L: Live> Reader<L> {
    async fn go_on(&mut self) {
        let mut goes_on = self.send("retry: 1000\n\n".to_owned()).await;
        while goes_on {
            let list = self.list.clone();
            let found = self.here.try_run(move |cx, bu| Ok((is_live(cx)?, list.look(cx, bu)?, cx.now)));
            let Ok(Ok((true, look, now))) = found.await else { return };
            let bu = self.here.bu();
            let draw = |line: &L::Line, fresh| self.list.draw(bu, line, fresh, now);
            let Ok(next) = self.shown.next((&look.lines, look.since), now, draw) else { return };
            let is_quiet = next.text.is_empty() && !next.more && !next.busy;
            if !next.text.is_empty() {
                goes_on = self.send(next.text).await;
            } else if self.spoke.elapsed() >= SILENCE {
                goes_on = self.send(":\n\n".to_owned()).await;
            }
            goes_on = goes_on && if is_quiet { self.wait().await } else { self.rest(BETWEEN_LOOKS).await };
        }
    }

    /// Whether somebody took it.
    async fn send(&mut self, text: String) -> bool {
        self.spoke = Instant::now();
        self.out.send(Bytes::from(text)).await.is_ok()
    }

    /// Waits so long, whatever rings; whether to go on.
    async fn rest(&mut self, rest: Duration) -> bool {
        let end = Instant::now() + rest;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            if self.listening.wait(left).await == Heard::Stop {
                return false;
            }
        }
    }

    /// Waits until it rings, or for the longest time; whether to go on.
    async fn wait(&mut self) -> bool {
        match self.listening.wait(LONGEST_WAIT).await {
            Heard::Stop => false,
            Heard::Nothing => true,
            Heard::Rung => self.rest(AFTER_A_RING).await,
        }
    }
}

/// The body of a stream: what comes, until nobody sends any more.
struct Lines(mpsc::Receiver<Bytes>);

impl MessageBody for Lines {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        self.0.poll_recv(cx).map(|line| line.map(Ok))
    }
}
