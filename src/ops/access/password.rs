//! Hashing passwords: argon2id, two at a time, so that signing in never takes the machine from deliveries.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::domain::access::password::Password;
use crate::keys::random_bytes;
use crate::ops::Error;

/// Memory of one hash, in KiB.
const MEMORY_KIB: u32 = 64 * 1024;
/// Passes over that memory.
const PASSES: u32 = 3;
/// A stored hash with less memory than this is not believed: someone else wrote it.
const LEAST_MEMORY_KIB: u32 = 19 * 1024;
/// A stored hash with fewer passes is not believed either.
const FEWEST_PASSES: u32 = 2;
/// A stored hash that would take more memory than this is not computed.
const MOST_MEMORY_KIB: u32 = 512 * 1024;
/// A hash that no password has, for accounts that do not exist: the work must be the same.
const NOBODYS: &str = "$argon2id$v=19$m=65536,t=3,p=1$YmVsbHdpcmUgbm9ib2R5IQ$\
    bm8gcGFzc3dvcmQgaGFzIHRoaXMgaGFzaCwgZXZlciE";

static GATE: Gate = Gate::new(2, 32);

/// Why a password was not hashed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// Too many others wait; try again in a moment.
    #[error("too many passwords are being checked")]
    Busy,
    /// A fault of ours.
    #[error("a password cannot be hashed: {0}")]
    Failed(String),
}

impl From<HashError> for Error {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => Self::Unavailable(error.to_string()),
            HashError::Failed(_) => Self::Internal(error.to_string()),
        }
    }
}

/// Whether a password is the right one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Right {
        /// The hash to store from now on, when the stored one was made with less work.
        better: Option<String>,
    },
    /// It is not.
    Wrong,
}

/// The hash of a new password, as a PHC string. Blocks for about a tenth of a second, and while others wait.
pub fn hash(password: &Password) -> Result<String, HashError> {
    let _pass = GATE.enter().ok_or(HashError::Busy)?;
    make(password)
}

/// Compares a password with a stored hash. Takes the same time when there is none.
pub fn verify(password: &Password, stored: Option<&str>) -> Result<Verdict, HashError> {
    let _pass = GATE.enter().ok_or(HashError::Busy)?;
    let believed = stored.and_then(|text| parse(text).ok().flatten());
    let (hash, params) = match believed {
        Some(found) => found,
        None => parse(NOBODYS)?.ok_or_else(|| HashError::Failed("no hash to compare with".into()))?,
    };
    if hasher()?.verify_password(password.as_bytes(), &hash).is_err() || stored.is_none() {
        return Ok(Verdict::Wrong);
    }
    let weaker = params.m_cost() < MEMORY_KIB || params.t_cost() < PASSES;
    Ok(Verdict::Right { better: weaker.then(|| make(password)).transpose()? })
}

/// Does work that costs as much as a hash when it is its turn; it counts as one.
pub(super) fn in_turn<T>(work: impl FnOnce() -> Result<T, HashError>) -> Result<T, HashError> {
    let _pass = GATE.enter().ok_or(HashError::Busy)?;
    work()
}

fn make(password: &Password) -> Result<String, HashError> {
    let salt: [u8; 16] = random_bytes();
    hasher()?
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|error| HashError::Failed(error.to_string()))
}

fn hasher() -> Result<Argon2<'static>, HashError> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(|e| HashError::Failed(e.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The hash and its costs, when they lie between the floor and the ceiling.
fn parse(text: &str) -> Result<Option<(PasswordHash, Params)>, HashError> {
    let failed = |e: String| HashError::Failed(e);
    let hash = PasswordHash::new(text).map_err(|e| failed(e.to_string()))?;
    let params = Params::try_from(&hash).map_err(|e| failed(e.to_string()))?;
    let sound = text.starts_with("$argon2id$")
        && (LEAST_MEMORY_KIB..=MOST_MEMORY_KIB).contains(&params.m_cost())
        && params.t_cost() >= FEWEST_PASSES;
    Ok(sound.then_some((hash, params)))
}

/// Lets a few through at a time; a few more wait.
struct Gate {
    most_inside: usize,
    most_waiting: usize,
    counts: Mutex<Counts>,
    left: Condvar,
}

#[derive(Default)]
struct Counts {
    inside: usize,
    waiting: usize,
}

/// The right to work; given back when dropped.
struct Pass<'a>(&'a Gate);

impl Gate {
    const fn new(most_inside: usize, most_waiting: usize) -> Self {
        let counts = Mutex::new(Counts { inside: 0, waiting: 0 });
        Self { most_inside, most_waiting, counts, left: Condvar::new() }
    }

    /// Waits for a place; `None` when too many wait already.
    fn enter(&self) -> Option<Pass<'_>> {
        let mut counts = self.counts();
        if counts.inside >= self.most_inside {
            if counts.waiting >= self.most_waiting {
                return None;
            }
            counts.waiting += 1;
            counts = self
                .left
                .wait_while(counts, |counts| counts.inside >= self.most_inside)
                .unwrap_or_else(PoisonError::into_inner);
            counts.waiting -= 1;
        }
        counts.inside += 1;
        Some(Pass(self))
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.0.counts().inside -= 1;
        self.0.left.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Password {
        Password::typed(text).unwrap()
    }

    #[test]
    fn a_hash_knows_its_password_and_nobodys_hash_knows_none() {
        let stored = hash(&typed("violin porch copper")).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=65536,t=3,p=1$"), "{stored}");
        assert_eq!(verify(&typed("violin porch copper"), Some(&stored)), Ok(Verdict::Right { better: None }));
        assert_eq!(verify(&typed("violin porch coppeR"), Some(&stored)), Ok(Verdict::Wrong));
        assert_eq!(verify(&typed("violin porch copper"), None), Ok(Verdict::Wrong));
        assert!(parse(NOBODYS).unwrap().is_some());
    }

    #[test]
    fn a_weaker_hash_is_made_anew_and_a_planted_one_is_not_believed() {
        let with = |memory, passes| {
            let params = Params::new(memory, passes, 1, None).unwrap();
            Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
                .hash_password_with_salt(b"violin porch copper", &[7; 16])
                .unwrap()
                .to_string()
        };
        let weaker = verify(&typed("violin porch copper"), Some(&with(LEAST_MEMORY_KIB, 2)));
        assert!(matches!(weaker, Ok(Verdict::Right { better: Some(_) })));
        assert_eq!(verify(&typed("violin porch copper"), Some(&with(8, 1))), Ok(Verdict::Wrong));
    }

    #[test]
    fn who_finds_the_queue_full_is_sent_away() {
        static SMALL: Gate = Gate::new(1, 1);
        let inside = SMALL.enter().unwrap();
        SMALL.counts().waiting = 1;
        assert!(SMALL.enter().is_none());
        SMALL.counts().waiting = 0;
        let waits = std::thread::spawn(|| SMALL.enter().is_some());
        drop(inside);
        assert!(waits.join().unwrap());
    }
}
