//! Bodies that are too large, compressed, of another type, or no sound JSON: on every route that takes one.

use super::super::world::{OPEN, World};
use super::routes::{Row, rows};
use super::scene::{Scene, Things, code};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::{Answer, send};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{Cursor, Write};

both_databases!(
    a_body_over_the_limit_is_413_whether_it_says_so_or_not,
    only_plain_json_in_utf_8_is_taken,
    unsound_json_is_400_on_every_route,
    what_is_not_an_object_is_422_on_every_route,
    read_only_fields_are_400_and_change_nothing,
    a_payload_is_kept_byte_for_byte,
);

const JSON: &str = "application/json";

/// The routes whose body is looked at.
fn taking() -> Vec<Row> {
    rows().into_iter().filter(|row| row.body.is_some() && row.need != "person").collect()
}

fn is_ingest(row: &Row) -> bool {
    row.need == "events:write"
}

fn most_bytes(row: &Row) -> usize {
    match row.path {
        "/events" => 256 * 1024,
        "/events/batch" => 4 * 1024 * 1024,
        _ => 64 * 1024,
    }
}

struct Asker<'a> {
    scene: &'a Scene,
    things: &'a Things,
}

impl Asker<'_> {
    fn post(&self, row: &Row, headers: &[(&str, &str)], body: impl Into<reqwest::blocking::Body>) -> Answer {
        let request = self.scene.world.request(row.method.clone(), &self.things.fill(row.path));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        send(request.body(body))
    }
}

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn a_body_over_the_limit_is_413_whether_it_says_so_or_not(database: &TestDatabase) {
    let scene = Scene::open(database);
    let things = scene.things();
    let ask = Asker { scene: &scene, things: &things };
    let before = database.digest();
    for row in taking() {
        let most = most_bytes(&row);
        let large = vec![b' '; most + 1];
        let shown = format!("R1: {} {}", row.method, row.path);
        let stated = ask.post(&row, &[("content-type", JSON)], large.clone());
        assert_eq!(code(&stated), (413, "body_too_large".into()), "{shown}");
        let chunked = reqwest::blocking::Body::new(Cursor::new(large));
        let unstated = ask.post(&row, &[("content-type", JSON)], chunked);
        assert_eq!(code(&unstated), (413, "body_too_large".into()), "{shown}, chunked");
        let fits = ask.post(&row, &[("content-type", JSON)], vec![b' '; most]);
        assert_eq!(code(&fits), (400, "json_syntax".into()), "{shown}, of the largest size");
    }
    database.assert_unchanged(&before, "R1");
}

fn only_plain_json_in_utf_8_is_taken(database: &TestDatabase) {
    let scene = Scene::open(database);
    let things = scene.things();
    let ask = Asker { scene: &scene, things: &things };
    let before = database.digest();
    for row in taking() {
        let shown = format!("{} {}", row.method, row.path);
        let body = scene.body(&row, &things).unwrap().to_string();
        for kind in
            ["text/plain", "application/json; charset=utf-16", "application/x-www-form-urlencoded", ""]
        {
            let answer = ask.post(&row, &[("content-type", kind)], body.clone());
            assert_eq!(code(&answer), (415, "media_type".into()), "R3: {shown} {kind:?}");
        }
        assert_eq!(code(&ask.post(&row, &[], body.clone())), (415, "media_type".into()), "R3: {shown}");
        for coding in ["deflate", "br", "zstd", "x-any", "gzip, gzip"] {
            let answer =
                ask.post(&row, &[("content-type", JSON), ("content-encoding", coding)], body.clone());
            assert_eq!(code(&answer), (415, "content_encoding".into()), "R2: {shown} {coding}");
        }
        let gzip = [("content-type", JSON), ("content-encoding", "gzip")];
        let bomb = ask.post(&row, &gzip, zipped(&vec![b' '; 16 * 1024 * 1024]));
        let expected =
            if is_ingest(&row) { (413, "body_too_large".into()) } else { (415, "content_encoding".into()) };
        assert_eq!(code(&bomb), expected, "R2: {shown}, a bomb");
    }
    database.assert_unchanged(&before, "R2 and R3");
    for row in taking().iter().filter(|row| is_ingest(row)) {
        let body = zipped(scene.body(row, &things).unwrap().to_string().as_bytes());
        let answer = ask.post(row, &[("content-type", JSON), ("content-encoding", "gzip")], body);
        assert_eq!(answer.status, row.good, "R2: {}", row.path);
    }
}

