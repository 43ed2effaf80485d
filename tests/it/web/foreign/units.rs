//! Everybody on every route, with things of a unit that is not theirs: the answer is that of an id that never was.

use super::asking::Principal;
use super::routes::{Row, in_units, rows};
use super::things::{Things, Unit, at_rest};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::send;
use crate::support::receiver::Receiver;
use crate::web::site::{Person, Site, between};
use reqwest::Method;
use std::slice::from_ref;

both_databases!(every_route_answers_for_another_unit_like_for_one_that_never_was);

/// Two units with everything in them.
pub struct Both {
    pub site: Site,
    pub ours: Things,
    pub theirs: Things,
    pub our_owner: Person,
    pub their_owner: Person,
}

impl Both {
    pub fn make(database: &TestDatabase, receiver: &Receiver) -> Self {
        let site = Site::open(database);
        let (our_owner, their_owner) = (site.person("owner"), site.other_person("owner"));
        let make = |api, partner, bu: &str, owner, event_type| {
            let unit = Unit { api, partner, bu, owner, event_type };
            Things::make(database, &site, receiver, &unit)
        };
        let ours = make(&site.api, site.partner, &site.bu, &our_owner, "parcel.shipped");
        let theirs = make(&site.other_api, site.other_partner, &site.other_bu, &their_owner, "crate.opened");
        Self { site, ours, theirs, our_owner, their_owner }
    }
}

fn every_route_answers_for_another_unit_like_for_one_that_never_was(database: &TestDatabase) {
    let receiver = Receiver::start();
    let both = Both::make(database, &receiver);
    let (site, ours, theirs) = (&both.site, &both.ours, &both.theirs);
    let (home, other) = (format!("/bu/{}", site.bu), format!("/bu/{}", site.other_bu));
    let of = |person: &Person, pages: &[String]| Principal::of(site, person, 4, pages);
    let mut strangers: Vec<Principal> = ["viewer", "developer", "admin"]
        .into_iter()
        .map(|role| of(&site.person(role), from_ref(&home)))
        .collect();
    strangers.push(of(&both.our_owner, from_ref(&home)));
    strangers.push(of(&site.global_person("owner"), from_ref(&home)));
    let everywhere = of(&site.global_everywhere("owner"), &[home, other]);
    let owner = Principal::of(site, &both.our_owner, 1, &["/account".to_owned()]);
    let secret = site.token("--all-scopes");
    at_rest(database);
    let before = database.digest();
    std::thread::scope(|scope| {
        for who in strangers {
            scope.spawn(move || {
                for row in in_units() {
                    stranger(&who, &row, ours, theirs);
                    mismatched(&who, &row, ours, theirs);
                }
            });
        }
        // Both units are open to this one, and each thing is in one of them.
        scope.spawn(move || in_units().iter().for_each(|row| mismatched(&everywhere, row, ours, theirs)));
        nobody(site, &secret, theirs);
    });
    let sessions = rows().into_iter().filter(|row| row.path.contains("{ses}"));
    for row in sessions {
        let [foreign, never] = [theirs, &Things::never()].map(|to| owner.submit(&row, ours, to));
        assert_eq!((foreign.status, owner.told(&foreign)), (404, owner.told(&never)), "{}", row.path);
    }
    database.assert_unchanged(&before, "what was asked of another unit");

    owner_may(database, &both);
}

/// Asks for everything of another unit, by addresses in that unit.
fn stranger(who: &Principal, row: &Row, ours: &Things, theirs: &Things) {
    let never = Things::never();
    for theirs in [theirs, &theirs.linked()] {
        for method in row.opens.map(|_| [Method::GET, Method::HEAD]).into_iter().flatten() {
            let [foreign, unknown] = [theirs, &never].map(|to| who.open(&method, &to.fill(row.path)));
            let what = format!("I1–I10: {} {method} {}", who.name, row.path);
            assert_eq!((foreign.status, who.told(&foreign)), (404, who.told(&unknown)), "{what}");
        }
        if row.sends.is_some() {
            let [foreign, unknown] = [theirs, &never].map(|to| who.submit(row, ours, to));
            let what = format!("I1–I10: {} POST {}", who.name, row.path);
            assert_eq!((foreign.status, who.told(&foreign)), (404, who.told(&unknown)), "{what}");
        }
        if !row.path.contains("{wh}") {
            break;
        }
    }
}

