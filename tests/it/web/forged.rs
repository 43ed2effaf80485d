//! Requests that no page of ours sent: each way of forging one, on every address that takes a form.

use super::foreign::routes::{Row, rows};
use super::foreign::things::{Things, Unit, at_rest};
use super::site::{Person, Site};
use super::wizard::typing::filled_in;
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::send;
use crate::support::receiver::Receiver;
use reqwest::Method;
use reqwest::blocking::RequestBuilder;
use serde_json::json;
use std::cell::Cell;
use url::form_urlencoded;

both_databases!(a_forged_request_changes_nothing_on_any_route, a_method_that_is_not_meant_is_refused);

/// A unit in which there is one of everything, and its owner, who operates the installation.
fn open(database: &TestDatabase, receiver: &Receiver) -> (Site, Person, Things) {
    let site = Site::open(database);
    let (owner, number) = (site.person("owner"), site.partner.to_string());
    site.run(&["partner", "operator", "--partner", &number, "--operates", "on"]).success();
    let unit = Unit {
        api: &site.api,
        partner: site.partner,
        bu: &site.bu,
        owner: &owner,
        event_type: "crate.opened",
    };
    let things = Things::make(database, &site, receiver, &unit);
    (site, owner, things)
}

/// What a good form of the row holds, without its token.
fn good_form(row: &Row, who: &Person, things: &Things) -> Vec<(String, String)> {
    let path = things.fill(row.path);
    let page = row.opens.map(|_| filled_in(&who.get(&path).body, &path)).unwrap_or_default();
    let typed: Vec<_> = form_urlencoded::parse(things.fill(row.form).as_bytes()).into_owned().collect();
    let is_typed = |name: &str| name == "csrf" || typed.iter().any(|(typed, _)| typed == name);
    page.into_iter().filter(|(name, _)| !is_typed(name)).chain(typed.clone()).collect()
}

