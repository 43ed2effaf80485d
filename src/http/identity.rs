//! Who a request comes from: its bearer token, its address, and the id under which it is logged.

use std::fmt;
use std::net::IpAddr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest};
use uuid::{Builder, Uuid};

use crate::keys::random_bytes;
use crate::ops::cx::Source;

/// The header that tells a request's id; a value that comes in is not looked at.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest user agent that is kept, in characters.
const LONGEST_AGENT: usize = 200;

/// The id under which a request is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(Uuid);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// A middleware: gives a request its id, and tells it in the answer.
pub async fn mark<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let id = request_id(request.request());
    let mut answer = next.call(request).await?;
    tell(id, answer.headers_mut());
    Ok(answer)
}

/// Sets the header that tells the id.
pub fn tell(id: RequestId, headers: &mut HeaderMap) {
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(REQUEST_ID, value);
    }
}

/// The id of a request: the one its log lines carry, or one made at the first asking.
pub fn request_id(request: &HttpRequest) -> RequestId {
    if let Some(id) = request.extensions().get::<tracing_actix_web::RequestId>() {
        return RequestId(**id);
    }
    let made = || RequestId(Builder::from_random_bytes(next_bytes()).into_uuid());
    *request.extensions_mut().get_or_insert_with(made)
}

/// Sixteen bytes that no other request has: random ones to begin with, then counted. Ids of requests are no
/// secret, and the system's randomness costs more than all else that makes one.
fn next_bytes() -> [u8; 16] {
    static FIRST: OnceLock<u128> = OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let first = FIRST.get_or_init(|| u128::from_le_bytes(random_bytes()));
    let count = u128::from(COUNT.fetch_add(1, Ordering::Relaxed));
    // Neighbours look unlike each other: times an odd number, every count still gives another value.
    first.wrapping_add(count.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)).to_le_bytes()
}

/// The bearer token of a request; `None` unless there is exactly one `Authorization` header of exactly that
/// scheme with exactly one word.
pub fn bearer(request: &HttpRequest) -> Option<&str> {
    let mut given = request.headers().get_all(header::AUTHORIZATION);
    let (Some(only), None) = (given.next(), given.next()) else { return None };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    let is_word = !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic());
    (scheme.eq_ignore_ascii_case("bearer") && is_word).then_some(token)
}

/// The address of the peer. What a proxy says of its own clients is not believed.
pub fn client_address(request: &HttpRequest) -> Option<IpAddr> {
    request.peer_addr().map(|peer| peer.ip().to_canonical())
}

/// Where a request came from, as operations note it.
pub fn source(request: &HttpRequest) -> Source {
    let agent = request.headers().get(header::USER_AGENT).map(|value| {
        String::from_utf8_lossy(value.as_bytes())
            .chars()
            .filter(|c| !c.is_control())
            .take(LONGEST_AGENT)
            .collect()
    });
    Source {
        ip: client_address(request).map(|ip| ip.to_string()),
        agent,
        request_id: Some(request_id(request).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn only_one_bearer_header_with_one_word_is_a_token() {
        let read = |values: &[&'static str]| {
            let mut request = TestRequest::get();
            for value in values {
                request = request.append_header((header::AUTHORIZATION, *value));
            }
            bearer(&request.to_http_request()).map(str::to_owned)
        };
        assert_eq!(read(&["Bearer bwl_x"]).as_deref(), Some("bwl_x"));
        assert_eq!(read(&["bEARER bwl_x"]).as_deref(), Some("bwl_x"));
        for bad in
            ["", "Bearer", "Bearer ", "Bearer  x", "Bearer a b", "Basic eDp5", "bwl_x", "Bearer bwl_\u{e9}"]
        {
            assert_eq!(read(&[bad]), None, "{bad:?}");
        }
        assert_eq!(read(&["Bearer bwl_x", "Bearer bwl_x"]), None);
        assert_eq!(read(&[]), None);
    }

    #[test]
    fn a_source_is_bounded_and_its_id_is_ours() {
        let request = TestRequest::get()
            .insert_header((header::USER_AGENT, "x".repeat(10_000)))
            .insert_header((REQUEST_ID, "theirs"))
            .insert_header(("x-forwarded-for", "1.2.3.4"))
            .peer_addr("[::ffff:192.0.2.7]:80".parse().unwrap())
            .to_http_request();
        let source = source(&request);
        assert_eq!(source.ip.as_deref(), Some("192.0.2.7"));
        assert_eq!(source.agent.map(|a| a.len()), Some(LONGEST_AGENT));
        assert_eq!(source.request_id, Some(request_id(&request).to_string()));
        assert_eq!(source.request_id.map(|id| id.len()), Some(36));
    }
}