fn unsound_json_is_400_on_every_route(database: &TestDatabase) {
    let scene = Scene::open(database);
    let things = scene.things();
    let ask = Asker { scene: &scene, things: &things };
    let deep = |n: usize| format!("{{\"a\":{}{}}}", "[".repeat(n), "]".repeat(n));
    let cases: [(&str, String, &str); 12] = [
        ("R5", deep(64), "json_depth"),
        ("R5", "[".repeat(30_000), "json_depth"),
        ("R5", "{\"a\":".repeat(10_000), "json_depth"),
        ("R6", r#"{"name":"a","name":"b"}"#.into(), "json_duplicate_key"),
        ("R6", r#"{"name":"a","n\u0061me":"b"}"#.into(), "json_duplicate_key"),
        ("R7", r#"{"a":1e400}"#.into(), "json_number"),
        ("R7", format!("{{\"a\":{}}}", "1".repeat(10_000)), "json_number"),
        ("R8", r#"{"a":"\ud800"}"#.into(), "json_surrogate"),
        ("R8", r#"{"\udc00":1}"#.into(), "json_surrogate"),
        ("R8", "{\"a\":\"\u{0}\"}".into(), "json_syntax"),
        ("-", "{".into(), "json_syntax"),
        ("-", String::new(), "json_syntax"),
    ];
    let before = database.digest();
    for row in taking() {
        for (number, body, expected) in &cases {
            // These may come without a body.
            if body.is_empty() && ["test", "rotation"].contains(&row.body.unwrap()) {
                continue;
            }
            // What a batch holds is judged event by event.
            let body = if row.path == "/events/batch" && *expected != "json_syntax" {
                format!("{{\"events\":[{body}]}}")
            } else {
                body.clone()
            };
            let answer = ask.post(&row, &[("content-type", JSON)], body.clone());
            let shown = format!("{number}: {} {} {body:.60}: {}", row.method, row.path, answer.body);
            if row.path == "/events/batch" && answer.status == 202 {
                let item = &answer.json()["data"][0];
                assert_eq!(
                    (&item["status"], &item["problem"]["code"]),
                    (&"refused".into(), &(*expected).into()),
                    "{shown}"
                );
            } else {
                assert_eq!(code(&answer), (400, (*expected).to_owned()), "{shown}");
            }
        }
        let latin = ask.post(&row, &[("content-type", JSON)], b"{\"a\":\"\xe9\"}".to_vec());
        assert_eq!(code(&latin), (400, "json_syntax".into()), "{} {}", row.method, row.path);
    }
    database.assert_unchanged(&before, "unsound JSON");
    assert_eq!(scene.world.api.get("/me").status, 200);
}

fn what_is_not_an_object_is_422_on_every_route(database: &TestDatabase) {
    let scene = Scene::open(database);
    let things = scene.things();
    let ask = Asker { scene: &scene, things: &things };
    let before = database.digest();
    for row in taking() {
        for body in ["[]", "null", "1", "\"x\"", "true"] {
            let answer = ask.post(&row, &[("content-type", JSON)], body);
            assert_eq!(code(&answer), (422, "invalid".into()), "R12: {} {} {body}", row.method, row.path);
        }
    }
    database.assert_unchanged(&before, "no objects");
}

fn read_only_fields_are_400_and_change_nothing(database: &TestDatabase) {
    let scene = Scene::open(database);
    let things = scene.things();
    let ask = Asker { scene: &scene, things: &things };
    let before = database.digest();
    for row in taking() {
        for field in ["bu_id", "id", "created_by", "created_at", "role", "secret_ciphertext"] {
            // Producers give events ids and times of their own.
            if row.body == Some("event") && field == "id" {
                continue;
            }
            let mut body = scene.body(&row, &things).unwrap();
            let place = if row.body == Some("batch") { &mut body["events"][0] } else { &mut body };
            if row.body == Some("batch") && field == "id" {
                continue;
            }
            place[field] = "x".into();
            let answer = ask.post(&row, &[("content-type", JSON)], body.to_string());
            let shown = format!("R11: {} {} {field}: {}", row.method, row.path, answer.body);
            let json = answer.json();
            let problem = if row.body == Some("batch") { &json["data"][0]["problem"] } else { &json };
            assert_eq!(
                (&problem["status"], &problem["code"]),
                (&400.into(), &"read_only_field".into()),
                "{shown}"
            );
            assert_eq!(problem["errors"][0]["field"], field, "{shown}");
        }
    }
    database.assert_unchanged(&before, "R11");
    for row in taking() {
        let mut body = scene.body(&row, &things).unwrap();
        body["colour"] = "ignored".into();
        let answer = ask.post(&row, &[("content-type", JSON)], body.to_string());
        assert_eq!(answer.status, row.good, "R10: {} {}: {}", row.method, row.path, answer.body);
    }
}

fn a_payload_is_kept_byte_for_byte(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let longest = "9".repeat(1_000);
    for (number, data) in [
        ("R7", r#"{"a":12345678901234567890123456789012345678,"b":-0,"c":1.0,"d":1E2}"#.to_owned()),
        ("R7", format!("{{\"a\":0.{}}}", &longest[2..])),
        ("R8", r#"{"a":"\u0000","b\u0000":"\ud83d\ude00","c":"\u00e9é"}"#.to_owned()),
        ("R8", "{ \"z\" : 1,\n\t\"a\" : {  } }".to_owned()),
    ] {
        let event = world.publish(&format!("{{\"type\":\"user.created\",\"data\":{data}}}"));
        let shown = world.api.get(&format!("/events/{event}"));
        assert!(shown.body.contains(&data), "{number}: {data:.80} is not in {:.400}", shown.body);
    }
}
