//! What the API answers when it does not do what was asked: one form, stable codes, no more than needed.

use super::world::{OPEN, STRICT, World, faults, id};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::{Answer, Api, send};
use reqwest::Method;
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

both_databases!(
    every_answer_carries_its_headers_and_problems_have_one_form,
    whoever_has_no_live_token_gets_the_same_401,
    a_missing_scope_is_named,
    an_unknown_address_is_404_and_a_wrong_method_405,
    a_body_must_be_json_of_bounded_size,
    a_token_over_its_rate_is_told_when_to_return,
    the_sixty_first_wrong_token_in_a_minute_is_refused,
    a_body_that_never_ends_is_cut_off,
    the_process_says_whether_it_is_well,
);

/// A problem without what differs from request to request.
fn told(answer: &Answer) -> (u16, serde_json::Value) {
    let mut problem = answer.json();
    problem.as_object_mut().unwrap().remove("request_id");
    (answer.status, problem)
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["code"].as_str().unwrap_or_default().to_owned())
}

fn every_answer_carries_its_headers_and_problems_have_one_form(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let missing = world.api.get("/webhooks/wh_00000000000000000000000001");
    let answers = [
        world.api.get("/me"),
        world.api.get("/webhooks?limit=0"),
        send(world.bare(Method::GET, "/webhooks").header("x-request-id", "mine")),
        send(world.bare(Method::OPTIONS, "/webhooks").header("origin", "https://evil.example")),
        world.api.get("/nothing"),
        missing,
    ];
    for answer in &answers {
        let header = |name| answer.header(name);
        assert_eq!(header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
        assert_eq!((header("cache-control"), header("x-content-type-options")), ("no-store", "nosniff"));
        assert_eq!((header("access-control-allow-origin"), header("set-cookie")), ("", ""));
        assert_eq!(header("x-request-id").len(), 36, "{answer:?}");
    }
    for answer in &answers[1..] {
        let problem = answer.json();
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!((&problem["success"], &problem["status"]), (&json!(false), &json!(answer.status)));
        assert_eq!(problem["request_id"], answer.header("x-request-id"));
        let code = problem["code"].as_str().unwrap();
        assert_eq!(problem["type"], format!("/problems/{code}"));
        assert!(
            problem["title"].is_string() && problem["detail"].is_string() && problem["errors"].is_array()
        );
    }
}

fn whoever_has_no_live_token_gets_the_same_401(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let token = world.token();
    let bare = || world.bare(Method::GET, "/webhooks");
    let last = if token.ends_with('0') { '1' } else { '0' };
    let one_off = format!("{}{last}", &token[..token.len() - 1]);
    // Well-formed, with a true checksum, and never given to anybody.
    let unknown = "bwl_abcdefghijABCDEFGHIJ0123456789abcdefgh4gMjDM";
    let attempts = [
        bare(),
        bare().header("authorization", "Basic dXNlcjpwYXNz"),
        bare().header("authorization", "Bearer "),
        bare().header("authorization", token),
        bare().bearer_auth(&one_off),
        bare().bearer_auth(unknown),
        bare().bearer_auth(token).header("authorization", format!("Bearer {token}")),
        world.bare(Method::GET, &format!("/webhooks?token={token}&access_token={token}")),
        bare().header("cookie", format!("token={token}; session={token}")),
        world.bare(Method::GET, "/webhooks/nonsense"),
        world.bare(Method::POST, "/events").header("content-type", "text/plain").body("x"),
    ];
    let answers: Vec<Answer> = attempts.into_iter().map(send).collect();
    for answer in &answers {
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, "Bearer"), "{answer:?}");
        assert_eq!(told(answer), told(&answers[0]));
    }
    let any_case = bare().header("authorization", format!("bEARER {token}"));
    assert_eq!(send(any_case).status, 200);
}

