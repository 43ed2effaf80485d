//! Retries: how long a delivery waits after each failed attempt, and when it gives up.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::domain::problem::FieldErrors;
use crate::domain::time::Ts;

const HOUR: u32 = 3_600;
/// The longest wait of a schedule, and the longest that `Retry-After` can ask for.
pub const LONGEST_WAIT: Duration = Duration::from_hours(24);
/// The most waits of a schedule of one's own.
pub const MOST_WAITS: usize = 20;
/// The published schedule: the waits after each failed attempt, in seconds.
pub const PUBLISHED_WAITS: [u32; 9] =
    [5, 300, 1_800, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];

const PUBLISHED: &str = "published";
const NONE: &str = "none";

/// When an endpoint's failed deliveries are tried again. As JSON: `"published"`, `"none"` or the waits in
/// seconds, `[5,300]`. Its `Display` and `FromStr` are that JSON text, as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Shape", try_from = "Shape")]
pub enum RetryPolicy {
    /// [`PUBLISHED_WAITS`]: ten attempts over about 75 hours.
    #[default]
    Published,
    /// One attempt, no retries.
    None,
    /// A schedule of one's own.
    Custom(Waits),
}

/// 1 to [`MOST_WAITS`] waits of 1 second to 24 hours each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waits(Vec<u32>);

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Shape {
    Word(String),
    Seconds(Vec<u32>),
}

/// The text is no retry policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a retry policy: send \"published\", \"none\" or 1 to 20 waits of 1 to 86400 seconds")]
pub struct NotAPolicy;

impl RetryPolicy {
    /// A schedule of one's own, in seconds; refuses with the code `retry_waits`.
    pub fn custom(seconds: Vec<u32>) -> Result<Self, FieldErrors> {
        Waits::new(seconds).map(Self::Custom).ok_or_else(|| {
            FieldErrors::one(
                "retry",
                "retry_waits",
                "The retry schedule cannot be used. Give 1 to 20 waits of 1 second to 24 hours each.",
            )
        })
    }

    /// The waits in seconds, before jitter.
    pub fn waits(&self) -> &[u32] {
        match self {
            Self::Published => &PUBLISHED_WAITS,
            Self::None => &[],
            Self::Custom(waits) => &waits.0,
        }
    }

    /// How long to wait after the `failed_attempts`-th failure (from 1); `None` when the delivery is
    /// exhausted. `jitter` from 0 to 1 adds up to a quarter; `retry_after` may only delay, to at most
    /// [`LONGEST_WAIT`].
    pub fn next_wait(
        &self,
        failed_attempts: i32,
        jitter: f64,
        retry_after: Option<Duration>,
    ) -> Option<Duration> {
        let wait = usize::try_from(failed_attempts.max(1) - 1).ok()?;
        let base = Duration::from_secs(u64::from(*self.waits().get(wait)?));
        let jitter = if jitter.is_nan() { 0.0 } else { jitter.clamp(0.0, 1.0) };
        let scheduled = base + (base / 4).mul_f64(jitter);
        Some(scheduled.max(retry_after.unwrap_or_default().min(LONGEST_WAIT)))
    }
}

/// Reads the value of a `Retry-After` header: whole seconds of at most 10 digits, or an HTTP date, which is
/// zero when past. Anything else is `None`.
pub fn retry_after(value: &str, now: Ts) -> Option<Duration> {
    let value = value.trim_matches([' ', '\t']);
    if value.bytes().all(|b| b.is_ascii_digit()) {
        return if value.len() <= 10 { value.parse().ok().map(Duration::from_secs) } else { None };
    }
    let date = httpdate::parse_http_date(value).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(date.saturating_sub(Duration::from_micros(now.0.try_into().unwrap_or_default())))
}

impl Waits {
    fn new(seconds: Vec<u32>) -> Option<Self> {
        let sound = (1..=MOST_WAITS).contains(&seconds.len());
        (sound && seconds.iter().all(|s| (1..=24 * HOUR).contains(s))).then_some(Self(seconds))
    }
}

impl From<RetryPolicy> for Shape {
    fn from(policy: RetryPolicy) -> Self {
        match policy {
            RetryPolicy::Published => Self::Word(PUBLISHED.to_owned()),
            RetryPolicy::None => Self::Word(NONE.to_owned()),
            RetryPolicy::Custom(waits) => Self::Seconds(waits.0),
        }
    }
}

