//! Which answers may be compressed: those that no other site's page can ask for.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;

use crate::http::csrf::asked_by_others;

/// The middleware before the one that compresses. The length of a compressed page tells whether what somebody chose, such
/// as a search, stands in it a second time (BREACH), so that a page which another site may ask for stays as it is.
pub async fn guard<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    if asked_by_others(request.request()) {
        request.headers_mut().remove(header::ACCEPT_ENCODING);
    }
    next.call(request).await
}
