//! What stands around a request: its host, its framing, its conditions, where it comes from.

use super::super::world::{OPEN, World, id};
use super::scene::{Scene, code};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::send;
use reqwest::Method;
use serde_json::json;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

both_databases!(
    a_request_that_can_be_read_in_two_ways_is_refused_and_the_connection_closed,
    another_host_is_not_answered_for,
    conditions_and_wishes_of_clients_change_nothing,
    many_requests_at_once_on_one_connection_are_answered_in_order,
    a_head_that_never_ends_is_cut_off,
);

/// Sends bytes; everything that comes back until the server closes, or nothing more for ten seconds.
fn exchange(world: &World, bytes: &str) -> (String, bool) {
    let mut stream = TcpStream::connect(world.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(bytes.as_bytes()).unwrap();
    let mut all = Vec::new();
    let mut part = [0; 4_096];
    loop {
        match stream.read(&mut part) {
            Ok(0) => return (String::from_utf8_lossy(&all).into_owned(), true),
            Ok(n) => all.extend_from_slice(&part[..n]),
            Err(_) => return (String::from_utf8_lossy(&all).into_owned(), false),
        }
    }
}

fn a_request_that_can_be_read_in_two_ways_is_refused_and_the_connection_closed(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let host = format!("host: {}", world.address());
    let auth = format!("authorization: Bearer {}\r\ncontent-type: application/json", world.token());
    let event = r#"{"type":"user.created","data":{}}"#;
    let smuggled = "GET /api/v1/smuggled HTTP/1.1\r\nhost: x\r\n\r\n";
    let before = database.digest();
    for (what, head, body) in [
        (
            "both lengths",
            format!("{host}\r\n{auth}\r\ncontent-length: 4\r\ntransfer-encoding: chunked"),
            format!("0\r\n\r\n{smuggled}"),
        ),
        (
            "two lengths",
            format!("{host}\r\n{auth}\r\ncontent-length: 5\r\ncontent-length: 33"),
            event.to_owned(),
        ),
        (
            "two codings",
            format!("{host}\r\n{auth}\r\ntransfer-encoding: xchunked\r\ntransfer-encoding: chunked"),
            format!("0\r\n\r\n{smuggled}"),
        ),
        ("an unknown coding", format!("{host}\r\n{auth}\r\ntransfer-encoding: xchunked"), event.to_owned()),
        ("a length with a sign", format!("{host}\r\n{auth}\r\ncontent-length: +33"), event.to_owned()),
        ("a space before the colon", format!("{host}\r\n{auth}\r\ncontent-length : 33"), event.to_owned()),
        (
            "a folded line",
            format!("{host}\r\n{auth}\r\nx-a: b\r\n c: d\r\ncontent-length: 33"),
            event.to_owned(),
        ),
        ("no host", format!("{auth}\r\ncontent-length: 33\r\nconnection: close"), event.to_owned()),
        (
            "two hosts",
            format!("{host}\r\nhost: evil.example\r\n{auth}\r\ncontent-length: 33\r\nconnection: close"),
            event.to_owned(),
        ),
    ] {
        let (answer, closed) =
            exchange(&world, &format!("POST /api/v1/events HTTP/1.1\r\n{head}\r\n\r\n{body}"));
        assert!(answer.starts_with("HTTP/1.1 400"), "R23: {what}: {answer}");
        assert!(closed && answer.matches("HTTP/1.1").count() == 1, "R23: {what}: {answer}");
    }
    database.assert_unchanged(&before, "R23");
    assert_eq!(world.api.get("/me").status, 200);
}

fn another_host_is_not_answered_for(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    for host in ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "a@localhost"] {
        let answer = send(world.request(Method::GET, "/me").header("host", host));
        assert_eq!(code(&answer), (421, "misdirected".into()), "R25: {host}");
    }
    for host in ["localhost", "bellwire:8080", "bellwire.internal", "10.1.2.3"] {
        let named = world.request(Method::GET, "/me").header("host", host);
        let answer = send(named.header("x-forwarded-host", "evil.example"));
        assert_eq!(answer.status, 200, "R25: {host}");
        assert!(!format!("{answer:?}").contains("evil.example"));
    }
}

fn conditions_and_wishes_of_clients_change_nothing(database: &TestDatabase) {
    let scene = Scene::open(database);
    let things = scene.things();
    let world = &scene.world;
    let path = format!("/webhooks/{}", things.webhook);
    let plain = world.api.get(&path);
    for (row, name, value) in [
        ("R27", "accept", "text/xml"),
        ("R27", "accept-language", &"x".repeat(10_000)),
        ("R30", "range", "bytes=0-3"),
        ("R30", "if-none-match", "*"),
        ("R30", "if-match", "\"wrong\""),
        ("R31", "origin", "https://evil.example"),
    ] {
        let answer = send(world.request(Method::GET, &path).header(name, value));
        assert_eq!((answer.status, &answer.body), (200, &plain.body), "{row}: {name}");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{row}");
    }
    let preflight = world.bare(Method::OPTIONS, &path).header("origin", "https://evil.example");
    let answer = send(preflight.header("access-control-request-method", "DELETE"));
    assert_eq!((answer.status, answer.header("access-control-allow-methods")), (405, ""), "R31");

    let before = database.digest();
    for method in [Method::PUT, Method::PATCH, Method::DELETE] {
        let request = world.request(method.clone(), &path).header("if-match", "\"wrong\"");
        let answer = send(request.json(&json!({"description": "new"})));
        assert_eq!(code(&answer), (412, "precondition_failed".into()), "R30: {method}");
    }
    let event = world.request(Method::POST, "/events").header("if-match", "W/\"x\"");
    assert_eq!(send(event.json(&json!({"type": "user.created", "data": {}}))).status, 412, "R30");
    database.assert_unchanged(&before, "R30");
    let any = world.request(Method::PUT, &path).header("if-match", "*").json(&json!({"description": "new"}));
    assert_eq!(send(any).status, 200, "R30");
}

fn many_requests_at_once_on_one_connection_are_answered_in_order(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let mut all = String::new();
    for n in 1..=200 {
        let close = if n == 200 { "connection: close\r\n" } else { "" };
        let path = format!("/api/v1/webhooks?page={n}");
        let auth = format!("authorization: Bearer {}", world.token());
        write!(all, "GET {path} HTTP/1.1\r\nhost: {}\r\n{auth}\r\n{close}\r\n", world.address()).unwrap();
    }
    let (answers, closed) = exchange(&world, &all);
    let pages: Vec<&str> =
        answers.split("\"page\":").skip(1).map(|rest| rest.split(',').next().unwrap()).collect();
    let expected: Vec<String> = (1..=200).map(|n: u32| n.to_string()).collect();
    assert!(closed && pages == expected, "R32: {} answers", pages.len());
}

fn a_head_that_never_ends_is_cut_off(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let (answer, closed) = exchange(&world, "GET /api/v1/me HTTP/1.1\r\nhost: ");
    assert!(closed && (answer.is_empty() || answer.starts_with("HTTP/1.1 408")), "R28: {answer}");
    assert!(id(&world.api.get("/me").json()["data"]).starts_with("tok_"));
}
