//! One replay: how far it is, what failed again, and stopping it.

use actix_web::HttpResponse;
use askama::Template;

use super::words;
use crate::domain::access::permission::Permission;
use crate::domain::events::replay::ReplayState;
use crate::domain::id::ReplayKind;
use crate::ops::events::replay::{self, MOST_LOOKED_AT, Progress};
use crate::store::events::deliveries::DeliveryRow;
use crate::web::events::event::short;
use crate::web::fault::Fault;
use crate::web::flash::Flash;
use crate::web::form::Checked;
use crate::web::format;
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::{Mark, Tone};
use crate::web::routes;
use crate::web::shell::{Place, Shell};

/// The page `/bu/{bu}/replays/{rpl}`; how far it is for htmx.
#[derive(Debug, Template)]
#[template(path = "events/replays/one.html", blocks = ["progress"])]
pub struct ReplayPage {
    /// The frame.
    pub shell: Shell,
    /// This page's own address.
    pub href: String,
    /// Where Event Logs are.
    pub log: String,
    /// Where the list of replays is.
    pub list: String,
    /// The id as tables show it.
    pub short_id: String,
    /// What it does: `Replaying failed and skipped events`.
    pub heading: String,
    /// The webhook and the time: `Order desk, 20 Nov 2025, …`.
    pub lede: String,
    /// `62% done`, `Finished`.
    pub title: String,
    /// `97 of 156 events sent. About 40 seconds left.`
    pub note: String,
    /// How many were dealt with, and how many are meant.
    pub done: (i64, i64),
    /// `62%`.
    pub percent: String,
    /// What became of them: `94 delivered`.
    pub marks: Vec<Mark>,
    /// `Rate: 2 a second`; and of how many the numbers tell.
    pub facts: String,
    /// Whether the page looks again by itself.
    pub live: bool,
    /// Where Stop posts to, while it runs, for who may.
    pub cancel: Option<String>,
    /// What failed again.
    pub failed: Vec<Failed>,
}

/// A delivery that failed again.
#[derive(Debug, Clone)]
pub struct Failed {
    /// Its event's page.
    pub href: String,
    /// The event's id as tables show it.
    pub short_id: String,
    /// The event's whole id.
    pub id: String,
    /// The event's type.
    pub event_type: String,
    /// The last answer.
    pub answer: Mark,
}

impl Page for ReplayPage {
    fn fragment(&self) -> askama::Result<String> {
        self.as_progress().render()
    }
}

/// How far it is.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let id = here.id::<ReplayKind>("rpl")?;
    let progress = here.run(move |cx, bu| replay::progress(cx, bu, id)).await?;
    Ok(here.answer(&ReplayPage::of(&here, &progress)))
}

/// Stops it, and goes back to it.
pub async fn cancel(Checked { by: here, .. }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let id = here.id::<ReplayKind>("rpl")?;
    here.run(move |cx, bu| replay::cancel(cx, bu, id)).await?;
    Ok(here.done(&routes::replay(here.bu(), id), Flash::ReplayCancelled))
}

impl ReplayPage {
    fn of(here: &Here, progress: &Progress) -> Self {
        let view = &progress.named.replay;
        let running = view.state == ReplayState::Running;
        let number = |n: i64| format::thousands(u64::try_from(n).unwrap_or(0));
        let share = if view.total == 0 { 100 } else { (view.done * 100 / view.total).min(100) };
        let percent = format!("{share}%");
        let sent = format!("{} of {} events sent", number(view.done - view.skipped), number(view.total));
        let waiting = (view.total - view.done).max(0) + progress.under_way;
        let mut marks = vec![Mark::new(Tone::Ok, format!("{} delivered", number(progress.delivered)))];
        if progress.failed > 0 {
            marks.push(Mark::new(Tone::Bad, format!("{} failed again", number(progress.failed))));
        }
        if waiting > 0 && view.state != ReplayState::Cancelled {
            marks.push(Mark::new(Tone::Off, format!("{} waiting", number(waiting))));
        }
        if view.skipped > 0 {
            marks.push(Mark::new(Tone::Off, format!("{} could not be sent again", number(view.skipped))));
        }
        let of_last = format!(" The numbers are of the last {}.", number(MOST_LOOKED_AT));
        let note = match view.state {
            ReplayState::Running => {
                let left = words::lasts((view.total - view.done).max(0), view.pace_per_second);
                format!("{sent}. About {left} left.")
            }
            ReplayState::Done | ReplayState::Cancelled => format!("{sent}."),
            ReplayState::Stopped => format!("{sent}. {}", words::reason(view)),
        };
        let what = words::what(&view.selection);
        Self {
            shell: here.shell("Replay", Place::Log),
            href: routes::replay(here.bu(), view.id),
            log: routes::log(here.bu()),
            list: routes::replays(here.bu()),
            short_id: view.id.short(),
            heading: if running { format!("Replaying {what}") } else { format!("Replay of {what}") },
            lede: format!("{}, {}", progress.named.webhook, words::span(&view.selection)),
            title: if running { format!("{percent} done") } else { words::mark(view).word },
            note,
            done: (view.done.min(view.total), view.total.max(1)),
            percent,
            marks,
            facts: format!(
                "Rate: {} a second.{}",
                number(i64::from(view.pace_per_second)),
                if progress.more { of_last.as_str() } else { "" }
            ),
            live: running || progress.under_way > 0,
            cancel: (running && here.may(Permission::DeliveriesWrite))
                .then(|| routes::replay_cancel(here.bu(), view.id)),
            failed: progress.failed_again.iter().map(|row| Failed::of(here, row)).collect(),
        }
    }
}

impl Failed {
    fn of(here: &Here, row: &DeliveryRow) -> Self {
        let answer = match (row.last_status, row.cause) {
            (Some(status), _) => status.to_string(),
            (None, Some(cause)) => short(cause).to_owned(),
            (None, None) => "No answer".to_owned(),
        };
        Self {
            href: routes::event(here.bu(), row.event_id),
            short_id: row.event_id.short(),
            id: row.event_id.to_string(),
            event_type: row.event_type.clone(),
            answer: Mark::new(Tone::Bad, answer),
        }
    }
}
