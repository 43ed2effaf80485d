//! One limit over many keys: token buckets that fill up evenly, and what of them is left.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

/// After how many checks the keys that are at rest are forgotten.
const CHECKS_BETWEEN_SWEEPS: u32 = 4_096;
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STATE: HeaderName = HeaderName::from_static("ratelimit");

type Buckets<K> = RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// Asked too often: nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limited {
    /// The limit's name: `ingest`, `api`, `failed-auth`.
    pub name: &'static str,
    /// How many may come at once.
    pub quota: u32,
    /// In how many seconds the whole quota comes back; 0 when it is one of requests at the same time.
    pub window_s: u32,
    /// After how many seconds the next request may pass, at least 1.
    pub retry_after_s: u64,
}

impl Limited {
    /// The value of the `RateLimit-Policy` field.
    pub fn policy(&self) -> String {
        match self.window_s {
            0 => format!("\"{}\";q={};qu=\"concurrent-requests\"", self.name, self.quota),
            window => format!("\"{}\";q={};w={window}", self.name, self.quota),
        }
    }

    /// The value of the `RateLimit` field: nothing is left until it says.
    pub fn state(&self) -> String {
        format!("\"{}\";r=0;t={}", self.name, self.retry_after_s)
    }

    /// Sets both fields.
    pub fn tell(&self, headers: &mut HeaderMap) {
        set(headers, &self.policy(), &self.state());
    }
}

/// What is left of a limit after a request that passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// The limit's name.
    pub name: &'static str,
    /// How many may come at once.
    pub quota: u32,
    /// In how many seconds the whole quota comes back.
    pub window_s: u32,
    /// How many more may come at once now.
    pub remaining: u32,
}

impl Left {
    /// Sets `RateLimit-Policy` and `RateLimit`; the latter says in how many seconds the whole quota is back.
    pub fn tell(&self, headers: &mut HeaderMap) {
        let Self { name, quota, window_s, remaining } = self;
        let used = u64::from(quota.saturating_sub(*remaining));
        let reset_s = (used * u64::from(*window_s)).div_ceil(u64::from(*quota).max(1));
        let state = format!("\"{name}\";r={remaining};t={reset_s}");
        set(headers, &format!("\"{name}\";q={quota};w={window_s}"), &state);
    }
}

fn set(headers: &mut HeaderMap, policy: &str, state: &str) {
    for (name, value) in [(POLICY, policy), (STATE, state)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
}

/// A bucket for each key.
pub(super) struct Limiter<K: Hash + Eq + Clone> {
    name: &'static str,
    quota: u32,
    window_s: u32,
    buckets: Buckets<K>,
    clock: DefaultClock,
    checks: AtomicU32,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    /// `most` a minute, all of them at once if need be.
    pub(super) fn per_minute(name: &'static str, most: NonZeroU32) -> Self {
        Self::new(name, Quota::per_minute(most), most.get(), 60)
    }

    /// `rate` a second, `burst` seconds' worth at once; none when `rate` is 0.
    pub(super) fn per_second(name: &'static str, rate: u32, burst: u32) -> Option<Self> {
        let rate = NonZeroU32::new(rate)?;
        let most = rate.saturating_mul(NonZeroU32::new(burst)?);
        Some(Self::new(name, Quota::per_second(rate).allow_burst(most), most.get(), burst))
    }

    fn new(name: &'static str, quota: Quota, most: u32, window_s: u32) -> Self {
        Self {
            name,
            quota: most,
            window_s,
            buckets: RateLimiter::keyed(quota).with_middleware(),
            clock: DefaultClock::default(),
            checks: AtomicU32::new(0),
        }
    }

    /// How many of one key may come at once.
    pub(super) fn quota(&self) -> u32 {
        self.quota
    }

    /// Takes one of `key`'s.
    pub(super) fn check(&self, key: &K) -> Result<Left, Limited> {
        self.check_many(key, NonZeroU32::MIN)
    }

    /// Takes `count` of `key`'s, or none. More than the whole quota is never there.
    pub(super) fn check_many(&self, key: &K, count: NonZeroU32) -> Result<Left, Limited> {
        self.sweep();
        let wait = match self.buckets.check_key_n(key, count) {
            Ok(Ok(state)) => {
                let remaining = state.remaining_burst_capacity();
                return Ok(Left { name: self.name, quota: self.quota, window_s: self.window_s, remaining });
            }
            Ok(Err(not_until)) => not_until.wait_time_from(self.clock.now()),
            Err(_) => Duration::from_secs(self.window_s.into()),
        };
        Err(self.limited(wait))
    }

    /// The refusal of who may come back after `wait`.
    pub(super) fn limited(&self, wait: Duration) -> Limited {
        let whole = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Limited { name: self.name, quota: self.quota, window_s: self.window_s, retry_after_s: whole.max(1) }
    }

    /// Forgets the keys whose whole quota has come back, so that the map stays as small as the traffic.
    fn sweep(&self) {
        if self.checks.fetch_add(1, Ordering::Relaxed) % CHECKS_BETWEEN_SWEEPS == CHECKS_BETWEEN_SWEEPS - 1 {
            self.buckets.retain_recent();
            self.buckets.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(tell: impl Fn(&mut HeaderMap)) -> [String; 2] {
        let mut headers = HeaderMap::new();
        tell(&mut headers);
        [POLICY, STATE].map(|name| headers.get(name).unwrap().to_str().unwrap().to_owned())
    }

    #[test]
    fn what_is_left_is_told_until_nothing_is() {
        let limiter = Limiter::per_second("api", 2, 3).unwrap();
        let left: Vec<u32> = (0..6).map(|_| limiter.check(&1).unwrap().remaining).collect();
        assert_eq!(left, [5, 4, 3, 2, 1, 0]);
        assert!(limiter.check(&1).is_err());
        let left = limiter.check(&2).unwrap();
        assert_eq!(told(|headers| left.tell(headers)), ["\"api\";q=6;w=3", "\"api\";r=5;t=1"]);
        let many = NonZeroU32::new(7).unwrap();
        assert_eq!(limiter.check_many(&3, many).unwrap_err().retry_after_s, 3);
    }

    #[test]
    fn keys_at_rest_are_forgotten() {
        let limiter = Limiter::per_second("api", 1_000_000, 1).unwrap();
        for key in 0..3 * CHECKS_BETWEEN_SWEEPS {
            limiter.check(&key).unwrap();
        }
        assert!(limiter.buckets.len() < 2 * usize::try_from(CHECKS_BETWEEN_SWEEPS).unwrap());
    }
}
