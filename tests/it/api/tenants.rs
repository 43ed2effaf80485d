//! What belongs to another business unit does not exist.

use super::world::{OPEN, World, id};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::{Answer, Api};
use serde_json::{Value, json};

both_databases!(
    anothers_things_answer_like_things_that_never_were,
    anothers_things_are_not_listed_and_its_keys_and_types_are_its_own,
);

fn told(answer: &Answer) -> (u16, Value) {
    let mut problem = answer.json();
    problem.as_object_mut().unwrap().remove("request_id");
    (answer.status, problem)
}

fn subscription() -> Value {
    json!({"url": "https://example.com/a", "events": ["user.created"]})
}

fn anothers_things_answer_like_things_that_never_were(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let theirs = world.stranger();
    let webhook = id(&world.webhook(&subscription()));
    let event = world.publish(r#"{"type":"user.created","data":{}}"#);
    let never = theirs.get("/webhooks/wh_00000000000000000000000001");
    assert_eq!(never.status, 404);

    let long = format!("wh_{}", "0".repeat(20_000));
    let upper = webhook.to_uppercase();
    let ids = [webhook.as_str(), "x", "%00", "%ff", "..%2f..%2fetc", &event, &long, &upper, "wh_", "wh_1"];
    for id in ids {
        let path = format!("/webhooks/{id}");
        for answer in [
            theirs.get(&path),
            theirs.put(&path, &json!({"status": "inactive"})),
            theirs.delete(&path),
            theirs.post(&format!("{path}/test"), &json!({})),
            theirs.post(&format!("{path}/secret/rotate"), &json!({})),
            theirs.get(&format!("{path}/deliveries")),
            theirs.delete(&format!("/hooks/{id}")),
        ] {
            assert_eq!(told(&answer), told(&never), "{path:.60}");
        }
    }
    for id in [event.as_str(), "x", "%00", &webhook] {
        assert_eq!(told(&theirs.get(&format!("/events/{id}"))), told(&never), "{id}");
    }
    for name in ["parcel.shipped", "%00", "User.Created", "x"] {
        assert_eq!(told(&theirs.get(&format!("/event-types/{name}"))), told(&never), "{name}");
    }
    let shown = world.api.get(&format!("/events/{event}")).json();
    let delivery = id(&shown["data"]["deliveries"][0]);
    let replay = id(&world.api.post("/replays", &json!({"webhook": webhook})).json()["data"]);
    let token = id(&world.api.get("/me").json()["data"]);
    world.api.post("/event-types", &json!({"name": "parcel.shipped"}));
    for answer in [
        theirs.get(&format!("/deliveries/{delivery}")),
        theirs.post(&format!("/deliveries/{delivery}/resend"), &json!({})),
        theirs.get(&format!("/replays/{replay}")),
        theirs.delete(&format!("/replays/{replay}")),
        theirs.delete(&format!("/tokens/{token}")),
        theirs.put("/event-types/parcel.shipped", &json!({})),
        theirs.delete("/event-types/parcel.shipped"),
        theirs.get("/deliveries/x"),
        theirs.delete("/replays/%00"),
        theirs.delete(&format!("/tokens/{webhook}")),
    ] {
        assert_eq!(told(&answer), told(&never));
    }
    let unknown = theirs.post("/replays", &json!({"webhook": webhook}));
    let nobodys = theirs.post("/replays", &json!({"webhook": "wh_00000000000000000000000001"}));
    assert_eq!((unknown.status, told(&unknown)), (422, told(&nobodys)));
    let kept = world.api.get(&format!("/webhooks/{webhook}")).json();
    assert_eq!(kept["data"]["status"], "active");
}

fn anothers_things_are_not_listed_and_its_keys_and_types_are_its_own(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let theirs = world.stranger();
    world.webhook(&subscription());
    let body = json!({"type": "user.created", "id": "same", "data": {}});
    let ours = world.api.post("/events", &body);
    assert_eq!(theirs.get("/webhooks").json()["meta"]["total"], 0);
    assert!(theirs.published().is_empty());

    let their_event = theirs.post("/events", &body);
    assert_eq!((their_event.status, their_event.header("idempotency-replayed")), (202, ""));
    assert_ne!(their_event.json()["data"]["id"], ours.json()["data"]["id"]);
    let keyed = |api: &Api| {
        let event = r#"{"type":"user.created","data":{}}"#;
        api.try_post("/events", &[("idempotency-key", "a-key")], event).expect("an answer")
    };
    let (first, second) = (keyed(&world.api), keyed(&theirs));
    assert_eq!((second.status, second.header("idempotency-replayed")), (202, ""));
    assert_ne!(id(&first.json()["data"]), id(&second.json()["data"]), "one key, two units, two events");
    let next = world.api.get("/events?limit=1").json()["meta"]["next"].clone();
    let cursor = format!("/events?limit=1&before={}", next.as_str().expect("a cursor"));
    assert_eq!((theirs.get(&cursor).status, world.api.get(&cursor).status), (400, 200));

    world.api.post("/event-types", &json!({"name": "parcel.shipped"}));
    assert_eq!(theirs.get("/event-types/parcel.shipped").status, 404);
    assert_eq!(theirs.get("/webhooks?event=parcel.shipped").status, 400);
    assert_eq!(theirs.post("/events", &json!({"type": "parcel.shipped", "data": {}})).status, 422);
}
