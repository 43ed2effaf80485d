//! Charts as the server draws them: bars and lines in a box 480 wide and 100 high, with the same numbers as a table.

use crate::web::format;

const WIDE: f64 = 480.0;
/// What stands between two bars on top of each other.
const GAP: f64 = 0.8;
/// The lowest a bar is drawn: one failure among thousands is still to be seen.
const LOWEST: f64 = 1.5;
/// Where the axis may end, times a power of ten: half of it is a round number too.
const ENDS: [u64; 9] = [2, 4, 6, 8, 10, 12, 16, 20, 30];

/// A drawing with its words, ready for its template.
#[derive(Debug, Clone, Default)]
pub struct Chart {
    /// What a screen reader says of it.
    pub label: String,
    /// What its table is called.
    pub table: &'static str,
    /// The marks of the axis at the left, from the top down; the last one is 0.
    pub y: [String; 3],
    /// The marks below, from the left; as far from each other.
    pub x: Vec<String>,
    /// The bars.
    pub bars: Vec<Bar>,
    /// The area under the first line, as paths.
    pub areas: Vec<String>,
    /// The lines; one that is interrupted is several.
    pub lines: Vec<Line>,
    /// What each slot says when it is pointed at.
    pub hits: Vec<Hit>,
    /// The heads of the table.
    pub heads: Vec<&'static str>,
    /// The rows of the table: the time, then a cell for each other head.
    pub rows: Vec<(String, Vec<String>)>,
    /// Whether nothing happened in any slot.
    pub empty: bool,
}

/// A rectangle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// `b-ok` or `b-bad`.
    pub class: &'static str,
    /// Left edge.
    pub x: String,
    /// Top edge.
    pub y: String,
    /// Width.
    pub width: String,
    /// Height.
    pub height: String,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// `l-1` to `l-3`.
    pub class: &'static str,
    /// Its points, as SVG has them.
    pub points: String,
}

/// The strip over a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Left edge.
    pub x: String,
    /// Width.
    pub width: String,
    /// What it says.
    pub tip: String,
}

impl Chart {
    /// Draws for each slot what arrived on top of what did not, `(delivered, failed)`. `times` names each slot.
    pub fn of_counts(label: String, times: &[String], x: Vec<String>, slots: &[(u64, u64)]) -> Self {
        let top = end(slots.iter().map(|(ok, bad)| ok + bad).max().unwrap_or(0));
        let wide = width(slots.len());
        let mut bars = Vec::new();
        for (slot, at) in slots.iter().zip(0_u32..) {
            bars.extend(stack(*slot, top, (f64::from(at) + 0.14) * wide, 0.72 * wide));
        }
        let said = |(ok, bad): &(u64, u64)| {
            format!("{} delivered, {} failed", format::thousands(*ok), format::thousands(*bad))
        };
        let cells = |(ok, bad): &(u64, u64)| vec![format::thousands(*ok), format::thousands(*bad)];
        Self {
            label,
            table: "Deliveries as a table",
            y: [short(top), short(top / 2), "0".to_owned()],
            x,
            bars,
            hits: hits(times, slots.iter().map(said)),
            heads: vec!["From", "Delivered", "Failed"],
            rows: times.iter().cloned().zip(slots.iter().map(cells)).collect(),
            empty: slots.iter().all(|(ok, bad)| ok + bad == 0),
            ..Self::default()
        }
    }

