// With the crates hmac 0.13, sha2 0.11 and hex 0.4.
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// `payload` is the raw body, `signature` the X-Webhook-Signature header, `secret` the whole `whsec_…`.
pub fn verify_webhook_signature(payload: &[u8], signature: &str, secret: &str) -> bool {
    let (Ok(mut mac), Ok(given)) =
        (Hmac::<Sha256>::new_from_slice(secret.as_bytes()), hex::decode(signature))
    else {
        return false;
    };
    mac.update(payload);
    mac.verify_slice(&given).is_ok()
}
