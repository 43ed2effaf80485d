//! Publishing and looking at events: once for each key, byte for byte, newest first.

use super::world::{OPEN, World, faults, id, until};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::{Answer, Api, send};
use crate::support::receiver::Receiver;
use reqwest::Method;
use reqwest::blocking::RequestBuilder;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(20);
const BODY: &str = r#"{"type":"order.completed","data":{"total":5}}"#;

both_databases!(
    an_accepted_event_is_told_by_its_id,
    fifty_requests_with_one_key_make_one_event,
    the_events_own_id_is_a_key_too,
    data_is_sent_and_shown_byte_for_byte,
    events_are_listed_newest_first_page_by_page,
    an_event_shows_its_deliveries_and_attempts,
    a_type_added_at_run_time_is_published_and_held_to_its_schema,
    a_gzipped_event_is_taken_up_to_its_inflated_size,
);

fn keyed(world: &World, key: &str, body: &str) -> RequestBuilder {
    let request = world.request(Method::POST, "/events").header("idempotency-key", key);
    request.header("content-type", "application/json").body(body.to_owned())
}

fn an_accepted_event_is_told_by_its_id(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let answer = world.post_text("/events", BODY);
    assert_eq!((answer.status, answer.header("idempotency-replayed")), (202, ""));
    let told = &answer.json()["data"];
    assert!(id(told).starts_with("evt_"));
    assert_eq!((&told["type"], &told["status"]), (&json!("order.completed"), &json!("accepted")));
    let shown = world.api.get(&format!("/events/{}", id(told))).json();
    assert_eq!((&shown["data"]["created"], &shown["data"]["outcome"]), (&told["created"], &json!("unsent")));

    let past = r#"{"type":"order.completed","data":{},"created":"2023-06-21T11:15:30+02:00"}"#;
    let told = world.post_text("/events", past).json();
    assert_eq!(told["data"]["created"], "2023-06-21T09:15:30Z");
}