    /// Draws three percentiles of each slot, in milliseconds; none where nothing was answered.
    pub fn of_percentiles(
        label: String,
        times: &[String],
        x: Vec<String>,
        slots: &[Option<[u64; 3]>],
    ) -> Self {
        let top = end(slots.iter().flatten().flatten().copied().max().unwrap_or(0));
        let wide = width(slots.len());
        let mut chart = Self {
            label,
            table: "Latency as a table",
            x,
            empty: slots.iter().all(Option::is_none),
            ..Self::default()
        };
        for (which, class) in ["l-1", "l-2", "l-3"].into_iter().enumerate() {
            let values = slots.iter().map(|slot| slot.and_then(|slot| slot.get(which).copied()));
            for run in runs(values, top, wide) {
                let points: Vec<String> = run.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
                if let (0, Some((first, _)), Some((last, _))) = (which, run.first(), run.last()) {
                    let body = points.join(" L");
                    chart.areas.push(format!("M{first:.1},100 L{body} L{last:.1},100 Z"));
                }
                chart.lines.push(Line { class, points: points.join(" ") });
            }
        }
        let said = |slot: &Option<[u64; 3]>| match slot {
            Some([p50, p95, p99]) => format!("p50 {}, p95 {}, p99 {}", ms(*p50), ms(*p95), ms(*p99)),
            None => "no answers".to_owned(),
        };
        let cells = |slot: &Option<[u64; 3]>| match slot {
            Some(slot) => slot.iter().map(|value| ms(*value)).collect(),
            None => vec!["–".to_owned(); 3],
        };
        chart.y = if top >= 1_000 {
            [format!("{} s", tenths(top, 1_000)), tenths(top / 2, 1_000), "0".to_owned()]
        } else {
            [format!("{top} ms"), (top / 2).to_string(), "0".to_owned()]
        };
        chart.hits = hits(times, slots.iter().map(said));
        chart.heads = vec!["From", "p50", "p95", "p99"];
        chart.rows = times.iter().cloned().zip(slots.iter().map(cells)).collect();
        chart
    }
}

/// A percentile in words: `83 ms`, `2.4 s`.
pub fn ms(value: u64) -> String {
    format::duration(std::time::Duration::from_millis(value))
}

/// The percentile `share` (of 1) of values that are counted in bounds, `counts[i]` of them up to `bounds[i]`: between
/// two bounds they are taken to lie evenly. `None` when there are none.
pub fn percentile(bounds: &[u32], counts: &[i64], share: f64) -> Option<u64> {
    let counts: Vec<f64> = counts.iter().map(|n| lossy(u64::try_from(*n).unwrap_or(0))).collect();
    let all = *counts.last()?;
    if all <= 0.0 {
        return None;
    }
    let wanted = all * share;
    let (mut low, mut below) = (0.0, 0.0);
    for (bound, count) in bounds.iter().zip(counts) {
        let bound = f64::from(*bound);
        if count >= wanted && count > below {
            return Some(rounded(low + (bound - low) * (wanted - below) / (count - below)));
        }
        (low, below) = (bound, count);
    }
    None
}

/// A mark of an axis, where there is little room: `1,200`, `12k`, `1.2M`.
fn short(n: u64) -> String {
    match n {
        0..10_000 => format::thousands(n),
        10_000..1_000_000 => format!("{}k", tenths(n, 1_000)),
        _ => format!("{}M", tenths(n, 1_000_000)),
    }
}

/// `n` in units of `unit`, with one decimal where there is one.
fn tenths(n: u64, unit: u64) -> String {
    match n * 10 / unit % 10 {
        0 => format::thousands(n / unit),
        tenth => format!("{}.{tenth}", format::thousands(n / unit)),
    }
}

/// The two rectangles of one slot, the failed one below.
fn stack((ok, bad): (u64, u64), top: u64, x: f64, width: f64) -> Vec<Bar> {
    let high = |n: u64| if n == 0 { 0.0 } else { (100.0 * lossy(n) / lossy(top)).max(LOWEST) };
    let bar = |class, y: f64, height: f64| Bar {
        class,
        x: format!("{x:.2}"),
        y: format!("{y:.1}"),
        width: format!("{width:.2}"),
        height: format!("{height:.1}"),
    };
    let (red, all) = (high(bad), high(ok + bad));
    let mut bars = Vec::new();
    if bad > 0 {
        bars.push(bar("b-bad", 100.0 - red, red));
    }
    if ok > 0 {
        let under = if bad > 0 { red + GAP } else { 0.0 };
        let height = (all - under).max(LOWEST);
        bars.push(bar("b-ok", (100.0 - under - height).max(0.0), height));
    }
    bars
}

