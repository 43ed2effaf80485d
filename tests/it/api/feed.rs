//! The pull feed: every event once and in order, whatever happens meanwhile, and waiting that ends in time.

use super::world::faults;
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::{Answer, Api};
use crate::support::installation::{Installation, Tenant, data, list, text};
use crate::support::patience::{PATIENCE, until};
use crate::support::program::Server;
use crate::support::receiver::Receiver;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{Scope, ScopedJoinHandle};
use std::time::Instant;

both_databases!(
    every_accepted_event_is_pulled_once_and_in_order_over_kills_and_restarts,
    those_who_wait_are_told_at_once_and_so_many_may_wait,
    those_who_wait_are_sent_home_when_the_server_stops,
    a_token_that_was_revoked_meanwhile_is_told_nothing,
    a_feed_starts_with_the_oldest_or_now_and_can_be_of_one_type,
    a_cursor_is_good_for_its_own_list_only,
    what_is_no_longer_kept_is_told,
);

const PRODUCERS: usize = 4;
const EACH: usize = 60;
const SEATS: usize = 10;

/// A server and a tenant's view of it.
fn started(database: &TestDatabase) -> (Installation, Server, Tenant) {
    let installation = Installation::new(database);
    let tenant = installation.tenant("Acme");
    let server = installation.serve();
    (installation, server, tenant)
}

fn next(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    text(&answer.json()["meta"]["next"])
}

/// The events of a page that Bellwire did not publish itself: making tokens and webhooks is told too.
fn ids(answer: &Answer) -> Vec<String> {
    let page = data(answer, 200);
    list(&page).iter().filter(|event| is_from_outside(event)).map(|event| text(&event["id"])).collect()
}

fn is_from_outside(event: &Value) -> bool {
    event["source"] != "system"
}

/// A client of a server that may come back at another address.
struct Follower<'a> {
    address: &'a Mutex<Option<String>>,
    tenant: &'a Tenant,
    at: Option<(String, Api)>,
}

impl Follower<'_> {
    /// The server where it is now; none while there is none.
    fn api(&mut self) -> Option<&Api> {
        let base = self.address.lock().unwrap().clone()?;
        if self.at.as_ref().is_none_or(|(known, _)| *known != base) {
            self.at = Some((base.clone(), self.tenant.at_base(&base)));
        }
        self.at.as_ref().map(|(_, api)| api)
    }

    /// Publishes until there is an answer.
    fn publish(&mut self, key: &str, payload: &Value) -> String {
        let body = json!({"type": "order.completed", "data": payload}).to_string();
        until(PATIENCE, || {
            let api = self.api().ok_or("no server")?;
            let answer = api.try_post("/events", &[("idempotency-key", key)], &body).ok_or("no answer")?;
            if answer.status == 202 { Ok(text(&answer.json()["data"]["id"])) } else { Err("refused") }
        })
    }
}

