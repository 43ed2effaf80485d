//! How many requests of one key may be under way at the same time.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::limiter::Limited;
use crate::domain::id::TokenId;

/// After how many seconds one that found no seat may look again.
const RETRY_AFTER_S: u64 = 1;

/// Seats for each key; a key that holds none is not kept.
pub(super) struct Seats<K: Hash + Eq + Copy> {
    name: &'static str,
    most: u32,
    taken: Arc<Mutex<HashMap<K, u32>>>,
}

/// A request under way. Dropping it gives its place to another.
pub struct Seat<K: Hash + Eq + Copy = TokenId> {
    key: K,
    taken: Arc<Mutex<HashMap<K, u32>>>,
}

impl<K: Hash + Eq + Copy> Seats<K> {
    pub(super) fn new(name: &'static str, most: u32) -> Self {
        Self { name, most, taken: Arc::default() }
    }

    /// Takes one of `key`'s seats.
    pub(super) fn take(&self, key: K) -> Result<Seat<K>, Limited> {
        let mut taken = held(&self.taken);
        let mine = taken.entry(key).or_insert(0);
        if *mine >= self.most {
            return Err(Limited {
                name: self.name,
                quota: self.most,
                window_s: 0,
                retry_after_s: RETRY_AFTER_S,
            });
        }
        *mine += 1;
        Ok(Seat { key, taken: self.taken.clone() })
    }
}

impl<K: Hash + Eq + Copy> Drop for Seat<K> {
    fn drop(&mut self) {
        let mut taken = held(&self.taken);
        if let Some(mine) = taken.get_mut(&self.key) {
            *mine -= 1;
            if *mine == 0 {
                taken.remove(&self.key);
            }
        }
    }
}

fn held<K>(taken: &Mutex<HashMap<K, u32>>) -> MutexGuard<'_, HashMap<K, u32>> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_is_free_again_when_its_request_ends() {
        let seats = Seats::new("waiting", 2);
        let (first, _second) = (seats.take(1).unwrap(), seats.take(1).unwrap());
        let Err(limited) = seats.take(1) else { panic!("a third one sat down") };
        assert_eq!(limited.policy(), "\"waiting\";q=2;qu=\"concurrent-requests\"");
        let other = seats.take(2).unwrap();
        drop((first, other));
        assert!(seats.take(1).is_ok());
        assert_eq!(held(&seats.taken).len(), 1);
    }
}
