//! Reading a JSON body: of bounded size, in bounded time, and only when it says that it is JSON.

use std::io::Read;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::body::{BodyStream, to_bytes_limited};
use actix_web::http::header::{self, HeaderName};
use actix_web::web::{Bytes, Payload};
use flate2::bufread::MultiGzDecoder;

/// The largest body of a request that publishes no event, in bytes.
pub const MOST_BYTES: usize = 64 * 1024;
/// How long a body may take to arrive.
pub const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// Which bodies a route takes.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// The most bytes, before and after inflating.
    pub most_bytes: usize,
    /// Whether `Content-Encoding: gzip` is taken.
    pub gzip: bool,
}

/// Why a body was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyFault {
    /// More bytes than this.
    TooLarge(usize),
    /// It did not arrive in time.
    TooSlow,
    /// It ended before its end, or could not be inflated.
    Broken,
    /// It is not `application/json` in UTF-8.
    MediaType,
    /// It is encoded in a way that is not taken.
    Encoding,
}

impl Default for Rules {
    fn default() -> Self {
        Self { most_bytes: MOST_BYTES, gzip: false }
    }
}

/// Whether a request comes without a body.
pub fn is_absent(request: &HttpRequest) -> bool {
    let length = request.headers().get(header::CONTENT_LENGTH);
    length.is_none_or(|value| value.as_bytes() == b"0")
        && !request.headers().contains_key(header::TRANSFER_ENCODING)
}

/// Reads a JSON body, and inflates it when it may be compressed and is. Whether it is JSON, others see.
pub async fn read(request: &HttpRequest, payload: Payload, rules: Rules) -> Result<Bytes, BodyFault> {
    if !is_json(request) {
        return Err(BodyFault::MediaType);
    }
    let zipped = match only(request, header::CONTENT_ENCODING)? {
        None => false,
        Some(coding) if coding.eq_ignore_ascii_case("identity") => false,
        Some(coding) if rules.gzip && coding.eq_ignore_ascii_case("gzip") => true,
        Some(_) => return Err(BodyFault::Encoding),
    };
    let too_large = BodyFault::TooLarge(rules.most_bytes);
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: u64| length > rules.most_bytes as u64) {
        return Err(too_large);
    }
    let received = to_bytes_limited(BodyStream::new(payload), rules.most_bytes);
    let received = tokio::time::timeout(LONGEST_WAIT, received).await.map_err(|_| BodyFault::TooSlow)?;
    let bytes = received.map_err(|_| too_large)?.map_err(|_| BodyFault::Broken)?;
    if zipped { inflate(&bytes, rules.most_bytes) } else { Ok(bytes) }
}

fn inflate(bytes: &[u8], most: usize) -> Result<Bytes, BodyFault> {
    let mut plain = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    MultiGzDecoder::new(bytes).take(limit).read_to_end(&mut plain).map_err(|_| BodyFault::Broken)?;
    if plain.len() > most { Err(BodyFault::TooLarge(most)) } else { Ok(plain.into()) }
}

/// Whether the one content type is `application/json`, with `charset=utf-8` at most.
fn is_json(request: &HttpRequest) -> bool {
    let Ok(Some(text)) = only(request, header::CONTENT_TYPE) else { return false };
    let mut parts = text.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    is_json
        && parts.all(|part| {
            part.is_empty()
                || ["charset=utf-8", "charset=\"utf-8\""].iter().any(|c| c.eq_ignore_ascii_case(part))
        })
}

/// The one value of a header; a fault when there are several, or it is no text.
fn only(request: &HttpRequest, name: HeaderName) -> Result<Option<&str>, BodyFault> {
    let fault = if name == header::CONTENT_ENCODING { BodyFault::Encoding } else { BodyFault::MediaType };
    let mut given = request.headers().get_all(name);
    match (given.next(), given.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(|text| Some(text.trim())).map_err(|_| fault),
        (Some(_), Some(_)) => Err(fault),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::FromRequest;
    use actix_web::test::TestRequest;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    const EVENTS: Rules = Rules { most_bytes: 1_000, gzip: true };

    async fn given(
        headers: &[(&'static str, &str)],
        body: &[u8],
        rules: Rules,
    ) -> Result<Vec<u8>, BodyFault> {
        let mut request = TestRequest::post().set_payload(body.to_vec());
        for (name, value) in headers {
            request = request.insert_header((*name, *value));
        }
        let (request, mut payload) = request.to_http_parts();
        let payload = Payload::from_request(&request, &mut payload).await.unwrap();
        read(&request, payload, rules).await.map(|bytes| bytes.to_vec())
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[actix_web::test]
    async fn only_json_in_utf_8_is_read() {
        for good in ["application/json", "Application/JSON; charset=UTF-8", "application/json;"] {
            assert_eq!(given(&[("content-type", good)], b"{}", EVENTS).await, Ok(b"{}".to_vec()), "{good}");
        }
        for bad in [
            "",
            "text/json",
            "application/json; charset=utf-16",
            "application/jsonx",
            "application/json; a=b",
        ] {
            assert_eq!(
                given(&[("content-type", bad)], b"{}", EVENTS).await,
                Err(BodyFault::MediaType),
                "{bad}"
            );
        }
        assert_eq!(given(&[], b"{}", EVENTS).await, Err(BodyFault::MediaType));
    }

    #[actix_web::test]
    async fn a_body_over_the_limit_is_refused_by_its_stated_and_by_its_true_length() {
        let json = ("content-type", "application/json");
        let large = vec![b' '; 1_001];
        let fault = Err(BodyFault::TooLarge(1_000));
        assert_eq!(given(&[json, ("content-length", "5")], &large, EVENTS).await, fault);
        assert_eq!(given(&[json, ("content-length", "1001")], b"{}", EVENTS).await, fault);
        assert!(given(&[json], &large[..1_000], EVENTS).await.is_ok());
    }

    #[actix_web::test]
    async fn gzip_is_inflated_up_to_the_limit_and_only_where_it_is_taken() {
        let zipped = [("content-type", "application/json"), ("content-encoding", "gzip")];
        assert_eq!(given(&zipped, &gzip(b"{\"a\":1}"), EVENTS).await, Ok(b"{\"a\":1}".to_vec()));
        let bomb = gzip(&vec![b' '; 500_000]);
        assert_eq!(given(&zipped, &bomb, EVENTS).await, Err(BodyFault::TooLarge(1_000)));
        assert_eq!(given(&zipped, b"no gzip", EVENTS).await, Err(BodyFault::Broken));
        let plain = Rules { gzip: false, ..EVENTS };
        assert_eq!(given(&zipped, &gzip(b"{}"), plain).await, Err(BodyFault::Encoding));
        for other in ["br", "gzip, gzip", "deflate", "x-unknown"] {
            let headers = [("content-type", "application/json"), ("content-encoding", other)];
            assert_eq!(given(&headers, b"{}", EVENTS).await, Err(BodyFault::Encoding), "{other}");
        }
    }
}
