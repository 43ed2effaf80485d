//! Endpoints: one URL of a webhook, with its own advanced settings.

/// How long an attempt may take when the endpoint does not say, in milliseconds.
pub const DEFAULT_TIMEOUT_MS: i32 = 15_000;
/// The shortest and longest time an endpoint may allow an attempt, in milliseconds.
pub const TIMEOUT_MS: std::ops::RangeInclusive<i32> = 1_000..=30_000;
/// How many endpoints a webhook may have.
pub const MOST_ENDPOINTS: usize = 20;
