//! The two signatures that every delivery carries.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::digest::array::Array;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const BLOCK: usize = 64;

/// The value of `X-Webhook-Signature`: lower-case hex HMAC-SHA-256 of the raw body. `key` is the secret as
/// it is shown, `whsec_` included.
pub fn hex_signature(key: &[u8], body: &[u8]) -> String {
    hex::encode(keyed(key).chain_update(body).finalize().into_bytes())
}

/// One entry of `webhook-signature`: `v1,` and the base64 HMAC-SHA-256 of `id.timestamp.body`. `key` is the
/// decoded part of a `whsec_` secret, or the bytes of a secret that the customer chose.
pub fn standard_signature(key: &[u8], id: &str, timestamp_secs: i64, body: &[u8]) -> String {
    let head = format!("{id}.{timestamp_secs}.");
    format!(
        "v1,{}",
        STANDARD.encode(keyed(key).chain_update(head).chain_update(body).finalize().into_bytes())
    )
}

/// A MAC under a key of any length. The key is brought to block length here (RFC 2104), because the way that
/// takes a whole block cannot fail.
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    let mut block = Zeroizing::new([0_u8; BLOCK]);
    let hashed = (key.len() > BLOCK).then(|| Sha256::digest(key));
    for (slot, byte) in block.iter_mut().zip(hashed.as_ref().map_or(key, |h| h.as_slice())) {
        *slot = *byte;
    }
    Hmac::new(Array::cast_from_core(&block))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] =
        br#"{"id":"evt_123456","type":"user.created","created":"2023-06-21T09:15:30Z","data":{"id":"usr_789012"}}"#;

    #[test]
    fn a_generated_secret_signs_as_published() {
        let secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        let decoded = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        assert_eq!(
            hex_signature(secret.as_bytes(), BODY),
            "56dafc7f2d23d7d1f4959aa248589f331d433317f89041338ea430b16d614ea6"
        );
        assert_eq!(
            standard_signature(&decoded, "evt_123456", 1_687_338_930, BODY),
            "v1,MhW2Bmvm9xVB9xp50R7p168xQJ7mP3vz+/HlkqxO/2k="
        );
    }

    #[test]
    fn a_chosen_secret_signs_as_published() {
        let secret = b"partner chosen secret";
        assert_eq!(
            hex_signature(secret, BODY),
            "f91b62494fe41b23d0d1a02155adf699702c47a7e4aa087484de13c6a9a8e46a"
        );
        assert_eq!(
            standard_signature(secret, "evt_123456", 1_687_338_930, BODY),
            "v1,8a3WE0Fltc9zoPxD2mVCiAl9uB1BGwutAwNzhEDbTs4="
        );
    }

    #[test]
    fn a_key_of_any_length_signs_as_the_library_does() {
        for length in [0, 1, 63, 64, 65, 256] {
            let key = vec![b'k'; length];
            let theirs = Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update(BODY).finalize();
            assert_eq!(hex_signature(&key, BODY), hex::encode(theirs.into_bytes()), "{length}");
        }
    }
}