fn fifty_requests_with_one_key_make_one_event(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let requests: Vec<_> = (0..50).map(|_| keyed(&world, "order-17", BODY)).collect();
        let threads: Vec<_> = requests.into_iter().map(|r| scope.spawn(|| send(r))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let ids: BTreeSet<String> = answers.iter().map(|answer| id(&answer.json()["data"])).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert!(answers.iter().all(|answer| answer.status == 202));
    let replayed = answers.iter().filter(|a| a.header("idempotency-replayed") == "true").count();
    assert_eq!(replayed, 49);
    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    assert_eq!(world.api.published().len(), 1);

    let other_body = send(keyed(&world, "order-17", r#"{"type":"order.completed","data":{"total":6}}"#));
    assert_eq!((other_body.status, &other_body.json()["code"]), (409, &json!("idempotency_key_reused")));
    assert_ne!(id(&send(keyed(&world, "order-18", BODY)).json()["data"]), id(&answers[0].json()["data"]));
}

fn the_events_own_id_is_a_key_too(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let body = r#"{"type":"order.completed","id":"order/17","data":{}}"#;
    let (first, second) = (world.post_text("/events", body), world.post_text("/events", body));
    assert_eq!((first.status, second.status), (202, 202));
    assert_eq!(first.body, second.body);
    let changed = r#"{"type":"order.completed","id":"order/17","data":{"a":1}}"#;
    assert_eq!(world.post_text("/events", changed).status, 409);
}

fn data_is_sent_and_shown_byte_for_byte(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let receiver = Receiver::start();
    world.webhook(&json!({"url": receiver.url("/"), "events": ["order.completed"]}));
    let data = concat!(
        r#"{"z":12345678901234567890123,"a":1.0,"m":-0,"e":1E5,"nul":"\u0000","u":"\u00e9é\/","#,
        "\n  \"nested\" : [ {\"b\":1, \"a\":2} ]}"
    );
    let event = world.publish(&format!("{{ \"data\": {data} , \"type\":\"order.completed\"}}"));
    let request = receiver.wait_for(1, LIMIT).remove(0);
    assert!(request.text().ends_with(&format!("\"data\":{data}}}")), "{}", request.text());
    let shown = world.api.get(&format!("/events/{event}"));
    assert!(shown.body.contains(&format!("\"data\":{data}")), "{}", shown.body);
}

fn events_are_listed_newest_first_page_by_page(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let mut made: Vec<String> = (0..5).map(|_| world.publish(BODY)).collect();
    made.reverse();
    let other = world.publish(r#"{"type":"order.refunded","data":{}}"#);
    let ids = |page: &Value| page["data"].as_array().unwrap().iter().map(id).collect::<Vec<_>>();

    let mut seen = Vec::new();
    let mut cursor = String::new();
    for _ in 0..3 {
        let page = world.api.get(&format!("/events?limit=2&type=order.completed{cursor}")).json();
        seen.extend(ids(&page));
        cursor = page["meta"]["next"].as_str().map(|next| format!("&before={next}")).unwrap_or_default();
    }
    assert_eq!((seen, cursor.as_str()), (made, ""));
    let refunds = world.api.get("/events?type=order.refunded").json();
    assert_eq!((ids(&refunds), &refunds["meta"]), (vec![other], &json!({"limit": 20, "next": null})));
}

fn an_event_shows_its_deliveries_and_attempts(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let receiver = Receiver::start();
    let webhook = world.webhook(&json!({"url": receiver.url("/"), "events": ["order.completed"]}));
    let event = world.publish(BODY);
    let path = format!("/events/{event}");
    let delivered = |api: &Api| {
        let shown = api.get(&path).json()["data"].clone();
        (shown["outcome"] == "delivered").then_some(shown)
    };
    let shown = until(LIMIT, || delivered(&world.api));
    let delivery = &shown["deliveries"][0];
    assert_eq!((&delivery["webhook"], &delivery["state"]), (&webhook["id"], &json!("delivered")));
    let attempt = &delivery["attempts"][0];
    assert_eq!((&attempt["number"], &attempt["status"]), (&json!(1), &json!(200)));
    assert!(attempt["request"]["headers"].to_string().contains("webhook-id"), "{attempt}");

    let narrow = delivered(&world.with_scopes("events:read")).expect("delivered as before");
    assert_eq!(narrow["deliveries"][0]["attempts"][0].get("request"), None);
}

fn a_type_added_at_run_time_is_published_and_held_to_its_schema(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let body = r#"{"type":"parcel.shipped","data":{"weight":"heavy"}}"#;
    assert_eq!(faults(&world.post_text("/events", body)), ["type unknown_event_type"]);
    let schema = json!({"type": "object", "properties": {"weight": {"type": "number"}}});
    let added = world
        .api
        .post("/event-types", &json!({"name": "parcel.shipped", "schema": schema, "sample": {"weight": 3}}));
    assert_eq!(added.status, 201, "{added:?}");
    assert_eq!(added.json()["data"]["resource"], "parcel");
    let refused = world.post_text("/events", body);
    assert_eq!(refused.status, 422, "{refused:?}");
    assert!(faults(&refused)[0].starts_with("data/weight"), "{refused:?}");
    world.publish(r#"{"type":"parcel.shipped","data":{"weight":3}}"#);

    assert_eq!(world.api.get("/event-types/parcel.shipped").json()["data"]["schema"], schema);
    assert_eq!(world.api.get("/event-types/parcel.shipped/sample").json(), json!({"data": {"weight": 3}}));
    let names = world.api.get("/event-types").body;
    assert!(names.contains("\"parcel.shipped\"") && names.contains("\"user.created\""));
    let again = world.api.post("/event-types", &json!({"name": "parcel.shipped"}));
    assert_eq!((again.status, &again.json()["code"]), (409, &json!("event_type_exists")));
}

fn a_gzipped_event_is_taken_up_to_its_inflated_size(database: &TestDatabase) {
    let world = World::start(database, OPEN);
    let zipped = |json: &str| {
        use std::io::Write;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(json.as_bytes()).unwrap();
        let request = world.request(Method::POST, "/events").header("content-encoding", "gzip");
        send(request.header("content-type", "application/json").body(encoder.finish().unwrap()))
    };
    assert_eq!(zipped(BODY).status, 202);
    assert_eq!(zipped(&format!("{BODY}{}", " ".repeat(300 * 1024))).status, 413);
}
