//! Figures and charts of a webhook over a period.

use std::time::Duration;

use crate::domain::time::Ts;
use crate::ops::webhooks::details::{Charts, Waiting};
use crate::store::events::rollups::{BOUNDS_MS, Slot, Span};
use crate::web::chart::{Chart, ms, percentile};
use crate::web::format;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const PERCENTILES: [f64; 3] = [0.5, 0.95, 0.99];

/// A stretch of time up to now that charts can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// As it stands in the address, and on its link: `24h`.
    pub value: &'static str,
    /// `24 h`.
    pub label: &'static str,
    /// `over the last 24 hours`.
    over: &'static str,
    /// `half hour`.
    slot: &'static str,
    /// What came before: `the day before`.
    before: &'static str,
    slot_s: u64,
    slots: u32,
    /// So many slots lie between two marks.
    mark_every: usize,
    /// How a mark is written.
    mark: &'static str,
    /// How the time of a slot is written.
    time: &'static str,
}

/// Every period, the shortest first.
pub const PERIODS: [Period; 4] = [
    Period {
        value: "1h",
        label: "1 h",
        over: "over the last hour",
        slot: "two minutes",
        before: "the hour before",
        slot_s: 2 * MINUTE,
        slots: 30,
        mark_every: 6,
        mark: "%H:%M",
        time: "%H:%M",
    },
    DAY_LONG,
    Period {
        value: "7d",
        label: "7 d",
        over: "over the last 7 days",
        slot: "three hours",
        before: "the week before",
        slot_s: 3 * HOUR,
        slots: 56,
        mark_every: 8,
        mark: "%a",
        time: "%-d %b, %H:%M",
    },
    Period {
        value: "30d",
        label: "30 d",
        over: "over the last 30 days",
        slot: "day",
        before: "the 30 days before",
        slot_s: DAY,
        slots: 30,
        mark_every: 6,
        mark: "%-d %b",
        time: "%-d %b",
    },
];

const DAY_LONG: Period = Period {
    value: "24h",
    label: "24 h",
    over: "over the last 24 hours",
    slot: "half hour",
    before: "the day before",
    slot_s: HOUR / 2,
    slots: 48,
    mark_every: 12,
    mark: "%H:%M",
    time: "%H:%M",
};

/// One number with what is to be said of it.
#[derive(Debug, Clone)]
pub struct Figure {
    /// What it counts: `Delivered`.
    pub name: &'static str,
    /// The number: `97.6`.
    pub value: String,
    /// Its unit; may be empty.
    pub unit: &'static str,
    /// More about it: `2.1 points below the day before`.
    pub note: String,
    /// Whether the note calls for attention.
    pub bad: bool,
}

/// One link of the choice of periods.
#[derive(Debug, Clone)]
pub struct Periods {
    /// `24h`.
    pub value: &'static str,
    /// `24 h`.
    pub label: &'static str,
    /// Where it leads.
    pub href: String,
    /// Whether it is the one that is shown.
    pub current: bool,
}

impl Period {
    /// The period of this name; that of a day for any other.
    pub fn named(name: &str) -> Self {
        PERIODS.into_iter().find(|period| period.value == name).unwrap_or(DAY_LONG)
    }

    /// The stretch of time up to the end of the slot in which `now` lies.
    pub fn span(&self, now: Ts) -> Span {
        let width = Duration::from_secs(self.slot_s);
        let until = now.step(width) + width;
        Span { from: until - width * self.slots, until, width }
    }

