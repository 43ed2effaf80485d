//! Random values that a person carries: cookies of sessions and one-time links. Only digests are stored.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::keys::random;

/// The secret in a one-time link. Wiped when dropped, never printed.
pub struct LinkSecret(Zeroizing<String>);

impl LinkSecret {
    /// A new secret.
    pub fn fresh() -> Self {
        Self(fresh())
    }

    /// The secret, for the link that is shown once.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for LinkSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkSecret(…)")
    }
}

/// 256 random bits as 43 characters that need no escaping in links and cookies.
pub(super) fn fresh() -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0; 32]);
    random(bytes.as_mut_slice());
    Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()))
}

/// What is stored of such a value: it is random enough that a plain hash cannot be turned round.
pub(super) fn digest(value: &str) -> Vec<u8> {
    Sha256::digest(value.as_bytes()).to_vec()
}
