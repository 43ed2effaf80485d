//! Typed ids: a prefix and a `UUIDv7` as 26 characters of lower-case Crockford base32.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use uuid::Uuid;

use crate::domain::time::Ts;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const BODY: usize = 26;
const LONGEST: usize = 32;

/// What kind of thing an id names.
pub trait Kind: 'static {
    /// The letters before the body, underscore included: `evt_`.
    const PREFIX: &'static str;
}

/// An id that cannot be malformed: it was made here or parsed. Ordered by time of making.
pub struct Id<K> {
    text: [u8; LONGEST],
    kind: PhantomData<fn() -> K>,
}

/// The text is not an id of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this kind")]
pub struct NotAnId;

impl<K: Kind> Id<K> {
    const LEN: usize = K::PREFIX.len() + BODY;

    /// Writes `uuid` under this kind's prefix.
    pub fn from_uuid(uuid: Uuid) -> Self {
        let mut text = [0; LONGEST];
        let number = uuid.as_u128();
        let digits = (0..BODY).map(|i| {
            let shift = 5 * (BODY - 1 - i);
            ALPHABET.get(((number >> shift) & 31) as usize).copied().unwrap_or(b'0')
        });
        for (slot, byte) in text.iter_mut().zip(K::PREFIX.bytes().chain(digits)) {
            *slot = byte;
        }
        Self { text, kind: PhantomData }
    }

    /// The whole id, as it is stored, sent and copied.
    pub fn as_str(&self) -> &str {
        self.text.get(..Self::LEN).and_then(|t| std::str::from_utf8(t).ok()).unwrap_or_default()
    }

    /// The id as tables show it: prefix and last six characters.
    pub fn short(&self) -> String {
        let text = self.as_str();
        format!("{}…{}", K::PREFIX, text.get(text.len() - 6..).unwrap_or_default())
    }

    /// The moment in which the id was made, to the millisecond.
    pub fn made_at(&self) -> Ts {
        let digits = self.as_str().bytes().skip(K::PREFIX.len()).take(10);
        // The first character holds the top three of 128 bits, so ten hold the 48 of time and no more.
        Ts::from_millis(digits.fold(0, |sum, b| {
            let digit = ALPHABET.iter().position(|c| *c == b).and_then(|at| i64::try_from(at).ok());
            (sum << 5) | digit.unwrap_or(0)
        }))
    }

    /// The smallest id that can be made in this moment's millisecond.
    pub fn first_at(moment: Ts) -> Self {
        let ms = u128::try_from(moment.as_millis()).unwrap_or(0) & ((1 << 48) - 1);
        Self::from_uuid(Uuid::from_u128(ms << 80))
    }

    /// The id of another kind that was made in the same moment: it stands behind what was made before, and
    /// before what is made later.
    pub fn alike<L: Kind>(&self) -> Id<L> {
        let mut text = [0; LONGEST];
        let body = self.as_str().bytes().skip(K::PREFIX.len());
        for (slot, byte) in text.iter_mut().zip(L::PREFIX.bytes().chain(body)) {
            *slot = byte;
        }
        Id { text, kind: PhantomData }
    }

    /// The smallest and the largest id whose text starts with `text`, for a search by prefix;
    /// `None` when no id of this kind can start so.
    pub fn range_of_prefix(text: &str) -> Option<(String, String)> {
        let text = text.to_ascii_lowercase();
        let body = text.strip_prefix(K::PREFIX).unwrap_or(&text);
        if body.is_empty() || body.len() > BODY || !body.bytes().all(|b| ALPHABET.contains(&b)) {
            return None;
        }
        let fill = |with: &str| format!("{}{}{}", K::PREFIX, body, with.repeat(BODY - body.len()));
        Some((fill("0"), fill("z")))
    }
}

impl<K: Kind> FromStr for Id<K> {
    type Err = NotAnId;

