//! Words for people: times, durations, amounts and initials.

use std::time::Duration;

use crate::domain::time::Ts;

/// A moment as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Moment {
    /// What stands in the text: `2 min ago`, `14:02:41`.
    pub word: String,
    /// The whole timestamp with its zone, for hovering: `20 Nov 2025, 14:01:21 UTC`.
    pub title: String,
    /// ISO 8601, for machines.
    pub datetime: String,
}

impl Moment {
    /// A moment as its distance from `now`: `2 min ago`, `in 6 min`, `6 Nov`.
    pub fn relative(then: Ts, now: Ts) -> Self {
        Self { word: relative(then, now), title: full(then), datetime: then.to_string() }
    }

    /// A moment as its time of day: `14:02:41`.
    pub fn clock(then: Ts) -> Self {
        Self { word: clock(then), title: full(then), datetime: then.to_string() }
    }

    /// A moment in a list of moments: its time of day, `14:02:41`, and before today with the date.
    pub fn in_list(then: Ts, now: Ts) -> Self {
        if then.day() == now.day() {
            return Self::clock(then);
        }
        Self {
            word: format!("{}, {}", day(then, now), clock(then)),
            title: full(then),
            datetime: then.to_string(),
        }
    }

    /// A moment in full: `20 Nov 2025, 14:01:21 UTC`.
    pub fn full(then: Ts) -> Self {
        Self { word: full(then), title: full(then), datetime: then.to_string() }
    }
}

/// `then` as its distance from `now` when under a day, else its date; the year only when it differs.
pub fn relative(then: Ts, now: Ts) -> String {
    let seconds = now.millis_since(then) / 1_000;
    let amount = match seconds.unsigned_abs() {
        0 => return "now".to_owned(),
        s @ 1..60 => format!("{s} s"),
        s @ 60..3_600 => format!("{} min", s / 60),
        s @ 3_600..86_400 => format!("{} h", s / 3_600),
        _ => return day(then, now),
    };
    if seconds > 0 { format!("{amount} ago") } else { format!("in {amount}") }
}

/// `20 Nov 2025, 14:01:21 UTC`.
pub fn full(then: Ts) -> String {
    then.calendar().strftime("%-d %b %Y, %H:%M:%S UTC").to_string()
}

/// `14:02:41`, in UTC.
pub fn clock(then: Ts) -> String {
    then.calendar().strftime("%H:%M:%S").to_string()
}

/// `20 Nov`, with the year when it is not that of `now`.
pub fn day(then: Ts, now: Ts) -> String {
    let year = |t: Ts| t.calendar().strftime("%Y").to_string();
    let form = if year(then) == year(now) { "%-d %b" } else { "%-d %b %Y" };
    then.calendar().strftime(form).to_string()
}

/// `127 ms`, `15.0 s`, `2 min 5 s`, `3 h 10 min`.
pub fn duration(d: Duration) -> String {
    let ms = d.as_millis();
    let seconds = d.as_secs();
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{seconds}.{} s", ms % 1_000 / 100),
        60_000..3_600_000 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
    }
}

/// `1,204`.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 webhook`, `1,204 webhooks`.
pub fn count(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(n), if n == 1 { one } else { many })
}

/// The share of `part` in `whole`: `100%`, `99.7%`. Rounded down, so that 100% means all of them;
/// `–` when there is nothing.
pub fn percent(part: u64, whole: u64) -> String {
    let Some(tenths) = part.saturating_mul(1_000).checked_div(whole) else { return "–".to_owned() };
    match tenths % 10 {
        0 => format!("{}%", tenths / 10),
        rest => format!("{}.{rest}%", tenths / 10),
    }
}

/// An address without its scheme.
pub fn short_url(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest)
}

/// The first letters of the first two words, in capitals: `KR`. `?` when there is no letter.
pub fn initials(name: &str) -> String {
    let letters: String = name
        .split_whitespace()
        .filter_map(|word| word.chars().find(|c| c.is_alphanumeric()))
        .take(2)
        .flat_map(char::to_uppercase)
        .collect();
    if letters.is_empty() { "?".to_owned() } else { letters }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Ts {
        Ts::parse(text).unwrap()
    }

    #[test]
    fn a_time_is_relative_under_a_day_and_a_date_beyond() {
        let now = at("2025-11-20T14:02:41Z");
        for (then, word) in [
            ("2025-11-20T14:02:41Z", "now"),
            ("2025-11-20T14:02:29Z", "12 s ago"),
            ("2025-11-20T14:00:41Z", "2 min ago"),
            ("2025-11-20T11:02:40Z", "3 h ago"),
            ("2025-11-20T14:08:45Z", "in 6 min"),
            ("2025-11-06T14:02:41Z", "6 Nov"),
            ("2024-11-06T14:02:41Z", "6 Nov 2024"),
        ] {
            assert_eq!(relative(at(then), now), word);
        }
        let moment = Moment::clock(at("2025-11-20T14:01:21.5Z"));
        assert_eq!((moment.word.as_str(), moment.title.as_str()), ("14:01:21", "20 Nov 2025, 14:01:21 UTC"));
        assert_eq!(moment.datetime, "2025-11-20T14:01:21.5Z");
        let listed = |then: &str| Moment::in_list(at(then), now).word;
        assert_eq!(listed("2025-11-20T00:00:00Z"), "00:00:00");
        assert_eq!(listed("2025-11-19T23:59:59Z"), "19 Nov, 23:59:59");
    }

    #[test]
    fn durations_and_amounts_have_units() {
        let words: Vec<_> =
            [127, 15_000, 125_000, 11_400_000].map(Duration::from_millis).map(duration).into();
        assert_eq!(words, ["127 ms", "15.0 s", "2 min 5 s", "3 h 10 min"]);
        assert_eq!(count(1, "webhook", "webhooks"), "1 webhook");
        assert_eq!(count(1_234_567, "event", "events"), "1,234,567 events");
        assert_eq!(thousands(123), "123");
    }

    #[test]
    fn all_means_all() {
        assert_eq!(percent(9_999, 10_000), "99.9%");
        assert_eq!(percent(3, 3), "100%");
        assert_eq!(percent(0, 3), "0%");
        assert_eq!(percent(0, 0), "–");
    }

    #[test]
    fn initials_are_two_letters() {
        assert_eq!(initials("Kestrel Retail Group"), "KR");
        assert_eq!(initials("“émile”"), "É");
        assert_eq!(initials(" – "), "?");
    }
}
