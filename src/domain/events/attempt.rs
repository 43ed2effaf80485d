//! Attempts: one HTTP request of a delivery, and what came of it.

use crate::domain::events::cause::Cause;
use crate::domain::id::{AttemptId, BuId, DeliveryId, EndpointId};
use crate::domain::time::Ts;

/// The most of a response body that is kept, in bytes.
pub const MOST_RESPONSE_BYTES: usize = 16 * 1024;

/// A header as it went out or came in; values of credentials are masked.
pub type HeaderLine = (String, String);

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
    /// The address it was sent to, as text.
    pub url: String,
    /// What was sent, with credentials masked.
    pub request_headers: Vec<HeaderLine>,
    /// What came back, with credentials masked.
    pub response_headers: Vec<HeaderLine>,
    /// The first bytes of what came back.
    pub response_body: Vec<u8>,
    /// Whether more came back than is kept.
    pub response_cut: bool,
}
