//! The overview of a business unit: deliveries over time, what fails and what to do, and the first steps.

mod figures;

use std::time::Duration;

use actix_web::HttpResponse;
use askama::Template;

use crate::domain::access::permission::Permission;
use crate::domain::time::Ts;
use crate::domain::webhooks::webhook::{Health, InactiveReason, WebhookStatus};
use crate::ops::system::overview::{self, Failure as GivenUp, MOST_FAILING, Overview as Found};
use crate::ops::webhooks::read::WebhookView;
use crate::web::bars::Bars;
use crate::web::fault::Fault;
use crate::web::format::{self, Moment};
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::{Mark, Tone};
use crate::web::routes;
use crate::web::shell::{Place, Shell};
use crate::web::system::overview::figures::{DAY, Period, WEEK, chart, clock, figures};

/// The page `/bu/{bu}`; figures and chart for htmx.
#[derive(Debug, Template)]
#[template(path = "system/overview.html", blocks = ["figures"])]
pub struct Overview {
    /// The frame.
    pub shell: Shell,
    /// The first steps, while one of them is to do.
    pub steps: Vec<FirstStep>,
    /// Figures over the period.
    pub figures: Vec<Figure>,
    /// The periods to choose from.
    pub periods: Vec<PeriodLink>,
    /// The chosen period in words: `24 hours`.
    pub period: &'static str,
    /// Deliveries over the period.
    pub chart: Bars,
    /// Webhooks that call for a person.
    pub failing: Vec<Failing>,
    /// The list of all of those, when there are more.
    pub more_failing: Option<String>,
    /// The deliveries that were given up last.
    pub failures: Vec<Failure>,
    /// Event Logs with what failed.
    pub failed_log: String,
}

/// Something to do before events arrive.
#[derive(Debug, Clone)]
pub struct FirstStep {
    /// Colour and shape of its node on the wire.
    pub tone: Tone,
    /// What to do: `Add a webhook`.
    pub title: &'static str,
    /// Why, and how.
    pub text: &'static str,
    /// Whether it is done.
    pub done: bool,
    /// The words of its link.
    pub way: &'static str,
    /// Where to do it, for who may.
    pub href: Option<String>,
}

/// A number with its name.
#[derive(Debug, Clone)]
pub struct Figure {
    /// Its name.
    pub name: &'static str,
    /// The number.
    pub value: String,
    /// Its unit; empty for none.
    pub unit: &'static str,
    /// More about it.
    pub note: String,
    /// Whether that calls for attention.
    pub bad: bool,
}

/// A period that can be chosen.
#[derive(Debug, Clone)]
pub struct PeriodLink {
    /// Unique in the page, so that the focus stays on it.
    pub id: &'static str,
    /// Its name: `24 h`.
    pub label: &'static str,
    /// The page with it.
    pub href: String,
    /// Whether it is the one shown.
    pub current: bool,
}

/// A webhook that calls for a person.
#[derive(Debug, Clone)]
pub struct Failing {
    /// Its name.
    pub name: String,
    /// Its details.
    pub href: String,
    /// The first endpoint's address without scheme.
    pub url: String,
    /// How it is doing.
    pub state: Mark,
    /// What to do.
    pub advice: String,
    /// Its log with what failed.
    pub log: String,
}

/// A delivery that was given up.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The event's type.
    pub event_type: String,
    /// The event's id as tables show it.
    pub short_id: String,
    /// The event.
    pub href: String,
    /// The webhook's name.
    pub webhook: String,
    /// The last answer, or what came instead.
    pub answer: Mark,
    /// Why, in plain words.
    pub why: String,
    /// When it was made.
    pub at: Moment,
}

impl Page for Overview {
    fn fragment(&self) -> askama::Result<String> {
        self.as_figures().render()
    }
}

/// The overview over the period that the address names.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let period = if here.query().text("period") == WEEK.value { WEEK } else { DAY };
    let (found, now) =
        here.run(move |cx, bu| Ok((overview::overview(cx, bu, period.hours)?, cx.now))).await?;
    Ok(here.answer(&Overview::of(&here, &found, period, now)))
}

