//! The storage beneath the database: whether it takes writes, as the last of them told.

use std::sync::atomic::{AtomicU8, Ordering};

use diesel::result::Error;

/// By what the databases tell that there is no room: neither gives more than a text. The first is SQLite's,
/// the second PostgreSQL's.
const FULL: [&str; 2] = ["disk is full", "No space left on device"];
/// By what SQLite tells that a write or a flush failed. A failed flush says nothing about what is on the
/// disk, and a second one would say "done" all the same.
const BROKEN: &str = "disk I/O error";

/// What is wrong with the storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// There is no room. It passes when somebody makes some.
    Full,
    /// A write or a flush failed. This process may not trust it any more: it ends.
    Broken,
}

/// An error that knows whether the storage is to blame.
pub trait Tells {
    /// What it tells of the storage, if anything.
    fn trouble(&self) -> Option<Trouble>;
}

impl Tells for Error {
    fn trouble(&self) -> Option<Trouble> {
        let Self::DatabaseError(_, told) = self else { return None };
        if told.message().contains(BROKEN) {
            return Some(Trouble::Broken);
        }
        FULL.iter().any(|text| told.message().contains(text)).then_some(Trouble::Full)
    }
}

/// What is known of the storage.
#[derive(Debug, Default)]
pub struct Storage(AtomicU8);

const SOUND: u8 = 0;
const IS_FULL: u8 = 1;
const IS_BROKEN: u8 = 2;

impl Storage {
    /// What is wrong with it, as far as is known.
    pub fn trouble(&self) -> Option<Trouble> {
        match self.0.load(Ordering::Acquire) {
            SOUND => None,
            IS_FULL => Some(Trouble::Full),
            _ => Some(Trouble::Broken),
        }
    }

    /// Notes what a failed write told. Said in the log once, however many writes fail.
    pub fn note(&self, trouble: Trouble) {
        let now = match trouble {
            Trouble::Full => IS_FULL,
            Trouble::Broken => IS_BROKEN,
        };
        // What is broken stays so, whatever comes after.
        let before = self.0.fetch_max(now, Ordering::AcqRel);
        if before < now {
            match trouble {
                Trouble::Full => tracing::error!(
                    "the disk is full: until there is room, no events are accepted and no deliveries begin"
                ),
                Trouble::Broken => tracing::error!(
                    "the disk failed during a write: this process ends, because what it would write from now \
                     on could be lost"
                ),
            }
        }
    }

    /// There is room again.
    pub fn has_room(&self) {
        let was_full = self.0.compare_exchange(IS_FULL, SOUND, Ordering::AcqRel, Ordering::Acquire).is_ok();
        if was_full {
            tracing::info!("the disk has room again: events are accepted and deliveries begin");
        }
    }
}

#[cfg(test)]
mod tests {
    use diesel::result::DatabaseErrorKind::Unknown;

    use super::*;

    #[test]
    fn what_databases_say_of_their_disk_is_understood() {
        let told = |text: &str| Error::DatabaseError(Unknown, Box::new(text.to_owned())).trouble();
        assert_eq!(told("database or disk is full"), Some(Trouble::Full));
        let extend = "could not extend file \"base/5/1259\": No space left on device";
        assert_eq!(told(extend), Some(Trouble::Full));
        assert_eq!(told("disk I/O error"), Some(Trouble::Broken));
        assert_eq!(told("database is locked"), None);
    }

    #[test]
    fn a_full_disk_may_recover_and_a_broken_one_does_not() {
        let storage = Storage::default();
        storage.note(Trouble::Full);
        assert_eq!(storage.trouble(), Some(Trouble::Full));
        storage.has_room();
        assert_eq!(storage.trouble(), None);
        storage.note(Trouble::Broken);
        storage.note(Trouble::Full);
        storage.has_room();
        assert_eq!(storage.trouble(), Some(Trouble::Broken));
    }
}
