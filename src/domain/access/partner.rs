//! Partners: companies with logins here.

use crate::domain::words::words;

/// The number by which people know a partner: `12345`.
pub type PartnerNumber = i64;

words! {
    /// How far a partner reaches.
    PartnerKind {
        /// Exactly one business unit: its own.
        Channel = "channel",
        /// Several business units, or all, by grants.
        Global = "global",
    }
}
