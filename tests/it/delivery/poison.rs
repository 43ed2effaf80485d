//! A delivery that ends its worker: the third time it is set aside, and all others arrive.

use crate::support::databases::{TestDatabase, both_databases};
use crate::support::installation::{Installation, OPEN, list, text};
use crate::support::program::Program;
use crate::support::receiver::{Receiver, Reply};
use serde_json::json;
use std::time::Duration;

both_databases!(a_delivery_that_ends_its_worker_is_set_aside_and_others_arrive);

/// An event of this type ends the process when an attempt begins; only builds for tests know the variable.
const POISON: &str = "order.refunded";

fn a_delivery_that_ends_its_worker_is_set_aside_and_others_arrive(database: &TestDatabase) {
    let program = Program::new().with_database(database).with_env("BELLWIRE_TEST_ABORT_ON", POISON);
    let installation = Installation::of(program);
    let tenant = installation.tenant("Acme");
    let receiver = Receiver::start();
    receiver.fail_first("/others", 3, 503);
    receiver.on("/in", [Reply::status(200)]);
    let server = installation.serve();
    let api = tenant.at(&server);
    let others = json!({"endpoints": [{"url": receiver.url("/others"), "retry": [3600]}], "events": ["order.completed"]});
    api.webhook(&others);
    api.simple_webhook(&receiver.url("/in"), POISON);
    let others: Vec<String> = (0..3).map(|n| api.publish("order.completed", &json!({"n": n}))).collect();
    for id in &others {
        api.event_when(id, |event| list(&list(&event["deliveries"])[0]["attempts"]).len() == 1);
    }

    // The process may end before it has answered.
    let _ = api.try_post("/events", &[], &json!({"type": POISON, "data": {}}).to_string());
    assert_eq!(server.ended(Duration::from_secs(30)).code(), None, "{}", server.said());
    for _ in 2..=3 {
        expire_leases(database);
        let again =
            installation.program.run([&["serve", "--listen", "127.0.0.1:0"], OPEN.as_slice()].concat());
        assert_eq!(again.code, None, "{again:?}");
    }
    expire_leases(database);
    database.execute("UPDATE deliveries SET next_at = 0 WHERE state = 'ready'");
    let server = installation.serve();

    let api = tenant.at(&server);
    for id in &others {
        assert_eq!(api.settled(id)["outcome"], "delivered");
    }
    let events = api.get("/events?limit=100").json();
    let poison = list(&events["data"]).iter().find(|event| event["type"] == POISON).unwrap();
    let event = api.settled(&text(&poison["id"]));
    let delivery = &list(&event["deliveries"])[0];
    let attempts: Vec<_> = list(&delivery["attempts"]).iter().map(|a| a["cause"].clone()).collect();
    assert_eq!((&delivery["state"], &delivery["cause"]), (&json!("exhausted"), &json!("worker_crash")));
    assert_eq!(attempts, ["interrupted", "interrupted", "worker_crash"]);
    assert!(receiver.requests().iter().all(|request| request.path == "/others"));
    assert_eq!(server.stop().code(), Some(0));
}

/// The dead node's leases end a minute from now; here, a minute passes at once.
fn expire_leases(database: &TestDatabase) {
    database.execute("UPDATE deliveries SET lease_until = 0 WHERE state = 'leased'");
}
