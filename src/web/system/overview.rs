//! The overview of a business unit: deliveries over time, what fails and what to do, and the first steps.

use std::time::Duration;

use actix_web::HttpResponse;
use askama::Template;

use crate::domain::access::permission::Permission;
use crate::domain::events::cause::Cause;
use crate::domain::time::Ts;
use crate::domain::webhooks::webhook::{Health, InactiveReason, WebhookStatus};
use crate::ops::system::overview::{self, Failure as GivenUp, MOST_FAILING, Overview as Found, UnitHour};
use crate::ops::webhooks::read::WebhookView;
use crate::web::bars::{Bars, Bucket};
use crate::web::fault::Fault;
use crate::web::format::{self, Moment};
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::{Mark, Tone};
use crate::web::routes;
use crate::web::shell::{Place, Shell};

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

/// A period that the chart covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Period {
    id: &'static str,
    value: &'static str,
    label: &'static str,
    words: &'static str,
    before: &'static str,
    hours: u32,
    /// How many hours one bar covers.
    bar: u32,
}

const DAY: Period = Period {
    id: "period-24h",
    value: "",
    label: "24 h",
    words: "24 hours",
    before: "the 24 hours before",
    hours: 24,
    bar: 1,
};
const WEEK: Period = Period {
    id: "period-7d",
    value: "7d",
    label: "7 d",
    words: "7 days",
    before: "the week before",
    hours: 168,
    bar: 3,
};

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

/// What was counted over a period.
#[derive(Clone, Copy, Default)]
struct Sum {
    ok: u64,
    bad: u64,
    failed_attempts: u64,
}

fn amount(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

fn sum<'a>(hours: impl Iterator<Item = &'a UnitHour>) -> Sum {
    hours.fold(Sum::default(), |sum, hour| Sum {
        ok: sum.ok + amount(hour.delivered),
        bad: sum.bad + amount(hour.exhausted),
        failed_attempts: sum.failed_attempts + amount(hour.failed_attempts),
    })
}

/// The start of the period, on the hour.
fn start(period: Period, now: Ts) -> Ts {
    (now - Duration::from_hours(u64::from(period.hours) - 1)).hour()
}

fn figures(found: &Found, period: Period, now: Ts) -> Vec<Figure> {
    let start = start(period, now);
    let this = sum(found.hours.iter().filter(|hour| hour.hour >= start));
    let before = sum(found.hours.iter().filter(|hour| hour.hour < start));
    let figure = |name, value, unit, note, bad| Figure { name, value, unit, note, bad };
    let share = |sum: Sum| (sum.ok * 1_000).checked_div(sum.ok + sum.bad);
    let (note, worse) = match (share(this), share(before)) {
        (Some(now), Some(then)) if now == then => (format!("As in {}", period.before), false),
        (Some(now), Some(then)) => {
            let points = now.abs_diff(then);
            let word = if now < then { "below" } else { "above" };
            (format!("{}.{} points {word} {}", points / 10, points % 10, period.before), now < then)
        }
        (Some(_), None) => (format!("Nothing in {}", period.before), false),
        (None, _) => ("No deliveries yet".to_owned(), false),
    };
    let percent = format::percent(this.ok, this.ok + this.bad);
    let inactive = amount(found.webhooks - found.active);
    let given_up = if this.bad == 0 { "Every delivery arrived" } else { "After every attempt failed" };
    vec![
        figure(
            "Delivered",
            percent.trim_end_matches('%').to_owned(),
            if percent.ends_with('%') { "%" } else { "" },
            note,
            worse,
        ),
        figure(
            "Deliveries",
            format::thousands(this.ok + this.bad),
            "",
            format!("{} failed", format::count(this.failed_attempts, "attempt", "attempts")),
            false,
        ),
        figure(
            "Given up",
            format::thousands(this.bad),
            "",
            if this.ok + this.bad == 0 { "Nothing was sent" } else { given_up }.to_owned(),
            this.bad > 0,
        ),
        figure(
            "Active webhooks",
            format::thousands(amount(found.active)),
            "",
            match inactive {
                0 if found.webhooks == 0 => "None yet".to_owned(),
                0 => "None is inactive".to_owned(),
                some => format!("{} inactive", format::thousands(some)),
            },
            false,
        ),
    ]
}

fn chart(hours: &[UnitHour], period: Period, now: Ts) -> Bars {
    let bar = Duration::from_hours(u64::from(period.bar));
    let mut at = start(period, now);
    let mut rows = Vec::new();
    let word = |at: Ts| if period == DAY { clock(at) } else { format!("{}, {}", date(at), clock(at)) };
    let mut times = Vec::new();
    let marks = (period.hours / period.bar / 4) as usize;
    while at <= now {
        let end = at + bar;
        let one = sum(hours.iter().filter(|hour| hour.hour >= at && hour.hour < end));
        if rows.len().is_multiple_of(marks) && times.len() < 4 {
            times.push(if period == DAY { clock(at) } else { date(at) });
        }
        rows.push(Bucket { from: word(at), ok: one.ok, bad: one.bad });
        at = end;
    }
    times.push("Now".to_owned());
    let unit = if period == DAY { "hour" } else { "3 hours" };
    let all = sum(hours.iter().filter(|hour| hour.hour >= start(period, now)));
    let label = format!(
        "Deliveries per {unit} over the last {}: {} delivered, {} failed. Use the arrow keys to read each bar.",
        period.words,
        format::thousands(all.ok),
        format::thousands(all.bad)
    );
    Bars::draw(label, rows, times)
}

/// `14:00`.
fn clock(at: Ts) -> String {
    at.calendar().strftime("%H:%M").to_string()
}

/// `20 Nov`.
fn date(at: Ts) -> String {
    at.calendar().strftime("%-d %b").to_string()
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
            why: row.cause.map(Cause::sentence).unwrap_or_default().to_owned(),
            at: Moment::relative(row.created_at, now),
        }
    }
}