fn a_missing_scope_is_named(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let reader = world.with_scopes("webhooks:read");
    let refused =
        reader.post("/webhooks", &json!({"url": "https://example.com", "events": ["user.created"]}));
    assert_eq!(code(&refused), (403, "insufficient_scope".into()));
    let problem = refused.json();
    assert_eq!(problem["required_scope"], "webhooks:write");
    assert!(problem["detail"].as_str().unwrap().contains("webhooks:write"));
    let hook = json!({"target_url": "https://example.com", "event": "user.created"});
    for (answer, scope) in [
        (reader.post("/events", &json!({})), "events:write"),
        (reader.get("/events"), "events:read"),
        (reader.get("/event-types"), "event-types:read"),
        (reader.post("/event-types", &json!({"name": "a.b"})), "event-types:write"),
        (reader.post("/webhooks/wh_00000000000000000000000001/test", &json!({})), "webhooks:test"),
        (reader.post("/webhooks/wh_00000000000000000000000001/secret/rotate", &json!({})), "webhooks:write"),
        (reader.get("/webhooks/wh_00000000000000000000000001/deliveries"), "deliveries:read"),
        (reader.get("/deliveries/dlv_00000000000000000000000001"), "deliveries:read"),
        (reader.post("/deliveries/dlv_00000000000000000000000001/resend", &json!({})), "deliveries:write"),
        (reader.post("/events/batch", &json!({})), "events:write"),
        (reader.put("/event-types/a.b", &json!({})), "event-types:write"),
        (reader.delete("/event-types/a.b"), "event-types:write"),
        (reader.post("/hooks", &hook), "webhooks:write"),
        (reader.delete("/hooks/wh_00000000000000000000000001"), "webhooks:write"),
        (reader.post("/replays", &json!({"webhook": "wh_00000000000000000000000001"})), "deliveries:write"),
        (reader.get("/replays/rpl_00000000000000000000000001"), "deliveries:write"),
        (reader.delete("/replays/rpl_00000000000000000000000001"), "deliveries:write"),
        (reader.get("/tokens"), "tokens:read"),
        (reader.delete("/tokens/tok_00000000000000000000000001"), "tokens:write"),
    ] {
        assert_eq!((answer.status, &answer.json()["required_scope"]), (403, &json!(scope)));
    }
    assert_eq!((reader.get("/webhooks").status, reader.get("/me").status), (200, 200));
    assert_eq!(reader.get("/me").json()["data"]["scopes"], json!(["webhooks:read"]));
}

fn an_unknown_address_is_404_and_a_wrong_method_405(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    for path in ["", "/", "/nothing", "/webhooks/", "/webhooks/a/b/c", "/users"] {
        assert_eq!(code(&world.api.get(path)), (404, "not_found".into()), "{path}");
    }
    for (method, path, allowed) in [
        (Method::DELETE, "/webhooks", "GET, HEAD, POST"),
        (Method::POST, "/webhooks/wh_00000000000000000000000001", "GET, HEAD, PUT, PATCH, DELETE"),
        (Method::GET, "/webhooks/wh_00000000000000000000000001/test", "POST"),
        (Method::PUT, "/events", "GET, HEAD, POST"),
        (Method::GET, "/events/batch", "POST"),
        (Method::PATCH, "/event-types/a.b", "GET, HEAD, PUT, DELETE"),
        (Method::GET, "/hooks", "POST"),
        (Method::PUT, "/replays/rpl_00000000000000000000000001", "GET, HEAD, DELETE"),
        (Method::GET, "/tokens/tok_00000000000000000000000001", "DELETE"),
        (Method::TRACE, "/me", "GET, HEAD"),
    ] {
        let request = world.request(method.clone(), path).header("x-http-method-override", "GET");
        let answer = send(request);
        assert_eq!(code(&answer), (405, "method_not_allowed".into()), "{method} {path}");
        assert_eq!(answer.header("allow"), allowed, "{method} {path}");
    }
    for (path, status) in [("/me", 200), ("/webhooks?limit=0", 400), ("/nothing", 404)] {
        let answer = send(world.request(Method::HEAD, path));
        assert_eq!((answer.status, answer.body.as_str()), (status, ""), "HEAD {path}");
        assert_eq!(answer.header("content-type"), world.api.get(path).header("content-type"), "HEAD {path}");
    }
}

