//! What people type to find something, and how it is compared with what there is.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The longest text that is looked for, in characters; the rest of it does not count.
const LONGEST: usize = 200;

/// A text as searches compare it: lower case, without accents, single spaces.
pub fn folded(text: &str) -> String {
    let spaced = |plain: String| plain.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_ascii() {
        // Most are, and thousands of them may be folded for one search.
        return spaced(text.to_ascii_lowercase());
    }
    spaced(text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect())
}

/// What to look for when this was typed: folded, of bounded length, and without control characters: nothing that can be
/// found holds them, and not every database takes them.
pub fn sought(text: &str) -> String {
    let plain: String = text.chars().filter(|c| c.is_whitespace() || !c.is_control()).collect();
    folded(&plain).chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_accents_and_spaces_are_folded() {
        assert_eq!(folded("  Énergie  Łódź GmbH"), "energie łodz gmbh");
        assert_eq!(folded(" ACME\tTrading  Ltd "), "acme trading ltd");
    }

    #[test]
    fn what_is_looked_for_is_bounded_and_plain() {
        assert_eq!(sought("\0 De\u{7f}sk\t7 "), "desk 7");
        assert_eq!(sought(&"é".repeat(LONGEST + 1)), "e".repeat(LONGEST));
    }
}
