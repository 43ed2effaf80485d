//! The master key: sealing secrets at rest, keyed hashes, and the one door to randomness.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const NONCE: usize = 24;
const HEAD: usize = 1 + 4 + NONCE;

/// Fills `bytes` from the operating system's randomness. The process ends when there is none: nothing
/// that Bellwire makes would be safe without it.
pub fn random(bytes: &mut [u8]) {
    #[expect(clippy::disallowed_methods, reason = "this is the one door to randomness")]
    if let Err(error) = getrandom::fill(bytes) {
        tracing::error!(%error, "the operating system gives no randomness");
        std::process::abort();
    }
}

/// `N` random bytes.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    random(&mut bytes);
    bytes
}

/// A number from 0 up to (not including) 1, for jitter.
pub fn random_fraction() -> f64 {
    f64::from(u32::from_le_bytes(random_bytes())) / (f64::from(u32::MAX) + 1.0)
}

/// What a sub-key is for. One label never does another's work.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// Webhook secrets and transmitted credentials at rest.
    Secrets,
    /// Digests of API tokens.
    Tokens,
    /// Tokens against cross-site requests.
    Csrf,
    /// Signed cookies of known devices.
    Devices,
    /// Cursors, by which a list goes on.
    Cursors,
    /// The value by which a database recognises its key.
    Check,
}

impl Purpose {
    const ALL: [Self; 6] =
        [Self::Secrets, Self::Tokens, Self::Csrf, Self::Devices, Self::Cursors, Self::Check];

    const fn label(self) -> &'static [u8] {
        match self {
            Self::Secrets => b"secrets",
            Self::Tokens => b"tokens",
            Self::Csrf => b"csrf",
            Self::Devices => b"devices",
            Self::Cursors => b"cursor",
            Self::Check => b"check",
        }
    }
}

/// Why a key file cannot be used: a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read.
    #[error(
        "The master key file {0} cannot be read: {1}. Make one with `bellwire keys init --master-key-file {0}`."
    )]
    Unreadable(String, std::io::Error),
    /// The file may be read by others.
    #[error("The master key file {0} can be read by other users of this machine. Run `chmod 600 {0}`.")]
    Open(String),
    /// A line is no key.
    #[error("The master key must be 32 bytes in base64, one key a line.")]
    Malformed,
    /// The file is there already.
    #[error("{0} exists already; a key is never overwritten.")]
    Exists(String),
    /// The file cannot be written.
    #[error("The master key file {0} cannot be written: {1}.")]
    Unwritable(String, std::io::Error),
}

/// A sealed value that no key of the ring opens: it was moved, changed, or its key is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value cannot be opened")]
pub struct Unreadable;

/// One or more master keys; the first one seals. Never shown, never logged.
pub struct KeyRing {
    keys: Vec<Key>,
}

/// A master key as it is used: only what was derived of it stays in memory.
struct Key {
    id: [u8; 4],
    sub_keys: [Zeroizing<[u8; 32]>; Purpose::ALL.len()],
}

impl KeyRing {
    /// A ring with one new key, for databases that are thrown away.
    pub fn fresh() -> Self {
        Self { keys: vec![Key::new(&Zeroizing::new(random_bytes()))] }
    }

