//! The dashboard's cookies: their names, and what protects them.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use url::Url;

/// What a cookie is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Who is signed in.
    Session,
    /// Stands in for a session while nobody is signed in.
    PreSession,
    /// By which a device is known at the next sign-in.
    Device,
    /// What the last action did, for the page that follows.
    Flash,
}

/// Cookies as this installation names them: bound to the host and to TLS when the public address is https.
#[derive(Debug, Clone, Copy)]
pub struct Jar {
    secure: bool,
}

impl Jar {
    /// The cookies of the installation at `public`.
    pub fn new(public: &Url) -> Self {
        Self { secure: public.scheme() == "https" }
    }

    /// The value of a cookie; `None` when it came twice, because then one is somebody else's.
    pub fn read(self, request: &HttpRequest, kind: Kind) -> Option<String> {
        let cookies = request.cookies().ok()?;
        let mut named = cookies.iter().filter(|cookie| cookie.name() == self.name(kind));
        match (named.next(), named.next()) {
            (Some(only), None) => Some(only.value().to_owned()),
            _ => None,
        }
    }

    /// A cookie that is kept for `seconds`, or until the browser closes.
    pub fn make(self, kind: Kind, value: &str, seconds: Option<i64>) -> Cookie<'static> {
        let mut cookie = Cookie::build(self.name(kind), value.to_owned())
            .path("/")
            .http_only(true)
            .secure(self.secure)
            .same_site(SameSite::Lax)
            .finish();
        cookie.set_max_age(seconds.map(Duration::seconds));
        cookie
    }

    /// A cookie that takes another one away.
    pub fn remove(self, kind: Kind) -> Cookie<'static> {
        self.make(kind, "", Some(0))
    }

    const fn name(self, kind: Kind) -> &'static str {
        match (kind, self.secure) {
            (Kind::Session, true) => "__Host-bw_session",
            (Kind::Session, false) => "bw_session",
            (Kind::PreSession, true) => "__Host-bw_pre",
            (Kind::PreSession, false) => "bw_pre",
            (Kind::Device, true) => "__Host-bw_device",
            (Kind::Device, false) => "bw_device",
            (Kind::Flash, true) => "__Host-bw_flash",
            (Kind::Flash, false) => "bw_flash",
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn cookies_are_bound_to_the_host_over_https() {
        let shown = |url: &str| Jar::new(&url.parse().unwrap()).make(Kind::Session, "x", None).to_string();
        assert_eq!(shown("https://a.example"), "__Host-bw_session=x; HttpOnly; SameSite=Lax; Secure; Path=/");
        assert_eq!(shown("http://127.0.0.1:8080"), "bw_session=x; HttpOnly; SameSite=Lax; Path=/");
    }

    #[test]
    fn a_cookie_that_comes_twice_is_nobodys() {
        let jar = Jar::new(&"http://localhost/".parse().unwrap());
        let read = |header: &str| {
            let request = TestRequest::get().insert_header(("cookie", header)).to_http_request();
            jar.read(&request, Kind::Session)
        };
        assert_eq!(read("a=b; bw_session=x").as_deref(), Some("x"));
        assert_eq!(read("bw_session=x; bw_session=y"), None);
        assert_eq!(read("__Host-bw_session=x"), None);
    }
}
