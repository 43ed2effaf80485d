//! The disk under the database: while it is full nothing begins that could not be recorded, and when it fails
//! the process ends instead of hoping.

use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::{Answer, Api, client, send};
use crate::support::installation::{Installation, list, text};
use crate::support::patience::{PATIENCE, until};
use crate::support::program::Server;
use crate::support::receiver::{Receiver, Reply};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

both_databases!(
    on_a_full_disk_nothing_begins_and_with_room_everything_goes_on,
    on_a_full_disk_changes_are_refused_too,
);

/// The tables whose rows find no room.
const TABLES: [&str; 4] = ["events", "attempts", "settings", "webhooks"];

/// Makes the database answer as it does on a full disk.
fn fill(database: &TestDatabase) {
    for table in TABLES {
        database.execute(&match database {
            TestDatabase::Sqlite(_) => format!(
                "CREATE TRIGGER full_{table} BEFORE INSERT ON {table} BEGIN \
                 SELECT RAISE(ABORT, 'database or disk is full'); END"
            ),
            TestDatabase::Postgres(_) => format!(
                "CREATE OR REPLACE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100', \
                 MESSAGE = 'could not extend file \"base/5/1259\": No space left on device'; END $$; \
                 CREATE TRIGGER full_{table} BEFORE INSERT ON {table} FOR EACH ROW \
                 EXECUTE FUNCTION full_disk()"
            ),
        });
    }
}

fn make_room(database: &TestDatabase) {
    for table in TABLES {
        database.execute(&match database {
            TestDatabase::Sqlite(_) => format!("DROP TRIGGER full_{table}"),
            TestDatabase::Postgres(_) => format!("DROP TRIGGER full_{table} ON {table}"),
        });
    }
}

fn readyz(server: &Server) -> Answer {
    send(client().get(server.url("/readyz")))
}

fn publish(api: &Api, data: &Value) -> Answer {
    api.post("/events", &json!({"type": "order.completed", "data": data}))
}

fn refused(answer: &Answer) {
    assert_eq!((answer.status, answer.json()["code"].clone()), (503, json!("storage_full")), "{answer:?}");
    assert!(answer.header("retry-after").parse::<u32>().is_ok(), "{answer:?}");
}

fn on_a_full_disk_nothing_begins_and_with_room_everything_goes_on(database: &TestDatabase) {
    let installation = Installation::new(database);
    let tenant = installation.tenant("Acme");
    let receiver = Receiver::start();
    receiver.on("/fails", [Reply::status(500), Reply::status(200)]);
    receiver.on("/hangs", [Reply::hang()]);
    let server = installation.serve();
    let api = tenant.at(&server);
    let later = |path: &str, event: &str| json!({"endpoints": [{"url": receiver.url(path), "retry": [3600], "timeout_ms": 30_000}], "events": [event]});
    api.webhook(&later("/fails", "order.completed"));
    api.webhook(&later("/hangs", "order.refunded"));
    let waits = api.publish("order.completed", &json!({}));
    api.event_when(&waits, |event| list(&list(&event["deliveries"])[0]["attempts"]).len() == 1);
    let in_flight = api.publish("order.refunded", &json!({}));
    receiver.wait_for(2, PATIENCE);
    assert_eq!(readyz(&server).status, 200);

    fill(database);
    refused(&publish(&api, &json!({})));
    database.execute("UPDATE deliveries SET next_at = 0 WHERE state = 'ready'");
    // What was in flight is answered now; its outcome has to wait.
    receiver.release();
    let full_since = Instant::now();
    until(PATIENCE, || {
        refused(&publish(&api, &json!({})));
        let ready = readyz(&server);
        assert_eq!((ready.status, ready.json()["status"].clone()), (503, json!("storage_full")));
        // Long enough for several claims.
        if full_since.elapsed() > Duration::from_secs(4) { Ok(()) } else { Err(full_since.elapsed()) }
    });
    assert_eq!(receiver.requests().len(), 2, "nothing is sent that cannot be recorded");
    assert_eq!(list(&api.event(&in_flight)["deliveries"])[0]["state"], "leased");

    make_room(database);
    let answer = until(Duration::from_secs(10), || {
        let answer = publish(&api, &json!({}));
        if answer.status == 202 { Ok(answer) } else { Err(answer.body) }
    });
    assert_eq!(readyz(&server).status, 200);
    for id in [&waits, &in_flight, &text(&answer.json()["data"]["id"])] {
        assert_eq!(api.settled(id)["outcome"], "delivered");
    }
    assert_eq!(receiver.requests().len(), 4, "two that were waiting or new, none of them twice");
    assert_eq!(server.stop().code(), Some(0), "{}", server.said());
}

fn on_a_full_disk_changes_are_refused_too(database: &TestDatabase) {
    let installation = Installation::new(database);
    let tenant = installation.tenant("Acme");
    let server = installation.serve();
    let api = tenant.at(&server);
    fill(database);

    refused(
        &api.post("/webhooks", &json!({"url": "http://127.0.0.1:8080/in", "events": ["order.completed"]})),
    );
    assert_eq!(api.get("/webhooks").status, 200, "what is stored can be read");

    make_room(database);
    until(Duration::from_secs(10), || {
        let ready = readyz(&server);
        if ready.status == 200 { Ok(()) } else { Err(ready.body) }
    });
    api.simple_webhook("http://127.0.0.1:8080/in", "order.completed");
}

/// A limit on the size of files makes every write beyond it fail, as a dying disk does.
#[test]
fn a_disk_that_fails_ends_the_process_and_loses_nothing_acknowledged() {
    let database = TestDatabase::sqlite();
    let installation = Installation::new(&database);
    let tenant = installation.tenant("Acme");
    let server = installation.serve_after("trap '' XFSZ; ulimit -f 4000");
    let api = tenant.at(&server);
    let (mut acknowledged, padding) = (Vec::new(), "x".repeat(200_000));

    let refused = (0..1_000).find_map(|n| {
        let body = json!({"type": "order.completed", "data": {"n": n, "padding": padding}}).to_string();
        let answer = api.try_post("/events", &[], &body)?;
        if answer.status != 202 {
            return Some(answer);
        }
        acknowledged.push(text(&answer.json()["data"]["id"]));
        None
    });
    let status = server.ended(Duration::from_secs(5));

    assert_eq!(refused.map(|answer| answer.status), Some(503));
    assert_eq!(status.code(), Some(1), "{}", server.said());
    assert!(server.said().contains("the disk failed during a write"), "{}", server.said());
    assert!(!acknowledged.is_empty());
    let server = installation.serve();
    for id in &acknowledged {
        assert_eq!(text(&tenant.at(&server).event(id)["id"]), *id);
    }
}
