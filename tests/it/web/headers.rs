//! The headers of every answer of the dashboard, whatever it is about.

use super::site::Site;
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::{Answer, send};
use reqwest::Method;
use reqwest::header::HOST;

both_databases!(every_answer_keeps_itself_to_itself, a_request_for_another_host_is_refused);

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
    connect-src 'self'; worker-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; report-to csp";

fn assert_kept(what: &str, answer: &Answer) {
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("reporting-endpoints", "csp=\"/csp-reports\""),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=()"),
        ("cache-control", "no-store"),
        ("vary", "HX-Request, Cookie"),
        ("strict-transport-security", ""),
    ] {
        assert_eq!(answer.header(name), value, "{what}: {name}");
    }
    assert_eq!(answer.header("x-request-id").len(), 36, "{what}");
}

fn every_answer_keeps_itself_to_itself(database: &TestDatabase) {
    let site = Site::open(database);
    let webhook = site.webhook("Order desk", "https://example.com/h");
    let event = site.publish();
    let (person, visitor) = (site.person("developer"), site.visitor());
    let bu = format!("/bu/{}", site.bu);
    for (path, status) in [
        ("/".to_owned(), 303),
        ("/partners".to_owned(), 404),
        ("/nowhere".to_owned(), 404),
        (bu.clone(), 200),
        (format!("{bu}/search?q=order"), 200),
        (format!("{bu}/nowhere"), 404),
        (site.webhooks(), 200),
        (site.tokens(), 200),
        (format!("{}/tokens/new", site.tokens()), 200),
        (format!("{}/tokens/tok_x/delete", site.tokens()), 404),
        ("/confirm".to_owned(), 200),
        ("/account".to_owned(), 200),
        ("/account/password".to_owned(), 200),
        ("/account/second-factor".to_owned(), 200),
        ("/account/second-factor/off".to_owned(), 303),
        ("/account/recovery-codes".to_owned(), 303),
        ("/account/looks".to_owned(), 405),
        (format!("{}/{webhook}/delete", site.webhooks()), 200),
        (format!("{}/{webhook}/pause", site.webhooks()), 405),
        (format!("{bu}/logs"), 200),
        (format!("{bu}/logs/{event}"), 200),
        (format!("{bu}/logs/evt_x"), 404),
    ] {
        let answer = person.get(&path);
        assert_eq!(answer.status, status, "{path}");
        assert_kept(&path, &answer);
        let head = send(person.request(Method::HEAD, &path));
        assert_eq!((head.status, head.body.as_str()), (status, ""), "HEAD {path}");
        assert_kept(&path, &head);
        if (400..500).contains(&status) {
            assert!(answer.body.contains("<h1>"), "{path} is a page");
        }
    }
    for path in ["/login", "/setup", "/docs/api", "/bu/x"] {
        assert_kept(path, &visitor.get(path));
    }
    let sheet = visitor.get("/login").body;
    let sheet = super::site::between(&sheet, "rel=\"stylesheet\" href=\"", "\"").unwrap().to_owned();
    let file = visitor.get(&sheet);
    assert_eq!((file.status, file.header("cache-control")), (200, "public, max-age=31536000, immutable"));
    let report =
        visitor.request(Method::POST, "/csp-reports").header("content-type", "application/reports+json");
    assert_eq!(send(report.body("[]")).status, 204);
}

fn a_request_for_another_host_is_refused(database: &TestDatabase) {
    let site = Site::open(database);
    let ask = |host: &str| send(site.visitor().request(Method::GET, "/login").header(HOST, host));
    assert_eq!(ask("localhost").status, 200);
    let refused = ask("evil.example");
    assert_eq!(refused.status, 421);
    assert_kept("another host", &refused);
}

#[test]
fn only_what_no_other_site_can_ask_for_is_compressed() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let person = site.person("developer");
    let asked = |path: &str, from: &[(&str, &str)]| {
        let request = person.request(Method::GET, path).header("accept-encoding", "gzip, deflate, br");
        let answer = send(from.iter().fold(request, |request, (name, value)| request.header(*name, *value)));
        assert_eq!(answer.status, 200, "{path}");
        answer.header("content-encoding").to_owned()
    };
    let search = format!("{}?q=order", site.webhooks());
    assert_eq!(asked(&search, &[("sec-fetch-site", "same-origin")]), "gzip");
    assert_eq!(asked(&search, &[("sec-fetch-site", "none")]), "gzip");
    for other in ["same-site", "cross-site", "", "same-origin, cross-site"] {
        assert_eq!(asked(&search, &[("sec-fetch-site", other)]), "", "{other}");
    }
    assert_eq!(asked(&search, &[]), "");
    // Static files say nothing about anybody; fonts are compressed as they are.
    let login = site.visitor().get("/login").body;
    let sheet = super::site::between(&login, "rel=\"stylesheet\" href=\"", "\"").expect("a sheet");
    assert_eq!(asked(sheet, &[("sec-fetch-site", "cross-site")]), "gzip");
    let whole = person.get(sheet);
    assert_eq!((whole.header("content-encoding"), whole.header("vary")), ("", "Accept-Encoding"));
    let font = super::site::between(&whole.body, "url(\"/static/fonts/", "\"").expect("a font");
    assert_eq!(asked(&format!("/static/fonts/{font}"), &[]), "");
}
