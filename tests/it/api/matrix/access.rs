//! Who may ask for what: on every route, without a token, with a dead one, and with each scope but the right one.

use super::super::world::World;
use super::routes::{methods, rows};
use super::scene::{Scene, Things, code, told};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::{client_from, send};
use bellwire::domain::access::permission::Permission;
use reqwest::Method;
use reqwest::blocking::RequestBuilder;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write as _;

both_databases!(
    nobody_gets_in_without_a_live_token,
    every_route_asks_for_its_scope_and_no_other,
    no_route_answers_without_api_access_in_the_plan,
    a_method_that_is_not_offered_is_405_and_names_those_that_are,
);

/// A way to come without a live token: the row of the table, what it is, and how it is done.
type Way<'a> = (&'a str, &'a str, Box<dyn Fn(RequestBuilder) -> RequestBuilder + 'a>);

fn nobody_gets_in_without_a_live_token(database: &TestDatabase) {
    let scene = Scene::open(database);
    let world = &scene.world;
    // First, because what Bellwire tells of these people must not reach the webhook that is made next.
    let dead = dead_tokens(world, database);
    let things = scene.things();
    let good = world.token();
    let last = if good.ends_with('0') { '1' } else { '0' };
    let bearer = |token: &str| {
        let token = token.to_owned();
        Box::new(move |request: RequestBuilder| request.bearer_auth(&token))
    };
    let header = |value: &str| {
        let value = value.to_owned();
        Box::new(move |request: RequestBuilder| request.header("authorization", &value))
    };
    let ways: Vec<Way<'_>> = vec![
        ("T1", "no token", Box::new(|request| request)),
        ("T1", "Basic", header("Basic dXNlcjpwYXNz")),
        ("T1", "an empty token", header("Bearer ")),
        (
            "T1",
            "two headers",
            Box::new(|r| r.bearer_auth(good).header("authorization", format!("Bearer {good}"))),
        ),
        ("T1", "in the query", Box::new(|r| in_query(r, good))),
        ("T1", "in a cookie", Box::new(|r| r.header("cookie", format!("token={good}; bw_session={good}")))),
        ("T3", "never given", bearer("bwl_abcdefghijABCDEFGHIJ0123456789abcdefgh4gMjDM")),
        ("T3", "one character off", bearer(&format!("{}{last}", &good[..good.len() - 1]))),
        ("T3", "expired", bearer(&dead["expired"])),
        ("T3", "revoked", bearer(&dead["revoked"])),
        ("T3", "its maker is switched off", bearer(&dead["disabled"])),
        ("T3", "its maker has no role here", bearer(&dead["stranger"])),
    ];
    let (before, mut first) = (database.digest(), None);
    for (number, (row, what, way)) in (2..).zip(&ways) {
        // Each from a network of its own: sixty failures a minute are answered, and more are not looked at.
        let client = client_from([127, 0, 0, number]);
        for route in rows() {
            let request = scene.bare(&route, &things).build().unwrap();
            let mut bare = client.request(request.method().clone(), request.url().clone());
            if let Some(body) = request.body().and_then(|body| body.as_bytes()) {
                bare = bare.header("content-type", "application/json").body(body.to_vec());
            }
            let answer = send(way(bare));
            let shown = format!("{row}, {what}: {} {}", route.method, route.path);
            assert_eq!((answer.status, answer.header("www-authenticate")), (401, "Bearer"), "{shown}");
            assert_eq!(&told(&answer), first.get_or_insert_with(|| told(&answer)), "{shown}");
        }
    }
    database.assert_unchanged(&before, "what was refused");
    assert_eq!(world.api.get("/me").status, 200);
}

fn in_query(request: RequestBuilder, token: &str) -> RequestBuilder {
    let (client, request) = request.build_split();
    let mut request = request.unwrap();
    request.url_mut().query_pairs_mut().append_pair("token", token).append_pair("access_token", token);
    RequestBuilder::from_parts(client, request)
}

