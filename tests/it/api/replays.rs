//! Replays through the API: counted first, sent at a pace, looked at, cancelled.

use super::world::{OPEN, World, faults, id, until};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::receiver::Receiver;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

both_databases!(
    what_did_not_arrive_is_sent_again_once,
    a_replay_is_cancelled_and_only_one_runs,
    a_replay_is_refused_field_by_field,
);

/// A webhook that was inactive while `events` events happened, and is active now.
fn missed(world: &World, receiver: &Receiver, events: usize) -> String {
    let webhook = id(&world
        .webhook(&json!({"url": receiver.url("/in"), "events": ["user.created"], "status": "inactive"})));
    let batch: Vec<Value> = (0..events).map(|n| json!({"type": "user.created", "data": {"n": n}})).collect();
    assert_eq!(world.api.post("/events/batch", &json!({"events": batch})).status, 202);
    world.api.put(&format!("/webhooks/{webhook}"), &json!({"status": "active"}));
    webhook
}

fn ended(world: &World, replay: &str) -> Value {
    until(LIMIT, || {
        let shown = world.api.get(&format!("/replays/{replay}")).json()["data"].clone();
        (shown["state"] != "running").then_some(shown)
    })
}

fn what_did_not_arrive_is_sent_again_once(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let receiver = Receiver::start();
    let webhook = missed(&world, &receiver, 20);
    let draft = json!({"webhook": webhook, "pace_per_second": 100, "event_type": "user.created"});
    let mut dry = draft.clone();
    dry["dry_run"] = json!(true);
    let planned = world.api.post("/replays", &dry);
    assert_eq!((planned.status, &planned.json()["data"]["count"]), (200, &json!(20)));
    assert_eq!(planned.json()["data"]["states"], json!(["exhausted", "cancelled", "skipped"]));
    assert_eq!(receiver.requests().len(), 0, "counting sends nothing");

    let made = world.api.post("/replays", &draft);
    let told = made.json()["data"].clone();
    assert_eq!((made.status, &told["state"], &told["total"]), (201, &json!("running"), &json!(20)));
    let done = ended(&world, &id(&told));
    assert_eq!(
        ["state", "total", "done", "resent", "skipped"].map(|key| done[key].clone()),
        [json!("done"), json!(20), json!(20), json!(20), json!(0)]
    );
    assert!(done["finished_at"].is_string());
    let requests = receiver.wait_for(20, LIMIT);
    let arrived: BTreeSet<&str> = requests.iter().map(|r| r.header("webhook-id").unwrap()).collect();
    assert_eq!((requests.len(), arrived.len()), (20, 20));
    let delivered = format!("/webhooks/{webhook}/deliveries?state=delivered&limit=100");
    let last = until(LIMIT, || {
        let page = world.api.get(&delivered).json()["data"].clone();
        (page.as_array().unwrap().len() == 20).then_some(page)
    });
    assert!(last.as_array().unwrap().iter().all(|d| d["kind"] == "replay"));
    assert_eq!(world.api.post("/replays", &dry).json()["data"]["count"], 0, "what arrived since is done");
    dry["states"] = json!(["delivered"]);
    assert_eq!(world.api.post("/replays", &dry).json()["data"]["count"], 20);
}

fn a_replay_is_cancelled_and_only_one_runs(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let receiver = Receiver::start();
    let webhook = missed(&world, &receiver, 30);
    let draft = json!({"webhook": webhook, "pace_per_second": 1});
    let first = world.api.post("/replays", &draft).json()["data"].clone();
    let second = world.api.post("/replays", &draft);
    assert_eq!((second.status, &second.json()["code"]), (409, &json!("replay_running")));

    let path = format!("/replays/{}", id(&first));
    receiver.wait_for(1, LIMIT);
    let cancelled = world.api.delete(&path);
    let told = cancelled.json()["data"].clone();
    assert_eq!((cancelled.status, &told["state"]), (200, &json!("cancelled")));
    assert!(told["done"].as_i64().unwrap() < 30, "{told}");
    assert_eq!(world.api.delete(&path).json()["data"], told, "once more changes nothing");

    let quick = json!({"webhook": webhook, "pace_per_second": 1_000});
    let rest = id(&world.api.post("/replays", &quick).json()["data"]);
    let done = ended(&world, &rest);
    assert_eq!(done["total"], json!(30 - told["done"].as_i64().unwrap()));
    let late = world.api.delete(&format!("/replays/{rest}"));
    assert_eq!((late.status, &late.json()["code"]), (409, &json!("replay_ended")));
    let requests = receiver.wait_for(30, LIMIT);
    let arrived: BTreeSet<&str> = requests.iter().map(|r| r.header("webhook-id").unwrap()).collect();
    assert_eq!((requests.len(), arrived.len()), (30, 30));
}

fn a_replay_is_refused_field_by_field(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let webhook = id(&world.webhook(&json!({"url": "https://example.com", "events": ["user.created"]})));
    for (rest, expected) in [
        (json!({"webhook": "wh_00000000000000000000000001"}), vec!["webhook unknown_reference"]),
        (json!({"webhook": "x", "dry_run": 1}), vec!["dry_run wrong_type", "webhook unknown_reference"]),
        (json!({"from": "yesterday"}), vec!["from not_a_time"]),
        (json!({"from": "9000-12-31T00:00:00Z"}), vec!["from range"]),
        (json!({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}), vec!["from range"]),
        (json!({"states": []}), vec!["states states"]),
        (json!({"states": ["filtered"]}), vec!["states states"]),
        (json!({"states": ["ready"], "pace_per_second": 0}), vec!["states states", "pace_per_second range"]),
        (
            json!({"pace_per_second": 1_001, "event_type": "no.such"}),
            vec!["pace_per_second range", "event_type unknown_event_type"],
        ),
    ] {
        let mut body = json!({"webhook": webhook});
        body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        let answer = world.api.post("/replays", &body);
        assert_eq!(
            (answer.status, faults(&answer)),
            (422, expected.into_iter().map(str::to_owned).collect()),
            "{body}"
        );
    }
    let state = world.api.post("/replays", &json!({"webhook": webhook, "state": "done"}));
    assert_eq!((state.status, faults(&state)), (400, vec!["state read_only_field".to_owned()]));
    let nobody = world.api.post("/replays", &json!({}));
    assert_eq!(faults(&nobody), ["webhook required"]);
    let replay = json!({"webhook": webhook});
    let path = format!("/webhooks/{webhook}");
    world.api.put(&path, &json!({"status": "inactive"}));
    assert_eq!(world.api.post("/replays", &replay).json()["code"], "webhook_inactive");
    world.api.delete(&path);
    let gone = world.api.post("/replays", &replay);
    assert_eq!((gone.status, &gone.json()["code"]), (409, &json!("webhook_deleted")));
}
