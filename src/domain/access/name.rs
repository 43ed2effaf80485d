//! Names that people give to partners, logins, teams, programmes and tokens.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use crate::domain::problem::FieldErrors;

/// The longest name, in characters.
pub const LONGEST: usize = 100;

/// A name of 1 to [`LONGEST`] characters in NFC, without white space around it and without characters
/// that hide or turn text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// Reads the name in `field`. Codes: `required`, `too_long`, `control_character`.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldErrors> {
        let name = label(field, text, LONGEST)?;
        if name.is_empty() {
            return Err(FieldErrors::one(field, "required", "A name is required."));
        }
        Ok(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name, as it is stored.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A title of at most `longest` characters by the rules of a [`Name`], which may be empty. Codes: `too_long`,
/// `control_character`.
pub fn label(field: &'static str, text: &str, longest: usize) -> Result<String, FieldErrors> {
    let text: String = text.trim().nfc().collect();
    if text.chars().count() > longest {
        let message = format!("Use at most {longest} characters. Shorten it.");
        return Err(FieldErrors::one(field, "too_long", message));
    }
    if text.chars().any(hides_or_turns) {
        let message = "A name holds no line breaks and no invisible characters. Remove them.";
        return Err(FieldErrors::one(field, "control_character", message));
    }
    Ok(text)
}

/// Control characters, line and paragraph separators, marks and embeddings of direction, and characters
/// without width that make two names look alike. The joiners stay: Persian and emoji need them.
fn hides_or_turns(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Option<&'static str> {
        Name::parse("name", text).err().and_then(|errors| errors.iter().next().map(|e| e.code))
    }

    #[test]
    fn a_name_is_kept_in_one_form() {
        assert_eq!(Name::parse("name", "  Cafe\u{301} ").unwrap().as_str(), "Café");
        assert_eq!(code(&"é".repeat(LONGEST)), None);
    }

    #[test]
    fn names_that_hide_something_are_refused() {
        assert_eq!(code(" \t"), Some("required"));
        assert_eq!(code(&"é".repeat(LONGEST + 1)), Some("too_long"));
        for bad in ["a\nb", "a\0b", "a\u{202e}b", "a\u{200b}b", "a\u{2066}b", "a\u{85}b"] {
            assert_eq!(code(bad), Some("control_character"), "{bad:?}");
        }
    }
}
