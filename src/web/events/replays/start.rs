//! Starting a replay: which deliveries, how fast; they are counted before anything is sent.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use super::words::{self, OUTCOMES};
use crate::domain::access::permission::Permission;
use crate::domain::events::replay::{DEFAULT_PACE, DEFAULT_STATES};
use crate::domain::id::WebhookId;
use crate::domain::problem::FieldErrors;
use crate::ops::events::replay::{self, Planned, ReplayDraft};
use crate::ops::webhooks::{catalogue, search};
use crate::ops::{Error, Refusal};
use crate::web::events::log::moment;
use crate::web::fault::Fault;
use crate::web::flash::Flash;
use crate::web::form::{Checked, Fields};
use crate::web::format;
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::{Choice, Field, Notice, Tone};
use crate::web::routes;
use crate::web::shell::{Place, Shell};

/// How many webhooks can be chosen from.
const MOST_CHOICES: i64 = 200;
/// The fields that decide which deliveries are meant.
const MEANT: [&str; 4] = ["webhook", "from", "to", "type"];

/// The page `/bu/{bu}/replays/new`; its count for htmx.
#[derive(Debug, Template)]
#[template(path = "events/replays/start.html", blocks = ["count"])]
pub struct ReplayStart {
    /// The frame.
    pub shell: Shell,
    /// This page's own address.
    pub href: String,
    /// Where Event Logs are.
    pub log: String,
    /// Where the list of replays is.
    pub list: String,
    /// The webhooks to choose from.
    pub webhooks: Vec<Choice>,
    /// What is wrong with the webhook.
    pub webhook_errors: Vec<String>,
    /// The earliest moment, as a `datetime-local` input has it, in UTC.
    pub from: Field,
    /// The latest moment, likewise.
    pub to: String,
    /// What can be sent again.
    pub outcomes: Vec<OutcomeChoice>,
    /// What is wrong with that choice.
    pub outcome_errors: Vec<String>,
    /// The event types to choose from.
    pub types: Vec<Choice>,
    /// Deliveries a second.
    pub pace: Field,
    /// How many it would be, when it was asked: `156 deliveries are sent again …`.
    pub count: Option<Counted>,
    /// What was refused.
    pub notice: Option<Notice>,
}

/// An outcome that can be chosen.
#[derive(Debug, Clone)]
pub struct OutcomeChoice {
    /// What is sent.
    pub value: &'static str,
    /// Its name.
    pub label: &'static str,
    /// What it means.
    pub note: &'static str,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// What would be sent again.
#[derive(Debug, Clone)]
pub struct Counted {
    /// `156 deliveries`.
    pub title: String,
    /// What that means.
    pub text: String,
    /// What was counted, so that something else is counted again.
    pub of: String,
    /// Whether there is anything.
    pub some: bool,
}

impl Page for ReplayStart {
    fn fragment(&self) -> askama::Result<String> {
        self.as_count().render()
    }
}

/// What came of the last press of a button.
#[derive(Debug, Default)]
struct Turn {
    errors: FieldErrors,
    notice: Option<Notice>,
    planned: Option<Planned>,
}

/// The form, filled in as the address says.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    may_start(&here)?;
    let page = ReplayStart::draw(&here, &here.query(), true, Turn::default()).await?;
    Ok(here.answer(&page))
}

/// Counts; starts what was counted before.
pub async fn send(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    may_start(&here)?;
    let draft = match draft(&form) {
        Ok(draft) => draft,
        Err(errors) => {
            let page = ReplayStart::draw(&here, &form, false, Turn { errors, ..Turn::default() }).await?;
            return Ok(here.answer_with(StatusCode::UNPROCESSABLE_ENTITY, &page));
        }
    };
    let starts = form.text("press") == "start" && form.text("counted") == meant(&form);
    let counted = draft.clone();
    let done = if starts {
        here.try_run(move |cx, bu| replay::create(cx, bu, draft)).await?.map(Some)
    } else {
        Ok(None)
    };
    match done {
        Ok(Some(made)) => Ok(here.done(&routes::replay(here.bu(), made.id), Flash::ReplayStarted)),
        Ok(None) => match here.try_run(move |cx, bu| replay::count(cx, bu, counted)).await? {
            Ok(planned) => {
                let turn = Turn { planned: Some(planned), ..Turn::default() };
                Ok(here.answer(&ReplayStart::draw(&here, &form, false, turn).await?))
            }
            Err(error) => refused(&here, &form, error).await,
        },
        Err(error) => refused(&here, &form, error).await,
    }
}

async fn refused(here: &Here, form: &Fields, error: Error) -> Result<HttpResponse, Fault> {
    let (status, turn) = match error {
        Error::Invalid(errors) => (StatusCode::UNPROCESSABLE_ENTITY, Turn { errors, ..Turn::default() }),
        Error::Conflict { message, .. } => {
            let title = "The replay was not started.".to_owned();
            let notice = Some(Notice { tone: Tone::Bad, title, text: message.into_owned() });
            (StatusCode::CONFLICT, Turn { notice, ..Turn::default() })
        }
        other => return Err(other.into()),
    };
    Ok(here.answer_with(status, &ReplayStart::draw(here, form, false, turn).await?))
}

