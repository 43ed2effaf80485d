//! Webhooks: the words of their states, origins and reaches.

use crate::domain::id::{TeamId, UserId};
use crate::domain::words::words;

words! {
    /// Whether a webhook takes part in routing.
    WebhookStatus {
        /// Matching events are delivered.
        Active = "active",
        /// Matching events are recorded as skipped.
        Inactive = "inactive",
    }
}

words! {
    /// Why a webhook is inactive.
    InactiveReason {
        /// A person or a token switched it off.
        User = "user",
        /// Sustained failure.
        Failing = "failing",
        /// The receiver answered 410 Gone.
        Gone = "gone",
        /// The business unit's plan has no API access.
        NoApiAccess = "no_api_access",
        /// The login that owned it was removed.
        OwnerRemoved = "owner_removed",
    }
}

words! {
    /// How a webhook's deliveries have been going.
    Health {
        /// Nothing was sent yet.
        New = "new",
        /// The last deliveries arrived.
        Healthy = "healthy",
        /// Some of the last deliveries failed.
        Degraded = "degraded",
        /// None of the last deliveries arrived.
        Failing = "failing",
    }
}

words! {
    /// Where a webhook was made.
    Origin {
        /// For the business unit, here.
        Global = "global",
        /// In a programme's Integrations Dashboard.
        Programme = "programme",
    }
}

words! {
    /// Whose events a global webhook hears.
    Reach {
        /// Its own business unit's.
        BusinessUnit = "business_unit",
        /// All business units its partner may access, as the grants change.
        Partner = "partner",
    }
}

/// Whose events trigger a webhook within its reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everyone's, and events about nobody.
    Everyone,
    /// Events whose subject is this login.
    Login(UserId),
    /// Events whose subject is in this team when they happen.
    Team(TeamId),
}