fn every_accepted_event_is_pulled_once_and_in_order_over_kills_and_restarts(database: &TestDatabase) {
    let (installation, first, tenant) = started(database);
    let address = Mutex::new(Some(first.url("")));
    let (address, tenant) = (&address, &tenant);
    let pulled = AtomicUsize::new(0);
    let (accepted, seen) = std::thread::scope(|scope| {
        let producers: Vec<_> = (0..PRODUCERS)
            .map(|producer| {
                let mut client = Follower { address, tenant, at: None };
                let one = move |n: usize| {
                    let payload = json!({"producer": producer, "number": n});
                    client.publish(&format!("{producer}-{n}"), &payload)
                };
                scope.spawn(move || (0..EACH).map(one).collect::<Vec<_>>())
            })
            .collect();
        let reader = scope.spawn(|| {
            let mut client = Follower { address, tenant, at: None };
            let (mut cursor, mut seen) = ("oldest".to_owned(), Vec::new());
            while seen.len() < PRODUCERS * EACH {
                let path = format!("/events?after={cursor}&wait=2&limit=7");
                let Some(answer) = client.api().and_then(|api| api.try_get(&path)) else { continue };
                if answer.status == 503 {
                    continue;
                }
                cursor = next(&answer);
                seen.extend(
                    list(&answer.json()["data"]).iter().filter(|event| is_from_outside(event)).cloned(),
                );
                pulled.store(seen.len(), Ordering::SeqCst);
            }
            seen
        });
        let reached = |count| {
            until(PATIENCE, || match pulled.load(Ordering::SeqCst) {
                there if there >= count => Ok(()),
                there => Err(there),
            });
        };
        reached(PRODUCERS * EACH / 4);
        *address.lock().unwrap() = None;
        first.kill9();
        let second = installation.serve();
        *address.lock().unwrap() = Some(second.url(""));
        reached(PRODUCERS * EACH / 2);
        assert!(second.stop().success(), "{}", second.said());
        let third = installation.serve();
        *address.lock().unwrap() = Some(third.url(""));
        let accepted: Vec<Vec<String>> = producers.into_iter().map(|p| p.join().unwrap()).collect();
        (accepted, reader.join().unwrap())
    });
    let order: Vec<String> = seen.iter().map(|event| text(&event["id"])).collect();
    let once: BTreeSet<&String> = order.iter().collect();
    assert_eq!(once.len(), order.len(), "an event came twice");
    assert_eq!(once, accepted.iter().flatten().collect());
    for own in &accepted {
        // One producer after the other: what was acknowledged before the next was sent comes before it.
        let mine: Vec<&String> = order.iter().filter(|id| own.contains(id)).collect();
        assert_eq!(mine, own.iter().collect::<Vec<_>>());
    }
    assert!(seen.iter().all(|event| event["data"]["number"].is_number()));
}

/// Requests that wait for events behind `cursor`, as many as one token may have.
fn waiting<'a>(
    scope: &'a Scope<'a, '_>,
    api: &'a Api,
    cursor: &'a str,
) -> Vec<ScopedJoinHandle<'a, (Answer, Instant)>> {
    let ask = move || {
        // The look below may have been faster, and have the last seat.
        let seated = || Some(api.get(&format!("/events?after={cursor}&wait=20"))).filter(|a| a.status != 429);
        (until(PATIENCE, || seated().ok_or("no seat")), Instant::now())
    };
    let asked = (0..SEATS).map(|_| scope.spawn(ask)).collect();
    // Once there is no seat left, all of them wait.
    let refused = until(PATIENCE, || {
        let more = api.get(&format!("/events?after={cursor}&wait=1"));
        if more.status == 429 { Ok(more) } else { Err(more.body) }
    });
    assert_eq!(refused.header("ratelimit-policy"), "\"waiting\";q=10;qu=\"concurrent-requests\"");
    assert_eq!(refused.header("ratelimit"), "\"waiting\";r=0;t=1");
    assert_eq!(refused.header("retry-after"), "1");
    asked
}

fn those_who_wait_are_told_at_once_and_so_many_may_wait(database: &TestDatabase) {
    let (installation, server, tenant) = started(database);
    let api = tenant.at(&server);
    let start = next(&api.get("/events?after=now"));
    std::thread::scope(|scope| {
        let asked = waiting(scope, &api, &start);
        // Others are served meanwhile, more of them than there are threads or connections.
        let (stranger, began) = (installation.tenant("Globex").at(&server), Instant::now());
        assert_eq!(stranger.get("/events?after=now&wait=1").json()["data"], json!([]));
        assert!(began.elapsed().as_millis() >= 1_000);
        let event = api.publish("order.completed", &json!({"total": 5}));
        let told = Instant::now();
        for asked in asked {
            let (answer, at) = asked.join().unwrap();
            assert_eq!(ids(&answer), std::slice::from_ref(&event));
            assert!(at.saturating_duration_since(told).as_secs() < 5, "they were told at once");
        }
    });
    // The seats are free again.
    assert_eq!(ids(&api.get(&format!("/events?after={start}&wait=1"))).len(), 1);
}

