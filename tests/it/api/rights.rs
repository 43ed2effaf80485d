//! What a token may do right now: its scopes, its maker's role, the plan of its business unit, on every node.

use super::world::{OPEN, World, id};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::{Answer, Api, send};
use crate::support::installation::{self, Installation};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};

both_databases!(
    a_token_may_do_no_more_than_its_maker_may_now,
    without_api_access_in_the_plan_every_token_is_refused_and_webhooks_stop,
    the_last_use_is_told_and_never_in_the_way,
    a_token_in_an_address_is_told_to_the_operator_and_not_written_down,
);

const EVENT: &str = r#"{"type":"user.created","data":{}}"#;

fn refusal(answer: &Answer) -> (u16, Value, Value) {
    let problem = answer.json();
    (answer.status, problem["code"].clone(), problem["required_scope"].clone())
}

fn a_token_may_do_no_more_than_its_maker_may_now(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let maker = world.login("ada", "developer");
    let me = id(&world.api.get("/me").json()["data"]);
    database.execute(&format!("UPDATE tokens SET created_by = '{maker}' WHERE id = '{me}'"));
    let role = |role: &str| {
        database.execute(&format!("UPDATE memberships SET role = '{role}' WHERE user_id = '{maker}'"));
    };
    assert_eq!(world.post_text("/events", EVENT).status, 202);

    role("viewer");
    let publish = world.post_text("/events", EVENT);
    assert_eq!(refusal(&publish), (403, json!("insufficient_scope"), json!("events:write")), "{publish:?}");
    let create =
        world.api.post("/webhooks", &json!({"url": "https://example.com/", "events": ["user.created"]}));
    assert_eq!(refusal(&create), (403, json!("insufficient_scope"), json!("webhooks:write")));
    assert_eq!(world.api.get("/webhooks").status, 200);
    let scopes = world.api.get("/me").json()["data"]["scopes"].clone();
    let reads = ["webhooks:read", "deliveries:read", "events:read", "event-types:read", "tokens:read"];
    assert_eq!(scopes, json!(reads));

    role("admin");
    assert_eq!(world.post_text("/events", EVENT).status, 202);
    database.execute(&format!("UPDATE users SET disabled_at = 1 WHERE id = '{maker}'"));
    assert_eq!((world.post_text("/events", EVENT).status, world.api.get("/me").status), (401, 401));
}

fn without_api_access_in_the_plan_every_token_is_refused_and_webhooks_stop(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let stranger = world.stranger();
    let body = json!({"url": "https://example.com/", "events": ["user.created"]});
    let (going, paused) = (id(&world.webhook(&body)), id(&world.webhook(&body)));
    let pause = json!({"status": "inactive"});
    assert_eq!(world.api.put(&format!("/webhooks/{paused}"), &pause).status, 200);
    let theirs = stranger.post("/webhooks", &body);
    assert_eq!((theirs.status, world.post_text("/events", EVENT).status), (201, 202));
    let plan = |on: &str| world.operator(&["partner", "plan", "--api-access", on]).success().to_owned();
    let reasons = || {
        database.lines(
            "SELECT status || ' ' || COALESCE(inactive_reason, '-') AS line FROM webhooks ORDER BY bu_id, id",
        )
    };

    assert_eq!(plan("off"), "API access is not part of the plan.");
    for path in ["/me", "/webhooks", "/events", "/tokens", "/webhooks/wh_00000000000000000000000001"] {
        let answer = world.api.get(path);
        assert_eq!(refusal(&answer), (403, json!("no_api_access"), Value::Null), "{path}: {answer:?}");
        assert_eq!(answer.json()["type"], "/problems/no_api_access");
    }
    assert_eq!(refusal(&world.post_text("/events", EVENT)).1, json!("no_api_access"));
    let batch = world.post_text("/events/batch", format!("{{\"events\":[{EVENT}]}}"));
    assert_eq!(refusal(&batch).1, json!("no_api_access"));
    assert_eq!(reasons(), ["inactive no_api_access", "inactive user", "active -"]);
    assert_eq!(stranger.post("/events", &json!({"type": "user.created", "data": {}})).status, 202);
    plan("off");

    plan("on");
    assert_eq!(reasons(), ["active -", "inactive user", "active -"]);
    let shown = world.api.get(&format!("/webhooks/{going}")).json();
    assert_eq!(
        (&shown["data"]["status"], &shown["data"]["inactive_reason"]),
        (&json!("active"), &Value::Null)
    );
    assert_eq!(world.post_text("/events", EVENT).status, 202);
}