impl Overview {
    fn of(here: &Here, found: &Found, period: Period, now: Ts) -> Self {
        let bu = here.bu();
        let link = |one: Period| PeriodLink {
            id: one.id,
            label: one.label,
            href: routes::with_query(&routes::overview(bu), &[("period", one.value)]),
            current: one == period,
        };
        let failing = found.failing.iter().take(MOST_FAILING);
        let all_failing = routes::with_query(&routes::webhooks(bu), &[("status", "failing")]);
        Self {
            shell: here.shell("Overview", Place::Overview),
            steps: steps(here, found),
            figures: figures(found, period, now),
            periods: vec![link(DAY), link(WEEK)],
            period: period.words,
            chart: chart(&found.hours, period, now),
            failing: failing.map(|webhook| Failing::of(here, webhook, now)).collect(),
            more_failing: (found.failing.len() > MOST_FAILING).then_some(all_failing),
            failures: found.failures.iter().map(|given_up| Failure::of(here, given_up, now)).collect(),
            failed_log: routes::with_query(&routes::log(bu), &[("status", "failed")]),
        }
    }
}

fn steps(here: &Here, found: &Found) -> Vec<FirstStep> {
    let bu = here.bu();
    let step = |title, text, done: bool, way, href: Option<String>| FirstStep {
        tone: if done { Tone::Ok } else { Tone::Off },
        title,
        text,
        done,
        way,
        href: href.filter(|_| !done),
    };
    let steps = vec![
        step(
            "Add a webhook",
            "It says which events go to which address of yours. Until there is one, nothing is sent.",
            found.webhooks > 0,
            "Add Webhook",
            (here.may(Permission::WebhooksWrite) && here.api_access()).then(|| routes::webhook_new(bu)),
        ),
        step(
            "Create a token",
            "Your backend needs one to publish what happened.",
            found.has_token,
            "Create Token",
            (here.may(Permission::TokensWrite) && here.api_access()).then(|| routes::token_new(bu)),
        ),
        step(
            "Publish an event",
            "With a POST to the API. It is delivered to every webhook that wants it, and listed in Event Logs.",
            found.has_event,
            "View API Docs",
            Some(routes::API_DOCS.to_owned()),
        ),
    ];
    if steps.iter().all(|step| step.done) { Vec::new() } else { steps }
}

impl Failing {
    fn of(here: &Here, webhook: &WebhookView, now: Ts) -> Self {
        let (row, bu) = (&webhook.row, here.bu());
        let since = row.failing_since.map(|since| {
            if now.since(since) < Duration::from_hours(24) { clock(since) } else { format::day(since, now) }
        });
        let since = since.map_or_else(String::new, |since| format!(" since {since}"));
        let (state, advice) = match (row.status, row.inactive_reason, webhook.health()) {
            (WebhookStatus::Inactive, Some(InactiveReason::Failing), _) => (
                Mark::new(Tone::Off, "Switched off"),
                "Nothing arrived for days. Put the endpoint right, then switch the webhook on.".to_owned(),
            ),
            (WebhookStatus::Inactive, ..) => (
                Mark::new(Tone::Off, "Inactive"),
                "It was failing when it was switched off. Put the endpoint right before it is switched on."
                    .to_owned(),
            ),
            (WebhookStatus::Active, _, Health::Failing) => (
                Mark::new(Tone::Bad, format!("Failing{since}")),
                "No attempt has succeeded. Look at the last answer, and put the endpoint right: what waits is \
                 tried again."
                    .to_owned(),
            ),
            (WebhookStatus::Active, ..) => (
                Mark::new(Tone::Wait, "Last attempt failed"),
                "It is tried again. If it fails for an hour, it is marked as failing.".to_owned(),
            ),
        };
        Self {
            name: row.name.clone(),
            href: routes::webhook(bu, row.id),
            url: format::short_url(webhook.url()).to_owned(),
            state,
            advice,
            log: routes::with_query(&routes::log(bu), &[("webhook", row.id.as_str())]),
        }
    }
}

impl Failure {
    fn of(here: &Here, given_up: &GivenUp, now: Ts) -> Self {
        let row = &given_up.delivery;
        let answer = row.last_status.map_or_else(|| "No answer".to_owned(), |status| status.to_string());
        Self {
            event_type: row.event_type.clone(),
            short_id: row.event_id.short(),
            href: routes::event(here.bu(), row.event_id),
            webhook: given_up.webhook.clone(),
            answer: Mark::new(Tone::Bad, answer),
            why: given_up.why().unwrap_or_default().to_owned(),
            at: Moment::relative(row.created_at, now),
        }
    }
}