fn may_start(here: &Here) -> Result<(), Fault> {
    if here.may(Permission::DeliveriesWrite) {
        return Ok(());
    }
    Err(Error::Forbidden(Refusal::Role(Permission::DeliveriesWrite)).into())
}

fn draft(form: &Fields) -> Result<ReplayDraft, FieldErrors> {
    let mut errors = FieldErrors::default();
    let webhook = form.text("webhook").parse::<WebhookId>();
    if webhook.is_err() {
        errors.push("webhook", "required", "Choose the webhook.");
    }
    for name in ["from", "to"] {
        if form.typed(name).is_some_and(|text| moment(text).is_none()) {
            errors.push(name, "format", "Use a time such as 2026-03-01T12:00.");
        }
    }
    let pace = match form.typed("pace").map(str::parse::<i32>) {
        None => None,
        Some(Ok(pace)) => Some(pace),
        Some(Err(_)) => {
            errors.push("pace_per_second", "range", "Use 1 to 1,000 deliveries a second.");
            None
        }
    };
    let states = form.all("outcome").filter_map(|word| word.parse().ok()).collect();
    let Ok(webhook) = webhook else { return Err(errors) };
    errors.or(ReplayDraft {
        webhook,
        from: form.typed("from").and_then(moment),
        to: form.typed("to").and_then(moment).map(|to| to + Duration::from_millis(59_999)),
        states: Some(states),
        event_type: form.typed("type").map(str::to_owned),
        pace_per_second: pace,
    })
}

/// What the form means, in one text.
fn meant(form: &Fields) -> String {
    let fields = MEANT.iter().map(|name| form.text(name));
    fields.chain(form.all("outcome")).collect::<Vec<_>>().join("|")
}

impl ReplayStart {
    async fn draw(here: &Here, form: &Fields, fresh: bool, turn: Turn) -> Result<Self, Fault> {
        let read = |cx: &_, bu| Ok((search::names(cx, bu, MOST_CHOICES)?, catalogue::list(cx, bu)?));
        let (names, types) = here.run(read).await?;
        let Turn { errors, notice, planned } = turn;
        let of = |name: &str| errors.of(name).map(|e| e.message.to_string()).collect::<Vec<_>>();
        let all_wrong: Vec<&str> = errors.iter().map(|error| error.message.as_ref()).collect();
        let notice = if all_wrong.is_empty() {
            notice
        } else {
            let title = "This cannot be counted.".to_owned();
            Some(Notice { tone: Tone::Bad, title, text: all_wrong.join(" ") })
        };
        let is_wrong = notice.is_some();
        let title = if is_wrong { "Error: Start a replay" } else { "Start a replay" };
        let chosen = |state: &crate::domain::events::delivery::DeliveryState| {
            if fresh {
                DEFAULT_STATES.contains(state)
            } else {
                form.all("outcome").any(|w| w == state.as_str())
            }
        };
        let all = ("", "All types");
        let known = types.iter().map(|one| (one.name.as_str(), one.name.as_str()));
        let none = ("", "Choose a webhook");
        let hooks = names.iter().map(|(id, name)| (id.as_str(), name.as_str()));
        Ok(Self {
            shell: here.shell(title, Place::Log),
            href: routes::replay_new(here.bu()),
            log: routes::log(here.bu()),
            list: routes::replays(here.bu()),
            webhooks: Choice::list(std::iter::once(none).chain(hooks), form.text("webhook")),
            webhook_errors: of("webhook"),
            from: Field {
                value: form.text("from").to_owned(),
                errors: of("from").into_iter().chain(of("to")).collect(),
            },
            to: form.text("to").to_owned(),
            outcomes: OUTCOMES
                .iter()
                .map(|(state, label, note)| OutcomeChoice {
                    value: state.as_str(),
                    label,
                    note,
                    chosen: chosen(state),
                })
                .collect(),
            outcome_errors: of("states"),
            types: Choice::list(std::iter::once(all).chain(known), form.text("type")),
            pace: Field {
                value: form.typed("pace").map_or_else(|| DEFAULT_PACE.to_string(), str::to_owned),
                errors: of("pace_per_second"),
            },
            count: planned.map(|planned| Counted::of(&planned, meant(form))),
            notice,
        })
    }
}

impl Counted {
    fn of(planned: &Planned, of: String) -> Self {
        let count = u64::try_from(planned.count).unwrap_or(0);
        let pace = format::thousands(u64::try_from(planned.pace_per_second).unwrap_or(0));
        let text = if count == 0 {
            "Nothing fits. Choose another time or further outcomes.".to_owned()
        } else {
            let lasts = words::lasts(planned.count, planned.pace_per_second);
            format!("Sent again at {pace} a second, this takes about {lasts}. Events keep their ids.")
        };
        Self { title: format::count(count, "delivery", "deliveries"), text, of, some: count > 0 }
    }
}
