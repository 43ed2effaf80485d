//! Cursors: where a list goes on, sealed for one business unit and one filter, so that nobody makes one up.

use std::fmt::Display;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use crate::api::caller::Caller;
use crate::api::query::Query;
use crate::domain::id::BuId;
use crate::keys::{KeyRing, Purpose};

/// How many bytes of the keyed hash a cursor carries.
const SEAL: usize = 16;
/// The longest cursor that is looked at, in characters.
const LONGEST: usize = 200;
const NO_CURSOR: &str =
    "This list does not go on from there. Use a cursor as it was given, with the same filter.";

/// The cursors of one list as one token sees it.
pub struct Cursors<'a> {
    keys: &'a KeyRing,
    bu: BuId,
    list: String,
}

impl<'a> Cursors<'a> {
    /// The cursors of the list `name`, of which `filter` picks a part. They are good for no other part.
    pub fn new(caller: &'a Caller, name: &str, filter: &[Option<&str>]) -> Self {
        // As JSON, so that no two filters read the same.
        let list = serde_json::json!([name, filter]).to_string();
        Self { keys: &caller.cx.tools.keys, bu: caller.bu(), list }
    }

    /// The place that a parameter names; a fault with the code `cursor_invalid` when it is no cursor of this list.
    pub fn read<T: FromStr>(&self, query: &mut Query<'_>, name: &'static str) -> Option<T> {
        let place = query.text(name).map(|text| self.open(text).and_then(|place| place.parse().ok()))?;
        if place.is_none() {
            query.fault(name, "cursor_invalid", NO_CURSOR);
        }
        place
    }

    /// The cursor for a place.
    pub fn seal(&self, place: impl Display) -> String {
        let place = place.to_string();
        let seal = self.keys.mac(Purpose::Cursors, &self.message(&place));
        let bytes: Vec<u8> = seal.into_iter().take(SEAL).chain(place.into_bytes()).collect();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn open(&self, text: &str) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(text.get(..LONGEST.min(text.len()))?).ok()?;
        let (seal, place) = bytes.split_at_checked(SEAL)?;
        let place = std::str::from_utf8(place).ok()?;
        let message = self.message(place);
        let good = |mac: [u8; 32]| mac.get(..SEAL).is_some_and(|mac| bool::from(mac.ct_eq(seal)));
        self.keys.macs(Purpose::Cursors, &message).any(good).then(|| place.to_owned())
    }

    fn message(&self, place: &str) -> Vec<u8> {
        format!("{}\n{}\n{place}", self.bu, self.list).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn cursors<'a>(keys: &'a KeyRing, bu: u128, list: &str) -> Cursors<'a> {
        Cursors { keys, bu: BuId::from_uuid(Uuid::from_u128(bu)), list: list.to_owned() }
    }

    #[test]
    fn a_cursor_opens_in_its_unit_and_list_only_and_not_when_edited() {
        let keys = KeyRing::fresh();
        let ours = cursors(&keys, 1, "events");
        let sealed = ours.seal(1_042);
        assert_eq!(ours.open(&sealed).as_deref(), Some("1042"));
        assert_eq!(cursors(&keys, 2, "events").open(&sealed), None);
        assert_eq!(cursors(&keys, 1, "feed").open(&sealed), None);
        assert_eq!(cursors(&KeyRing::fresh(), 1, "events").open(&sealed), None);
        for at in 0..sealed.len() {
            let mut edited = sealed.clone().into_bytes();
            edited[at] = if edited[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(ours.open(std::str::from_utf8(&edited).unwrap()), None, "character {at}");
            assert_eq!(ours.open(&sealed[..at]), None, "{at} characters");
        }
        for garbage in ["", "1042", "evt_1", "é", "=", &"A".repeat(100_000), &format!("{sealed}A")] {
            assert_eq!(ours.open(garbage), None, "{garbage:.40}");
        }
    }
}
