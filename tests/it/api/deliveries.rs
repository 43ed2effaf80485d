//! Deliveries through the API: page by page, each attempt in full, and sent again.

use super::world::{OPEN, World, faults, id, until};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::receiver::{Receiver, Reply};
use serde_json::{Value, json};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(20);
const EVENT: &str = r#"{"type":"user.created","data":{"n":1}}"#;

both_databases!(
    deliveries_are_listed_newest_first_and_both_ways,
    a_delivery_shows_what_was_sent_and_what_came_back,
    a_delivery_is_sent_again_as_a_new_one,
    what_is_on_its_way_is_not_sent_again,
    what_was_sent_again_and_arrived_is_not_retried,
);

fn settled(world: &World, event: &str) -> Value {
    until(LIMIT, || {
        let shown = world.api.get(&format!("/events/{event}")).json()["data"]["deliveries"].clone();
        let open = |d: &Value| d["state"] == "ready" || d["state"] == "leased";
        let all = shown.as_array().unwrap();
        (!all.is_empty() && !all.iter().any(open)).then_some(shown)
    })
}

fn ids(page: &Value) -> Vec<String> {
    page["data"].as_array().unwrap().iter().map(id).collect()
}

fn deliveries_are_listed_newest_first_and_both_ways(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let receiver = Receiver::start();
    receiver.on("/in", [Reply::status(500), Reply::status(200)]);
    let webhook = world.webhook(
        &json!({"endpoints": [{"url": receiver.url("/in"), "retry": "none"}], "events": ["user.created"]}),
    );
    let path = format!("/webhooks/{}/deliveries", id(&webhook));
    assert_eq!(
        world.api.get(&path).json(),
        json!({"data": [], "meta": {"limit": 20, "next": null, "previous": null}})
    );
    let mut made: Vec<String> = (0..5).map(|_| id(&settled(&world, &world.publish(EVENT))[0])).collect();
    made.reverse();

    let first = world.api.get(&format!("{path}?limit=2")).json();
    let next = |page: &Value| page["meta"]["next"].as_str().map(str::to_owned).expect("a cursor");
    let previous = |page: &Value| page["meta"]["previous"].as_str().map(str::to_owned).expect("a cursor");
    assert_eq!(ids(&first), made[..2]);
    let line = &first["data"][0];
    assert_eq!((&line["attempt_count"], line.get("attempts")), (&json!(1), None));
    let second = world.api.get(&format!("{path}?limit=2&before={}", next(&first))).json();
    assert_eq!(ids(&second), made[2..4]);
    let third = world.api.get(&format!("{path}?limit=2&before={}", next(&second))).json();
    assert_eq!((ids(&third), &third["meta"]["next"]), (made[4..].to_vec(), &Value::Null));
    let newer = world.api.get(&format!("{path}?limit=2&after={}", previous(&third))).json();
    assert_eq!(ids(&newer), made[2..4]);
    let newest = world.api.get(&format!("{path}?after={}", previous(&newer))).json();
    assert_eq!(ids(&newest), made[..2]);
    let none = world.api.get(&format!("{path}?after={}", previous(&newest))).json();
    assert_eq!((ids(&none), previous(&none)), (vec![], previous(&newest)));

    let states = ["delivered", "exhausted"];
    let counts = states.map(|state| ids(&world.api.get(&format!("{path}?state={state}")).json()).len());
    assert_eq!(counts, [4, 1]);
    let foreign = world.webhook(&json!({"url": receiver.url("/"), "events": ["user.deleted"]}));
    let other = format!("/webhooks/{}/deliveries?before={}", id(&foreign), next(&first));
    for (asked, fault) in [
        (format!("{path}?state=lost"), "state state"),
        (format!("{path}?limit=0"), "limit range"),
        (format!("{path}?before=dlv_1"), "before cursor_invalid"),
        (format!("{path}?before={}&after={}", next(&first), previous(&first)), "after both_given"),
        (other, "before cursor_invalid"),
    ] {
        let answer = world.api.get(&asked);
        assert_eq!((answer.status, faults(&answer)), (400, vec![fault.to_owned()]), "{asked}");
    }
    world.api.delete(&format!("/webhooks/{}", id(&webhook)));
    assert_eq!(ids(&world.api.get(&path).json()), made, "logs outlive the webhook");
}