/// Tokens that were live once, by what became of them.
fn dead_tokens(world: &World, database: &TestDatabase) -> BTreeMap<&'static str, String> {
    let mut ids = BTreeMap::new();
    let mut secret = |name: &'static str| {
        let made = world.operator(&["--json", "token", "create", "--name", name, "--all-scopes"]).json();
        ids.insert(name, made["id"].as_str().unwrap().to_owned());
        (name, made["secret"].as_str().unwrap().to_owned())
    };
    let secrets = ["expired", "revoked", "disabled", "stranger"].map(&mut secret).into();
    let people = ["disabled", "stranger"].map(|name| (name, world.login(name, "developer")));
    let mut sql = format!("UPDATE tokens SET expires_at = created_at + 1 WHERE id = '{}';", ids["expired"]);
    for (name, login) in &people {
        let token = &ids[name];
        write!(sql, "UPDATE tokens SET created_by = '{login}' WHERE id = '{token}';").unwrap();
    }
    let [(_, disabled), (_, stranger)] = &people;
    write!(sql, "UPDATE users SET disabled_at = created_at WHERE id = '{disabled}';").unwrap();
    write!(sql, "DELETE FROM memberships WHERE user_id = '{stranger}'").unwrap();
    database.execute(&sql);
    assert_eq!(world.api.delete(&format!("/tokens/{}", ids["revoked"])).status, 200);
    secrets
}

fn every_route_asks_for_its_scope_and_no_other(database: &TestDatabase) {
    let scene = Scene::open(database);
    let (world, unknown) = (&scene.world, Things::unknown());
    for scope in Permission::ALL {
        let scope = scope.as_str();
        let others: Vec<&str> =
            Permission::ALL.iter().map(|p| p.as_str()).filter(|other| *other != scope).collect();
        let without = world.secret_with_scopes(&others.join(","));
        let things = scene.things();
        let before = database.digest();
        for route in rows().iter().filter(|route| route.scope() == Some(scope)) {
            for things in [&things, &unknown] {
                let answer = send(scene.bare(route, things).bearer_auth(&without));
                let shown = format!("T4: {} {}", route.method, route.path);
                assert_eq!(code(&answer), (403, "insufficient_scope".into()), "{shown}");
                let problem = answer.json();
                assert_eq!(problem["required_scope"], json!(scope), "{shown}");
                assert!(problem["detail"].as_str().unwrap().contains(scope), "{shown}");
            }
        }
        database.assert_unchanged(&before, scope);
        let only = world.secret_with_scopes(scope);
        // Deleting comes last: until then one set of things is enough.
        let mut allowed = rows();
        allowed.retain(|route| route.scope().is_none_or(|needed| needed == scope));
        allowed.sort_by_key(|route| route.method == Method::DELETE);
        for route in &allowed {
            let answer = send(scene.bare(route, &things).bearer_auth(&only));
            assert_eq!(
                answer.status, route.good,
                "{scope}: {} {}: {}",
                route.method, route.path, answer.body
            );
            if route.need == "person" {
                assert_eq!(code(&answer), (403, "dashboard_only".into()), "T6: {}", route.path);
            }
        }
    }
}

fn no_route_answers_without_api_access_in_the_plan(database: &TestDatabase) {
    let scene = Scene::open(database);
    let things = scene.things();
    scene.world.operator(&["partner", "plan", "--api-access", "off"]).success();
    let before = database.digest();
    for route in rows() {
        for things in [&things, &Things::unknown()] {
            let answer = scene.ask(&route, things);
            let expected = if route.need == "person" { "dashboard_only" } else { "no_api_access" };
            assert_eq!(code(&answer), (403, expected.into()), "{} {}", route.method, route.path);
        }
    }
    database.assert_unchanged(&before, "without API access");
}

fn a_method_that_is_not_offered_is_405_and_names_those_that_are(database: &TestDatabase) {
    let scene = Scene::open(database);
    let things = scene.things();
    let before = database.digest();
    for (path, offered) in methods() {
        let allow: Vec<&str> = offered.iter().map(Method::as_str).collect();
        let path = things.fill(path);
        for method in
            ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PURGE"]
        {
            if allow.contains(&method) || (method == "CONNECT") {
                continue;
            }
            let method: Method = method.parse().unwrap();
            let request = scene.world.request(method.clone(), &format!("{path}?_method={}", allow[0]));
            let answer = send(request.header("x-http-method-override", allow[0]));
            let shown = format!("R22: {method} {path}");
            assert_eq!((answer.status, answer.header("allow")), (405, allow.join(", ").as_str()), "{shown}");
            // Even a refusal has no body then.
            if method != Method::HEAD {
                assert_eq!(code(&answer), (405, "method_not_allowed".into()), "{shown}");
            }
        }
    }
    database.assert_unchanged(&before, "what was refused");
}
