//! Tokens through the API: listed without their secrets, revoked at once, never made by a token.

use super::world::{OPEN, World, id};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::Api;
use serde_json::{Value, json};

both_databases!(
    tokens_are_listed_without_their_secrets,
    a_revoked_token_is_refused_at_the_next_request,
    a_token_makes_no_tokens,
    a_rotated_token_works_beside_its_successor,
);

fn named(world: &World, name: &str) -> Value {
    let all = world.api.get("/tokens?limit=100").json();
    let found = all["data"].as_array().unwrap().iter().find(|token| token["name"] == name);
    found.unwrap_or_else(|| panic!("no token {name} in {all}")).clone()
}

fn tokens_are_listed_without_their_secrets(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let reader = world.with_scopes("tokens:read,events:read");
    let answer = reader.get("/tokens?limit=1");
    let page = answer.json();
    assert_eq!(page["meta"], json!({"total": 2, "page": 1, "limit": 1, "pages": 2}));
    let newest = &page["data"][0];
    assert_eq!(newest["scopes"], json!(["events:read", "tokens:read"]));
    assert_eq!((&newest["status"], &newest["expires_at"]), (&json!("active"), &Value::Null));
    assert!(newest["last_used_at"].is_string() && newest["last_used_ip"] == "127.0.0.1", "{newest}");
    let all = reader.get("/tokens").body;
    assert!(!all.contains("bwl_") && !all.contains(world.token()), "{all}");
    let last_four = &world.token()[world.token().len() - 4..];
    assert_eq!(named(&world, "token --all-scopes")["last_four"], last_four);
    assert_eq!(reader.get("/tokens?page=9").json()["data"], json!([]));
    assert_eq!(reader.delete(&format!("/tokens/{}", id(newest))).status, 403);
}

fn a_revoked_token_is_refused_at_the_next_request(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let publisher = world.with_scopes("events:write");
    let event = json!({"type": "user.created", "data": {}});
    assert_eq!(publisher.post("/events", &event).status, 202);
    let path = format!("/tokens/{}", id(&named(&world, "token --scopes events:write")));
    assert_eq!(
        world.api.delete(&path).json(),
        json!({"success": true, "message": "Token revoked successfully"})
    );
    assert_eq!((publisher.post("/events", &event).status, publisher.get("/me").status), (401, 401));
    assert_eq!(world.api.delete(&path).status, 404);
    assert_eq!(world.api.get("/tokens").json()["meta"]["total"], 1);

    let own = format!("/tokens/{}", id(&world.api.get("/me").json()["data"]));
    assert_eq!((world.api.delete(&own).status, world.api.get("/me").status), (200, 401));
}

fn a_token_makes_no_tokens(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let me = id(&world.api.get("/me").json()["data"]);
    let wanted = json!({"name": "more", "scopes": ["events:write"]});
    for path in ["/tokens".to_owned(), format!("/tokens/{me}/rotate")] {
        let refused = world.api.post(&path, &wanted);
        assert_eq!((refused.status, &refused.json()["code"]), (403, &json!("dashboard_only")), "{path}");
    }
    assert_eq!(world.api.get("/tokens").json()["meta"]["total"], 1);
}

fn a_rotated_token_works_beside_its_successor(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let old = world.with_scopes("tokens:read,tokens:write");
    let name = "token --scopes tokens:read,tokens:write";
    let first = id(&named(&world, name));
    let made =
        world.operator(&["token", "rotate", "--id", &first, "--overlap-hours", "1"]).success().to_owned();
    let new = Api::new(&world.url("").replace("/api/v1", ""), &made);
    assert_eq!((old.get("/me").status, new.get("/me").status), (200, 200));
    let (before, after) = (old.get("/me").json()["data"].clone(), new.get("/me").json()["data"].clone());
    assert_eq!((&after["scopes"], &after["name"]), (&before["scopes"], &json!(name)));
    let successor = named(&world, name);
    assert_eq!((&successor["replaces"], &successor["expires_at"]), (&json!(first), &Value::Null));

    let again = world.operator(&["token", "rotate", "--id", &first]);
    assert!(again.code == Some(2) && again.stderr.contains("has a successor already"), "{again:?}");
    let at_once = ["token", "rotate", "--id", &id(&successor), "--overlap-hours", "0"];
    world.operator(&at_once).success();
    assert_eq!((old.get("/me").status, new.get("/me").status), (200, 401));
}
