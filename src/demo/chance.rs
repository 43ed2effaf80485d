//! Cheap chance for thousands of made-up values: seeded once, of no use to anything secret.

use std::time::Duration;

use crate::keys::random_bytes;

/// A row of numbers that look like chance.
pub struct Chance(u64);

impl Chance {
    /// Another row each time.
    pub fn new() -> Self {
        Self(u64::from_le_bytes(random_bytes()))
    }

    /// From `low` up to and including `high`; `low` when the range is empty.
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        let span = u64::from(high.saturating_sub(low)) + 1;
        low + u32::try_from(self.next() % span).unwrap_or_default()
    }

    /// True in `percent` of a hundred cases.
    pub fn percent(&mut self, percent: u32) -> bool {
        self.between(1, 100) <= percent
    }

    /// One of them; `None` of none.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let last = u32::try_from(of.len().checked_sub(1)?).ok()?;
        of.get(usize::try_from(self.between(0, last)).ok()?)
    }

    /// One of these words.
    pub fn word(&mut self, of: &[&'static str]) -> &'static str {
        self.pick(of).copied().unwrap_or_default()
    }

    /// One of these, as often as the number beside it says.
    pub fn weighted<T: Copy>(&mut self, of: &[(T, u32)]) -> Option<T> {
        let all = of.iter().map(|(_, weight)| weight).sum::<u32>();
        let mut at = self.between(1, all);
        of.iter()
            .find(|(_, weight)| {
                let found = at <= *weight;
                at = at.saturating_sub(*weight);
                found
            })
            .map(|(one, _)| *one)
    }

    /// A time of up to `longest`, in whole milliseconds.
    pub fn within(&mut self, longest: Duration) -> Duration {
        let ms = u32::try_from(longest.as_millis()).unwrap_or(u32::MAX);
        Duration::from_millis(u64::from(self.between(0, ms)))
    }

    /// From 0 up to 1.
    pub fn fraction(&mut self) -> f64 {
        f64::from(self.between(0, 1_000)) / 1_000.0
    }

    /// Digits of base 16.
    pub fn hex(&mut self, digits: usize) -> String {
        let mut text = format!("{:016x}{:016x}", self.next(), self.next());
        text.truncate(digits);
        text
    }

    /// The next number of the row (splitmix64).
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_comes_up_and_none_outside() {
        let mut chance = Chance::new();
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..1_000 {
            assert!((3..=6).contains(&chance.between(3, 6)));
            seen.insert(chance.weighted(&[("often", 8), ("seldom", 2), ("never", 0)]).unwrap());
        }
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["often", "seldom"]);
        assert_eq!(chance.pick::<u8>(&[]), None);
        assert_eq!(chance.hex(20).len(), 20);
    }
}
