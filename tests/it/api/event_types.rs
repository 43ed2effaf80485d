//! The catalogue at run time: changing what was added, removing what nobody wants.

use super::world::{OPEN, World, faults, id};
use crate::support::databases::{TestDatabase, both_databases};
use serde_json::{Value, json};

both_databases!(a_change_keeps_the_rest_and_counts_at_once, only_what_nobody_wants_is_removed);

const PATH: &str = "/event-types/parcel.shipped";

fn a_change_keeps_the_rest_and_counts_at_once(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let schema = json!({"type": "object", "required": ["id"]});
    let made = world.api.post(
        "/event-types",
        &json!({"name": "parcel.shipped", "description": "Left the house", "schema": schema, "sample": {"id": 1}}),
    );
    assert_eq!(made.status, 201);
    let empty = json!({"type": "parcel.shipped", "data": {}});
    assert_eq!(world.api.post("/events", &empty).status, 422);

    let change = json!({"label": "Parcel is away", "deprecated": true, "schema": null});
    let changed = world.api.put(PATH, &change).json()["data"].clone();
    let mut expected = made.json()["data"].clone();
    for (key, value) in change.as_object().unwrap() {
        expected[key] = value.clone();
    }
    assert_eq!(changed, expected);
    assert_eq!(world.api.get(PATH).json()["data"], expected);
    assert_eq!(world.api.post("/events", &empty).status, 202);
    assert_eq!(world.api.put(PATH, &json!({"schema": schema})).status, 200);
    assert_eq!(world.api.post("/events", &empty).status, 422);

    for (body, expected) in [
        (json!({"schema": {"type": 7}}), vec!["schema schema"]),
        (json!({"sample": {}}), vec!["sample schema"]),
        (json!({"sample": []}), vec!["sample not_an_object"]),
        (
            json!({"name": "parcel.lost", "deprecated": "yes"}),
            vec!["name not_changeable", "deprecated wrong_type"],
        ),
    ] {
        let answer = world.api.put(PATH, &body);
        assert_eq!(
            (answer.status, faults(&answer)),
            (422, expected.into_iter().map(str::to_owned).collect()),
            "{body}"
        );
    }
    assert_eq!(world.api.put(PATH, &json!({"built_in": true})).status, 400);
    assert_eq!(world.api.put("/event-types/no.such", &json!({})).status, 404);
    for refused in [
        world.api.put("/event-types/user.created", &json!({})),
        world.api.delete("/event-types/user.created"),
    ] {
        assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("built_in_event_type")));
    }
}

fn only_what_nobody_wants_is_removed(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    world.api.post("/event-types", &json!({"name": "parcel.shipped"}));
    let webhook = world.webhook(&json!({"url": "https://example.com", "events": ["parcel.shipped"]}));
    let refused = world.api.delete(PATH);
    assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("event_type_in_use")));
    assert!(refused.json()["detail"].as_str().unwrap().contains(" 1 "), "{refused:?}");
    assert_eq!(world.api.post("/events", &json!({"type": "parcel.shipped", "data": {}})).status, 202);

    world.api.delete(&format!("/webhooks/{}", id(&webhook)));
    assert_eq!(
        world.api.delete(PATH).json(),
        json!({"success": true, "message": "Event type deleted successfully"})
    );
    assert_eq!((world.api.get(PATH).status, world.api.delete(PATH).status), (404, 404));
    assert_eq!(world.api.post("/events", &json!({"type": "parcel.shipped", "data": {}})).status, 422);
    let again = world.api.post("/event-types", &json!({"name": "parcel.shipped"}));
    assert_eq!((again.status, &again.json()["data"]["deprecated"]), (201, &Value::Bool(false)));
}
