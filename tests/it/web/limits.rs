//! How fast one person may press buttons and search.

use super::site::{Person, Site};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::{Answer, send};
use reqwest::Method;

both_databases!(
    a_session_that_sends_forms_too_fast_is_told_to_wait,
    a_login_that_searches_too_fast_is_told_to_wait,
);

/// What comes of so many requests at once.
fn at_once(count: usize, ask: impl Fn() -> Answer + Sync) -> Vec<Answer> {
    std::thread::scope(|scope| {
        let asked: Vec<_> = (0..count).map(|_| scope.spawn(&ask)).collect();
        asked.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

fn refused<'a>(answers: &'a [Answer], policy: &str) -> &'a Answer {
    let refused: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert!(refused.len() < answers.len(), "some pass");
    let one = refused.first().expect("one that was too fast");
    assert_eq!(one.header("ratelimit-policy"), policy);
    assert!(!one.header("retry-after").is_empty() && one.body.contains("That was too fast"), "{one:?}");
    one
}

fn a_session_that_sends_forms_too_fast_is_told_to_wait(database: &TestDatabase) {
    let site = Site::open(database);
    let (person, other) = (site.person("admin"), site.person("developer"));
    let webhook = site.webhook("Alerts", "https://example.com/h");
    let pause = format!("{}/{webhook}/pause", site.webhooks());
    let token = person.token(&site.webhooks());
    let answers = at_once(60, || person.send(&pause, &token, &[]));
    refused(&answers, "\"dashboard\";q=20;w=4");
    let pressed = |who: &Person| who.send(&pause, &who.token(&site.webhooks()), &[]).status;
    assert_eq!(pressed(&other), 303, "another session is not held up");
}

fn a_login_that_searches_too_fast_is_told_to_wait(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.global_person("admin");
    let search = |q: &str| send(person.request(Method::GET, &format!("/partners?q={q}")));
    let answers = at_once(60, || search("kes"));
    assert!(answers.iter().any(|answer| answer.status == 200 && answer.body.contains("trel")));
    refused(&answers, "\"partner-search\";q=30;w=60");
    assert_eq!(person.get("/partners").status, 200, "the page itself can be opened");
}
