//! Which host a request is for: the public one, or this machine by its address.

use actix_web::HttpRequest;
use actix_web::http::header;
use url::{Host, Url};

/// Whether the request names a host that this installation answers for: that of `public`, `localhost`, or
/// an address. Any other name may have been pointed here by somebody else.
pub fn is_ours(request: &HttpRequest, public: &Url) -> bool {
    let in_target = request.uri().authority().map(actix_web::http::uri::Authority::as_str);
    let mut given = request.headers().get_all(header::HOST);
    let in_header = match (given.next(), given.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    };
    let Some(authority) = in_target.or(in_header) else { return false };
    let Ok(named) = Url::parse(&format!("http://{authority}/")) else { return false };
    let plain = named.path() == "/" && named.username().is_empty() && named.password().is_none();
    plain
        && named.host().is_some_and(|host| match host {
            // Nobody can point an address elsewhere.
            Host::Ipv4(_) | Host::Ipv6(_) => true,
            Host::Domain(name) => name == "localhost" || Some(name) == public.host_str(),
        })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn ours(host: &str) -> bool {
        let request = TestRequest::get().insert_header((header::HOST, host)).to_http_request();
        is_ours(&request, &"https://hooks.example.com/".parse().unwrap())
    }

    #[test]
    fn a_request_for_another_name_is_not_ours() {
        for good in ["hooks.example.com", "HOOKS.example.com:443", "127.0.0.1:8080", "[::1]:9", "localhost:1"]
        {
            assert!(ours(good), "{good}");
        }
        for bad in
            ["", "evil.example", "hooks.example.com.evil", "a@hooks.example.com", "hooks.example.com/x"]
        {
            assert!(!ours(bad), "{bad}");
        }
        let without = TestRequest::get().to_http_request();
        assert!(!is_ours(&without, &"https://hooks.example.com/".parse().unwrap()));
        let twice = TestRequest::get()
            .append_header((header::HOST, "localhost"))
            .append_header((header::HOST, "localhost"))
            .to_http_request();
        assert!(!is_ours(&twice, &"https://hooks.example.com/".parse().unwrap()));
    }
}