    /// Reads a key file; refuses one that others may read.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let shown = path.display().to_string();
        let unreadable = |e| KeyError::Unreadable(shown.clone(), e);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(path).map_err(unreadable)?.permissions().mode();
            if mode & 0o077 != 0 {
                return Err(KeyError::Open(shown));
            }
        }
        Self::parse(&Zeroizing::new(std::fs::read_to_string(path).map_err(unreadable)?))
    }

    /// Reads keys from text, one a line, the active one first.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let keys: Vec<Key> = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(|line| {
                let bytes = Zeroizing::new(BASE64.decode(line).map_err(|_| KeyError::Malformed)?);
                let master: [u8; 32] = bytes.as_slice().try_into().map_err(|_| KeyError::Malformed)?;
                Ok(Key::new(&Zeroizing::new(master)))
            })
            .collect::<Result<_, KeyError>>()?;
        if keys.is_empty() { Err(KeyError::Malformed) } else { Ok(Self { keys }) }
    }

    /// Writes a new key to a new file that only its owner may read.
    pub fn init(path: &Path) -> Result<(), KeyError> {
        use std::io::Write;
        let shown = path.display().to_string();
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(|e| match e.kind() {
            std::io::ErrorKind::AlreadyExists => KeyError::Exists(shown.clone()),
            _ => KeyError::Unwritable(shown.clone(), e),
        })?;
        let line = Zeroizing::new(format!("{}\n", BASE64.encode(random_bytes::<32>())));
        file.write_all(line.as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(|e| KeyError::Unwritable(shown, e))
    }

    /// Seals `plain` for the place that `place` names (table, column, row, business unit): the result
    /// opens nowhere else.
    pub fn seal(&self, place: &str, plain: &[u8]) -> Vec<u8> {
        let Some(key) = self.keys.first() else { return Vec::new() };
        let nonce: [u8; NONCE] = random_bytes();
        let sealed = key
            .cipher()
            .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: place.as_bytes() })
            .unwrap_or_default();
        let mut out = Vec::with_capacity(HEAD + sealed.len());
        out.push(VERSION);
        out.extend_from_slice(&key.id);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        out
    }

    /// Opens what was sealed for `place`.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
        let (head, text) = sealed.split_at_checked(HEAD).ok_or(Unreadable)?;
        let (version, rest) = head.split_first().ok_or(Unreadable)?;
        let (id, nonce) = rest.split_at_checked(4).ok_or(Unreadable)?;
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| Unreadable)?;
        let key = self.keys.iter().find(|k| k.id == id).filter(|_| *version == VERSION).ok_or(Unreadable)?;
        key.cipher()
            .decrypt(&XNonce::from(nonce), Payload { msg: text, aad: place.as_bytes() })
            .map(Zeroizing::new)
            .map_err(|_| Unreadable)
    }

    /// The keyed hash of `message`, by the active key.
    pub fn mac(&self, purpose: Purpose, message: &[u8]) -> [u8; 32] {
        self.macs(purpose, message).next().unwrap_or_default()
    }

    /// The keyed hash of `message` by each key, the active one first: a value stored under an older
    /// key is found too.
    pub fn macs<'a>(&'a self, purpose: Purpose, message: &'a [u8]) -> impl Iterator<Item = [u8; 32]> + 'a {
        self.keys.iter().map(move |key| key.mac(purpose, message))
    }
}

impl Key {
    fn new(master: &Zeroizing<[u8; 32]>) -> Self {
        let digest: [u8; 32] = Sha256::digest(master.as_slice()).into();
        let [a, b, c, d, ..] = digest;
        let derivation = Hkdf::<Sha256>::new(None, master.as_slice());
        let sub_keys = Purpose::ALL.map(|purpose| {
            let mut key = Zeroizing::new([0; 32]);
            // 32 bytes is far below what HKDF can give, so this cannot fail.
            let _ = derivation.expand(purpose.label(), key.as_mut_slice());
            key
        });
        Self { id: [a, b, c, d], sub_keys }
    }

    fn sub_key(&self, purpose: Purpose) -> &[u8; 32] {
        let [secrets, tokens, csrf, devices, cursors, check] = &self.sub_keys;
        match purpose {
            Purpose::Secrets => secrets,
            Purpose::Tokens => tokens,
            Purpose::Csrf => csrf,
            Purpose::Devices => devices,
            Purpose::Cursors => cursors,
            Purpose::Check => check,
        }
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.sub_key(Purpose::Secrets).into())
    }

    fn mac(&self, purpose: Purpose, message: &[u8]) -> [u8; 32] {
        hmac(self.sub_key(purpose).as_slice(), message)
    }
}

/// HMAC-SHA-256 of `message`.
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    match <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key) {
        Ok(mac) => mac.chain_update(message).finalize().into_bytes().into(),
        // HMAC takes keys of every length.
        Err(_) => [0; 32],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_in_its_place_only() {
        let ring = KeyRing::fresh();
        let sealed = ring.seal("secrets|sealed|sec_1|bu_1", b"whsec_x");
        assert_eq!(ring.open("secrets|sealed|sec_1|bu_1", &sealed).unwrap().as_slice(), b"whsec_x");
        assert!(ring.open("secrets|sealed|sec_2|bu_1", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(ring.open("secrets|sealed|sec_1|bu_1", &changed).is_err(), "byte {at}");
        }
        assert!(KeyRing::fresh().open("secrets|sealed|sec_1|bu_1", &sealed).is_err());
    }

    #[test]
    fn a_key_file_is_private_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        KeyRing::init(&path).unwrap();
        let ring = KeyRing::load(&path).unwrap();
        assert_ne!(ring.mac(Purpose::Tokens, b"x"), ring.mac(Purpose::Csrf, b"x"));
        assert!(matches!(KeyRing::init(&path), Err(KeyError::Exists(_))));
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        assert!(matches!(KeyRing::load(&path), Err(KeyError::Open(_))));
    }
}
