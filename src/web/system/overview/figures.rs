//! The figures and the chart of the overview, over a period that can be chosen.

use std::time::Duration;

use crate::domain::time::Ts;
use crate::ops::system::overview::{Overview as Found, UnitHour};
use crate::web::bars::{Bars, Bucket};
use crate::web::format;
use crate::web::system::overview::Figure;

/// A period that the chart covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The id of its link.
    pub id: &'static str,
    /// Its value in the address; empty for the one without.
    pub value: &'static str,
    /// Its name: `24 h`.
    pub label: &'static str,
    /// The same in words: `24 hours`.
    pub words: &'static str,
    /// The period before it, in words.
    before: &'static str,
    /// How many hours it has.
    pub hours: u32,
    /// How many hours one bar covers.
    bar: u32,
}

/// The last day, the current hour included.
pub const DAY: Period = Period {
    id: "period-24h",
    value: "",
    label: "24 h",
    words: "24 hours",
    before: "the 24 hours before",
    hours: 24,
    bar: 1,
};
/// The last week.
pub const WEEK: Period = Period {
    id: "period-7d",
    value: "7d",
    label: "7 d",
    words: "7 days",
    before: "the week before",
    hours: 168,
    bar: 3,
};

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

/// The figures over the period.
pub fn figures(found: &Found, period: Period, now: Ts) -> Vec<Figure> {
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

/// Deliveries over the period.
pub fn chart(hours: &[UnitHour], period: Period, now: Ts) -> Bars {
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
pub fn clock(at: Ts) -> String {
    at.calendar().strftime("%H:%M").to_string()
}

/// `20 Nov`.
fn date(at: Ts) -> String {
    at.calendar().strftime("%-d %b").to_string()
}
