//! What every request of the dashboard passes: host, origin, the page of a fault, the headers.

use actix_web::HttpResponse;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;

use crate::http::identity::{request_id, tell};
use crate::http::{csrf, host, security_headers};
use crate::web::fault::{self, Fault};
use crate::web::session::app;

/// The middleware around the dashboard: refuses other hosts and requests of other sites' pages, draws the
/// page of each fault, and sets the headers.
pub async fn frame(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let app = app(request.request())?;
    let public = &app.tools.public_url;
    let id = request_id(request.request());
    let mut answer = if !host::is_ours(request.request(), public) {
        let text = "There is no Bellwire under this name. Use the address the operator has set.\n";
        request.into_response(HttpResponse::MisdirectedRequest().content_type("text/plain").body(text))
    } else if !csrf::is_safe(request.method()) && !csrf::proves_origin(request.request(), public) {
        request.error_response(Fault::Forged)
    } else {
        next.call(request).await?.map_into_boxed_body()
    };
    answer = draw(answer).await;
    security_headers::dashboard(answer.headers_mut(), public.scheme() == "https");
    tell(id, answer.headers_mut());
    Ok(answer)
}

/// Answers that nobody drew get the page of their fault.
async fn draw(answer: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let Some(error) = answer.response().error() else { return answer };
    let known = error.as_error::<Fault>().cloned();
    let fault = known.unwrap_or_else(|| Fault::of_status(answer.status()));
    let request = answer.into_parts().0;
    let page = fault::page(&request, &fault).await;
    ServiceResponse::new(request, page)
}
