//! What a password must be: long, and not what everybody tries first.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::domain::problem::FieldErrors;

/// The shortest password, in characters.
pub const SHORTEST: usize = 12;
/// The longest password, in characters.
pub const LONGEST: usize = 128;
/// No text of [`LONGEST`] characters is longer than this in any form, in bytes.
const MOST_BYTES: usize = 128 * 4 * 18;
/// Passwords that are tried first, one a line.
const COMMON: &str = include_str!("common_passwords.txt");
/// The shortest name that a password may not hold: shorter ones are part of many words.
const SHORTEST_NAME: usize = 4;
/// Fewer different characters than these are a pattern.
const FEWEST_DIFFERENT: usize = 5;

/// A password in NFKC, at most [`LONGEST`] characters. Wiped when dropped, never printed.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// A password as typed to sign in; `None` when no account can have it. Rules for new ones do not apply.
    pub fn typed(text: &str) -> Option<Self> {
        if text.len() > MOST_BYTES {
            return None;
        }
        let text: Zeroizing<String> = Zeroizing::new(text.nfkc().collect());
        (1..=LONGEST).contains(&text.chars().count()).then_some(Self(text))
    }

    /// A new password in `field`, chosen by a person with these names (e-mail address, name). Codes:
    /// `too_short`, `too_long`, `common`, `contains_name`.
    pub fn choose(field: &'static str, text: &str, email: &str, name: &str) -> Result<Self, FieldErrors> {
        let wrong = |code, message| Err(FieldErrors::one(field, code, message));
        let Some(password) = Self::typed(text) else {
            return if text.is_empty() {
                wrong("too_short", "A password has at least 12 characters.")
            } else {
                wrong("too_long", "A password has at most 128 characters.")
            };
        };
        if password.0.chars().count() < SHORTEST {
            return wrong(
                "too_short",
                "A password has at least 12 characters. A few words together are fine.",
            );
        }
        let plain = Zeroizing::new(folded(&password.0));
        if is_common(&plain) {
            return wrong("common", "Many people use this password, so it is guessed first. Choose another.");
        }
        let local = email.split('@').next().unwrap_or_default();
        if [local, name].into_iter().any(|name| holds(&plain, name)) {
            return wrong("contains_name", "The password holds your name or e-mail address. Choose another.");
        }
        Ok(password)
    }

    /// The bytes to hash.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

fn is_common(plain: &str) -> bool {
    let mut different: Vec<char> = plain.chars().collect();
    different.sort_unstable();
    different.dedup();
    different.len() < FEWEST_DIFFERENT || COMMON.lines().any(|common| folded(common) == plain)
}

fn holds(plain: &str, name: &str) -> bool {
    let name = folded(name);
    let joined: String = name.split_whitespace().collect();
    [name.trim(), joined.as_str()]
        .into_iter()
        .any(|name| name.chars().count() >= SHORTEST_NAME && plain.contains(name))
}

/// A text as guessing programs see it: lower case, and letters for the signs that stand for them.
fn folded(text: &str) -> String {
    let look = |c| match c {
        '@' | '4' => 'a',
        '0' => 'o',
        '1' | '!' | '|' => 'i',
        '3' => 'e',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    };
    text.nfkc().flat_map(char::to_lowercase).map(look).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Option<&'static str> {
        let chosen = Password::choose("password", text, "jo.meyer@northwind.example", "Jo Meyer-Łoś");
        chosen.err().and_then(|errors| errors.iter().next().map(|e| e.code))
    }

    #[test]
    fn a_password_is_long_and_not_what_is_tried_first() {
        for (text, expected) in [
            ("", Some("too_short")),
            ("elevenchars", Some("too_short")),
            ("twelve chars", None),
            ("P@ssw0rd12345", Some("common")),
            ("Qwertyuiop123", Some("common")),
            ("aaaaaaaaaaaaaaaa", Some("common")),
            ("x-JO.Meyer-2026", Some("contains_name")),
            ("jo meyer-łoś rules", Some("contains_name")),
            ("violin porch copper", None),
        ] {
            assert_eq!(code(text), expected, "{text}");
        }
        let words = "zebra violin copper porch ".repeat(10);
        assert_eq!(code(words.get(..128).unwrap()), None);
        assert_eq!(code(words.get(..129).unwrap()), Some("too_long"));
        assert_eq!(code(&"é".repeat(1_000_000)), Some("too_long"));
    }

    #[test]
    fn both_spellings_of_an_accent_are_one_password() {
        let (one, two) = (Password::typed("cafe\u{301}").unwrap(), Password::typed("café").unwrap());
        assert_eq!(one.as_bytes(), two.as_bytes());
    }

    #[test]
    fn the_list_holds_only_what_the_length_would_let_pass() {
        assert!(COMMON.lines().count() >= 150);
        assert!(COMMON.lines().all(|line| line.chars().count() >= SHORTEST));
    }
}
