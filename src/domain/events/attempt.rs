//! Attempts: one HTTP request of a delivery, and what came of it.

use serde::{Serialize, Serializer};

use crate::domain::events::cause::Cause;
use crate::domain::id::{AttemptId, BuId, DeliveryId, EndpointId};
use crate::domain::time::Ts;

/// The most of a response body that is kept, in bytes.
pub const MOST_RESPONSE_BYTES: usize = 16 * 1024;

/// Headers as they went out or came in, with values of credentials masked. One text, because every attempt has
/// them and hardly any is ever read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeaderLines(String);

impl HeaderLines {
    /// What [`as_str`](Self::as_str) gave.
    pub const fn from_text(text: String) -> Self {
        Self(text)
    }

    /// One `name:value` a line.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Adds a header.
    pub fn push(&mut self, name: &str, value: &str) {
        self.push_parts(name, &[value]);
    }

    /// Adds a header whose value is made of these parts.
    pub fn push_parts(&mut self, name: &str, value: &[&str]) {
        self.0.push_str(name);
        self.0.push(':');
        // A value never holds a line break; one that came from outside is not believed to be sound.
        let sound = value.iter().flat_map(|part| part.split(['\0', '\r', '\n']));
        sound.for_each(|part| self.0.push_str(part));
        self.0.push('\n');
    }

    /// Room for a few more.
    pub fn reserve(&mut self, bytes: usize) {
        self.0.reserve(bytes);
    }

    /// Name and value of each, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.lines().filter_map(|line| line.split_once(':'))
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<N: AsRef<str>, V: AsRef<str>> FromIterator<(N, V)> for HeaderLines {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(lines: I) -> Self {
        let mut all = Self::default();
        lines.into_iter().for_each(|(name, value)| all.push(name.as_ref(), value.as_ref()));
        all
    }
}

/// As a list of pairs.
impl Serialize for HeaderLines {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// What one attempt sent, and what came back.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Its id.
    pub id: AttemptId,
    /// The delivery it belongs to.
    pub delivery: DeliveryId,
    /// The tenant.
    pub bu: BuId,
    /// The endpoint it was sent to.
    pub endpoint: EndpointId,
    /// 1 for the first of its delivery; counts interrupted ones.
    pub number: i32,
    /// When it began.
    pub started_at: Ts,
    /// From its beginning to its end, in milliseconds.
    pub duration_ms: i32,
    /// The HTTP status, when one came.
    pub status: Option<i32>,
    /// Why it failed; `None` when it succeeded.
    pub cause: Option<Cause>,
    /// What exactly failed, in a sentence, where more is known than its cause says.
    pub detail: Option<String>,
    /// The address it was sent to, as text.
    pub url: String,
    /// What was sent, with credentials masked.
    pub request_headers: HeaderLines,
    /// What came back, with credentials masked.
    pub response_headers: HeaderLines,
    /// The first bytes of what came back.
    pub response_body: Vec<u8>,
    /// Whether more came back than is kept.
    pub response_cut: bool,
}

impl Attempt {
    /// Why it failed and what to do, in a sentence; `None` when it succeeded.
    pub fn why(&self) -> Option<&str> {
        let cause = self.cause?;
        Some(self.detail.as_deref().unwrap_or_else(|| cause.sentence()))
    }
}
