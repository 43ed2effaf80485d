//! Sign out: the session ends on the server, not only in this browser.

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderName, HeaderValue};

use crate::ops::access::sign_in::sign_out;
use crate::web::cookies::{Jar, Kind};
use crate::web::fault::{Fault, see};
use crate::web::form::Checked;
use crate::web::routes;
use crate::web::session::{SignedIn, blocking};

/// Has the browser forget the pages it keeps to go back to: `no-store` alone does not.
const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// Ends the session the request came with.
pub async fn send(Checked { by, .. }: Checked<SignedIn>) -> Result<HttpResponse, Fault> {
    let jar = Jar::new(&by.app.tools.public_url);
    let cx = by.cx();
    blocking(move || sign_out(&cx)).await?;
    let mut answer = see(routes::LOGIN);
    answer.headers_mut().insert(CLEAR_SITE_DATA, HeaderValue::from_static("\"cache\""));
    for kind in [Kind::Session, Kind::Flash] {
        let _ = answer.add_cookie(&jar.remove(kind));
    }
    Ok(answer)
}
