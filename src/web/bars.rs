//! A chart of deliveries over time: stacked bars in a drawing, their labels, and the same numbers as a table.

use crate::web::format;

const WIDTH_HUNDREDTHS: u64 = 48_000;
const HEIGHT_TENTHS: u64 = 1_000;
/// One failure among thousands is still to be seen.
const SHORTEST_TENTHS: u64 = 27;
const GAP_TENTHS: u64 = 8;
/// Tops of the scale: each can be halved, so that the line in the middle has a whole number.
const TOPS: [u64; 5] = [2, 4, 6, 8, 10];

/// What was delivered and failed between two moments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// When it begins, in words: `14:00`.
    pub from: String,
    /// How many arrived.
    pub ok: u64,
    /// How many did not.
    pub bad: u64,
}

/// One rectangle, in a box 480 wide and 100 high.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// `b-ok` or `b-bad`.
    pub class: &'static str,
    /// Left edge, with two decimals.
    pub x: String,
    /// Top edge, with one decimal.
    pub y: String,
    /// Width, with two decimals.
    pub width: String,
    /// Height, with one decimal.
    pub height: String,
}

/// The strip of one bucket, over the whole height, that a pointer or arrow keys read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strip {
    /// Left edge, with two decimals.
    pub x: String,
    /// Width, with two decimals.
    pub width: String,
    /// What is read: `14:00 · 33 delivered, 0 failed`.
    pub tip: String,
}

/// The whole chart, ready for its template.
#[derive(Debug, Clone, Default)]
pub struct Bars {
    /// What a screen reader says of the drawing.
    pub label: String,
    /// The labels of the scale, from the top.
    pub scale: Vec<String>,
    /// The rectangles.
    pub bars: Vec<Bar>,
    /// The strips of the buckets, oldest first.
    pub strips: Vec<Strip>,
    /// The labels of the time, oldest first.
    pub times: Vec<String>,
    /// The buckets, oldest first.
    pub rows: Vec<Bucket>,
    /// Whether nothing happened in any of them.
    pub is_empty: bool,
}

impl Bars {
    /// Draws `rows`, oldest first; `times` stand under them, evenly.
    pub fn draw(label: String, rows: Vec<Bucket>, times: Vec<String>) -> Self {
        let tallest = rows.iter().map(|row| row.ok + row.bad).max().unwrap_or(0);
        let top = top(tallest);
        let wide = WIDTH_HUNDREDTHS / (rows.len() as u64).max(1);
        let place = |at: u64| (at * wide + wide * 14 / 100, wide * 72 / 100);
        let bars = rows.iter().zip(0..).flat_map(|(row, at)| row.bars(place(at), top)).collect();
        let strips = rows.iter().zip(0..).map(|(row, at)| Strip {
            x: decimals(at * wide, 2),
            width: decimals(wide, 2),
            tip: format!(
                "{} · {} delivered, {} failed",
                row.from,
                format::thousands(row.ok),
                format::thousands(row.bad)
            ),
        });
        let strips = strips.collect();
        let scale = [top, top / 2, 0].map(format::thousands).into();
        Self { label, scale, bars, strips, times, is_empty: tallest == 0, rows }
    }
}

impl Bucket {
    fn bars(&self, (x, width): (u64, u64), top: u64) -> Vec<Bar> {
        let bar = |class, y: u64, height: u64| Bar {
            class,
            x: decimals(x, 2),
            y: decimals(y, 1),
            width: decimals(width, 2),
            height: decimals(height, 1),
        };
        let tall = |amount: u64| match amount {
            0 => 0,
            _ => (HEIGHT_TENTHS * amount / top).clamp(SHORTEST_TENTHS, HEIGHT_TENTHS),
        };
        let red = tall(self.bad);
        let all = tall(self.ok + self.bad).max(red);
        let blue = if self.ok == 0 { 0 } else { all.saturating_sub(red) };
        // A gap parts the two, where there is room for it.
        let gap = if red > 0 && blue > GAP_TENTHS { GAP_TENTHS } else { 0 };
        let mut bars = Vec::with_capacity(2);
        if red > 0 {
            bars.push(bar("b-bad", HEIGHT_TENTHS - red, red));
        }
        if blue > gap {
            bars.push(bar("b-ok", HEIGHT_TENTHS - red - blue, blue - gap));
        }
        bars
    }
}

/// The top of a scale on which `most` fits.
fn top(most: u64) -> u64 {
    let mut unit = 1_u64;
    loop {
        if let Some(top) = TOPS.iter().map(|top| top * unit).find(|top| *top >= most) {
            return top;
        }
        unit = unit.saturating_mul(10);
    }
}

/// A number of units of which `10^places` are one.
fn decimals(n: u64, places: usize) -> String {
    let one = 10_u64.pow(u32::try_from(places).unwrap_or(0));
    format!("{}.{:0places$}", n / one, n % one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(ok: u64, bad: u64) -> Bucket {
        Bucket { from: "14:00".to_owned(), ok, bad }
    }

    #[test]
    fn bars_stack_up_to_a_round_top() {
        let chart = Bars::draw(String::new(), vec![bucket(30, 10), bucket(0, 0), bucket(0, 45)], Vec::new());
        assert_eq!(chart.scale, ["60", "30", "0"]);
        let drawn: Vec<_> =
            chart.bars.iter().map(|b| (b.class, b.x.as_str(), b.y.as_str(), b.height.as_str())).collect();
        assert_eq!(
            drawn,
            [
                ("b-bad", "22.40", "83.4", "16.6"),
                ("b-ok", "22.40", "33.4", "49.2"),
                ("b-bad", "342.40", "25.0", "75.0")
            ]
        );
        assert_eq!(chart.strips[0].tip, "14:00 · 30 delivered, 10 failed");
        assert!(!chart.is_empty && Bars::draw(String::new(), vec![bucket(0, 0)], Vec::new()).is_empty);
    }

    #[test]
    fn a_single_failure_is_seen_beside_any_number() {
        let chart = Bars::draw(String::new(), vec![bucket(1_000_000, 1)], Vec::new());
        assert_eq!(chart.bars[0].height, "2.7");
        assert_eq!(chart.scale, ["2,000,000", "1,000,000", "0"]);
    }
}
