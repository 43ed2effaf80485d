//! Time and ids, through one handle, so that tests can move the clock.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::domain::id::{Id, Kind};
use crate::domain::time::Ts;
use crate::keys::random;

/// The number of random bits in a `UUIDv7`.
const RANDOM_BITS: u32 = 74;

/// By how many seconds the machine's clock may be off before that counts as a jump.
const MOST_JUMP_S: i64 = 5;

/// Where time and ids come from. Clones share one clock and one order of ids.
#[derive(Clone, Debug)]
pub struct Clock {
    hands: Hands,
    last: Arc<Mutex<LastId>>,
}

#[derive(Clone, Debug)]
enum Hands {
    System(Arc<Steady>),
    Moved(Arc<AtomicI64>),
}

/// A clock that is set once and then runs evenly, whatever becomes of the machine's.
#[derive(Debug)]
struct Steady {
    began: Instant,
    /// What it showed when it began, in microseconds.
    start: AtomicI64,
    /// How far the machine's clock was from it when that was last told, in microseconds.
    told: AtomicI64,
}

#[derive(Debug, Default)]
struct LastId {
    ms: u64,
    random: u128,
    step: u64,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        let steady = Steady {
            began: Instant::now(),
            start: AtomicI64::new(machine_now().0),
            told: AtomicI64::default(),
        };
        Self { hands: Hands::System(Arc::new(steady)), last: Arc::default() }
    }

    /// A clock that stands at `start` until it is moved.
    pub fn standing(start: Ts) -> Self {
        Self { hands: Hands::Moved(Arc::new(AtomicI64::new(start.0))), last: Arc::default() }
    }

    /// Moves a standing clock on; the machine's clock is not moved.
    pub fn advance(&self, by: Duration) {
        if let Hands::Moved(now) = &self.hands {
            now.fetch_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }

    /// This moment.
    pub fn now(&self) -> Ts {
        match &self.hands {
            Hands::System(_) => machine_now(),
            Hands::Moved(now) => Ts(now.load(Ordering::SeqCst)),
        }
    }

    /// This moment as leases count it: when somebody moves the machine's clock, no lease ends early or late.
    /// Where several processes share a database, it is that server's moment.
    pub fn lease_now(&self) -> Ts {
        match &self.hands {
            Hands::System(steady) => steady.now(),
            Hands::Moved(_) => self.now(),
        }
    }

    /// Leases are counted by a server's clock, which shows `moment` now.
    pub fn follow(&self, moment: Ts) {
        if let Hands::System(steady) = &self.hands {
            steady.start.store(moment.0 - steady.elapsed(), Ordering::Release);
        }
    }

    /// How far the machine's clock has jumped since the last time it was asked, in whole seconds, when that
    /// is more than five: positive when it went forward.
    pub fn jump(&self) -> Option<i64> {
        let Hands::System(steady) = &self.hands else { return None };
        let gap = machine_now().0 - steady.now().0;
        let jumped = (gap - steady.told.load(Ordering::Acquire)) / 1_000_000;
        (jumped.abs() > MOST_JUMP_S).then(|| {
            steady.told.store(gap, Ordering::Release);
            jumped
        })
    }

    /// A new id, greater than every id this clock gave before.
    pub fn id<K: Kind>(&self) -> Id<K> {
        Id::from_uuid(self.uuid())
    }

    fn uuid(&self) -> Uuid {
        let ms = u64::try_from(self.now().as_millis()).unwrap_or(0);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if ms > last.ms {
            let mut bytes = [0; 16];
            random(&mut bytes);
            let fresh = u128::from_le_bytes(bytes);
            last.ms = ms;
            // The top bit stays free, so that thousands of ids fit behind the first of a millisecond.
            last.random = fresh & ((1 << (RANDOM_BITS - 1)) - 1);
            let step = (fresh >> 64) as u64;
            last.step = step;
        } else {
            // Within a millisecond (or while the clock runs backwards) ids count up, in steps that
            // cannot be guessed from one id.
            last.step = last.step.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            last.random += 1 + u128::from(last.step >> 24);
            if last.random >> RANDOM_BITS != 0 {
                last.ms += 1;
                last.random &= (1 << (RANDOM_BITS - 1)) - 1;
            }
        }
        let high = (u128::from(last.ms) << 80) | (7 << 76) | ((last.random >> 62) << 64);
        Uuid::from_u128(high | (0b10 << 62) | (last.random & ((1 << 62) - 1)))
    }
}

impl Steady {
    fn elapsed(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_micros()).unwrap_or(i64::MAX)
    }

    fn now(&self) -> Ts {
        Ts(self.start.load(Ordering::Acquire) + self.elapsed())
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
fn machine_now() -> Ts {
    Ts(jiff::Timestamp::now().as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::EventId;

    #[test]
    fn ids_count_up_also_while_the_clock_stands() {
        let clock = Clock::standing(Ts::from_millis(1_700_000_000_000));
        let mut before = clock.id::<crate::domain::id::EventKind>();
        for i in 0..100_000 {
            let next: EventId = clock.id();
            assert!(next > before, "{i}: {next} after {before}");
            before = next;
        }
        let uuid = clock.uuid();
        assert_eq!(uuid.get_version_num(), 7);
        assert_eq!(uuid.get_variant(), uuid::Variant::RFC4122);
    }

    #[test]
    fn leases_follow_a_server_and_not_the_machine() {
        let clock = Clock::system();
        assert!((clock.lease_now().0 - clock.now().0).abs() < 1_000_000);
        assert_eq!(clock.jump(), None);
        let theirs = clock.now() + Duration::from_hours(1);
        clock.follow(theirs);
        let now = clock.clone().lease_now();
        assert!(now >= theirs && now < theirs + Duration::from_mins(1), "{now}");
        assert!(clock.now() < theirs, "only leases do");
        // As after the machine's clock went back by an hour.
        assert!(clock.jump().is_some_and(|s| (-3_601..=-3_540).contains(&s)));
        assert_eq!(clock.jump(), None, "a jump is told once");
    }
}
