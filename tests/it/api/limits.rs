//! Limits as clients meet them: told on every answer, and nobody else is held up.

use super::world::{OPEN, STRICT, World, id, until};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::{Answer, client, send};
use crate::support::patience::PATIENCE;
use crate::support::receiver::Receiver;
use reqwest::Method;
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

both_databases!(
    every_answer_tells_what_is_left,
    a_webhook_is_tested_ten_times_a_minute,
    a_waiting_place_is_free_again_when_its_client_goes_away,
    reports_of_browsers_are_taken_ten_times_a_minute,
    slow_clients_are_sent_away_and_others_are_served,
);

const IDLE: usize = 400;

fn told(answer: &Answer) -> [&str; 2] {
    ["ratelimit-policy", "ratelimit"].map(|name| answer.header(name))
}

fn every_answer_tells_what_is_left(database: &TestDatabase) {
    // So few a second that none comes back while the test runs.
    let world = World::start(database, &["--allow-http", "--limit-api", "1", "--limit-ingest", "1"]);
    let first = world.api.get("/me");
    assert_eq!(told(&first), ["\"api\";q=3;w=3", "\"api\";r=2;t=1"]);
    let missing = world.api.get("/webhooks/wh_00000000000000000000000001");
    assert_eq!((missing.status, told(&missing)[0]), (404, "\"api\";q=3;w=3"));
    let accepted = world.post_text("/events", r#"{"type":"user.created","data":{}}"#);
    assert_eq!((accepted.status, told(&accepted)), (202, ["\"ingest\";q=2;w=2", "\"ingest\";r=1;t=1"]));
    let nobody = send(world.bare(Method::GET, "/me"));
    assert_eq!((nobody.status, told(&nobody)), (401, ["", ""]));
}

fn a_webhook_is_tested_ten_times_a_minute(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let receiver = Receiver::start();
    let made = || id(&world.webhook(&json!({"url": receiver.url("/"), "events": ["user.created"]})));
    let (webhook, other) = (made(), made());
    let test = |webhook: &str| world.api.post(&format!("/webhooks/{webhook}/test"), &json!({}));
    let statuses: Vec<u16> = (0..10).map(|_| test(&webhook).status).collect();
    assert_eq!(statuses, [200; 10]);
    let refused = test(&webhook);
    assert_eq!((refused.status, told(&refused)[0]), (429, "\"test-send\";q=10;w=60"), "{refused:?}");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() <= 6);
    assert_eq!(receiver.requests().len(), 10, "what is refused is not sent");
    assert_eq!(test(&other).status, 200);
    // Another unit's guesses take nothing from this one.
    let theirs = world.stranger();
    assert!((0..12).all(|_| theirs.post(&format!("/webhooks/{other}/test"), &json!({})).status != 200));
    assert_eq!(test(&other).status, 200);
}

fn a_waiting_place_is_free_again_when_its_client_goes_away(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let request = format!(
        "GET /api/v1/events?after=now&wait=30 HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\r\n",
        world.address(),
        world.token()
    );
    let wait = || {
        let mut stream = TcpStream::connect(world.address()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream
    };
    let began = Instant::now();
    let mut waiting: Vec<TcpStream> = (0..10).map(|_| wait()).collect();
    let look = || world.api.get("/events?after=now&wait=1");
    until(PATIENCE, || {
        // The look before may have taken the last place.
        waiting.push(wait());
        (look().status == 429).then_some(())
    });
    drop(waiting);
    until(PATIENCE, || (look().status == 200).then_some(()));
    assert!(began.elapsed() < Duration::from_secs(25), "before they would have been answered");
}

fn reports_of_browsers_are_taken_ten_times_a_minute(database: &TestDatabase) {
    let world = World::start(database, STRICT);
    let url = world.url("").replace("/api/v1", "/csp-reports");
    let report = || send(client().post(&url).header("content-type", "application/csp-report").body("{}"));
    let statuses: Vec<u16> = (0..10).map(|_| report().status).collect();
    assert_eq!(statuses, [204; 10]);
    let refused = report();
    assert_eq!((refused.status, told(&refused)[0]), (429, "\"csp-reports\";q=10;w=60"));
    assert!(!refused.header("retry-after").is_empty());
}

fn slow_clients_are_sent_away_and_others_are_served(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let address = world.url("").replace("http://", "").replace("/api/v1", "");
    let _idle: Vec<TcpStream> = (0..IDLE).map(|_| TcpStream::connect(&address).unwrap()).collect();
    let mut slow = TcpStream::connect(&address).unwrap();
    slow.write_all(b"GET /api/v1/me HTTP/1.1\r\nhost: ").unwrap();
    let began = Instant::now();
    assert_eq!(world.api.get("/me").status, 200);
    assert!(began.elapsed() < Duration::from_secs(4), "others are served meanwhile");
    slow.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut start = [0; 12];
    slow.read_exact(&mut start).unwrap();
    assert_eq!(std::str::from_utf8(&start), Ok("HTTP/1.1 408"));
    assert!(began.elapsed() < Duration::from_secs(10), "by 5 s, and some patience for a busy machine");
}
