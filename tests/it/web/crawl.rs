//! Somebody who opens everything that there is a link to: every link leads somewhere, and looking changes nothing.

use super::foreign::things::at_rest;
use super::foreign::units::Both;
use super::site::{Person, Site, between, until};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::send;
use crate::support::receiver::{Receiver, Reply};
use reqwest::Method;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

both_databases!(looking_at_everything_changes_nothing_and_every_link_leads_somewhere);

/// How many addresses are opened that differ in nothing but ids and values.
const MOST_ALIKE: usize = 3;

fn looking_at_everything_changes_nothing_and_every_link_leads_somewhere(database: &TestDatabase) {
    let receiver = Receiver::start();
    let Both { site, our_owner, .. } = Both::make(database, &receiver);
    fill(database, &site, &receiver);
    let (viewer, global) = (site.person("viewer"), site.global_everywhere("developer"));
    // Whoever comes by a grant is written down when entering a unit.
    for bu in [&site.bu, &site.other_bu] {
        assert_eq!(global.get(&format!("/bu/{bu}")).status, 200);
    }
    at_rest(database);
    let before = database.digest();
    let pages = std::thread::scope(|scope| {
        // A partner is chosen in a form, and no link leads to it.
        let chosen = [site.partner, site.other_partner].map(|number| format!("/partners?partner={number}"));
        let starts = [vec![], vec![], chosen.to_vec()];
        let crawled = [&our_owner, &viewer, &global].into_iter().zip(starts);
        let crawled: Vec<_> = crawled.map(|(who, also)| scope.spawn(move || Crawl::of(who, also))).collect();
        crawled.into_iter().map(|one| one.join().expect("a crawl")).collect::<Vec<_>>()
    });
    database.assert_unchanged(&before, "P22: looking at everything");
    for (who, pages) in [&our_owner, &viewer, &global].into_iter().zip(&pages) {
        assert!(pages.bad.is_empty(), "{}: {:#?}", who.email, pages.bad);
    }
    // Nothing is left out: every kind of page was come by.
    for kind in [
        "/account/password",
        "/account/second-factor",
        "/docs/api",
        "/admin/api/tokens/new",
        "/admin/webhooks/new",
        "/rotate",
        "/secret",
        "/test",
        "/destination",
        "/remove",
        "/events",
        "/matrix",
        "/catalogue/new",
        "/catalogue/parcel.shipped/edit",
        "/logs/evt_",
        "/replays/rpl_",
        "/replays/new",
        "/admin/users/new",
        "/disable",
        "/admin/teams/team_",
        "/programmes/prg_",
        "/admin/audit?",
        "/connect/",
        "/logs?",
        "after=",
    ] {
        assert!(pages[0].seen.keys().any(|path| path.contains(kind)), "no link leads to {kind}");
    }
    let (owner, viewer) = (pages[0].seen.len(), pages[1].seen.len());
    assert!(viewer < owner, "a viewer is offered less: {viewer} of {owner}");
    for bu in [&site.bu, &site.other_bu] {
        let inside = pages[2].seen.keys().filter(|path| path.contains(bu.as_str()));
        assert!(inside.count() > 50, "a global partner sees {bu}");
    }
}

/// More of everything than one page shows, in every state.
fn fill(database: &TestDatabase, site: &Site, receiver: &Receiver) {
    let event = json!({"type": "order.completed", "data": {"total": 184}});
    let batch = json!({"events": vec![event.clone(); 60]});
    assert_eq!(site.api.post("/events/batch", &batch).status, 202);
    for n in 0..28 {
        let body =
            json!({"name": format!("Hook {n}"), "url": "https://example.com/h", "events": ["team.created"]});
        assert_eq!(site.api.post("/webhooks", &body).status, 201);
    }
    receiver.on("/fails", [Reply::status(500)]);
    let endpoint = json!([{"url": receiver.url("/fails"), "retry": "none"}]);
    let body = json!({"name": "Fails", "endpoints": endpoint, "events": ["data.created"]});
    assert_eq!(site.api.post("/webhooks", &body).status, 201);
    let body =
        json!({"name": "Off", "url": receiver.url("/off"), "events": ["data.created"], "status": "inactive"});
    assert_eq!(site.api.post("/webhooks", &body).status, 201);
    let failing = json!({"type": "data.created", "data": {}});
    let made = site.api.post("/events", &failing).json()["data"]["id"].as_str().unwrap().to_owned();
    until(|| {
        let shown = site.api.get(&format!("/events/{made}")).json();
        let all = shown["data"]["deliveries"].as_array().unwrap().clone();
        all.iter().any(|one| one["state"] == "exhausted").then_some(())
    });
    for n in 0..30 {
        let (id, number) = (format!("usr_{n:026}"), 5_000 + n);
        database.execute(&format!(
            "INSERT INTO users (id, number, email, name, created_at) \
             VALUES ('{id}', {number}, 'u{n}@kestrel.example', 'Zoë {n}', 1); \
             INSERT INTO memberships (user_id, partner_id, role, created_at) VALUES ('{id}', {}, 'viewer', 1)",
            site.partner
        ));
    }
}

