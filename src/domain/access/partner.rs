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

/// A name as the search compares it: lower case, without accents, single spaces.
pub fn folded(name: &str) -> String {
    use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
    let spaced = |plain: String| plain.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_ascii() {
        // Most are, and ten thousand of them are folded for one search.
        return spaced(name.to_ascii_lowercase());
    }
    spaced(name.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fold_case_accents_and_spaces() {
        assert_eq!(folded("  Énergie  Łódź GmbH"), "energie łodz gmbh");
        assert_eq!(folded(" ACME\tTrading  Ltd "), "acme trading ltd");
    }
}
