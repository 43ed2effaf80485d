//! Rate limits: how often a token or an address may ask, kept in this process's memory.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::domain::id::TokenId;

/// Failed authentications that one address may cause in a minute.
pub const FAILED_AUTH_PER_MINUTE: NonZeroU32 = NonZeroU32::new(60).unwrap();
/// How many seconds' worth of events a token may publish at once.
const INGEST_BURST: u32 = 2;
/// How many seconds' worth of requests a token may make at once.
const API_BURST: u32 = 3;
/// After how many checks the keys that are at rest are forgotten.
const CHECKS_BETWEEN_SWEEPS: u32 = 4_096;

/// How often a token may ask, by the settings; 0 is no limit.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    /// Events a second.
    pub ingest_per_second: u32,
    /// Other requests a second.
    pub api_per_second: u32,
}

/// Every limit of the process.
pub struct Limits {
    ingest: Option<Limiter<TokenId>>,
    api: Option<Limiter<TokenId>>,
    failed_auth: Limiter<IpAddr>,
}

/// Asked too often: nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limited {
    /// The limit's name: `ingest`, `api`, `failed-auth`.
    pub name: &'static str,
    /// How many may come at once.
    pub quota: u32,
    /// In how many seconds the whole quota comes back.
    pub window_s: u32,
    /// After how many seconds the next request may pass, at least 1.
    pub retry_after_s: u64,
}

impl Limited {
    /// The value of the `RateLimit-Policy` field.
    pub fn policy(&self) -> String {
        format!("\"{}\";q={};w={}", self.name, self.quota, self.window_s)
    }

    /// The value of the `RateLimit` field: nothing is left until it says.
    pub fn state(&self) -> String {
        format!("\"{}\";r=0;t={}", self.name, self.retry_after_s)
    }
}

impl Limits {
    /// Limits with nothing counted yet.
    pub fn new(rates: Rates) -> Self {
        Self {
            ingest: Limiter::per_second("ingest", rates.ingest_per_second, INGEST_BURST),
            api: Limiter::per_second("api", rates.api_per_second, API_BURST),
            failed_auth: Limiter::new(
                "failed-auth",
                Quota::per_minute(FAILED_AUTH_PER_MINUTE),
                FAILED_AUTH_PER_MINUTE.get(),
                60,
            ),
        }
    }

    /// Counts a publishing request of a token.
    pub fn ingest(&self, token: TokenId) -> Result<(), Limited> {
        self.ingest.as_ref().map_or(Ok(()), |limiter| limiter.check(&token))
    }

    /// Counts `more` further events of one request. More than the whole quota is refused too: the token may
    /// never publish so many at once.
    pub fn ingest_more(&self, token: TokenId, more: u32) -> Result<(), Limited> {
        let (Some(limiter), Some(more)) = (&self.ingest, NonZeroU32::new(more)) else { return Ok(()) };
        limiter.check_many(&token, more)
    }

    /// Counts any other API request of a token.
    pub fn api(&self, token: TokenId) -> Result<(), Limited> {
        self.api.as_ref().map_or(Ok(()), |limiter| limiter.check(&token))
    }

    /// Counts a failed authentication from an address. Good credentials are never held up by it: behind a
    /// reverse proxy many clients share one address.
    pub fn failed_auth(&self, from: Option<IpAddr>) -> Result<(), Limited> {
        self.failed_auth.check(&neighbourhood(from.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED))))
    }
}

/// The address itself, or the /64 network of an IPv6 address: one customer holds all of that.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

struct Limiter<K: Hash + Eq + Clone> {
    name: &'static str,
    quota: u32,
    window_s: u32,
    buckets: DefaultKeyedRateLimiter<K>,
    clock: DefaultClock,
    checks: AtomicU32,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    fn new(name: &'static str, quota: Quota, most: u32, window_s: u32) -> Self {
        Self {
            name,
            quota: most,
            window_s,
            buckets: RateLimiter::keyed(quota),
            clock: DefaultClock::default(),
            checks: AtomicU32::new(0),
        }
    }

    /// `rate` a second, `burst` seconds' worth at once; none when `rate` is 0.
    fn per_second(name: &'static str, rate: u32, burst: u32) -> Option<Self> {
        let rate = NonZeroU32::new(rate)?;
        let most = rate.saturating_mul(NonZeroU32::new(burst)?);
        Some(Self::new(name, Quota::per_second(rate).allow_burst(most), most.get(), burst))
    }

    fn check(&self, key: &K) -> Result<(), Limited> {
        self.check_many(key, NonZeroU32::MIN)
    }

    fn check_many(&self, key: &K, count: NonZeroU32) -> Result<(), Limited> {
        self.sweep();
        let wait = match self.buckets.check_key_n(key, count) {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(not_until)) => not_until.wait_time_from(self.clock.now()),
            Err(_) => Duration::from_secs(self.window_s.into()),
        };
        let whole = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Err(Limited {
            name: self.name,
            quota: self.quota,
            window_s: self.window_s,
            retry_after_s: whole.max(1),
        })
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
    use uuid::Uuid;

    fn limits(api_per_second: u32) -> Limits {
        Limits::new(Rates { ingest_per_second: 0, api_per_second })
    }

    fn token(n: u128) -> TokenId {
        TokenId::from_uuid(Uuid::from_u128(n))
    }

    #[test]
    fn a_token_over_its_limit_is_told_when_to_return_and_others_are_not_held_up() {
        let limits = limits(1);
        let answers: Vec<_> = (0..4).map(|_| limits.api(token(1))).collect();
        assert_eq!(answers[..3], [Ok(()), Ok(()), Ok(())]);
        let limited = answers[3].unwrap_err();
        assert_eq!((limited.name, limited.retry_after_s), ("api", 1));
        assert_eq!(limited.policy(), "\"api\";q=3;w=3");
        assert_eq!(limited.state(), "\"api\";r=0;t=1");
        assert_eq!(limits.api(token(2)), Ok(()));
    }

    #[test]
    fn no_limit_is_no_limit() {
        let limits = limits(0);
        assert!((0..10_000).all(|_| limits.ingest(token(1)).is_ok() && limits.api(token(1)).is_ok()));
    }

    #[test]
    fn the_sixty_first_failure_of_a_network_in_a_minute_is_refused() {
        let limits = limits(0);
        let from = |n: u16| Some(IpAddr::from([0x2600, 1, 2, 3, 0, 0, 0, n]));
        assert!((0..60).all(|n| limits.failed_auth(from(n)).is_ok()));
        assert_eq!(limits.failed_auth(from(61)).unwrap_err().window_s, 60);
        assert!(limits.failed_auth(Some(IpAddr::from([192, 0, 2, 1]))).is_ok());
    }
}
