//! The second factor: six digits that change every half minute (RFC 6238), and codes for when they are lost.

use std::fmt;

use totp_rs::{Builder, Secret, Totp, TotpError};
use zeroize::Zeroizing;

use crate::domain::time::Ts;

/// The length of a key, in bytes.
pub const KEY_BYTES: usize = 20;
/// How many recovery codes a person is given.
pub const RECOVERY_CODES: usize = 10;
/// How many characters a recovery code has, without what divides it; each stands for 5 random bits.
pub const RECOVERY_CHARS: usize = 16;
/// The digits of recovery codes: none looks like another.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Nothing longer is a code, in bytes.
const LONGEST_TYPED: usize = 64;
/// Who a code is for, as authenticator apps list it.
const ISSUER: &str = "Bellwire";

/// The key that an authenticator app and Bellwire share. Wiped when dropped, never printed.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; KEY_BYTES]>);

impl Key {
    /// A key of these random bytes.
    pub const fn new(bytes: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        Self(bytes)
    }

    /// The key with these bytes; `None` when they are not [`KEY_BYTES`] many.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// The bytes to seal.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// The key as people type it into an app: base32 in groups of four.
    pub fn shown(&self) -> Result<Zeroizing<String>, TotpError> {
        let plain = Zeroizing::new(self.totp("")?.secret().to_base32());
        Ok(Zeroizing::new(grouped(&plain, ' ')))
    }

    /// The address that an app reads from a picture: `otpauth://totp/…`.
    pub fn address(&self, email: &str) -> Result<Zeroizing<String>, TotpError> {
        // The colon divides the parts of a label.
        let label = email.replace(':', "_");
        Ok(Zeroizing::new(self.totp(&label)?.to_url()?))
    }

    /// The half minute that these six digits stand for, one before or after this moment's at most; `None`
    /// when they stand for none of them. It is for the caller to take each only once.
    pub fn step(&self, digits: &str, now: Ts) -> Result<Option<i64>, TotpError> {
        let seconds = u64::try_from(now.as_millis() / 1_000).unwrap_or(0);
        let step = self.totp("")?.check(digits, seconds);
        Ok(step.and_then(|step| i64::try_from(step).ok()))
    }

    fn totp(&self, label: &str) -> Result<Totp, TotpError> {
        Builder::new()
            .with_secret(Secret::new_stack(*self.0))
            .with_skew(1)
            .with_issuer(Some(ISSUER))
            .with_account_name(label)
            .build()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// A code of 80 random bits that stands in for the app once: `7h2k-9mxq-…`. Wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(Zeroizing<String>);

impl RecoveryCode {
    /// The code of these random bytes.
    pub fn new(bytes: &[u8; RECOVERY_CHARS]) -> Self {
        let digit = |byte: &u8| DIGITS.get(usize::from(byte & 31)).copied().map_or('0', char::from);
        Self(Zeroizing::new(bytes.iter().map(digit).collect()))
    }

    /// The code as it is shown: in groups of four.
    pub fn shown(&self) -> Zeroizing<String> {
        Zeroizing::new(grouped(&self.0, '-'))
    }

    /// The bytes to hash.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

/// What a person typed to prove the second factor.
#[derive(Debug, Clone)]
pub enum Typed {
    /// Six digits of the app.
    Digits(Zeroizing<String>),
    /// A recovery code.
    Recovery(RecoveryCode),
}

impl Typed {
    /// Reads what was typed, in any case and with any space or hyphen in it; `None` when it is neither.
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > LONGEST_TYPED {
            return None;
        }
        let plain = text.chars().filter(|c| !c.is_whitespace() && *c != '-');
        let plain: Zeroizing<String> = Zeroizing::new(plain.map(|c| c.to_ascii_lowercase()).collect());
        if plain.len() == 6 && plain.bytes().all(|b| b.is_ascii_digit()) {
            return Some(Self::Digits(plain));
        }
        let look = |c| match c {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        };
        let code: Zeroizing<String> = Zeroizing::new(plain.chars().map(look).collect());
        let sound = code.len() == RECOVERY_CHARS && code.bytes().all(|b| DIGITS.contains(&b));
        sound.then_some(Self::Recovery(RecoveryCode(code)))
    }
}

fn grouped(plain: &str, between: char) -> String {
    let mut shown = String::with_capacity(plain.len() + plain.len() / 4);
    for (i, c) in plain.chars().enumerate() {
        if i > 0 && i.is_multiple_of(4) {
            shown.push(between);
        }
        shown.push(c);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::read(b"12345678901234567890").unwrap()
    }

    #[test]
    fn codes_are_those_of_rfc_6238() {
        // Appendix B gives eight digits; the last six are the shorter code.
        for (seconds, digits) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let at = |off: i64| key().step(digits, Ts::from_millis((seconds + off) * 1_000)).unwrap();
            assert_eq!(at(0), Some(seconds / 30));
            assert_eq!((at(30), at(-30)), (Some(seconds / 30), Some(seconds / 30)), "one to each side");
            assert_eq!(at(60), None, "no more");
            // A minute before the first of them there was no time yet.
            assert!(seconds < 60 || at(-60).is_none(), "no more");
        }
        for bad in ["", "28708", "2870820", "+87082", "28708x"] {
            assert_eq!(key().step(bad, Ts::from_millis(59_000)).unwrap(), None, "{bad}");
        }
    }

    #[test]
    fn a_key_is_shown_as_apps_take_it() {
        assert_eq!(key().shown().unwrap().as_str(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        let address = key().address("jo:x@ours.example").unwrap();
        assert!(address.starts_with("otpauth://totp/Bellwire:jo_x%40ours.example?"), "{}", *address);
        assert!(address.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"));
        assert!(!format!("{:?}", key()).contains("12345"));
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = RecoveryCode::new(&[0, 1, 2, 3, 33, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 31]);
        assert_eq!(code.shown().as_str(), "0123-1567-89ab-cdez");
        for text in ["0123-1567-89ab-cdez", " O1 23 i567 89AB CDEZ "] {
            assert!(matches!(Typed::read(text), Some(Typed::Recovery(read)) if read == code), "{text}");
        }
        assert!(matches!(Typed::read("123 456"), Some(Typed::Digits(d)) if d.as_str() == "123456"));
        for bad in ["", "12345", "１２３４５６", "0123-1567-89ab-cdeu", &"1".repeat(100)] {
            assert!(Typed::read(bad).is_none(), "{bad}");
        }
    }
}
