//! Answers of a moment ago, kept in memory so that the busiest path asks the database once for many requests.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::domain::time::Ts;

/// Up to `most` answers, each good for `life`. Only for what may be that old, or is looked at again in the
/// transaction that relies on it.
pub struct Recent<K, V> {
    life: Duration,
    most: usize,
    answers: Mutex<HashMap<K, (V, Ts)>>,
}

impl<K: Hash + Eq, V: Clone> Recent<K, V> {
    /// An empty memory.
    pub fn new(life: Duration, most: usize) -> Self {
        Self { life, most, answers: Mutex::default() }
    }

    /// The answer for `key`, if it was noted within the life of answers.
    pub fn recall(&self, key: &K, now: Ts) -> Option<V> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers
            .get(key)
            .filter(|(_, noted)| *noted <= now && now < *noted + self.life)
            .map(|(v, _)| v.clone())
    }

    /// Notes an answer. When there are too many, those that are too old go, and if need be all.
    pub fn note(&self, key: K, answer: V, now: Ts) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= self.most {
            answers.retain(|_, (_, noted)| now < *noted + self.life);
            if answers.len() >= self.most {
                answers.clear();
            }
        }
        answers.insert(key, (answer, now));
    }

    /// Forgets the answers that `stale` picks.
    pub fn forget(&self, stale: impl Fn(&K, &V) -> bool) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).retain(|k, (v, _)| !stale(k, v));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_good_for_its_life_and_the_memory_stays_small() {
        let recent = Recent::new(Duration::from_secs(1), 2);
        let start = Ts::from_millis(1_000);
        recent.note("a", 1, start);
        assert_eq!(recent.recall(&"a", start + Duration::from_millis(999)), Some(1));
        assert_eq!(recent.recall(&"a", start + Duration::from_secs(1)), None);
        recent.note("b", 2, start);
        recent.note("c", 3, start);
        assert_eq!(recent.answers.lock().unwrap().len(), 1);
        recent.forget(|_, v| *v == 3);
        assert_eq!(recent.recall(&"c", start), None);
    }
}
