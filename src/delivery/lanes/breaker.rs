//! One endpoint's breaker: how much it may be sent at once, and when it is left alone. Known to this node
//! only: each of several nodes learns for itself.

use std::time::Duration;

use tokio::time::Instant;

/// After which time without a sign what is known of an endpoint is forgotten.
const MEMORY: Duration = Duration::from_hours(1);

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// So many failures in a row open it.
    pub failures: u32,
    /// The first rest, without jitter; each failed probe doubles it.
    pub first_rest: Duration,
    /// The longest rest, without jitter.
    pub longest_rest: Duration,
    /// The longest rest that a receiver can ask for with `Retry-After`.
    pub longest_asked: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            failures: 5,
            first_rest: Duration::from_secs(30),
            longest_rest: Duration::from_mins(10),
            longest_asked: Duration::from_mins(1),
        }
    }
}

/// What the end of an attempt says about its endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// It answered 2xx.
    Success,
    /// It failed.
    Failure {
        /// It has too much to do: 429, 502, 503, 504 or no answer in time.
        is_overload: bool,
        /// For how long it asked to be left alone.
        asked: Option<Duration>,
    },
    /// Nothing: the fault was ours, nothing was sent, or a person tried whether it works.
    Nothing,
}

/// Where one endpoint stands.
#[derive(Debug, Clone, Copy)]
pub struct Breaker {
    phase: Phase,
    /// How many attempts may be under way at once; never more than the cap.
    limit: usize,
    /// Failures since the last success.
    failures: u32,
    /// How long the last rest of its own was; zero when the last probe succeeded.
    rest: Duration,
    /// When the last sign came.
    heard: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Deliveries go.
    Closed,
    /// It asked to be left alone until then.
    Asked(Instant),
    /// It failed too often; nothing goes until then.
    Open(Instant),
    /// One delivery goes and decides.
    HalfOpen,
}

impl Breaker {
    /// An endpoint that nothing bad is known of.
    pub fn new(cap: usize, now: Instant) -> Self {
        Self { phase: Phase::Closed, limit: cap, failures: 0, rest: Duration::ZERO, heard: now }
    }

    /// How many attempts may be under way at once.
    pub const fn places(&self) -> usize {
        match self.phase {
            Phase::Closed => self.limit,
            Phase::Asked(_) | Phase::Open(_) => 0,
            Phase::HalfOpen => 1,
        }
    }

    /// Whether nothing is begun to the endpoint, so that nothing should wait for it here either.
    pub const fn is_shut(&self) -> bool {
        matches!(self.phase, Phase::Asked(_) | Phase::Open(_))
    }

    /// Whether one delivery decides how it goes on.
    pub const fn is_probing(&self) -> bool {
        matches!(self.phase, Phase::HalfOpen)
    }

    /// When it wakes, while it is shut.
    pub const fn wakes_at(&self) -> Option<Instant> {
        match self.phase {
            Phase::Asked(until) | Phase::Open(until) => Some(until),
            Phase::Closed | Phase::HalfOpen => None,
        }
    }

    /// Heeds the end of an attempt. `jitter` from 0 to 1 adds up to a quarter to a rest. Whether the
    /// breaker has turned.
    pub fn heed(&mut self, sign: Sign, cap: usize, rules: &Rules, jitter: f64, now: Instant) -> bool {
        let before = self.phase;
        match sign {
            Sign::Nothing => return false,
            Sign::Success => self.succeeded(cap),
            Sign::Failure { is_overload, asked } => {
                if is_overload {
                    self.limit = (self.limit / 2).max(1);
                }
                self.failed(asked.map(|asked| asked.min(rules.longest_asked)), rules, jitter, now);
            }
        }
        self.heard = now;
        self.phase != before
    }

    /// Ends a rest whose time has come; whether it did.
    pub fn wake(&mut self, now: Instant) -> bool {
        let next = match self.phase {
            Phase::Asked(until) if until <= now => Phase::Closed,
            Phase::Open(until) if until <= now => Phase::HalfOpen,
            _ => return false,
        };
        self.phase = next;
        true
    }

    /// Whether it is as new: there is nothing to remember.
    pub fn is_plain(&self, cap: usize) -> bool {
        self.phase == Phase::Closed && self.failures == 0 && self.limit == cap
    }

