//! The health bars of a webhook: 24 hours, height is volume, red is failed.

use crate::web::format;

const HOURS: u64 = 24;
const TALLEST_TENTHS: u64 = 176;
const SHORTEST_TENTHS: u64 = 20;
const FLOOR_TENTHS: u64 = 200;
/// Under this share, in tenths of a percent, the number is red too.
const HEALTHY_TENTHS: u64 = 970;

/// The deliveries of one hour by how they ended.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hour {
    /// How many arrived.
    pub ok: u64,
    /// How many did not.
    pub bad: u64,
}

/// One rectangle of the drawing, in a box 72 wide and 20 high.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// `b-ok`, `b-bad` or `b-idle`.
    pub class: &'static str,
    /// Left edge.
    pub x: u64,
    /// Top edge, with one decimal.
    pub y: String,
    /// Height, with one decimal.
    pub height: String,
}

/// The whole drawing, ready for its template.
#[derive(Debug, Clone, Default)]
pub struct Spark {
    /// The rectangles, oldest hour first.
    pub bars: Vec<Bar>,
    /// What a screen reader says.
    pub label: String,
    /// The share that arrived, as text.
    pub word: String,
    /// Whether the share calls for attention.
    pub bad: bool,
}

impl Spark {
    /// Draws the last 24 of `hours`, oldest first; hours that are missing count as idle ones before.
    pub fn draw(hours: &[Hour]) -> Self {
        let last = hours.iter().rev().take(24).rev();
        let missing = HOURS - last.len() as u64;
        let tallest = last.clone().map(|h| h.ok + h.bad).max().unwrap_or(0);
        let (ok, bad) = last.clone().fold((0, 0), |(ok, bad), h| (ok + h.ok, bad + h.bad));
        let idle = (0..missing).map(|_| Hour::default());
        let bars =
            idle.chain(last.copied()).zip(0..).flat_map(|(hour, at)| hour.bars(3 * at, tallest)).collect();
        let word = format::percent(ok, ok + bad);
        let label = match ok + bad {
            0 => "No deliveries in the last 24 hours".to_owned(),
            _ => format!("{word} delivered in the last 24 hours"),
        };
        Self { bars, label, word, bad: ok * 1_000 < HEALTHY_TENTHS * (ok + bad) }
    }
}

impl Hour {
    fn bars(self, x: u64, tallest: u64) -> Vec<Bar> {
        let all = self.ok + self.bad;
        let bar = |class, top: u64, height: u64| Bar { class, x, y: tenths(top), height: tenths(height) };
        if all == 0 {
            return vec![bar("b-idle", FLOOR_TENTHS - SHORTEST_TENTHS, SHORTEST_TENTHS)];
        }
        let height = (TALLEST_TENTHS * all / tallest.max(1)).max(SHORTEST_TENTHS);
        // One failure among thousands is still to be seen.
        let red = if self.bad == 0 { 0 } else { (height * self.bad / all).max(SHORTEST_TENTHS).min(height) };
        let mut bars = Vec::with_capacity(2);
        if height > red {
            bars.push(bar("b-ok", FLOOR_TENTHS - height, height - red));
        }
        if red > 0 {
            bars.push(bar("b-bad", FLOOR_TENTHS - red, red));
        }
        bars
    }
}

fn tenths(n: u64) -> String {
    format!("{}.{}", n / 10, n % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn height_is_volume_and_red_is_failed() {
        let spark = Spark::draw(&[Hour { ok: 10, bad: 0 }, Hour { ok: 0, bad: 0 }, Hour { ok: 4, bad: 1 }]);
        let drawn: Vec<_> = spark.bars.iter().skip(21).map(|b| (b.class, b.x, &*b.y, &*b.height)).collect();
        assert_eq!(
            drawn,
            [
                ("b-ok", 63, "2.4", "17.6"),
                ("b-idle", 66, "18.0", "2.0"),
                ("b-ok", 69, "11.2", "6.8"),
                ("b-bad", 69, "18.0", "2.0"),
            ]
        );
        assert_eq!((spark.word.as_str(), spark.bad), ("93.3%", true));
        assert_eq!(spark.label, "93.3% delivered in the last 24 hours");
    }

    #[test]
    fn a_quiet_day_is_24_idle_hours_and_no_alarm() {
        let spark = Spark::draw(&[]);
        assert_eq!(spark.bars.len(), 24);
        assert!(spark.bars.iter().all(|b| b.class == "b-idle"));
        assert_eq!((spark.word.as_str(), spark.bad), ("–", false));
    }

    #[test]
    fn only_the_last_day_counts() {
        let mut hours = vec![Hour { ok: 0, bad: 9 }; 30];
        hours.extend([Hour { ok: 1, bad: 0 }; 24]);
        assert_eq!(Spark::draw(&hours).word, "100%");
    }
}