    fn from_str(s: &str) -> Result<Self, NotAnId> {
        let body = s.strip_prefix(K::PREFIX).ok_or(NotAnId)?.as_bytes();
        let small_enough = body.first().is_some_and(|b| (b'0'..=b'7').contains(b));
        if body.len() != BODY || !small_enough || !body.iter().all(|b| ALPHABET.contains(b)) {
            return Err(NotAnId);
        }
        let mut text = [0; LONGEST];
        for (slot, byte) in text.iter_mut().zip(s.bytes()) {
            *slot = byte;
        }
        Ok(Self { text, kind: PhantomData })
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.text.cmp(&other.text)
    }
}
impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}
impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl<K: Kind> serde::Serialize for Id<K> {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}
impl<'de, K: Kind> serde::Deserialize<'de> for Id<K> {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $kind:ident $name:ident $prefix:literal;)*) => {$(
        /// Marks the kind of its id.
        pub enum $kind {}
        impl Kind for $kind {
            const PREFIX: &'static str = $prefix;
        }
        $(#[$doc])*
        pub type $name = Id<$kind>;
    )*};
}

ids! {
    /// A business unit: the tenant.
    BuKind BuId "bu_";
    /// A programme of a business unit.
    ProgrammeKind ProgrammeId "prg_";
    /// A login.
    UserKind UserId "usr_";
    /// A team of logins.
    TeamKind TeamId "team_";
    /// An API token.
    TokenKind TokenId "tok_";
    /// An event as published.
    EventKind EventId "evt_";
    /// A subscription: endpoints, triggers, one scope.
    WebhookKind WebhookId "wh_";
    /// One URL of a webhook.
    EndpointKind EndpointId "ep_";
    /// One resource and event of a webhook.
    TriggerKind TriggerId "trg_";
    /// One version of a webhook's signing secret.
    SecretKind SecretId "sec_";
    /// One event on its way to one endpoint.
    DeliveryKind DeliveryId "dlv_";
    /// One HTTP request of a delivery.
    AttemptKind AttemptId "att_";
    /// A bulk re-send.
    ReplayKind ReplayId "rpl_";
    /// A session of a login, known to the audit log; never the cookie's value.
    SessionKind SessionId "ses_";
    /// A line of the audit log.
    AuditKind AuditId "aud_";
    /// One running process of Bellwire: the holder of leases.
    NodeKind NodeId "node_";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_what_it_wrote() {
        let id = EventId::from_uuid(Uuid::from_u128(u128::MAX));
        assert_eq!(id.as_str(), "evt_7zzzzzzzzzzzzzzzzzzzzzzzzz");
        assert_eq!(id.as_str().parse::<EventId>(), Ok(id));
        assert_eq!(id.short(), "evt_…zzzzzz");
    }

    #[test]
    fn foreign_and_malformed_texts_are_refused() {
        for text in ["", "evt_", "wh_7zzzzzzzzzzzzzzzzzzzzzzzzz", "evt_8zzzzzzzzzzzzzzzzzzzzzzzzz"] {
            assert!(text.parse::<EventId>().is_err(), "{text}");
        }
        assert!("evt_7ZZZZZZZZZZZZZZZZZZZZZZZZZ".parse::<EventId>().is_err());
        assert!("evt_7zzzzzzzzzzzzzzzzzzzzzzzzz0".parse::<EventId>().is_err());
        assert!("evt_7zzzzzzzzzzzzzzzzzzzzzzzzu".parse::<EventId>().is_err());
    }

    #[test]
    fn an_id_tells_when_it_was_made() {
        let moment = Ts::from_millis(1_763_647_281_500);
        let first = EventId::first_at(moment);
        assert_eq!(first.made_at(), moment);
        let later = EventId::from_uuid(Uuid::from_u128((1_763_647_281_500 << 80) | (7 << 76) | 9));
        assert_eq!(later.made_at(), moment);
        assert_eq!(later.alike::<DeliveryKind>().as_str()[4..], later.as_str()[4..]);
        assert!(first < later && later < EventId::first_at(Ts::from_millis(1_763_647_281_501)));
    }

    #[test]
    fn a_prefix_spans_the_ids_that_start_with_it() {
        let (low, high) = EventId::range_of_prefix("evt_01k").unwrap();
        assert_eq!(low, format!("evt_01k{}", "0".repeat(23)));
        assert_eq!(high, format!("evt_01k{}", "z".repeat(23)));
        assert_eq!(EventId::range_of_prefix("evt_%"), None);
    }
}