    /// The chart of deliveries, and that of how long answers took.
    pub fn draw(&self, span: &Span, found: &Charts) -> [Chart; 2] {
        let slots = self.filled(&found.slots);
        let starts: Vec<Ts> = (0..self.slots).map(|at| span.from + span.width * at).collect();
        let times: Vec<String> = starts.iter().map(|at| written(*at, self.time)).collect();
        let marks = starts.iter().step_by(self.mark_every).map(|at| written(*at, self.mark));
        let marks: Vec<String> = marks.chain(["Now".to_owned()]).collect();
        let counts: Vec<(u64, u64)> =
            slots.iter().map(|slot| (amount(slot.delivered), amount(slot.exhausted))).collect();
        let took: Vec<Option<[u64; 3]>> = slots.iter().map(percentiles).collect();
        let (ok, bad) = counts.iter().fold((0, 0), |(ok, bad), slot| (ok + slot.0, bad + slot.1));
        let keys = format!("Use the arrow keys to read each {}.", self.slot);
        let deliveries = format!(
            "Deliveries per {} {}: {} delivered, {} failed. {keys}",
            self.slot,
            self.over,
            format::thousands(ok),
            format::thousands(bad)
        );
        let worst = took.iter().zip(&times).filter_map(|(slot, time)| Some((slot.as_ref()?[1], time))).max();
        let worst = worst
            .map_or_else(String::new, |(p95, time)| format!(" p95 was highest at {time} with {}.", ms(p95)));
        let latency = format!("Latency percentiles {}.{worst} {keys}", self.over);
        [
            Chart::of_counts(deliveries, &times, marks.clone(), &counts),
            Chart::of_percentiles(latency, &times, marks, &took),
        ]
    }

    /// What the period adds up to, against the time before it.
    pub fn figures(&self, found: &Charts, waiting: &Waiting) -> [Figure; 4] {
        let sum = found.slots.iter().copied().reduce(Slot::and).unwrap_or_default();
        let share = share(&sum);
        let (note, bad) = self.change(share, found.before.as_ref().and_then(self::share));
        let took = percentiles(&sum);
        let (value, unit) = took.map_or(("–".to_owned(), ""), |[_, p95, _]| split(p95));
        [
            Figure {
                name: "Delivered",
                value: share.map_or_else(|| "–".to_owned(), tenths),
                unit: if share.is_some() { "%" } else { "" },
                note,
                bad,
            },
            Figure {
                name: "Deliveries",
                // Those that ended may have begun before the period.
                value: format::thousands(amount(sum.begun.max(sum.delivered + sum.exhausted))),
                unit: "",
                note: match amount(sum.failed_first) {
                    0 => "None failed".to_owned(),
                    n => format!("{} failed at least once", format::thousands(n)),
                },
                bad: false,
            },
            Figure {
                name: "Latency, p95",
                value,
                unit,
                note: took.map_or_else(
                    || "No answers".to_owned(),
                    |[p50, _, p99]| format!("p50 {}, p99 {}", ms(p50), ms(p99)),
                ),
                bad: false,
            },
            waits(waiting),
        ]
    }

    /// The change of the share that arrived, in tenths of a percent.
    fn change(&self, now: Option<u64>, before: Option<u64>) -> (String, bool) {
        match (now, before) {
            (None, _) => ("Nothing was sent".to_owned(), false),
            (Some(_), None) => (format!("Nothing was sent {}", self.before), false),
            (Some(now), Some(before)) if now < before => {
                (format!("{} points below {}", tenths(before - now), self.before), true)
            }
            (Some(now), Some(before)) if now > before => {
                (format!("{} points above {}", tenths(now - before), self.before), false)
            }
            _ => (format!("As {}", self.before), false),
        }
    }

    /// Every slot in its order, those in which nothing happened too.
    fn filled(&self, found: &[Slot]) -> Vec<Slot> {
        let slot = |at: i64| found.iter().find(|slot| slot.at == at).copied();
        (0..i64::from(self.slots)).map(|at| slot(at).unwrap_or_default()).collect()
    }
}

fn waits(waiting: &Waiting) -> Figure {
    let count = format::thousands(u64::try_from(waiting.count).unwrap_or(0));
    Figure {
        name: "Waiting to retry",
        value: if waiting.more { format!("{count}+") } else { count },
        unit: "",
        note: match waiting.next {
            None => "Nothing to retry".to_owned(),
            Some(next) if next.as_secs() == 0 => "The next is due now".to_owned(),
            Some(next) if next.as_secs() < MINUTE => format!("Next in {} s", next.as_secs()),
            Some(next) => format!("Next in {}", format::duration(next)),
        },
        bad: false,
    }
}

