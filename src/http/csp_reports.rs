//! What browsers report about pages that tried more than their policy allows: bounded, and only logged.

use std::num::NonZeroU32;
use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::body::to_bytes_limited;
use actix_web::web::{self, Bytes, ServiceConfig};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use crate::http::security_headers::REPORTS;

/// The largest report that is read, in bytes.
const MOST_BYTES: usize = 16 * 1024;
/// How much of a report is logged, in characters.
const MOST_LOGGED: usize = 2_000;
/// Reports that are logged in a minute; more of them say nothing new.
const PER_MINUTE: NonZeroU32 = NonZeroU32::new(30).unwrap();

static LIMIT: LazyLock<DefaultDirectRateLimiter> =
    LazyLock::new(|| RateLimiter::direct(Quota::per_minute(PER_MINUTE)));

/// Mounts the address that reports are posted to. It takes no session and changes nothing.
pub fn configure(config: &mut ServiceConfig) {
    config.service(web::resource(REPORTS).route(web::post().to(take)));
}

async fn take(payload: web::Payload) -> HttpResponse {
    if LIMIT.check().is_err() {
        return HttpResponse::TooManyRequests().finish();
    }
    match to_bytes_limited(actix_web::body::BodyStream::new(payload), MOST_BYTES).await {
        Ok(Ok(report)) => tracing::warn!(report = printable(&report), "a browser reports a policy violation"),
        Ok(Err(_)) => return HttpResponse::BadRequest().finish(),
        Err(_) => return HttpResponse::PayloadTooLarge().finish(),
    }
    HttpResponse::NoContent().finish()
}

/// One line of bounded length: whoever wrote the report writes no log lines.
fn printable(report: &Bytes) -> String {
    let text = String::from_utf8_lossy(report);
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MOST_LOGGED).collect()
}

#[cfg(test)]
mod tests {
    use actix_web::test::{TestRequest, call_service, init_service};

    use super::*;

    #[actix_web::test]
    async fn reports_are_bounded_in_size_and_number() {
        let app = init_service(actix_web::App::new().configure(configure)).await;
        let post = |size: usize| TestRequest::post().uri(REPORTS).set_payload(vec![b' '; size]).to_request();
        assert_eq!(call_service(&app, post(10)).await.status(), 204);
        assert_eq!(call_service(&app, post(MOST_BYTES + 1)).await.status(), 413);
        let mut last = 204;
        for _ in 0..PER_MINUTE.get() {
            last = call_service(&app, post(1)).await.status().as_u16();
        }
        assert_eq!(last, 429);
        assert_eq!(printable(&Bytes::from_static(b"a\nb\x1b[0m")), "a b [0m");
    }
}