    /// Whether it may be forgotten: there is nothing to remember, or nothing was heard for a long time.
    pub fn is_forgettable(&self, cap: usize, now: Instant) -> bool {
        self.is_plain(cap) || (!self.is_shut() && now.saturating_duration_since(self.heard) >= MEMORY)
    }

    fn succeeded(&mut self, cap: usize) {
        self.failures = 0;
        self.rest = Duration::ZERO;
        if matches!(self.phase, Phase::Open(_) | Phase::HalfOpen) {
            // What has gathered meanwhile comes step by step.
            self.phase = Phase::Closed;
            self.limit = 1;
        } else {
            self.limit = (self.limit + 1).min(cap);
        }
    }

    fn failed(&mut self, asked: Option<Duration>, rules: &Rules, jitter: f64, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        let until = |rest: Duration| now + rest + (rest / 4).mul_f64(jitter.clamp(0.0, 1.0));
        match (self.phase, asked) {
            // What was under way when it opened says nothing new.
            (Phase::Open(_), _) => {}
            (Phase::HalfOpen, _) => {
                self.rest = (self.rest * 2).clamp(rules.first_rest, rules.longest_rest);
                self.phase = Phase::Open(until(self.rest.max(asked.unwrap_or_default())));
            }
            // A receiver that says when it will be ready is taken at its word, the first time.
            (_, Some(asked)) if self.failures >= rules.failures => self.phase = Phase::Open(until(asked)),
            (_, None) if self.failures >= rules.failures => {
                self.rest = rules.first_rest;
                self.phase = Phase::Open(until(self.rest));
            }
            (phase, Some(asked)) => {
                let asked = now + asked;
                self.phase = Phase::Asked(match phase {
                    Phase::Asked(before) => before.max(asked),
                    _ => asked,
                });
            }
            (_, None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CAP: usize = 8;
    const FAILURE: Sign = Sign::Failure { is_overload: false, asked: None };
    const TIMEOUT: Sign = Sign::Failure { is_overload: true, asked: None };

    struct Bench {
        breaker: Breaker,
        now: Instant,
    }

    impl Bench {
        fn new() -> Self {
            let now = Instant::now();
            Self { breaker: Breaker::new(CAP, now), now }
        }

        fn heed(&mut self, sign: Sign) -> bool {
            self.breaker.heed(sign, CAP, &Rules::default(), 0.0, self.now)
        }

        fn fail(&mut self, times: usize) {
            for _ in 0..times {
                self.heed(FAILURE);
            }
        }

        /// Waits until the breaker wakes; gives for how many seconds.
        fn wait(&mut self) -> u64 {
            let until = self.breaker.wakes_at().unwrap();
            let rest = until - self.now;
            assert!(!self.breaker.wake(until.checked_sub(Duration::from_nanos(1)).unwrap()), "never early");
            self.now = until;
            assert!(self.breaker.wake(until));
            rest.as_secs()
        }
    }

    fn asks(seconds: u64) -> Sign {
        Sign::Failure { is_overload: true, asked: Some(Duration::from_secs(seconds)) }
    }

    #[test]
    fn five_failures_in_a_row_open_it_and_a_success_between_them_does_not() {
        let mut bench = Bench::new();
        bench.fail(4);
        bench.heed(Sign::Success);
        bench.fail(4);
        assert_eq!(bench.breaker.places(), CAP);
        assert!(bench.heed(FAILURE));
        assert_eq!(bench.breaker.places(), 0);
    }

    #[test]
    fn each_failed_probe_doubles_the_rest_up_to_ten_minutes() {
        let mut bench = Bench::new();
        bench.fail(5);
        let rests: Vec<u64> = (0..7)
            .map(|_| {
                bench.fail(3);
                let rest = bench.wait();
                assert_eq!(bench.breaker.places(), 1, "one probes");
                bench.heed(FAILURE);
                rest
            })
            .collect();
        assert_eq!(rests, [30, 60, 120, 240, 480, 600, 600]);
    }

    #[test]
    fn a_probe_that_succeeds_closes_it_and_the_rate_rises_step_by_step() {
        let mut bench = Bench::new();
        bench.fail(5);
        bench.wait();
        let places: Vec<usize> = (0..9)
            .map(|_| {
                bench.heed(Sign::Success);
                bench.breaker.places()
            })
            .collect();
        assert_eq!(places, [1, 2, 3, 4, 5, 6, 7, 8, 8]);
        bench.fail(5);
        assert_eq!(bench.wait(), 30, "the next rest is a first one");
    }

    #[test]
    fn a_success_closes_it_before_its_time() {
        let mut bench = Bench::new();
        bench.fail(5);
        assert!(bench.heed(Sign::Success));
        assert_eq!(bench.breaker.places(), 1);
    }

    #[test]
    fn what_is_not_the_endpoints_fault_changes_nothing() {
        let mut bench = Bench::new();
        bench.fail(4);
        assert!((0..100).all(|_| !bench.heed(Sign::Nothing)));
        assert_eq!(bench.breaker.places(), CAP);
        bench.fail(1);
        bench.wait();
        assert!(!bench.heed(Sign::Nothing));
        assert_eq!(bench.breaker.places(), 1, "the next one probes");
    }

    #[test]
    fn an_endpoint_with_too_much_to_do_is_sent_half_as_much() {
        let mut bench = Bench::new();
        let places: Vec<usize> = [TIMEOUT, TIMEOUT, Sign::Success, FAILURE, TIMEOUT, TIMEOUT]
            .into_iter()
            .map(|sign| {
                bench.heed(sign);
                bench.breaker.places()
            })
            .collect();
        assert_eq!(places, [4, 2, 3, 3, 1, 1]);
    }

    #[test]
    fn who_asks_to_be_left_alone_is_for_a_minute_at_the_most() {
        let mut bench = Bench::new();
        assert!(bench.heed(asks(7)));
        bench.heed(asks(3));
        assert_eq!((bench.breaker.places(), bench.wait()), (0, 7));
        assert_eq!(bench.breaker.places(), 2);
        bench.heed(asks(86_400));
        assert_eq!(bench.wait(), 60);
        bench.fail(1);
        bench.heed(asks(2));
        assert_eq!(bench.wait(), 2, "it said itself when it will be ready");
        bench.heed(asks(2));
        assert_eq!(bench.wait(), 30, "and it was not");
    }

    #[test]
    fn what_is_well_or_long_silent_is_forgotten() {
        let mut bench = Bench::new();
        assert!(bench.breaker.is_forgettable(CAP, bench.now));
        bench.fail(5);
        assert!(!bench.breaker.is_forgettable(CAP, bench.now + MEMORY), "not while it rests");
        bench.wait();
        assert!(!bench.breaker.is_forgettable(CAP, bench.now));
        assert!(bench.breaker.is_forgettable(CAP, bench.now + MEMORY));
        for _ in 0..CAP {
            bench.heed(Sign::Success);
        }
        assert!(bench.breaker.is_forgettable(CAP, bench.now));
    }

    fn signs() -> impl Strategy<Value = Vec<(Sign, u64)>> {
        let asked = prop::option::of((0..100_u64).prop_map(Duration::from_secs));
        let failure =
            (any::<bool>(), asked).prop_map(|(is_overload, asked)| Sign::Failure { is_overload, asked });
        let sign = prop_oneof![2 => Just(Sign::Success), 4 => failure, 1 => Just(Sign::Nothing)];
        prop::collection::vec((sign, 0..200_u64), 0..200)
    }

    proptest! {
        #[test]
        fn it_always_wakes_in_time_and_never_lets_more_through_than_the_cap(
            signs in signs(),
            jitter in 0.0..=1.0,
        ) {
            let (mut now, rules) = (Instant::now(), Rules::default());
            let mut breaker = Breaker::new(CAP, now);
            for (sign, wait) in signs {
                now += Duration::from_secs(wait);
                breaker.wake(now);
                breaker.heed(sign, CAP, &rules, jitter, now);
                prop_assert!(breaker.places() <= CAP);
                prop_assert_eq!(breaker.places() == 0, breaker.is_shut());
                prop_assert_eq!(breaker.is_shut(), breaker.wakes_at().is_some());
                if let Some(until) = breaker.wakes_at() {
                    prop_assert!(until <= now + rules.longest_rest + rules.longest_rest / 4);
                }
            }
        }
    }
}
