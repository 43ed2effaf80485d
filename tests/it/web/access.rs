//! Signing in and out, one-time links, and where a person goes from there.

use super::site::{PASSWORD, Site, between};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::{Answer, send};
use reqwest::Method;
use reqwest::header::{COOKIE, SET_COOKIE};

both_databases!(
    the_right_password_signs_in_and_all_else_looks_alike,
    a_session_ends_on_the_server_when_the_person_signs_out,
    after_signing_in_a_person_stays_on_this_host,
    a_link_opens_once,
);

fn cookie(answer: &Answer, name: &str) -> Option<String> {
    let all = answer.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.map(str::to_owned).find(|value| value.starts_with(&format!("{name}=")))
}

fn the_right_password_signs_in_and_all_else_looks_alike(database: &TestDatabase) {
    let site = Site::open(database);
    let email = site.person("developer").email;
    let visitor = site.visitor();
    let home = visitor.get("/bu/x/logs?q=a b");
    assert_eq!((home.status, home.header("location")), (303, "/login?next=%2Fbu%2Fx%2Flogs%3Fq%3Da%2520b"));

    let alike = |tried: &str, password: &str| {
        let answer = visitor.sign_in(tried, password, "");
        assert_eq!(answer.status, 422);
        assert_eq!(cookie(&answer, "bw_session"), None);
        let token = between(&answer.body, r#"name="csrf" value=""#, "\"").unwrap();
        answer.body.replace(token, "TOKEN").replace(&format!("value=\"{tried}\""), "value=\"EMAIL\"")
    };
    let wrong = alike(&email, "violin porch coppeR");
    assert!(wrong.contains("That email and password do not match."));
    assert!(!wrong.contains("coppeR"));
    assert_eq!(wrong, alike("nobody@kestrel.example", PASSWORD));
    assert_eq!(wrong, alike("no address", &"x".repeat(10_000)));

    let answer = visitor.sign_in(&format!(" {} ", email.to_uppercase()), PASSWORD, "");
    assert_eq!((answer.status, answer.header("location")), (303, site.overview().as_str()));
    let session = cookie(&answer, "bw_session").unwrap();
    assert!(session.ends_with("; HttpOnly; SameSite=Lax; Path=/"), "{session}");
    assert!(cookie(&answer, "bw_device").unwrap().contains("HttpOnly; SameSite=Lax; Path=/; Max-Age="));
    assert_eq!(visitor.get("/").header("location"), site.overview());
    assert_eq!(visitor.get("/login").status, 303);
    assert_eq!(visitor.get("/partners").status, 404, "a channel partner has nothing to search");
}

fn a_session_ends_on_the_server_when_the_person_signs_out(database: &TestDatabase) {
    let site = Site::open(database);
    let email = site.person("viewer").email;
    let person = site.visitor();
    let session = cookie(&person.sign_in(&email, PASSWORD, ""), "bw_session").unwrap();
    let pair = session.split(';').next().unwrap();
    let with =
        |cookie: &str| send(site.visitor().request(Method::GET, &site.webhooks()).header(COOKIE, cookie));
    assert_eq!(with(pair).status, 200);
    for changed in [&pair[..pair.len() - 1], &format!("{pair}A"), &format!("{pair}; {pair}"), "bw_session="] {
        assert_eq!(with(changed).status, 303, "{changed}");
    }
    let out = person.send("/logout", &person.token(&site.webhooks()), &[]);
    assert_eq!((out.status, out.header("location")), (303, "/login"));
    assert!(cookie(&out, "bw_session").unwrap().contains("Max-Age=0"));
    assert_eq!(with(pair).status, 303, "the old cookie opens nothing");

    let htmx = send(person.request(Method::GET, &site.webhooks()).header("hx-request", "true"));
    assert_eq!((htmx.status, htmx.header("hx-redirect")), (401, "/login"));
}

fn after_signing_in_a_person_stays_on_this_host(database: &TestDatabase) {
    let site = Site::open(database);
    let email = site.person("viewer").email;
    let (long, logs) = (format!("/{}", "a".repeat(10_000)), format!("/bu/{}/logs?q=evt_0", site.bu));
    let leads_to = |next: &str| {
        let answer = site.visitor().sign_in(&email, PASSWORD, next);
        assert_eq!(answer.status, 303, "{answer:?}");
        answer.header("location").to_owned()
    };
    assert_eq!(leads_to(&logs), logs);
    // Every way to write another host is in the unit test beside the rule; one of each kind is tried whole.
    for bad in ["//evil", "/\\evil", "/%09/evil", "https:evil", "/a\r\nSet-Cookie: b=c", &long] {
        assert_eq!(leads_to(bad), site.overview(), "{bad}");
    }
}

fn a_link_opens_once(database: &TestDatabase) {
    let site = Site::open(database);
    let link = site.invite("ann@kestrel.example", "developer");
    let page = site.visitor().get(&link);
    assert!(page.body.contains("ann@kestrel.example") && page.body.contains("Kestrel"), "{}", page.body);

    let visitor = site.visitor();
    let secret = link.split_once('=').unwrap().1;
    let fields = [("link", secret), ("name", "Ann <b>"), ("password", "short"), ("password_again", "other")];
    let refused = visitor.send("/setup", &visitor.token(&link), &fields);
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("Ann &#60;b&#62;") && !refused.body.contains("value=\"short\""));
    assert!(refused.body.contains("The two passwords differ."));

    let used = site.visitor().choose_password(&link);
    assert_eq!((used.status, used.header("location")), (303, site.overview().as_str()));
    for link in [link.as_str(), "/setup", "/setup?link=x"] {
        let again = site.visitor().choose_password(link);
        assert_eq!(again.status, 404);
        assert!(again.body.contains("This link no longer opens"));
    }
}
