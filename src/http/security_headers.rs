//! The headers that keep a page to itself: what it may load, who may frame it, who may keep it.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// What a page of the dashboard may load and do; what it tries beyond that is reported.
pub const DASHBOARD_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    font-src 'self'; connect-src 'self'; worker-src 'none'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'; report-to csp";
/// Where browsers report what a page tried beyond its policy.
pub const REPORTS: &str = "/csp-reports";

const DASHBOARD: [(HeaderName, &str); 9] = [
    (header::CONTENT_SECURITY_POLICY, DASHBOARD_POLICY),
    (HeaderName::from_static("reporting-endpoints"), "csp=\"/csp-reports\""),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=(), payment=()"),
    (header::CACHE_CONTROL, "no-store"),
    (header::VARY, "HX-Request, Cookie"),
];

/// Sets what every answer of the dashboard carries; `https` when the public address is https.
pub fn dashboard(headers: &mut HeaderMap, https: bool) {
    for (name, value) in DASHBOARD {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if https {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_transport_is_promised_over_https_only() {
        let set = |https| {
            let mut headers = HeaderMap::new();
            dashboard(&mut headers, https);
            headers
        };
        assert!(set(true).contains_key(header::STRICT_TRANSPORT_SECURITY));
        assert!(!set(false).contains_key(header::STRICT_TRANSPORT_SECURITY));
        assert!(set(false).get("reporting-endpoints").unwrap().to_str().unwrap().contains(REPORTS));
    }
}
