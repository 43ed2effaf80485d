//! Secrets of API tokens: their form, and the checksum that tells them from garbage without a query.

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

/// What every token's secret begins with; frozen for ever.
pub const PREFIX: &str = "bwl_";

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE: u32 = 62;
const RANDOM: usize = 38;
const CHECKSUM: usize = 6;
const LENGTH: usize = PREFIX.len() + RANDOM + CHECKSUM;

/// A token's secret, `bwl_[0-9A-Za-z]{44}` with a true checksum. Wiped when dropped, never printed.
#[derive(Clone)]
pub struct TokenSecret(Zeroizing<String>);

impl TokenSecret {
    /// Makes a secret of 38 evenly distributed base62 characters. `fill` must fill the whole slice with
    /// random bytes, new ones at each call.
    pub fn generate(fill: &mut dyn FnMut(&mut [u8])) -> Self {
        /// Bytes from here on would favour the first characters of the alphabet.
        const UNEVEN: u8 = 62 * 4;
        let mut text = String::with_capacity(LENGTH);
        text.push_str(PREFIX);
        let mut bytes = [0; RANDOM];
        while text.len() < PREFIX.len() + RANDOM {
            fill(&mut bytes);
            let left = PREFIX.len() + RANDOM - text.len();
            text.extend(bytes.iter().filter(|b| **b < UNEVEN).take(left).map(|b| digit(u32::from(*b))));
        }
        bytes.zeroize();
        let sum = checksum(&text);
        text.extend(sum);
        Self(Zeroizing::new(text))
    }

    /// Reads a secret; `None` when the form or the checksum is wrong. Whether it is live, only the store knows.
    pub fn parse(text: &str) -> Option<Self> {
        let sound = text.strip_prefix(PREFIX)?.bytes().all(|b| b.is_ascii_alphanumeric());
        let (body, sum) = text.split_at_checked(LENGTH - CHECKSUM)?;
        let sound = sound && text.len() == LENGTH && sum.chars().eq(checksum(body));
        sound.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The secret itself: for its one showing, and for the keyed hash.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The characters that stay visible beside the prefix.
    pub fn last_four(&self) -> &str {
        self.0.get(LENGTH - 4..).unwrap_or_default()
    }
}

impl fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSecret(…)")
    }
}

/// Whether `text` holds something of a secret's form anywhere, true checksum or not.
pub fn looks_like_token(text: &str) -> bool {
    text.match_indices(PREFIX).any(|(at, _)| {
        let after = text.as_bytes().get(at + PREFIX.len()..at + LENGTH);
        after.is_some_and(|body| body.iter().all(u8::is_ascii_alphanumeric))
    })
}

/// CRC-32 of `body` as six base62 characters, padded with `0` on the left.
fn checksum(body: &str) -> [char; CHECKSUM] {
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut sum = ['0'; CHECKSUM];
    for slot in sum.iter_mut().rev() {
        *slot = digit(rest);
        rest /= BASE;
    }
    sum
}

fn digit(number: u32) -> char {
    ALPHABET.get((number % BASE) as usize).copied().map_or('0', char::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VECTOR: &str = "bwl_abcdefghijABCDEFGHIJ0123456789abcdefgh4gMjDM";

    #[test]
    fn the_published_vector_is_a_secret_and_its_neighbours_are_not() {
        let secret = TokenSecret::parse(VECTOR).unwrap();
        assert_eq!((secret.expose(), secret.last_four()), (VECTOR, "MjDM"));
        assert_eq!(format!("{secret:?}"), "TokenSecret(…)");
        for at in 0..VECTOR.len() {
            let mut bytes = VECTOR.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
            assert!(TokenSecret::parse(std::str::from_utf8(&bytes).unwrap()).is_none(), "{at}");
        }
        for bad in ["", "bwl_", &VECTOR[..47], &format!("{VECTOR}0"), &format!(" {VECTOR}"), &"é".repeat(24)]
        {
            assert!(TokenSecret::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_generated_secret_reads_back_and_uses_every_character_evenly() {
        let mut next = 0_u8;
        let mut all_bytes = |slice: &mut [u8]| {
            slice.fill_with(|| {
                next = next.wrapping_add(1);
                next
            });
        };
        let mut seen = std::collections::BTreeMap::<char, u32>::new();
        // 124 secrets use 4,712 even bytes: 19 rounds of all 248.
        for _ in 0..124 {
            let secret = TokenSecret::generate(&mut all_bytes);
            assert_eq!(TokenSecret::parse(secret.expose()).unwrap().expose(), secret.expose());
            for c in secret.expose()[PREFIX.len()..PREFIX.len() + RANDOM].chars() {
                *seen.entry(c).or_default() += 1;
            }
        }
        assert_eq!(seen.len(), 62);
        assert!(seen.values().all(|n| (60..=92).contains(n)), "{seen:?}");
    }

    #[test]
    fn a_pasted_secret_is_noticed_anywhere_in_a_text() {
        assert!(looks_like_token(&format!("https://x.example/?t={VECTOR}&y")));
        assert!(looks_like_token(&format!("bwl_bwl_{}", "0".repeat(44))));
        assert!(!looks_like_token(&VECTOR[..47]));
        assert!(!looks_like_token(&format!("bwl_{}é", "0".repeat(43))));
    }
}
