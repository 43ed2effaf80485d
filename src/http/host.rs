//! Which host a request is for: the public one, or this machine by its address.

use actix_web::HttpRequest;
use actix_web::http::header;
use url::{Host, Url};

use crate::domain::webhooks::target_url::is_public_name;

/// Whether the request names a host that this installation answers for: that of `public`, `localhost`, or
/// an address. Any other name may have been pointed here by somebody else.
pub fn is_ours(request: &HttpRequest, public: &Url) -> bool {
    is_named(request, |name| is_our_name(name, public))
}

/// The same for programs inside the network of the operator, who may call this installation by a name that is
/// known there alone, such as `bellwire` or `bellwire.internal`: strangers point public names only.
pub fn is_ours_inside(request: &HttpRequest, public: &Url) -> bool {
    is_named(request, |name| is_our_name(name, public) || !is_public_name(name))
}

/// Whether the request names its host exactly once.
pub fn is_named_once(request: &HttpRequest) -> bool {
    request.headers().get_all(header::HOST).count() == 1
}

fn is_our_name(name: &str, public: &Url) -> bool {
    name == "localhost" || Some(name) == public.host_str()
}

/// Whether the request names one host that can be read: an address, which nobody can point elsewhere, or a
/// name that is `good`.
fn is_named(request: &HttpRequest, good: impl FnOnce(&str) -> bool) -> bool {
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
            Host::Ipv4(_) | Host::Ipv6(_) => true,
            Host::Domain(name) => good(name),
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
        let inside = |host: &str| {
            let request = TestRequest::get().insert_header((header::HOST, host)).to_http_request();
            is_ours_inside(&request, &"https://hooks.example.com/".parse().unwrap())
        };
        for good in ["hooks.example.com", "bellwire:8080", "bellwire.internal", "10.0.0.7:80"] {
            assert!(inside(good), "{good}");
        }
        for bad in ["", "evil.example", "a@bellwire", "hooks.example.com.evil"] {
            assert!(!inside(bad), "{bad}");
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