fn the_last_use_is_told_and_never_in_the_way(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let used = world.request(Method::GET, "/me").header("user-agent", "shop/1.0 (x)");
    // What a stranger says of its own address is not believed.
    assert_eq!(
        send(used.header("x-forwarded-for", "1.2.3.4").header("forwarded", "for=1.2.3.4")).status,
        200
    );
    let me = &world.api.get("/tokens").json()["data"][0];
    assert_eq!(
        (&me["last_used_ip"], &me["last_used_agent"]),
        (&json!("127.0.0.1"), &json!("shop/1.0 (x)")),
        "R26"
    );
    let (made, used) = (me["created_at"].as_str().unwrap(), me["last_used_at"].as_str().unwrap());
    assert!(used > made, "{me}");

    // Nothing can be noted from here on, and a minute has passed since something was.
    database.execute("UPDATE tokens SET last_used_at = created_at - 60000000");
    database.execute(if matches!(database, TestDatabase::Sqlite(_)) {
        "CREATE TRIGGER no_notes BEFORE UPDATE ON tokens BEGIN SELECT RAISE(ABORT, 'no notes'); END"
    } else {
        "CREATE FUNCTION no_notes() RETURNS trigger AS 'BEGIN RAISE ''no notes''; END' LANGUAGE plpgsql; \
         CREATE TRIGGER no_notes BEFORE UPDATE ON tokens FOR EACH ROW EXECUTE FUNCTION no_notes()"
    });
    assert_eq!((world.api.get("/me").status, world.post_text("/events", EVENT).status), (200, 202));
}

fn a_token_in_an_address_is_told_to_the_operator_and_not_written_down(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let path = format!("/webhooks?token={}", world.token());
    assert_eq!(send(world.bare(Method::GET, &path)).status, 401);
    assert_eq!(world.api.get(&path).status, 200, "it is not asked for");
    let said = world.said();
    assert!(said.contains("an API token stands in the address of a request"), "T1: {said}");
    assert!(!said.contains(world.token()), "{said}");
}

#[test]
fn a_revoked_token_is_refused_at_once_on_every_node() {
    let database = TestDatabase::postgres();
    let installation = Installation::new(&database);
    let tenant = installation.tenant("Acme");
    let nodes = [installation.serve(), installation.serve()];
    let (here, there) = (tenant.at(&nodes[0]), tenant.at(&nodes[1]));
    let event = json!({"type": "user.created", "data": {}});
    for round in 0..3 {
        let partner = here.get("/me").json()["data"]["partner"].to_string();
        let name = format!("shop {round}");
        let args = ["--json", "token", "create", "--name", &name, "--all-scopes", "--partner", &partner];
        let made = installation.program.run(args).json();
        let shop: Vec<Api> =
            nodes.iter().map(|node| Api::new(&node.url(""), made["secret"].as_str().unwrap())).collect();
        // Both nodes know it from now on.
        assert!(shop.iter().all(|api| api.post("/events", &event).status == 202));
        let revoked = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for api in shop.iter().cycle().take(20) {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let too_late = revoked.load(Ordering::SeqCst);
                        let status = api.post("/events", &event).status;
                        assert!(status == 401 || (status == 202 && !too_late), "T10: {status}");
                        if status == 401 {
                            return;
                        }
                    }
                });
            }
            let answer = there.delete(&format!("/tokens/{}", id(&made)));
            assert_eq!(answer.status, 200);
            revoked.store(true, Ordering::SeqCst);
        });
        for api in &shop {
            assert_eq!((api.get("/me").status, api.post("/events", &event).status), (401, 401));
        }
    }
    assert_eq!(installation::data(&here.get("/tokens"), 200).as_array().unwrap().len(), 1);
}
