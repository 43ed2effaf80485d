//! Time and ids, through one handle, so that tests can move the clock.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use uuid::Uuid;

use crate::domain::id::{Id, Kind};
use crate::domain::time::Ts;
use crate::keys::random;

/// The number of random bits in a `UUIDv7`.
const RANDOM_BITS: u32 = 74;

/// Where time and ids come from. Clones share one clock and one order of ids.
#[derive(Clone, Debug)]
pub struct Clock {
    hands: Hands,
    last: Arc<Mutex<LastId>>,
}

#[derive(Clone, Debug)]
enum Hands {
    System,
    Moved(Arc<AtomicI64>),
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
        Self { hands: Hands::System, last: Arc::default() }
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
            #[expect(
                clippy::disallowed_methods,
                reason = "this is the one place that reads the machine's clock"
            )]
            Hands::System => Ts(jiff::Timestamp::now().as_microsecond()),
            Hands::Moved(now) => Ts(now.load(Ordering::SeqCst)),
        }
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
}
