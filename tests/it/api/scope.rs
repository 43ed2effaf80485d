//! Webhooks for the events of one login or one team: asked for, shown, routed, and taken back.

use super::world::{OPEN, World, faults, id, until};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::receiver::Receiver;
use serde_json::{Value, json};
use std::time::Duration;

both_databases!(
    only_events_of_its_login_or_team_reach_a_webhook,
    logins_and_teams_of_another_unit_are_unknown_like_those_that_never_were,
);

/// A team of the unit of `user`'s partner, in which that login is; its id.
fn team(database: &TestDatabase, number: u8, user: &str) -> String {
    let team = format!("team_0000000000000000000000000{number}");
    database.execute(&format!(
        "INSERT INTO teams (id, bu_id, name, created_at) SELECT '{team}', b.id, 'Team {number}', 1 \
         FROM business_units b JOIN memberships m ON m.partner_id = b.partner_id WHERE m.user_id = '{user}'; \
         INSERT INTO team_members (team_id, user_id, created_at) VALUES ('{team}', '{user}', 1)"
    ));
    team
}

fn number(database: &TestDatabase, user: &str) -> i64 {
    let sql = format!("SELECT CAST(number AS TEXT) AS line FROM users WHERE id = '{user}'");
    database.lines(&sql)[0].parse().unwrap()
}

fn only_events_of_its_login_or_team_reach_a_webhook(database: &TestDatabase) {
    let (world, receiver) = (World::start(database, OPEN), Receiver::start());
    let (ada, bob) = (world.login("ada", "viewer"), world.login("bob", "viewer"));
    let team = team(database, 1, &bob);
    let make = |more: Value| {
        let mut body = json!({"url": receiver.url("/in"), "events": ["order.completed"]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        world.webhook(&body)
    };
    let adas = number(database, &ada);
    let everyones = make(json!({"scope": "everyone", "reach": "business_unit"}));
    let of_ada = make(json!({"for_login": adas}));
    let of_team = make(json!({"scope": "team", "for_team": team}));
    let shown = |webhook: &Value| ["scope", "for_login", "for_team", "team"].map(|key| webhook[key].clone());
    assert_eq!(shown(&everyones), [json!("everyone"), json!(null), json!(null), json!(null)]);
    assert_eq!(shown(&of_ada), [json!("login"), json!(adas), json!(null), json!(null)]);
    assert_eq!(shown(&of_team), [json!("team"), json!(null), json!(team), json!("Team 1")]);

    let reached = |subject: Value| {
        let event = json!({"type": "order.completed", "data": {}, "subject": subject});
        let event = world.publish(&event.to_string());
        until(Duration::from_secs(20), || {
            let shown = world.api.get(&format!("/events/{event}")).json();
            let all = shown["data"]["deliveries"].as_array().unwrap().clone();
            let open = |d: &Value| d["state"] == "ready" || d["state"] == "leased";
            let state = |webhook: &Value| {
                all.iter()
                    .find(|d| d["webhook"] == webhook["id"])
                    .map(|d| d["state"].as_str().unwrap().to_owned())
            };
            let states = [&everyones, &of_ada, &of_team].map(|webhook| state(webhook).unwrap_or_default());
            (!all.iter().any(open)).then_some(states)
        })
    };
    assert_eq!(reached(json!(ada)), ["delivered", "delivered", "filtered"]);
    assert_eq!(reached(json!(bob)), ["delivered", "filtered", "delivered"]);
    assert_eq!(reached(json!(adas)), ["delivered", "delivered", "filtered"]);
    assert_eq!(reached(json!(null)), ["delivered", "filtered", "filtered"]);

    let path = format!("/webhooks/{}", id(&of_ada));
    let change = |body: Value| world.api.put(&path, &body);
    let unsaid = change(json!({"description": "The same"})).json();
    assert_eq!(shown(&unsaid["data"]), shown(&of_ada));
    for nothing in ["scope", "for_login", "for_team"] {
        let unsaid = change(json!({nothing: null})).json();
        assert_eq!(shown(&unsaid["data"]), shown(&of_ada), "{nothing}: null says nothing");
    }
    let moved = change(json!({"scope": "team", "for_login": null, "for_team": team})).json();
    assert_eq!(shown(&moved["data"]), shown(&of_team));
    assert_eq!(reached(json!(bob)), ["delivered", "delivered", "delivered"]);
    let opened = change(json!({"scope": "everyone"})).json();
    assert_eq!(shown(&opened["data"]), shown(&everyones));
    assert_eq!(reached(json!(null)), ["delivered", "delivered", "filtered"]);
}

fn logins_and_teams_of_another_unit_are_unknown_like_those_that_never_were(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let ours = world.login("ada", "viewer");
    let stranger = world.stranger();
    let (number, team) = (number(database, &ours), team(database, 1, &ours));
    let body = |more: Value| {
        let mut body = json!({"url": "https://example.com/h", "events": ["user.created"]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let made = stranger.post("/webhooks", &body(json!({}))).json();
    let path = format!("/webhooks/{}", id(&made["data"]));
    let before = database.digest();
    for (field, known, never) in [
        ("for_login", json!(number), json!(999_999)),
        ("for_team", json!(team), json!("team_00000000000000000000000009")),
    ] {
        let told = |value: &Value| {
            [
                stranger.post("/webhooks", &body(json!({field: value}))),
                stranger.put(&path, &json!({field: value})),
            ]
            .map(|answer| (answer.status, answer.json()["errors"].clone()))
        };
        assert_eq!(told(&known), told(&never), "I13: {field}");
        assert_eq!(told(&known).map(|(status, _)| status), [422, 422]);
        for bad in [json!("x"), json!([]), json!(-1), json!(1.5)] {
            let answer = stranger.put(&path, &json!({field: bad}));
            assert_eq!(
                (answer.status, faults(&answer)),
                (422, vec![format!("{field} unknown_reference")]),
                "{bad}"
            );
        }
    }
    for (more, fault) in [
        (json!({"scope": "login"}), "scope scope"),
        (json!({"scope": "everyone", "for_login": 1001}), "scope scope"),
        (json!({"scope": {"login": 1001}}), "scope scope"),
        (json!({"for_login": 1001, "for_team": team}), "for_team both_given"),
        (json!({"reach": "partner"}), "reach not_offered"),
    ] {
        let answer = stranger.post("/webhooks", &body(more.clone()));
        assert_eq!((answer.status, faults(&answer)), (422, vec![fault.to_owned()]), "{more}");
    }
    database.assert_unchanged(&before, "I13");
}
