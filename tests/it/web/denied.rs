//! What the audit log is told of people who were denied something, and of those who guess.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::account::{App, pass_time, submit, turn_on};
use super::site::{PASSWORD, Person, Site, until};
use crate::support::databases::{TestDatabase, both_databases};

both_databases!(
    operators_who_mistype_a_number_are_not_denied_anything,
    whoever_guesses_on_is_told_of_once_by_what_was_full,
    guesses_of_the_code_that_turns_the_factor_off_are_written_down,
    a_denial_that_is_answered_while_the_server_stops_is_written_down,
);

/// The denials that were written down: what, and how often.
fn denied(database: &TestDatabase, action: &str) -> Vec<String> {
    database.lines(&format!(
        "SELECT target_kind || ' ' || target_id || ' ' || COALESCE(after, '') AS line FROM audit \
         WHERE action = '{action}' ORDER BY seq"
    ))
}

/// The same, once there are some.
fn told(database: &TestDatabase, action: &str) -> Vec<String> {
    until(|| Some(denied(database, action)).filter(|rows| !rows.is_empty()))
}

/// Fills what counts guesses under keys like this one.
fn fill(database: &TestDatabase, key: &str) {
    database.execute(&format!("UPDATE sign_in_throttles SET failures = 60 WHERE key LIKE '{key}'"));
}

fn operators_who_mistype_a_number_are_not_denied_anything(database: &TestDatabase) {
    let site = Site::open(database);
    let kestrel = database.lines("SELECT CAST(id AS TEXT) AS line FROM partners WHERE name = 'Kestrel'");
    site.run(&["partner", "operator", "--partner", &kestrel[0], "--operates", "on"]).success();
    let (operator, admin) = (site.person("owner"), site.person("admin"));
    for person in [&operator, &admin] {
        assert_eq!(person.get("/operator/partners/99999").status, 404);
    }
    assert_eq!(told(database, "access.denied"), [r#"page GET /operator/partners/{number} {"times":1}"#]);
    assert_eq!(operator.get(&format!("/bu/{}", site.other_bu)).status, 404);
    let unit = format!(r#"unit {} {{"times":1}}"#, site.other_bu);
    until(|| denied(database, "access.denied").contains(&unit).then_some(()));
}

fn whoever_guesses_on_is_told_of_once_by_what_was_full(database: &TestDatabase) {
    let site = Site::open(database);
    let attacker = site.visitor_from([127, 0, 0, 7]);
    assert_eq!(attacker.sign_in("u@kestrel.example", "a wrong one", "").status, 422);
    fill(database, "address:%");
    for n in 0..8 {
        assert_eq!(attacker.sign_in(&format!("u{n}@kestrel.example"), "a wrong one", "").status, 429);
    }
    let first = told(database, "sign_in.throttled");
    assert!(first.len() == 1 && first[0].starts_with("address 127.0.0.7 "), "{first:?}");
    fill(database, "account:u@%");
    let elsewhere = site.visitor_from([127, 0, 0, 8]);
    assert_eq!(elsewhere.sign_in("u@kestrel.example", "a wrong one", "").status, 429);
    let account = r#"email u@kestrel.example {"times":1}"#.to_owned();
    until(|| denied(database, "sign_in.throttled").contains(&account).then_some(()));
}

fn guesses_of_the_code_that_turns_the_factor_off_are_written_down(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("owner");
    let app: App = turn_on(&person);
    pass_time(database);
    let turn_off = |person: &Person, code: &str| {
        let fields = [("password", PASSWORD), ("code", code)];
        submit(person, "/account", "/account/second-factor/off", &fields)
    };
    assert_eq!(turn_off(&person, "000000").status, 422);
    assert_eq!(denied(database, "sign_in.refused"), [format!("email {} ", person.email)]);
    assert_eq!(denied(database, "sign_in.throttled"), Vec::<String>::new());
    fill(database, "factor:%");
    assert_eq!(turn_off(&person, &app.code(0)).status, 429, "also the right one");
    assert_eq!(told(database, "sign_in.throttled"), [format!(r#"email {} {{"times":1}}"#, person.email)]);
    database.execute("DELETE FROM sign_in_throttles");
    assert_eq!(turn_off(&person, &app.code(0)).status, 303);
    assert_eq!(denied(database, "sign_in.refused").len(), 1);
}

fn a_denial_that_is_answered_while_the_server_stops_is_written_down(database: &TestDatabase) {
    let site = Site::open(database);
    let viewer = site.person("viewer");
    let again = site.visitor();
    let cookies = again.sign_in(&viewer.email, PASSWORD, "").headers;
    let cookies = cookies.get_all("set-cookie").iter().map(|one| one.to_str().unwrap());
    let cookies: Vec<&str> = cookies.map(|one| one.split(';').next().unwrap()).collect();
    let body = format!("csrf={}&name=X", again.token("/account"));
    let host = site.url("").trim_start_matches("http://").to_owned();
    let mut line = TcpStream::connect(&host).unwrap();
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: {host}\r\norigin: http://{host}\r\ncookie: {}\r\nexpect: 100-continue\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        site.inside("/admin/teams/new"),
        cookies.join("; "),
        body.len(),
    );
    line.write_all(head.as_bytes()).unwrap();
    let mut goes_on = [0; 12];
    line.read_exact(&mut goes_on).unwrap();
    assert_eq!(&goes_on, b"HTTP/1.1 100", "the request is under way");
    site.ask_to_stop();
    line.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    line.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("HTTP/1.1 403"), "{answer}");
    site.ended();
    assert_eq!(denied(database, "access.denied"), [r#"page POST /admin/teams/new {"times":1}"#]);
}
