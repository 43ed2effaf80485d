//! Requests that no page of ours sent: each way of forging one, on every address that takes a form.

use super::site::{PASSWORD, Person, Site, between, until};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::send;
use crate::support::receiver::Receiver;
use bellwire::web::mount::table;
use reqwest::Method;
use reqwest::blocking::RequestBuilder;
use serde_json::json;

both_databases!(a_forged_request_changes_nothing_on_any_route, a_method_that_is_not_meant_is_refused);

fn paths(method: &Method, site: &Site, webhook: &str, event: &str, delivery: &str) -> Vec<String> {
    let known = table().into_iter().filter(|(m, _)| m.as_str() == method.as_str()).map(|(_, path)| {
        let path = path.replace("{bu}", &site.bu).replace("{wh}", webhook);
        let path = path.replace("{ses}", "ses_00000000000000000000000001");
        let path = path.replace("{number}", "10001").replace("{of}", "10002");
        let path =
            path.replace("{type}", "order.completed").replace("{rpl}", "rpl_00000000000000000000000001");
        let path = path.replace("{ep}", &site.endpoint(webhook));
        let path = ["usr", "team", "prg"].iter().fold(path, |path, kind| {
            path.replace(&format!("{{{kind}}}"), &format!("{kind}_00000000000000000000000001"))
        });
        path.replace("{evt}", event).replace("{dlv}", delivery).replace("{tok}", &site.api_token())
    });
    // That one is for those who are half signed in: the table of sessions forges it.
    let known: Vec<_> = known.filter(|path| path != "/login/code").collect();
    assert!(known.len() > 5 && known.iter().all(|path| !path.contains('{')), "{known:?}");
    known
}

fn a_forged_request_changes_nothing_on_any_route(database: &TestDatabase) {
    let (site, receiver) = (Site::open(database), Receiver::start());
    let webhook = site.webhook("Order desk", &receiver.url("/in"));
    let event = site.publish();
    let (person, other, visitor) = (site.person("developer"), site.person("owner"), site.visitor());
    let page = format!("/bu/{}/logs/{event}", site.bu);
    let delivery = until(|| {
        let shown = person.get(&page).body;
        between(&shown, "/deliveries/", "/resend").map(str::to_owned)
    });
    let (others, before) = (other.token(&site.webhooks()), visitor.token("/login"));
    let base = site.url("");
    let (site_header, origin) = ("sec-fetch-site", "origin");

    for path in paths(&Method::POST, &site, &webhook, &event, &delivery) {
        let signed_out = path == "/login" || path == "/setup";
        // A session of its own for each address: one that sends this many forms is told to wait.
        let again = site.visitor();
        assert_eq!(again.sign_in(&person.email, PASSWORD, "").status, 303);
        let own = again.token(&page);
        let (who, good): (&Person, &str) = if signed_out { (&visitor, &before) } else { (&again, &own) };
        let refused = |what: &str, request: RequestBuilder| {
            let answer = send(request);
            assert_eq!(answer.status, 403, "{path}: {what}: {answer:?}");
            assert!(answer.body.contains("This form is no longer valid"), "{path}: {what}");
        };
        let form = |token: &str| who.form(&path, token, &[]);
        for from in ["cross-site", "same-site", "none"] {
            refused(from, form(good).header(site_header, from));
            refused(from, form(good).header(site_header, from).header(origin, &base));
        }
        for from in ["null", "https://evil.example", "http://127.0.0.1:1"] {
            refused(from, form(good).header(origin, from));
        }
        refused("neither header", form(good));
        let ours = |request: RequestBuilder| request.header(site_header, "same-origin");
        let foreign = if signed_out { &own } else { &before };
        for (what, token) in [
            ("no token", ""),
            ("another session's", &others),
            ("of the other kind", foreign),
            ("truncated", &good[..good.len() - 2]),
        ] {
            refused(what, ours(form(token)));
            refused(what, ours(form(good)).header("x-csrf-token", token));
        }
        refused("in the query", ours(who.form(&format!("{path}?csrf={good}"), "", &[])));
        let typed = who.request(Method::POST, &path).header("content-type", "application/json");
        refused("JSON", ours(typed).body(json!({"csrf": good}).to_string()));
        if !signed_out {
            let bearer = send(ours(site.visitor().form(&path, good, &[])).bearer_auth("bwl_x"));
            assert_eq!((bearer.status, bearer.header("location")), (303, "/login"), "{path}");
        }
        assert_eq!(again.get(&page).status, 200, "{path}: nobody was signed out");
        // A login has ten sessions at the most.
        assert_eq!(again.send("/logout", &own, &[]).status, 303);
    }
    assert_eq!(site.api.get(&format!("/webhooks/{webhook}")).json()["data"]["status"], "active");
    assert_eq!(receiver.requests().len(), 1, "nothing was sent again");
    let by_cookie = send(person.request(Method::GET, "/api/v1/webhooks"));
    assert_eq!(by_cookie.status, 401, "the API reads no cookies");
}

fn a_method_that_is_not_meant_is_refused(database: &TestDatabase) {
    let site = Site::open(database);
    let webhook = site.webhook("Order desk", "https://example.com/h");
    let person = site.person("developer");
    let token = person.token(&site.webhooks());
    let one = format!("{}/{webhook}", site.webhooks());
    for path in [format!("{one}/pause"), format!("{one}/resume"), "/logout".to_owned()] {
        for method in [Method::GET, Method::HEAD] {
            let answer = send(person.request(method, &path));
            assert_eq!((answer.status, answer.header("allow")), (405, "POST"), "{path}");
        }
    }
    let asked = person.get(&format!("{one}/delete?confirm=1"));
    assert_eq!(asked.status, 200, "asking deletes nothing");
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        let request = person.request(method, &format!("{one}/delete")).header("origin", site.url(""));
        let answer = send(request.header("x-csrf-token", &token));
        assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD, POST"));
    }
    assert_eq!(person.send(&site.webhooks(), &token, &[]).status, 405);
    assert_eq!(site.api.get(&format!("/webhooks/{webhook}")).status, 200);
}