impl TryFrom<Shape> for RetryPolicy {
    type Error = NotAPolicy;
    fn try_from(shape: Shape) -> Result<Self, NotAPolicy> {
        match shape {
            Shape::Word(word) if word == PUBLISHED => Ok(Self::Published),
            Shape::Word(word) if word == NONE => Ok(Self::None),
            Shape::Word(_) => Err(NotAPolicy),
            Shape::Seconds(seconds) => Waits::new(seconds).map(Self::Custom).ok_or(NotAPolicy),
        }
    }
}

impl fmt::Display for RetryPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Published => write!(f, "\"{PUBLISHED}\""),
            Self::None => write!(f, "\"{NONE}\""),
            Self::Custom(waits) => {
                let seconds: Vec<String> = waits.0.iter().map(u32::to_string).collect();
                write!(f, "[{}]", seconds.join(","))
            }
        }
    }
}

impl FromStr for RetryPolicy {
    type Err = NotAPolicy;
    fn from_str(text: &str) -> Result<Self, NotAPolicy> {
        serde_json::from_str(text).map_err(|_| NotAPolicy)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::events::delivery::MOST_ATTEMPTS;

    const NOW: Ts = Ts(784_111_777_000_000); // Sun, 06 Nov 1994 08:49:37 GMT

    #[test]
    fn the_published_schedule_takes_ten_attempts_over_75_hours() {
        let waits = (1..).map_while(|failed| RetryPolicy::Published.next_wait(failed, 0.0, None));
        let waits: Vec<u64> = waits.map(|wait| wait.as_secs()).collect();
        assert_eq!(waits, [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]);
        assert_eq!(i32::try_from(waits.len()).unwrap() + 1, MOST_ATTEMPTS);
        assert_eq!(waits.iter().sum::<u64>() / 3_600, 75);
        assert_eq!(RetryPolicy::None.next_wait(1, 0.0, Some(LONGEST_WAIT)), None);
    }

    #[test]
    fn a_policy_reads_back_what_it_wrote() {
        let own = RetryPolicy::custom(vec![1, 86_400]).unwrap();
        for (policy, text) in
            [(RetryPolicy::default(), "\"published\""), (RetryPolicy::None, "\"none\""), (own, "[1,86400]")]
        {
            assert_eq!(policy.to_string(), text);
            assert_eq!(serde_json::to_string(&policy).unwrap(), text);
            assert_eq!(text.parse(), Ok(policy));
        }
        for bad in ["", "\"x\"", "[]", "[0]", "[86401]", "[-1]", "[1.5]", "{}", &format!("{:?}", [1; 21])] {
            assert_eq!(bad.parse::<RetryPolicy>(), Err(NotAPolicy), "{bad}");
        }
        assert!(RetryPolicy::custom(vec![]).is_err());
    }

    #[test]
    fn retry_after_is_whole_seconds_or_a_date() {
        let secs = |text| retry_after(text, NOW).map(|d| d.as_secs());
        assert_eq!(secs("0"), Some(0));
        assert_eq!(secs(" 120 "), Some(120));
        assert_eq!(secs("9999999999"), Some(9_999_999_999));
        assert_eq!(secs("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60));
        assert_eq!(secs("Sun, 06 Nov 1994 08:49:36 GMT"), Some(0));
        for odd in ["", "inf", "NaN", "-1", "+1", "1.5", "1e3", "00000000001", "1 2", "tomorrow", "１"] {
            assert_eq!(secs(odd), None, "{odd}");
        }
    }

    proptest! {
        #[test]
        fn no_wait_is_early_or_late(
            seconds in prop::collection::vec(1..=24 * HOUR, 1..=MOST_WAITS),
            failed in any::<i32>(),
            jitter in prop_oneof![0.0..=1.0, any::<f64>()],
            asked in prop::option::of(0..200_000_u64),
        ) {
            let policy = RetryPolicy::custom(seconds.clone()).unwrap();
            let index = usize::try_from(failed.max(1) - 1).unwrap();
            let wait = policy.next_wait(failed, jitter, asked.map(Duration::from_secs));
            prop_assert_eq!(wait.is_some(), index < seconds.len());
            if let Some(wait) = wait {
                let base = Duration::from_secs(seconds[index].into());
                let asked = Duration::from_secs(asked.unwrap_or(0)).min(LONGEST_WAIT);
                prop_assert!(wait >= base.max(asked));
                prop_assert!(wait <= (base + base / 4).max(asked));
            }
        }

        #[test]
        fn no_retry_after_is_worth_a_panic(value in "\\PC{0,40}", now in any::<i64>()) {
            let asked = retry_after(&value, Ts(now)).unwrap_or_default();
            prop_assert!(RetryPolicy::Published.next_wait(1, 1.0, Some(asked)).unwrap() <= LONGEST_WAIT);
        }
    }
}