/// The share that arrived, in tenths of a percent, rounded down.
fn share(slot: &Slot) -> Option<u64> {
    amount(slot.delivered).saturating_mul(1_000).checked_div(amount(slot.delivered + slot.exhausted))
}

fn percentiles(slot: &Slot) -> Option<[u64; 3]> {
    let [p50, p95, p99] = PERCENTILES.map(|share| percentile(&BOUNDS_MS, &slot.answered, share));
    Some([p50?, p95?, p99?])
}

/// A time with its unit beside it: `212`, `ms`.
fn split(value: u64) -> (String, &'static str) {
    if value < 1_000 { (value.to_string(), "ms") } else { (tenths(value / 100), "s") }
}

fn tenths(n: u64) -> String {
    match n % 10 {
        0 => format::thousands(n / 10),
        rest => format!("{}.{rest}", format::thousands(n / 10)),
    }
}

fn amount(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

fn written(at: Ts, form: &str) -> String {
    at.calendar().strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_ends_with_the_slot_of_now_and_is_whole_slots_long() {
        let now = Ts::parse("2025-11-20T14:02:41Z").unwrap();
        for (name, from, until) in [
            ("1h", "2025-11-20T13:04:00Z", "2025-11-20T14:04:00Z"),
            ("", "2025-11-19T14:30:00Z", "2025-11-20T14:30:00Z"),
            ("7d", "2025-11-13T15:00:00Z", "2025-11-20T15:00:00Z"),
            ("30d", "2025-10-22T00:00:00Z", "2025-11-21T00:00:00Z"),
        ] {
            let span = Period::named(name).span(now);
            assert_eq!(
                (span.from.to_string().as_str(), span.until.to_string().as_str()),
                (from, until),
                "{name}"
            );
        }
    }

    #[test]
    fn figures_tell_the_change_and_what_waits() {
        let slot = |at, delivered, exhausted| Slot {
            at,
            delivered,
            exhausted,
            begun: delivered + exhausted,
            failed_first: exhausted,
            answered: [
                0, 0, 0, delivered, delivered, delivered, delivered, delivered, delivered, delivered,
                delivered,
            ],
        };
        let found = Charts { slots: vec![slot(3, 900, 20), slot(40, 76, 4)], before: Some(slot(0, 997, 3)) };
        let waiting = Waiting { count: 2, more: false, next: Some(Duration::from_secs(80)) };
        let period = Period::named("24h");
        let said: Vec<_> =
            period.figures(&found, &waiting).into_iter().map(|f| (f.value, f.unit, f.note, f.bad)).collect();
        let row = |value: &str, unit, note: &str, bad| (value.to_owned(), unit, note.to_owned(), bad);
        assert_eq!(
            said,
            [
                row("97.6", "%", "2.1 points below the day before", true),
                row("1,000", "", "24 failed at least once", false),
                row("98", "ms", "p50 75 ms, p99 100 ms", false),
                row("2", "", "Next in 1 min 20 s", false),
            ]
        );
        let span = period.span(Ts::parse("2025-11-20T13:42:41Z").unwrap());
        let [deliveries, latency] = period.draw(&span, &found);
        assert_eq!(deliveries.x, ["14:00", "20:00", "02:00", "08:00", "Now"]);
        assert_eq!(deliveries.hits[3].tip, "15:30 · 900 delivered, 20 failed");
        assert!(latency.label.contains("p95 was highest at 15:30 with 98 ms."), "{}", latency.label);
        let nothing = Charts { slots: Vec::new(), before: None };
        let figures = period.figures(&nothing, &Waiting::default());
        assert_eq!(
            figures.map(|f| f.note),
            ["Nothing was sent", "None failed", "No answers", "Nothing to retry"]
        );
        assert!(period.draw(&span, &nothing).iter().all(|chart| chart.empty));
    }
}