/// The points of one line, cut where a slot has no value; a slot alone is a short stroke.
fn runs(values: impl Iterator<Item = Option<u64>>, top: u64, wide: f64) -> Vec<Vec<(f64, f64)>> {
    let mut runs: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
    for (value, at) in values.zip(0_u32..) {
        match (value, runs.last_mut()) {
            (Some(value), Some(run)) => {
                run.push(((f64::from(at) + 0.5) * wide, 100.0 - 100.0 * lossy(value) / lossy(top)));
            }
            _ => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| !run.is_empty());
    for run in &mut runs {
        if let [(x, y)] = run[..] {
            *run = vec![(x - wide / 3.0, y), (x + wide / 3.0, y)];
        }
    }
    runs
}

fn hits(times: &[String], tips: impl Iterator<Item = String>) -> Vec<Hit> {
    let wide = width(times.len());
    let hit = |((time, tip), at): ((&String, String), u32)| Hit {
        x: format!("{:.2}", f64::from(at) * wide),
        width: format!("{wide:.2}"),
        tip: format!("{time} · {tip}"),
    };
    times.iter().zip(tips).zip(0_u32..).map(hit).collect()
}

fn width(slots: usize) -> f64 {
    WIDE / f64::from(u32::try_from(slots).unwrap_or(u32::MAX).max(1))
}

/// Where an axis ends that must hold `most`.
fn end(most: u64) -> u64 {
    let mut scale = 1_u64;
    loop {
        if let Some(end) = ENDS.iter().map(|end| end * scale).find(|end| *end >= most) {
            return end;
        }
        scale = scale.saturating_mul(10);
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "no eye tells a drawing of more than 2^52 deliveries from its neighbour"
)]
const fn lossy(n: u64) -> f64 {
    n as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it lies between 0 and the last bound"
)]
fn rounded(value: f64) -> u64 {
    value.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(n: usize) -> Vec<String> {
        (0..n).map(|hour| format!("{hour:02}:00")).collect()
    }

    #[test]
    fn what_failed_stands_below_what_arrived_and_is_never_too_low_to_see() {
        let slots = [(180, 0), (0, 0), (1_999, 1), (0, 2)];
        let chart = Chart::of_counts(String::new(), &times(4), Vec::new(), &slots);
        let drawn: Vec<_> = chart.bars.iter().map(|b| (b.class, &*b.x, &*b.y, &*b.height)).collect();
        assert_eq!(
            drawn,
            [
                ("b-ok", "16.80", "91.0", "9.0"),
                ("b-bad", "256.80", "98.5", "1.5"),
                ("b-ok", "256.80", "0.0", "97.7"),
                ("b-bad", "376.80", "98.5", "1.5"),
            ]
        );
        assert_eq!(chart.y, ["2,000", "1,000", "0"]);
        assert_eq!(chart.hits[2].tip, "02:00 · 1,999 delivered, 1 failed");
        assert_eq!((chart.rows.len(), chart.rows[0].1[0].as_str(), chart.empty), (4, "180", false));
    }

    #[test]
    fn a_line_is_interrupted_where_nothing_was_answered() {
        let slots = [Some([80, 200, 300]), Some([90, 210, 310]), None, Some([70, 190, 290])];
        let chart = Chart::of_percentiles(String::new(), &times(4), Vec::new(), &slots);
        assert_eq!(chart.y, ["400 ms", "200", "0"]);
        assert_eq!((chart.lines.len(), chart.areas.len()), (6, 2));
        assert_eq!(chart.lines[0], Line { class: "l-1", points: "60.0,80.0 180.0,77.5".to_owned() });
        assert_eq!(chart.areas[0], "M60.0,100 L60.0,80.0 L180.0,77.5 L180.0,100 Z");
        assert_eq!(chart.hits[2].tip, "02:00 · no answers");
        assert!(Chart::of_percentiles(String::new(), &times(2), Vec::new(), &[None, None]).empty);
        let slow = Chart::of_percentiles(String::new(), &times(1), Vec::new(), &[Some([80, 900, 1_100])]);
        assert_eq!(slow.y, ["1.2 s", "0.6", "0"]);
        assert_eq!([9_000, 12_000, 1_500_000].map(short), ["9,000", "12k", "1.5M"]);
    }

    #[test]
    fn a_percentile_lies_evenly_between_its_bounds() {
        let (bounds, counts) = ([10, 100, 1_000], [0, 50, 100]);
        assert_eq!(percentile(&bounds, &counts, 0.5), Some(100));
        assert_eq!(percentile(&bounds, &counts, 0.25), Some(55));
        assert_eq!(percentile(&bounds, &counts, 0.95), Some(910));
        assert_eq!(percentile(&bounds, &[0, 0, 0], 0.5), None);
    }
}