fn a_forged_request_changes_nothing_on_any_route(database: &TestDatabase) {
    let receiver = Receiver::start();
    let (site, owner, things) = open(database, &receiver);
    let (other, visitor) = (site.person("admin"), site.visitor());
    let home = format!("/bu/{}", site.bu);
    // Several sessions: one that sends this many forms is told to wait.
    let sessions: Vec<(Person, String)> = (0..8)
        .map(|_| {
            let again = site.again(&owner.email);
            let token = again.token(&home);
            (again, token)
        })
        .collect();
    let (others, nobodys) = (other.token(&home), visitor.token("/login"));
    let base = site.url("");
    let (site_header, origin) = ("sec-fetch-site", "origin");
    at_rest(database);
    let before = database.digest();
    let turn = Cell::new(0);

    // That of who is half signed in is forged in the table of sessions.
    for row in rows().into_iter().filter(|row| row.sends.is_some_and(|least| least != "half")) {
        let (path, signed_out) = (things.fill(row.path), row.sends == Some("open"));
        let fields = good_form(&row, if signed_out { &visitor } else { &sessions[0].0 }, &things);
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let refused = |what: &str, forge: &dyn Fn(&Person, &str) -> RequestBuilder| {
            loop {
                turn.set((turn.get() + 1) % sessions.len());
                let (who, good) = &sessions[turn.get()];
                let (who, good) = if signed_out { (&visitor, &nobodys) } else { (who, good) };
                let answer = send(forge(who, good));
                if !answer.header("ratelimit-policy").starts_with("\"dashboard\"") {
                    assert_eq!(answer.status, 403, "{path}: {what}: {answer:?}");
                    assert!(answer.body.contains("This form is no longer valid"), "{path}: {what}");
                    break;
                }
            }
        };
        for from in ["cross-site", "same-site", "none"] {
            refused(&format!("C2: {from}"), &|who, good| {
                who.form(&path, good, &fields).header(site_header, from)
            });
            refused(&format!("C2: {from} with our origin"), &|who, good| {
                who.form(&path, good, &fields).header(site_header, from).header(origin, &base)
            });
        }
        for from in ["null", "https://evil.example", "http://127.0.0.1:1"] {
            refused(&format!("C3: {from}"), &|who, good| who.form(&path, good, &fields).header(origin, from));
        }
        refused("C4: neither header", &|who, good| who.form(&path, good, &fields));
        let foreign = if signed_out { &sessions[0].1 } else { &nobodys };
        for (what, token) in [
            ("no token", Some("")),
            ("another login's", Some(others.as_str())),
            ("of the other kind", Some(foreign.as_str())),
            ("truncated", None),
        ] {
            let given = |good: &str| token.map_or_else(|| good[..good.len() - 2].to_owned(), str::to_owned);
            refused(&format!("C5: {what}"), &|who, good| {
                who.form(&path, &given(good), &fields).header(site_header, "same-origin")
            });
            refused(&format!("C5: {what}, in the header"), &|who, good| {
                let form = who.form(&path, good, &fields).header(site_header, "same-origin");
                form.header("x-csrf-token", given(good))
            });
        }
        refused("C5: in the query", &|who, good| {
            let form = who.form(&format!("{path}?csrf={good}"), "", &fields);
            form.header(site_header, "same-origin")
        });
        refused("C8: JSON", &|who, good| {
            let typed = who.request(Method::POST, &path).header("content-type", "application/json");
            typed.header(site_header, "same-origin").body(json!({"csrf": good}).to_string())
        });
        if !signed_out {
            let form = site.visitor().form(&path, &sessions[0].1, &fields).header(origin, &base);
            let bearer = send(form.bearer_auth("bwl_x"));
            assert_eq!((bearer.status, bearer.header("location")), (303, "/login"), "C9: {path}");
        }
    }
    for (who, _) in &sessions {
        assert_eq!(who.get(&home).status, 200, "nobody was signed out");
    }
    let by_cookie = send(owner.request(Method::GET, "/api/v1/webhooks"));
    assert_eq!(by_cookie.status, 401, "C9: the API reads no cookies");
    assert_eq!(receiver.requests().len(), 1, "nothing was sent again");
    database.assert_unchanged(&before, "C2–C9");
}

fn a_method_that_is_not_meant_is_refused(database: &TestDatabase) {
    let receiver = Receiver::start();
    let (site, owner, things) = open(database, &receiver);
    let token = owner.token(&site.webhooks());
    at_rest(database);
    let before = database.digest();
    for row in rows() {
        let path = things.fill(row.path);
        let allowed = match (row.opens, row.sends) {
            (Some(_), Some(_)) => "GET, HEAD, POST",
            (Some(_), None) => "GET, HEAD",
            _ => "POST",
        };
        let mut bad = vec![Method::PUT, Method::DELETE, Method::PATCH];
        bad.extend(row.opens.is_none().then_some([Method::GET, Method::HEAD]).into_iter().flatten());
        bad.extend(row.sends.is_none().then_some(Method::POST));
        for method in bad {
            let request = owner.request(method.clone(), &path).header("origin", site.url(""));
            let answer = send(request.header("x-csrf-token", &token));
            assert_eq!((answer.status, answer.header("allow")), (405, allowed), "C7: {method} {path}");
        }
        // The whole form in the address of a page: it is looked at, and nothing is done.
        if row.opens.is_some() && row.sends.is_some() {
            let all = good_form(&row, &owner, &things);
            let all = all.into_iter().chain([("csrf".to_owned(), token.clone())]);
            let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish();
            for method in [Method::GET, Method::HEAD] {
                let answer = send(owner.request(method.clone(), &format!("{path}?confirm=1&{query}")));
                assert!([200, 303, 404].contains(&answer.status), "C7: {method} {path}?{query}: {answer:?}");
            }
        }
    }
    assert_eq!(owner.get("/account").status, 200, "C7: nobody was signed out");
    database.assert_unchanged(&before, "C7");
}
