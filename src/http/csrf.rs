//! Proof that a request which may change something comes from Bellwire's own pages.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderName};
use url::Url;

/// The header in which scripts send the token; plain forms send it in a field.
pub const TOKEN_HEADER: HeaderName = HeaderName::from_static("x-csrf-token");
/// The field in which plain forms send the token.
pub const TOKEN_FIELD: &str = "csrf";

/// How a browser says from where a request was made; a page's script cannot change it.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether a request of this method can change nothing.
pub fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether the request was made by a page of `public`: the browser says so, or, when it says nothing of
/// that kind, `Origin` is that of `public`. A request with neither proves nothing.
pub fn proves_origin(request: &HttpRequest, public: &Url) -> bool {
    let headers = request.headers();
    if headers.contains_key(FETCH_SITE) {
        return only(request, FETCH_SITE) == Some("same-origin");
    }
    only(request, header::ORIGIN) == Some(public.origin().ascii_serialization().as_str())
}

/// Whether a page of another site may have made the request: the browser does not say that one of ours did, or the person.
pub fn asked_by_others(request: &HttpRequest) -> bool {
    !matches!(only(request, FETCH_SITE), Some("same-origin" | "none"))
}

/// The one value of a header; `None` when there are several.
fn only(request: &HttpRequest, name: HeaderName) -> Option<&str> {
    let mut given = request.headers().get_all(name);
    match (given.next(), given.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn proven(headers: &[(&'static str, &str)]) -> bool {
        let request = headers.iter().fold(TestRequest::post(), |r, h| r.append_header(*h)).to_http_request();
        proves_origin(&request, &"https://hooks.example.com/".parse().unwrap())
    }

    #[test]
    fn only_our_own_pages_prove_their_origin() {
        let (site, origin) = ("sec-fetch-site", "origin");
        assert!(proven(&[(site, "same-origin")]));
        assert!(proven(&[(origin, "https://hooks.example.com")]));
        for bad in ["cross-site", "same-site", "none", "", "same-origin, cross-site"] {
            assert!(!proven(&[(site, bad)]), "{bad}");
            assert!(!proven(&[(site, bad), (origin, "https://hooks.example.com")]), "{bad}");
        }
        for bad in ["null", "", "http://hooks.example.com", "https://hooks.example.com:444", "https://evil"] {
            assert!(!proven(&[(origin, bad)]), "{bad}");
        }
        assert!(!proven(&[]));
        assert!(!proven(&[(site, "same-origin"), (site, "same-origin")]));
    }

    #[test]
    fn only_reading_is_safe() {
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            assert!(!is_safe(&method));
        }
        assert!(is_safe(&Method::GET) && is_safe(&Method::HEAD));
    }
}
