//! Events: the bytes that are stored, signed and sent for each, and the key that makes publishing repeatable.

use crate::domain::id::EventId;
use crate::domain::problem::FieldErrors;
use crate::domain::time::Ts;

/// The largest body of one published event, in bytes.
pub const MOST_EVENT_BYTES: usize = 256 * 1024;

/// An event as every attempt sends and signs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// The whole JSON text.
    pub bytes: Vec<u8>,
    /// Where the publisher's data begins in it.
    pub data_at: usize,
}

/// A publisher's own name for a request: 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// The body of an event: `{"id","type","created","data"}`, with `data` byte for byte as it was received,
/// without the white space around it. `data` must have passed [`scan`](super::payload::scan).
pub fn envelope(id: EventId, event_type: &str, created: Ts, data: &[u8]) -> Body {
    let data = trimmed(data);
    let event_type = serde_json::Value::from(event_type).to_string();
    let head = format!(r#"{{"id":"{id}","type":{event_type},"created":"{created}","data":"#);
    let data_at = head.len();
    let mut bytes = head.into_bytes();
    bytes.reserve_exact(data.len() + 1);
    bytes.extend_from_slice(data);
    bytes.push(b'}');
    Body { bytes, data_at }
}

/// The publisher's data within the bytes of a [`Body`]; empty when `data_at` is not of these bytes.
pub fn data_of(bytes: &[u8], data_at: usize) -> &[u8] {
    bytes.get(data_at..bytes.len().saturating_sub(1)).unwrap_or_default()
}

/// Without the white space that JSON allows around a value.
fn trimmed(json: &[u8]) -> &[u8] {
    let solid = |b: &u8| !matches!(b, b' ' | b'\t' | b'\r' | b'\n');
    let start = json.iter().position(solid).unwrap_or(json.len());
    let end = json.iter().rposition(solid).map_or(start, |last| last + 1);
    json.get(start..end).unwrap_or_default()
}

impl IdempotencyKey {
    /// Reads the value of an `Idempotency-Key` header or an event's own id; refuses with the code
    /// `idempotency_key`.
    pub fn parse(text: &str) -> Result<Self, FieldErrors> {
        if (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
            return Ok(Self(text.to_owned()));
        }
        Err(FieldErrors::one(
            "idempotency_key",
            "idempotency_key",
            "The idempotency key cannot be used. Send 1 to 255 visible ASCII characters without spaces.",
        ))
    }

    /// The key as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_keeps_the_data_byte_for_byte() {
        let id = EventId::from_uuid(uuid::Uuid::from_u128(7));
        let data = br#"{"b": 1.0, "a":12345678901234567890123}"#;
        let received = [b" \r\n\t", &data[..], b"\n "].concat();
        let body = envelope(id, "user.created", Ts(1_687_338_930_000_000), &received);
        assert_eq!(
            std::str::from_utf8(&body.bytes),
            Ok(concat!(
                r#"{"id":"evt_00000000000000000000000007","type":"user.created","#,
                r#""created":"2023-06-21T09:15:30Z","data":{"b": 1.0, "a":12345678901234567890123}}"#
            ))
        );
        assert_eq!(data_of(&body.bytes, body.data_at), data);
        assert_eq!(data_of(b"", 5), b"");
    }

    #[test]
    fn a_key_is_visible_ascii_of_bounded_length() {
        assert_eq!(IdempotencyKey::parse("order-17/a").unwrap().as_str(), "order-17/a");
        assert!(IdempotencyKey::parse(&"k".repeat(255)).is_ok());
        for bad in ["", " ", "a b", "é", "a\n", "a\u{7f}", &"k".repeat(256)] {
            let errors = IdempotencyKey::parse(bad).unwrap_err();
            assert_eq!(errors.iter().next().unwrap().code, "idempotency_key", "{bad:?}");
        }
    }
}
