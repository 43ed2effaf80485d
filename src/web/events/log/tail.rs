//! The stream of Event Logs: what happens while the first page of the list is open, narrowed as that is.

use actix_web::{HttpRequest, HttpResponse};

use super::row::{Row, version};
use super::{filters, query};
use crate::domain::id::BuId;
use crate::domain::time::Ts;
use crate::ops::Error;
use crate::ops::cx::Cx;
use crate::ops::events::log::{LiveLine, LiveLog, LogQuery, Place, live, log};
use crate::web::fault::Fault;
use crate::web::form::Fields;
use crate::web::here::Here;
use crate::web::tail::{Line, Live, Look, stream};

/// The stream of the list that the address narrows.
pub async fn tail(here: Here, request: HttpRequest) -> Result<HttpResponse, Fault> {
    let asked = Fields::of_pairs(&filters(&here.query()));
    let query = query(&asked)?;
    stream(here, &request, Log { asked, query, shown: Vec::new() }).await
}

struct Log {
    asked: Fields,
    query: LogQuery,
    shown: Vec<Place>,
}

impl Live for Log {
    type Line = LiveLine;

    fn begin(&mut self, cx: &Cx, bu: BuId) -> Result<Vec<String>, Error> {
        // What the page shows is told of as long as it may change, however far down it stands.
        self.shown = log(cx, bu, &self.query)?.lines.iter().map(|line| line.place).collect();
        Ok(self.shown.iter().map(Place::to_string).collect())
    }

    fn look(&self, cx: &Cx, bu: BuId) -> Result<Look<LiveLine>, Error> {
        let LiveLog { lines, since } = live(cx, bu, &self.query, &self.shown)?;
        Ok(Look { lines, since })
    }

    fn draw(&self, bu: BuId, line: &LiveLine, fresh: bool, now: Ts) -> askama::Result<String> {
        Row { fresh, ..Row::of(bu, &self.asked, &line.line, now) }.draw()
    }
}

impl Line for LiveLine {
    fn key(&self) -> String {
        self.line.place.to_string()
    }

    fn version(&self) -> String {
        version(&self.line)
    }

    fn stands_since(&self) -> Option<Ts> {
        self.settled
    }

    fn is_busy(&self) -> bool {
        self.is_busy
    }

    fn is_wanted(&self) -> bool {
        self.wanted
    }
}
