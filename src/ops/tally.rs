//! How often tokens are used, counted in memory, so that a busy one costs one write a minute.

use std::collections::HashMap;
use std::mem::take;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::domain::access::permission::Permission;
use crate::domain::id::TokenId;
use crate::domain::time::Ts;

/// How late a use may be stored.
const STORE_EVERY: Duration = Duration::from_mins(1);

/// Uses that are not stored yet. The first one of a scope within a minute is due at once.
#[derive(Default)]
pub struct Tally {
    counts: Mutex<HashMap<(TokenId, Permission), Count>>,
    is_due: AtomicBool,
}

#[derive(Default)]
struct Count {
    uses: i64,
    stored_at: Option<Ts>,
}

impl Count {
    fn is_due(&self, now: Ts) -> bool {
        self.stored_at.is_none_or(|at| at + STORE_EVERY <= now)
    }
}

impl Tally {
    /// Counts a use.
    pub fn note(&self, token: TokenId, scope: Permission, now: Ts) {
        let mut counts = self.counts();
        let count = counts.entry((token, scope)).or_default();
        count.uses += 1;
        if count.is_due(now) {
            self.is_due.store(true, Ordering::Release);
        }
    }

    /// Whether something has waited long enough.
    pub fn is_due(&self) -> bool {
        self.is_due.load(Ordering::Acquire)
    }

    /// Takes what is due at `now`, or all there is, to be stored: in the same order in every process, so that
    /// none waits for another that waits for it.
    pub fn take(&self, now: Ts, all: bool) -> Vec<(TokenId, Permission, i64)> {
        self.is_due.store(false, Ordering::Release);
        let mut counts = self.counts();
        counts.retain(|_, count| count.uses > 0 || !count.is_due(now));
        let due = counts.iter_mut().filter(|(_, count)| count.uses > 0 && (all || count.is_due(now)));
        let taken = due.map(|(&(token, scope), count)| {
            count.stored_at = Some(now);
            (token, scope, take(&mut count.uses))
        });
        let mut taken: Vec<_> = taken.collect();
        taken.sort_unstable();
        taken
    }

    /// Takes back what could not be stored.
    pub fn put_back(&self, uses: Vec<(TokenId, Permission, i64)>) {
        let mut counts = self.counts();
        for (token, scope, uses) in uses {
            counts.entry((token, scope)).or_default().uses += uses;
        }
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<(TokenId, Permission), Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_first_use_is_due_at_once_and_the_others_within_a_minute() {
        let (tally, now) = (Tally::default(), Ts::from_millis(1_000_000));
        let (token, read) = (TokenId::from_uuid(Uuid::from_u128(1)), Permission::EventsRead);
        tally.note(token, read, now);
        assert!(tally.is_due());
        assert_eq!(tally.take(now, false), [(token, read, 1)]);
        let soon = now + Duration::from_secs(59);
        tally.note(token, read, soon);
        tally.note(token, read, soon);
        assert!(!tally.is_due() && tally.take(soon, false).is_empty());
        tally.note(token, read, now + STORE_EVERY);
        assert!(tally.is_due());
        let due = tally.take(now + STORE_EVERY, false);
        assert_eq!(due, [(token, read, 3)]);
        tally.put_back(due);
        assert_eq!(tally.take(now + STORE_EVERY, true), [(token, read, 3)]);
        assert!(tally.take(now + STORE_EVERY * 2, true).is_empty() && tally.counts().is_empty());
    }

    #[test]
    fn what_is_taken_is_in_order() {
        let (tally, now) = (Tally::default(), Ts::from_millis(1_000_000));
        for n in 0..20 {
            let token = TokenId::from_uuid(Uuid::from_u128(n * 7 % 20));
            tally.note(token, Permission::EventsWrite, now);
            tally.note(token, Permission::EventsRead, now);
        }
        let taken = tally.take(now, false);
        assert!(taken.len() == 40 && taken.is_sorted(), "{taken:?}");
    }
}