fn those_who_wait_are_sent_home_when_the_server_stops(database: &TestDatabase) {
    let (_installation, server, tenant) = started(database);
    let api = tenant.at(&server);
    let start = next(&api.get("/events?after=now"));
    std::thread::scope(|scope| {
        let asked = waiting(scope, &api, &start);
        let began = Instant::now();
        assert!(server.stop().success(), "{}", server.said());
        for asked in asked {
            let (answer, at) = asked.join().unwrap();
            assert_eq!((ids(&answer), next(&answer)), (vec![], start.clone()));
            assert!(at.saturating_duration_since(began).as_secs() < 5, "they went at once");
        }
    });
}

fn a_token_that_was_revoked_meanwhile_is_told_nothing(database: &TestDatabase) {
    let (_installation, server, tenant) = started(database);
    let api = tenant.at(&server);
    let own = text(&data(&api.get("/me"), 200)["id"]);
    std::thread::scope(|scope| {
        let asked = waiting(scope, &api, "now");
        assert_eq!(api.delete(&format!("/tokens/{own}")).status, 200);
        // As when another process stores an event of the unit.
        database.execute(&format!(
            "UPDATE event_sequences SET last_seq = last_seq + 1 WHERE bu_id = (SELECT bu_id FROM tokens WHERE id = '{own}')"
        ));
        for asked in asked {
            let (answer, _) = asked.join().unwrap();
            assert_eq!((answer.status, &answer.json()["code"]), (401, &json!("unauthorized")));
        }
    });
}

