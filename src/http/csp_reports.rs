//! What browsers report about pages that tried more than their policy allows: bounded, and only logged.

use actix_web::body::{BodyStream, to_bytes_limited};
use actix_web::http::header::RETRY_AFTER;
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::body::LONGEST_WAIT;
use crate::http::identity::client_address;
use crate::http::limits::Limits;
use crate::http::security_headers::REPORTS;

/// The largest report that is read, in bytes.
const MOST_BYTES: usize = 16 * 1024;
/// How much of a report is logged, in characters.
const MOST_LOGGED: usize = 2_000;

/// Mounts the address that reports are posted to. It takes no session and changes nothing. The server's data must
/// hold a `Data<Limits>`.
pub fn configure(config: &mut ServiceConfig) {
    config.service(web::resource(REPORTS).route(web::post().to(take)));
}

async fn take(request: HttpRequest, limits: Data<Limits>, payload: web::Payload) -> HttpResponse {
    if let Err(limited) = limits.report(client_address(&request)) {
        let mut answer = HttpResponse::TooManyRequests().finish();
        answer.headers_mut().insert(RETRY_AFTER, limited.retry_after_s.into());
        limited.tell(answer.headers_mut());
        return answer;
    }
    let received = to_bytes_limited(BodyStream::new(payload), MOST_BYTES);
    match tokio::time::timeout(LONGEST_WAIT, received).await {
        Ok(Ok(Ok(report))) => {
            tracing::warn!(report = printable(&report), "a browser reports a policy violation");
            HttpResponse::NoContent().finish()
        }
        Ok(Ok(Err(_))) => HttpResponse::BadRequest().finish(),
        Ok(Err(_)) => HttpResponse::PayloadTooLarge().finish(),
        Err(_) => HttpResponse::RequestTimeout().finish(),
    }
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
    use crate::http::limits::Rates;

    #[actix_web::test]
    async fn reports_are_bounded_in_size_and_number() {
        let limits = Data::new(Limits::new(Rates { ingest_per_second: 0, api_per_second: 0 }));
        let app = init_service(actix_web::App::new().app_data(limits).configure(configure)).await;
        let post = |size: usize| TestRequest::post().uri(REPORTS).set_payload(vec![b' '; size]).to_request();
        assert_eq!(call_service(&app, post(10)).await.status(), 204);
        assert_eq!(call_service(&app, post(MOST_BYTES + 1)).await.status(), 413);
        for _ in 2..10 {
            assert_eq!(call_service(&app, post(1)).await.status(), 204);
        }
        let refused = call_service(&app, post(1)).await;
        assert_eq!((refused.status().as_u16(), refused.headers().contains_key("retry-after")), (429, true));
        assert_eq!(printable(&Bytes::from_static(b"a\nb\x1b[0m")), "a b [0m");
    }
}