fn a_delivery_shows_what_was_sent_and_what_came_back(database: &TestDatabase) {
    let world = World::start(database, &[OPEN, &["--egress-keep-responses"]].concat());
    let receiver = Receiver::start();
    receiver.on("/in", [Reply::status(200).body("thanks")]);
    world.webhook(&json!({"url": receiver.url("/in"), "events": ["user.created"]}));
    let event = world.publish(EVENT);
    let path = format!("/deliveries/{}", id(&settled(&world, &event)[0]));

    let shown = world.api.get(&path).json()["data"].clone();
    assert_eq!((&shown["event_id"], &shown["event_type"]), (&json!(event), &json!("user.created")));
    let attempt = &shown["attempts"][0];
    assert_eq!((&shown["state"], &attempt["status"]), (&json!("delivered"), &json!(200)));
    assert_eq!(attempt["request"]["url"], receiver.url("/in"));
    assert_eq!(attempt["response"]["body"], "thanks");
    assert_eq!(world.with_scopes("events:read").get(&path).status, 403);
    assert_eq!(world.with_scopes("deliveries:read").get(&path).status, 200);
}

fn a_delivery_is_sent_again_as_a_new_one(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let receiver = Receiver::start();
    receiver.on("/in", [Reply::status(500), Reply::status(200)]);
    let webhook = world.webhook(
        &json!({"endpoints": [{"url": receiver.url("/in"), "retry": "none"}], "events": ["user.created"]}),
    );
    let event = world.publish(EVENT);
    let old = settled(&world, &event)[0].clone();
    assert_eq!(old["state"], "exhausted");
    let resend = format!("/deliveries/{}/resend", id(&old));
    assert_eq!(world.with_scopes("deliveries:read").post(&resend, &json!({})).status, 403);

    let answer = world.api.post(&resend, &json!({}));
    let told = answer.json()["data"].clone();
    assert_eq!((answer.status, &told["event_id"], &told["status"]), (202, &json!(event), &json!("accepted")));
    let requests = receiver.wait_for(2, LIMIT);
    assert_eq!(requests[0].body, requests[1].body);
    let both = settled(&world, &event);
    let states: Vec<&Value> = both.as_array().unwrap().iter().map(|d| &d["state"]).collect();
    assert_eq!(states, ["exhausted", "delivered"]);
    assert_eq!((&both[1]["id"], &both[1]["kind"]), (&told["id"], &json!("replay")));

    world.api.put(&format!("/webhooks/{}", id(&webhook)), &json!({"status": "inactive"}));
    let inactive = world.api.post(&resend, &json!({}));
    assert_eq!((inactive.status, &inactive.json()["code"]), (409, &json!("webhook_inactive")));
}

fn what_is_on_its_way_is_not_sent_again(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let receiver = Receiver::start();
    receiver.on("/in", [Reply::hang()]);
    world.webhook(&json!({"url": receiver.url("/in"), "events": ["user.created"]}));
    let event = world.publish(EVENT);
    receiver.wait_for(1, LIMIT);
    let delivery = world.api.get(&format!("/events/{event}")).json()["data"]["deliveries"][0].clone();
    let resend = format!("/deliveries/{}/resend", id(&delivery));
    let early = world.api.post(&resend, &json!({}));
    assert_eq!((early.status, &early.json()["code"]), (409, &json!("delivery_under_way")));
    receiver.release();
    assert_eq!(settled(&world, &event).as_array().unwrap().len(), 1);
    assert_eq!(world.api.post(&resend, &json!({})).status, 202);
}

fn what_was_sent_again_and_arrived_is_not_retried(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let receiver = Receiver::start();
    receiver.on("/in", [Reply::status(500), Reply::status(500), Reply::status(200)]);
    let endpoint = json!({"url": receiver.url("/in"), "retry": [3600, 3600]});
    world.webhook(&json!({"endpoints": [endpoint], "events": ["user.created"]}));
    let event = world.publish(EVENT);
    let of_event = || world.api.get(&format!("/events/{event}")).json()["data"]["deliveries"].clone();
    let waiting = |n: usize| {
        until(LIMIT, || {
            Some(of_event()).filter(|all| all[n]["attempts"].as_array().is_some_and(|tried| tried.len() == 1))
        })
    };
    let first = waiting(0)[0].clone();
    assert_eq!(first["state"], "ready");
    let resend = format!("/deliveries/{}/resend", id(&first));
    assert_eq!(world.api.post(&resend, &json!({})).status, 202);
    // That fails too, so both keep their schedules.
    let both = waiting(1);
    assert_eq!((&both[0]["state"], &both[1]["state"]), (&json!("ready"), &json!("ready")));

    assert_eq!(world.api.post(&resend, &json!({})).status, 202);
    let all = settled(&world, &event);
    let told: Vec<_> = all.as_array().unwrap().iter().map(|d| (&d["state"], &d["cause"])).collect();
    let (cancelled, delivered) = (json!("cancelled"), json!("delivered"));
    let (again, none) = (json!("resent"), Value::Null);
    assert_eq!(told, [(&cancelled, &again), (&cancelled, &again), (&delivered, &none)]);
    assert_eq!(receiver.wait_for(3, LIMIT).len(), 3);
}