fn a_feed_starts_with_the_oldest_or_now_and_can_be_of_one_type(database: &TestDatabase) {
    let (_installation, server, tenant) = started(database);
    let api = tenant.at(&server);
    let nothing = api.get("/events?after=oldest");
    assert_eq!((ids(&nothing), &nothing.json()["meta"]["more"]), (vec![], &json!(false)));
    let order = api.publish("order.completed", &json!({"total": 1.50}));
    let quote = api.publish("quote.sent", &json!({}));
    let now = next(&api.get("/events?after=now"));
    let later = api.publish("order.completed", &json!({}));

    let all = [&order, &quote, &later].map(String::clone);
    assert_eq!(ids(&api.get("/events?after=oldest")), all);
    assert_eq!(ids(&api.get(&format!("/events?after={}", next(&nothing)))), all);
    assert_eq!(ids(&api.get(&format!("/events?after={now}"))), all[2..]);
    let first = api.get("/events?after=oldest&limit=1&type=order.completed");
    let meta = &first.json()["meta"];
    assert_eq!((ids(&first), &meta["limit"], &meta["more"]), (vec![order], &json!(1), &json!(true)));
    let second = api.get(&format!("/events?after={}&limit=1&type=order.completed", next(&first)));
    assert_eq!((ids(&second), &second.json()["meta"]["more"]), (vec![later], &json!(false)));
    let end = next(&second);
    assert_eq!(next(&api.get(&format!("/events?after={end}&type=order.completed"))), end);

    let event = &first.json()["data"][0];
    assert_eq!((&event["type"], &event["source"]), (&json!("order.completed"), &json!("api")));
    assert!(first.body.contains(r#""data":{"total":1.5}"#), "{}", first.body);
    let receiver = Receiver::start();
    let webhook = api.webhook(&json!({"url": receiver.url("/"), "events": ["order.completed"]}));
    let test = api.post(&format!("/webhooks/{}/test", text(&webhook["id"])), &json!({"event": "quote.sent"}));
    assert_eq!(test.status, 200);
    assert_eq!(ids(&api.get("/events?after=oldest&type=quote.sent")), [quote]);
}

fn a_cursor_is_good_for_its_own_list_only(database: &TestDatabase) {
    let (installation, server, tenant) = started(database);
    let (api, theirs) = (tenant.at(&server), installation.tenant("Globex").at(&server));
    for _ in 0..3 {
        api.publish("order.completed", &json!({}));
        theirs.publish("order.completed", &json!({}));
    }
    let receiver = Receiver::start();
    let webhook = text(&api.webhook(&json!({"url": receiver.url("/"), "events": ["quote.sent"]}))["id"]);
    for _ in 0..3 {
        api.publish("quote.sent", &json!({}));
    }
    let deliveries = format!("/webhooks/{webhook}/deliveries?limit=1");
    // Each list with the parameter that goes on, and another filter of it.
    let lists = [
        ("/events?limit=1".to_owned(), "before", "&type=order.completed"),
        ("/events?limit=1&wait=0".to_owned(), "after", "&type=order.completed"),
        (deliveries, "before", "&state=ready"),
    ];
    let mut cursors = Vec::new();
    for (list, name, _) in &lists {
        let start = if list.contains("wait") { "&after=oldest" } else { "" };
        let cursor = next(&api.get(&format!("{list}{start}")));
        assert_eq!(api.get(&format!("{list}&{name}={cursor}")).status, 200, "{list}");
        cursors.push(cursor);
    }
    for ((list, name, filter), cursor) in lists.iter().zip(&cursors) {
        let refused = |api: &Api, list: &str, cursor: &str| {
            let answer = api.get(&format!("{list}&{name}={cursor}"));
            assert_eq!(
                (answer.status, faults(&answer)),
                (400, vec![format!("{name} cursor_invalid")]),
                "{list}"
            );
        };
        let edited =
            format!("{}{}", &cursor[..cursor.len() - 2], if cursor.ends_with("AA") { "BB" } else { "AA" });
        let cut = &cursor[..cursor.len() - 1];
        for bad in ["garbage", "%00", "evt_00000000000000000000000001", "1", &edited, cut, &"A".repeat(5_000)]
        {
            refused(&api, list, bad);
        }
        refused(&api, &format!("{list}{filter}"), cursor);
        cursors.iter().filter(|other| *other != cursor).for_each(|other| refused(&api, list, other));
        if list.starts_with("/events") {
            refused(&theirs, list, cursor);
        }
    }
    for (query, fault) in [
        ("after=oldest&wait=31", "wait range"),
        ("after=oldest&wait=-1", "wait range"),
        ("after=oldest&wait=", "wait range"),
        ("after=oldest&limit=101", "limit range"),
        ("after=oldest&before=x", "before both_given"),
        ("wait=1", "after required"),
        ("after=", "after cursor_invalid"),
        ("after=&wait=1", "after cursor_invalid"),
        ("after=oldest&after=now", "after repeated"),
        ("after=oldest&type=no.such", "type unknown_event_type"),
    ] {
        let answer = api.get(&format!("/events?{query}"));
        assert_eq!((answer.status, faults(&answer)), (400, vec![fault.to_owned()]), "{query}");
    }
}

fn what_is_no_longer_kept_is_told(database: &TestDatabase) {
    let (_installation, server, tenant) = started(database);
    let api = tenant.at(&server);
    let start = next(&api.get("/events?after=oldest"));
    let made: Vec<String> = (0..3).map(|_| api.publish("order.completed", &json!({}))).collect();
    database.execute(&format!(
        "DELETE FROM events WHERE source = 'system' OR id IN ('{}', '{}')",
        made[0], made[1]
    ));
    let gone = api.get(&format!("/events?after={start}&wait=5"));
    assert_eq!((gone.status, gone.json()["code"].clone()), (410, json!("cursor_expired")), "{gone:?}");
    let behind = text(&gone.json()["next"]);
    assert_eq!(ids(&api.get(&format!("/events?after={behind}"))), made[2..]);
    assert_eq!(ids(&api.get("/events?after=oldest")), made[2..]);
}

#[test]
fn events_that_another_process_stores_wake_those_who_wait() {
    let database = TestDatabase::postgres();
    let (installation, server, tenant) = started(&database);
    let second = installation.serve();
    let (api, other) = (tenant.at(&server), tenant.at(&second));
    std::thread::scope(|scope| {
        let asked = waiting(scope, &api, "now");
        let event = other.publish("order.completed", &json!({}));
        let told = Instant::now();
        for asked in asked {
            let (answer, at) = asked.join().unwrap();
            assert_eq!(ids(&answer), std::slice::from_ref(&event));
            assert!(at.saturating_duration_since(told).as_secs() < 5, "they were told at once");
        }
    });
}