fn a_body_must_be_json_of_bounded_size(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let post = |path: &str, kind: &str, body: String| {
        send(world.request(Method::POST, path).header("content-type", kind).body(body))
    };
    for kind in ["text/plain", "application/json; charset=utf-16", "application/x-www-form-urlencoded", ""] {
        assert_eq!(code(&post("/events", kind, "{}".into())), (415, "media_type".into()), "{kind}");
    }
    let bare = world.request(Method::POST, "/webhooks").body("{}");
    assert_eq!(send(bare).status, 415);
    for (path, coding, status) in [
        ("/events", "br", 415),
        ("/events", "x-any", 415),
        ("/webhooks", "gzip", 415),
        ("/events", "gzip", 400),
    ] {
        let request = world.request(Method::POST, path).header("content-encoding", coding);
        let answer = send(request.header("content-type", "application/json").body("{}"));
        assert_eq!(answer.status, status, "{path} {coding}");
    }
    let padded = |size: usize| format!("{{}}{}", " ".repeat(size - 2));
    assert_eq!(post("/webhooks", "application/json", padded(64 * 1024)).status, 422);
    assert_eq!(
        code(&post("/webhooks", "application/json", padded(64 * 1024 + 1))),
        (413, "body_too_large".into())
    );
    assert_eq!(post("/events", "application/json", padded(256 * 1024)).status, 422);
    assert_eq!(post("/events", "application/json", padded(256 * 1024 + 1)).status, 413);
}

fn a_token_over_its_rate_is_told_when_to_return(database: &TestDatabase) {
    let world = World::start(database, &["--limit-api", "1", "--limit-ingest", "1"]);
    let over = (0..10).map(|_| world.api.get("/me")).find(|answer| answer.status == 429).expect("a limit");
    assert_eq!(code(&over), (429, "rate_limited".into()));
    assert!(matches!(over.header("retry-after"), "1" | "2"), "{over:?}");
    assert_eq!(over.header("ratelimit-policy"), "\"api\";q=3;w=3");
    assert!(over.header("ratelimit").starts_with("\"api\";r=0;t="), "{over:?}");

    let body = r#"{"type":"order.completed","data":{}}"#;
    let answers: Vec<Answer> = (0..10).map(|_| world.post_text("/events", body)).collect();
    let limited = answers.iter().find(|answer| answer.status == 429).expect("a limit");
    assert_eq!(limited.header("ratelimit-policy"), "\"ingest\";q=2;w=2");
    let reads = world.with_scopes("webhooks:read");
    assert_eq!(reads.get("/me").status, 200);
    let refused: Vec<u16> = (0..10).map(|_| reads.post("/events", &json!({"type": "a.b"})).status).collect();
    assert!(
        refused.contains(&403) && refused.contains(&429),
        "what may not publish has a limit too: {refused:?}"
    );
}

fn the_sixty_first_wrong_token_in_a_minute_is_refused(database: &TestDatabase) {
    let world = World::start(database, STRICT);
    let wrong = Api::new(&world.url("").replace("/api/v1", ""), "bwl_wrong");
    let statuses: Vec<u16> = (0..70).map(|_| wrong.get("/me").status).collect();
    assert!(statuses[..60].iter().all(|status| *status == 401), "{statuses:?}");
    assert!(statuses[60..].contains(&429), "{statuses:?}");
    let never_used = world.with_scopes("events:read");
    assert_eq!(never_used.get("/me").status, 200, "others behind the same proxy come in");
}

fn a_body_that_never_ends_is_cut_off(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let address = world.url("").replace("http://", "").replace("/api/v1", "");
    let mut stream = TcpStream::connect(&address).unwrap();
    let head = format!(
        "POST /api/v1/events HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: 100\r\n\r\n{{",
        world.token()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(25))).unwrap();
    let mut start = [0; 12];
    stream.read_exact(&mut start).unwrap();
    assert_eq!(std::str::from_utf8(&start), Ok("HTTP/1.1 408"));
    assert_eq!(world.api.get("/me").status, 200);
}

fn the_process_says_whether_it_is_well(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    for (path, word) in [("/healthz", "ok"), ("/readyz", "ready")] {
        let (client, url) = (crate::support::http::client(), world.url("").replace("/api/v1", path));
        let answer = send(client.get(&url));
        assert_eq!((answer.status, answer.json()), (200, json!({"status": word})));
        let head = send(client.head(&url));
        assert_eq!((head.status, head.body.as_str()), (200, ""), "{path}");
    }
    let made = world.webhook(&json!({"url": "https://example.com", "events": ["user.created"]}));
    assert!(
        faults(&world.api.put(&format!("/webhooks/{}", id(&made)), &json!({"url": "nonsense"})))[0]
            .starts_with("url ")
    );
}
