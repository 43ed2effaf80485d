//! Pages and actions of another business unit: for everybody who is not in it they do not exist.

use super::site::{Person, Site, between, until};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::Answer;
use bellwire::web::mount::table;
use reqwest::Method;

both_databases!(
    every_page_of_another_unit_is_answered_like_one_that_never_was,
    a_search_tells_nothing_of_partners_that_are_not_granted,
);

/// The ids that stand in the paths of the dashboard.
#[derive(Clone)]
struct Things {
    bu: String,
    webhook: String,
    event: String,
    delivery: String,
    endpoint: String,
    login: String,
    user: String,
    team: String,
    programme: String,
}

impl Things {
    fn never() -> Self {
        let id = |prefix: &str| format!("{prefix}_00000000000000000000000001");
        let login = "999999".to_owned();
        Self {
            bu: id("bu"),
            webhook: id("wh"),
            event: id("evt"),
            delivery: id("dlv"),
            endpoint: id("ep"),
            login,
            user: id("usr"),
            team: id("team"),
            programme: id("prg"),
        }
    }

    /// What a route's path is for these; none for a route that names no unit.
    fn fill(&self, path: &str) -> Option<String> {
        let filled =
            path.replace("{bu}", &self.bu).replace("{wh}", &self.webhook).replace("{evt}", &self.event);
        let filled = filled
            .replace("{ep}", &self.endpoint)
            .replace("{dlv}", &self.delivery)
            .replace("{login}", &self.login);
        let id = |prefix: &str| format!("{prefix}_00000000000000000000000001");
        let filled = filled.replace("{usr}", &self.user).replace("{team}", &self.team);
        let filled = filled.replace("{prg}", &self.programme);
        let filled = filled.replace("{tok}", &id("tok")).replace("{rpl}", &id("rpl"));
        let filled = filled.replace("{ses}", &id("ses"));
        let filled = filled.replace("{number}", "10001").replace("{of}", "10002");
        let filled = filled.replace("{type}", "order.completed");
        assert!(!filled.contains('{'), "this test knows nothing for {path}: add it to Things");
        path.contains("{bu}").then_some(filled)
    }
}

/// What an answer tells: its status, its place to go, its page without what each request has of its own.
fn told(answer: &Answer) -> (u16, String, String) {
    let body = answer.body.replace(answer.header("x-request-id"), "REQUEST");
    (answer.status, answer.header("location").to_owned(), body)
}

fn ask(person: &Person, token: &str, method: &Method, path: &str) -> Answer {
    match *method {
        Method::POST => until(|| {
            // Forms are limited to what a person can press.
            let answer = person.send(path, token, &[("password", super::site::PASSWORD)]);
            Some(answer).filter(|answer| answer.status != 429)
        }),
        _ => crate::support::http::send(person.request(method.clone(), path)),
    }
}

fn every_page_of_another_unit_is_answered_like_one_that_never_was(database: &TestDatabase) {
    let site = Site::open(database);
    let webhook = site.other_webhook();
    let event = site.other_publish();
    let delivery = until(|| {
        let shown = site.other_api.get(&format!("/events/{event}")).json();
        // Its address has no receiver: it waits for another attempt, and rests meanwhile.
        let waits = &shown["data"]["deliveries"][0];
        waits["attempts"][0]["cause"].is_string().then(|| waits["id"].as_str().unwrap().to_owned())
    });
    database.execute("UPDATE deliveries SET state = 'cancelled', next_at = NULL");
    let shown = site.other_api.get(&format!("/webhooks/{webhook}")).json();
    let endpoint = shown["data"]["endpoints"][0]["id"].as_str().unwrap().to_owned();
    let owner = site.other_person("owner");
    let token = owner.token(&format!("/bu/{}/admin/webhooks", site.other_bu));
    for at in ["admin/teams/new", "programmes/new"] {
        let path = format!("/bu/{}/{at}", site.other_bu);
        assert_eq!(owner.send(&path, &token, &[("name", "Theirs")]).status, 303);
    }
    let id = |table: &str| database.lines(&format!("SELECT id AS line FROM {table}")).remove(0);
    let (user, team, programme) = (id("users"), id("teams"), id("programmes"));
    let (bu, login) = (site.other_bu.clone(), "1001".to_owned());
    let theirs = Things { bu, webhook, event, delivery, endpoint, login, user, team, programme };
    let (own, never) = (Things { bu: site.bu.clone(), ..theirs.clone() }, Things::never());
    let own_never = Things { bu: site.bu.clone(), ..Things::never() };

    let people: Vec<Person> = ["viewer", "developer", "admin", "owner"]
        .into_iter()
        .map(|role| site.person(role))
        .chain([site.global_person("admin")])
        .collect();
    // Whoever comes by a grant is written down when entering the own unit.
    for person in &people {
        assert_eq!(person.get(&site.webhooks()).status, 200);
    }
    let before = database.digest();
    for person in &people {
        let token = person.token(&site.webhooks());
        for (method, path) in table() {
            let method: Method = method.as_str().parse().unwrap();
            let Some(foreign) = theirs.fill(path) else { continue };
            let [foreign, unknown] =
                [foreign, never.fill(path).unwrap()].map(|at| ask(person, &token, &method, &at));
            let shown = format!("I1–I8: {} {method} {path}", person.email);
            assert_eq!((foreign.status, told(&foreign)), (404, told(&unknown)), "{shown}");
            let names_a_thing =
                ["{wh}", "{evt}", "{usr}", "{team}", "{prg}"].iter().any(|id| path.contains(id));
            if names_a_thing {
                let [foreign, unknown] = [own.fill(path), own_never.fill(path)]
                    .map(|at| ask(person, &token, &method, &at.unwrap()));
                assert_eq!(told(&foreign), told(&unknown), "I11: {shown}");
                assert!(foreign.status >= 400, "I11: {shown}");
            }
        }
    }
    let visitor = site.visitor();
    for (method, path) in table().into_iter().filter(|(method, _)| method.as_str() != "POST") {
        let method: Method = method.as_str().parse().unwrap();
        let Some(foreign) = theirs.fill(path) else { continue };
        let answer = ask(&visitor, "", &method, &foreign);
        assert!(answer.header("location").starts_with("/login"), "{method} {path}: {answer:?}");
        assert_eq!(answer.status, 303);
    }
    database.assert_unchanged(&before, "what was asked of another unit");
}

fn a_search_tells_nothing_of_partners_that_are_not_granted(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.global_person("viewer");
    let others =
        database.lines("SELECT CAST(id AS TEXT) AS line FROM partners WHERE name = 'Globex'").remove(0);
    let found = person.get("/partners?q=Kestrel").body;
    assert!(found.contains("1 partner matches"), "{found}");
    let page = |q: &str| {
        let answer = person.get(&format!("/partners?q={q}"));
        assert_eq!(answer.status, 200, "I9: {q}");
        let token = between(&answer.body, r#"name="csrf" value=""#, "\"").unwrap_or("-").to_owned();
        answer.body.replace(q, "ASKED").replace(&token, "TOKEN")
    };
    for known in ["Globex", "globe", others.as_str()] {
        assert_eq!(page(known), page("Nobody7"), "I9: {known}");
    }
    let nul = person.get("/partners?q=%00");
    assert_eq!(nul.status, 200, "{nul:?}");
    for path in ["/admin/webhooks", "/logs"] {
        let asked =
            person.get(&format!("/bu/{}{path}?q=%00&type=%00&webhook=%00&status=%00&after=%00", site.bu));
        assert!(asked.status < 500, "{path}: {asked:?}");
    }
}