/// Asks for one thing of another unit in an address that is otherwise one of the own unit, and the other way round.
fn mismatched(who: &Principal, row: &Row, ours: &Things, theirs: &Things) {
    let never = Things::never();
    for name in row.names().into_iter().filter(|name| *name != "bu") {
        let [foreign, unknown] = [theirs, &never].map(|of| ours.with(name, of));
        if row.opens.is_some() {
            let [foreign, unknown] =
                [&foreign, &unknown].map(|to| who.open(&Method::GET, &to.fill(row.path)));
            let what = format!("I11: {} GET {} with another {name}", who.name, row.path);
            assert_eq!(who.told(&foreign), who.told(&unknown), "{what}");
            assert!(who.is_missing(&foreign), "{what}: {foreign:?}");
        }
        if row.sends.is_some() {
            let [foreign, unknown] = [&foreign, &unknown].map(|to| who.submit(row, ours, to));
            let what = format!("I11: {} POST {} with another {name}", who.name, row.path);
            assert_eq!(who.told(&foreign), who.told(&unknown), "{what}");
            assert!(who.is_missing(&foreign), "{what}: {foreign:?}");
        }
    }
}

/// Asks without a session: as a person, as htmx, and with nothing but a token.
fn nobody(site: &Site, secret: &str, theirs: &Things) {
    let visitor = site.visitor();
    for row in in_units() {
        let path = theirs.fill(row.path);
        for method in row.opens.map(|_| Method::GET).into_iter().chain(row.sends.map(|_| Method::POST)) {
            let ask = || visitor.request(method.clone(), &path).header("origin", site.url(""));
            let answer = send(ask());
            let what = format!("nobody {method} {}", row.path);
            assert_eq!(answer.status, 303, "{what}: {answer:?}");
            assert!(answer.header("location").starts_with("/login"), "{what}: {answer:?}");
            let htmx = send(ask().header("hx-request", "true"));
            assert_eq!((htmx.status, htmx.header("hx-redirect")), (401, "/login"), "{what}");
            let bearer = send(ask().bearer_auth(secret));
            // A token opens the Connect address of its own unit, and of no other.
            let expected = if row.path.contains("/connect/") { 404 } else { 303 };
            assert_eq!(bearer.status, expected, "{what} with a token: {bearer:?}");
        }
    }
}

/// The same requests, by who may: each is good. What was refused was refused for whose it is.
fn owner_may(database: &TestDatabase, both: &Both) {
    let theirs = &both.theirs;
    let pages = [format!("/bu/{}", both.site.other_bu)];
    let who = Principal::of(&both.site, &both.their_owner, 4, &pages);
    for row in in_units().into_iter().filter(|row| row.opens.is_some()) {
        let method = if row.is_stream() { Method::HEAD } else { Method::GET };
        let answer = who.open(&method, &theirs.fill(row.path));
        assert_eq!(answer.status, 200, "{} {method} {}: {answer:?}", who.name, row.path);
    }
    let mut wrong = Vec::new();
    for row in in_units() {
        if let Some(good) = row.good {
            let answer = who.submit(&row, theirs, theirs);
            if answer.status != good {
                let title = between(&answer.body, "<title>", "<").unwrap_or_default();
                wrong.push(format!("{} is {}, not {good}: {title}", row.path, answer.status));
            }
        }
    }
    assert!(wrong.is_empty(), "a good form is refused: {wrong:#?}");
    at_rest(database);
}
