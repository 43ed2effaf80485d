//! The secret that signs a webhook's deliveries.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use zeroize::{Zeroize, Zeroizing};

use crate::domain::access::token::looks_like_token;
use crate::domain::problem::FieldErrors;

/// What a generated secret starts with.
pub const PREFIX: &str = "whsec_";
/// What is shown in place of a secret: the prefix and 30 bullets, whatever the secret's length.
pub const MASKED: &str = "whsec_••••••••••••••••••••••••••••••";
/// How many characters an own secret may have.
pub const LENGTH: std::ops::RangeInclusive<usize> = 16..=256;

/// Standard base64 with padding, as the Standard Webhooks libraries read it: they do not mind left-over bits.
const RECEIVERS_BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// A signing secret of 16 to 256 visible ASCII characters. Wiped when dropped; `Debug` shows it masked, and it
/// has neither `Display` nor serde, so that it cannot slip into a log or an answer.
#[derive(Clone)]
pub struct SigningSecret(Zeroizing<String>);

impl SigningSecret {
    /// A new secret from 32 random bytes: `whsec_` and their standard base64, 50 characters in all.
    pub fn generate(mut random: [u8; 32]) -> Self {
        let mut text = Zeroizing::new(String::with_capacity(64));
        text.push_str(PREFIX);
        STANDARD.encode_string(random, &mut text);
        random.zeroize();
        Self(text)
    }

    /// Reads a customer's own secret, or one of ours read back. The field is `secret`; no message holds it.
    pub fn parse(text: &str) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        if !text.bytes().all(|b| matches!(b, 0x21..=0x7e)) {
            errors.push(
                "secret",
                "secret_characters",
                "The secret holds characters that cannot be used. Use letters, digits and signs of ASCII, without spaces.",
            );
        }
        if !LENGTH.contains(&text.chars().count()) {
            errors.push(
                "secret",
                "secret_length",
                "The secret is too short or too long. Use 16 to 256 characters.",
            );
        }
        if looks_like_token(text) {
            errors.push(
                "secret",
                "looks_like_token",
                "This looks like an API token, which receivers must not know. Use another secret.",
            );
        }
        errors.or(()).map(|()| Self(Zeroizing::new(text.to_owned())))
    }

    /// The whole secret as it is shown once, to show or to seal.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The key of the `X-Webhook-Signature` header: the bytes of the whole text, prefix included.
    pub fn hex_key(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The key of the `webhook-signature` header: the bytes behind `whsec_` decoded from base64; the bytes of
    /// the whole text when it is not of that form.
    pub fn standard_key(&self) -> Zeroizing<Vec<u8>> {
        let decoded = self.0.strip_prefix(PREFIX).and_then(|rest| RECEIVERS_BASE64.decode(rest).ok());
        Zeroizing::new(decoded.unwrap_or_else(|| self.hex_key().to_vec()))
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<&'static str> {
        SigningSecret::parse(text).map_or_else(|e| e.iter().map(|e| e.code).collect(), |_| Vec::new())
    }

    #[test]
    fn a_generated_secret_has_the_published_form_and_keys() {
        let random: [u8; 32] = std::array::from_fn(|i| u8::try_from(i).unwrap());
        let secret = SigningSecret::generate(random);
        assert_eq!(secret.expose(), "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
        assert_eq!(secret.hex_key(), secret.expose().as_bytes());
        assert_eq!(*secret.standard_key(), random);
        assert!(SigningSecret::parse(secret.expose()).is_ok());
        assert!(!format!("{secret:?}").contains("AAEC"));
    }

    #[test]
    fn an_own_secret_is_its_own_key_unless_it_has_our_form() {
        let key = |text: &str| SigningSecret::parse(text).unwrap().standard_key().to_vec();
        assert_eq!(key("partner-chosen-secret"), b"partner-chosen-secret");
        assert_eq!(key("whsec_not*base64*at*all"), b"whsec_not*base64*at*all");
        assert_eq!(key("whsec_AAECAwQFBgcIAB=="), [0, 1, 2, 3, 4, 5, 6, 7, 8, 0]);
    }

    #[test]
    fn own_secrets_are_16_to_256_visible_characters() {
        for good in [16, 256] {
            assert_eq!(codes(&"s".repeat(good)), [""; 0]);
        }
        for bad in ["", "1234567", "123456789012345", &"s".repeat(257)] {
            assert_eq!(codes(bad), ["secret_length"]);
        }
        assert_eq!(codes(&" ".repeat(20)), ["secret_characters"]);
        assert_eq!(codes("пароль-подлиннее-16"), ["secret_characters"]);
        assert_eq!(codes("a\nb"), ["secret_characters", "secret_length"]);
        assert_eq!(MASKED.chars().filter(|c| *c == '\u{2022}').count(), 30);
    }
}
