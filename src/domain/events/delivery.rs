//! Deliveries: one event on its way to one endpoint.

use crate::domain::words::words;

words! {
    /// Where a delivery stands. Only the first two can change by themselves.
    DeliveryState {
        /// Waits for `next_at`, free for any node to claim.
        Ready = "ready",
        /// A node holds it until `lease_until`; an attempt may be under way.
        Leased = "leased",
        /// The receiver answered 2xx.
        Delivered = "delivered",
        /// Every attempt failed.
        Exhausted = "exhausted",
        /// A named person or rule stopped it.
        Cancelled = "cancelled",
        /// The webhook was inactive when the event happened.
        Skipped = "skipped",
        /// A filter or the scope kept the event back.
        Filtered = "filtered",
    }
}

impl DeliveryState {
    /// Whether nothing will happen to it any more.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Ready | Self::Leased)
    }
}

words! {
    /// Why a delivery exists.
    DeliveryKind {
        /// An event was published.
        Event = "event",
        /// Somebody pressed test; sent once, without retries.
        Test = "test",
        /// A replay or a resend.
        Replay = "replay",
    }
}

/// After how many attempts in the published schedule a delivery is exhausted.
pub const MOST_ATTEMPTS: i32 = 10;
