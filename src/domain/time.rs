//! A moment in UTC with microseconds, as it is stored and shown.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

/// Microseconds since 1970-01-01T00:00:00Z. Shown as ISO 8601 with `Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ts(pub i64);

impl Ts {
    /// The moment `ms` milliseconds after the epoch.
    pub const fn from_millis(ms: i64) -> Self {
        Self(ms.saturating_mul(1_000))
    }

    /// Whole seconds since the epoch.
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Whole milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Milliseconds from `earlier` to this moment; negative when it is later.
    pub const fn millis_since(self, earlier: Ts) -> i64 {
        (self.0 - earlier.0) / 1_000
    }

    /// The time from `earlier` to this moment; nothing when it is later.
    pub fn since(self, earlier: Ts) -> Duration {
        Duration::from_micros(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }

    /// The start of the hour this moment lies in.
    #[must_use]
    pub const fn hour(self) -> Self {
        const HOUR: i64 = 3_600_000_000;
        Self(self.0.div_euclid(HOUR) * HOUR)
    }

    /// The start of the day, in UTC, this moment lies in.
    #[must_use]
    pub const fn day(self) -> Self {
        const DAY: i64 = 86_400_000_000;
        Self(self.0.div_euclid(DAY) * DAY)
    }

    /// The start of the stretch of this `width` that the moment lies in, counted from the epoch.
    #[must_use]
    pub fn step(self, width: Duration) -> Self {
        let width = i64::try_from(width.as_micros()).unwrap_or(i64::MAX).max(1);
        Self(self.0.div_euclid(width) * width)
    }

    /// The calendar's view of this moment; the epoch when it lies outside the calendar.
    pub fn calendar(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    /// Reads an ISO 8601 moment that names its zone.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|t| Self(t.as_microsecond()))
    }
}

impl fmt::Display for Ts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.calendar().fmt(f)
    }
}

impl serde::Serialize for Ts {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl Add<Duration> for Ts {
    type Output = Ts;
    fn add(self, d: Duration) -> Ts {
        Ts(self.0.saturating_add(i64::try_from(d.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Ts {
    type Output = Ts;
    fn sub(self, d: Duration) -> Ts {
        Ts(self.0.saturating_sub(i64::try_from(d.as_micros()).unwrap_or(i64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_shown_in_utc_and_reads_back() {
        let t = Ts(1_687_338_930_123_456);
        assert_eq!(t.to_string(), "2023-06-21T09:15:30.123456Z");
        assert_eq!(Ts::parse("2023-06-21T11:15:30.123456+02:00"), Some(t));
        assert_eq!(Ts::parse("2023-06-21T09:15:30"), None);
        assert_eq!(t.hour().to_string(), "2023-06-21T09:00:00Z");
    }
}