/// What somebody has opened.
struct Crawl {
    /// Addresses, each with the ids of elements that can be led to.
    seen: BTreeMap<String, String>,
    /// How many of each shape.
    alike: BTreeMap<String, usize>,
    /// What leads nowhere.
    bad: Vec<String>,
}

impl Crawl {
    /// Opens `/` and these, and everything that they lead to.
    fn of(who: &Person, also: Vec<String>) -> Self {
        let mut crawl = Self { seen: BTreeMap::new(), alike: BTreeMap::new(), bad: Vec::new() };
        let starts = also.into_iter().chain(["/".to_owned()]);
        let mut left: VecDeque<_> = starts.map(|start| ("nothing".to_owned(), start)).collect();
        while let Some((from, link)) = left.pop_front() {
            let (path, place) = link.split_once('#').unwrap_or((&link, ""));
            if !crawl.seen.contains_key(path) {
                let alike = crawl.alike.entry(shape(path)).or_default();
                if *alike == MOST_ALIKE {
                    continue;
                }
                *alike += 1;
                let found = crawl.open(who, &from, path);
                left.extend(found.into_iter().map(|link| (path.to_owned(), link)));
            }
            let page = crawl.seen.get(path).map_or("", String::as_str);
            if !place.is_empty() && !page.contains(&format!(" id=\"{place}\"")) {
                crawl.bad.push(format!("{from} leads to {link}, where nothing is called {place}"));
            }
        }
        crawl
    }

    /// Opens one address; gives what it leads to.
    fn open(&mut self, who: &Person, from: &str, path: &str) -> BTreeSet<String> {
        let head = send(who.request(Method::HEAD, path));
        // A live list ends only when somebody goes away.
        let is_stream = head.header("content-type") == "text/event-stream";
        let status = head.status;
        let answer = if is_stream { head } else { who.get(path) };
        if status != answer.status {
            self.bad.push(format!("{path} is {} and its head is {status}", answer.status));
        }
        let found = match answer.status {
            200 => links(path, &answer.body),
            303 => BTreeSet::from([answer.header("location").to_owned()]),
            other => {
                self.bad.push(format!("{from} leads to {path}, which is {other}"));
                BTreeSet::new()
            }
        };
        self.seen.insert(path.to_owned(), answer.body);
        found
    }
}

/// An address without ids and without values.
fn shape(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    // Names of event types, which have a dot, are few, and only those of one's own can be changed.
    let is_id = |part: &&str| !part.contains('.') && (part.contains('_') || part.parse::<u64>().is_ok());
    if path.starts_with("/static/") {
        return path.to_owned();
    }
    let parts = path.split('/').map(|part| if is_id(&part) { "*" } else { part });
    let keys =
        query.split('&').filter(|pair| !pair.ends_with('=')).map(|pair| pair.split('=').next().unwrap());
    format!("{}?{}", parts.collect::<Vec<_>>().join("/"), keys.collect::<Vec<_>>().join("&"))
}

/// Everything on this host that a page leads to or loads.
fn links(path: &str, page: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for tag in page.split('<').skip(1).map(|rest| rest.split('>').next().unwrap_or_default()) {
        let is_sent = tag.starts_with("form") && tag.contains("method=\"post\"");
        for name in ["href", "src", "hx-get", "sse-connect", "action"] {
            let Some(link) = between(tag, &format!(" {name}=\""), "\"") else { continue };
            let link = link.replace("&#38;", "&").replace("&amp;", "&");
            match link.chars().next() {
                _ if name == "action" && is_sent => {}
                Some('/') if !link.starts_with("//") => drop(found.insert(link)),
                Some('#') => drop(found.insert(format!("{path}{link}"))),
                Some('?') => drop(found.insert(format!("{}{link}", path.split('?').next().unwrap()))),
                _ if link.starts_with("https://") || link.starts_with("http://") => {}
                _ => panic!("{path} leads to {link:?} by {tag}"),
            }
        }
    }
    found
}
