//! The worst that can happen to the process: nothing that was acknowledged is lost, whoever ends it and when.

use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::Api;
use crate::support::installation::{Installation, Tenant, data, list, text};
use crate::support::patience::{PATIENCE, until};
use crate::support::program::Server;
use crate::support::receiver::{Receiver, Reply, Request};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

both_databases!(
    what_was_acknowledged_before_a_crash_arrives,
    a_graceful_stop_loses_nothing_and_repeats_nothing,
    commands_work_while_the_server_runs,
);

const EVENTS: usize = 2_000;
const PRODUCERS: usize = 8;
/// How many attempts one process makes at once, those included whose outcome is on its way into the database.
const MOST_IN_FLIGHT: usize = 128;
/// How often the crash is tried until it comes at a bad moment.
const ROUNDS: usize = 5;
/// How long thousands of deliveries may take here.
const LONG: Duration = Duration::from_secs(90);

/// What the producers know: their requests by number, and the ids that were acknowledged for them.
#[derive(Default)]
struct Ledger {
    acknowledged: Mutex<BTreeMap<usize, String>>,
    /// Tells the producers to stop between two requests.
    enough: AtomicBool,
}

impl Ledger {
    /// Publishes those of `numbers` that are not acknowledged yet, from several threads, each until it gets no
    /// answer; does `meanwhile` beside them.
    fn publish(&self, api: &Api, numbers: usize, meanwhile: impl FnOnce()) {
        std::thread::scope(|scope| {
            for producer in 0..PRODUCERS {
                scope.spawn(move || {
                    for number in (producer..numbers).step_by(PRODUCERS) {
                        let known = self.acknowledged.lock().unwrap().contains_key(&number);
                        if self.enough.load(Ordering::Relaxed) || !(known || self.one(api, number)) {
                            return;
                        }
                    }
                });
            }
            meanwhile();
        });
    }

    /// Publishes one event under a key of its own; false when no whole answer comes.
    fn one(&self, api: &Api, number: usize) -> bool {
        let body = json!({"type": "order.completed", "data": {"number": number}}).to_string();
        let key = format!("order-{number}");
        let Some(answer) = api.try_post("/events", &[("idempotency-key", &key)], &body) else { return false };
        let id = text(&data(&answer, 202)["id"]);
        self.acknowledged.lock().unwrap().insert(number, id);
        true
    }

    fn ids(&self) -> BTreeSet<String> {
        self.acknowledged.lock().unwrap().values().cloned().collect()
    }
}

/// So slow that the producers are far ahead of it, also on a busy machine.
fn slow() -> Reply {
    Reply::status(200).after(Duration::from_millis(300))
}

fn arrived(requests: &[Request]) -> BTreeMap<String, Vec<&Request>> {
    let mut by_id: BTreeMap<String, Vec<&Request>> = BTreeMap::new();
    for request in requests {
        by_id.entry(request.header("webhook-id").unwrap().to_owned()).or_default().push(request);
    }
    by_id
}

fn what_was_acknowledged_before_a_crash_arrives(database: &TestDatabase) {
    let installation = Installation::new(database);
    for round in 1..=ROUNDS {
        let tenant = installation.tenant(&format!("Acme {round}"));
        if crash(database, &installation, &tenant) {
            return;
        }
    }
    panic!("in {ROUNDS} rounds the crash never came while something was under way");
}

/// Kills the server in the middle of a burst. False when there was nothing under way at that moment.
fn crash(database: &TestDatabase, installation: &Installation, tenant: &Tenant) -> bool {
    let receiver = Receiver::start();
    receiver.on("/in", [slow()]);
    let server = installation.serve();
    tenant.at(&server).webhook(&json!({"url": receiver.url("/in"), "events": ["order.completed"]}));
    let ledger = Ledger::default();

    ledger.publish(&tenant.at(&server), EVENTS, || {
        receiver.wait_for(60, LONG);
        server.kill9();
    });
    receiver.on("/in", [Reply::status(200)]);
    let before = ledger.ids();
    let requests = receiver.requests();
    let sent = arrived(&requests);
    let under_way = before.iter().filter(|id| !sent.contains_key(*id)).count();
    if before.len() == EVENTS || under_way == 0 {
        return false;
    }
    // The dead node's leases end a minute from now; here, a minute passes at once.
    database.execute("UPDATE deliveries SET lease_until = 0 WHERE state = 'leased'");

    let server = installation.serve();
    // The producers repeat what they have no answer for, under the same keys.
    ledger.publish(&tenant.at(&server), EVENTS, || {});
    let ids = ledger.ids();
    assert_eq!(ids.len(), EVENTS, "one event for each request, also for those cut off by the crash");
    assert!(before.is_subset(&ids), "an acknowledged event keeps its id");
    receiver.wait_for(EVENTS, LONG);
    let is_settled = |event: &Value| event["outcome"] == "delivered";
    until(LONG, || {
        let stored = all_events(&tenant.at(&server));
        let open: Vec<_> = stored.iter().filter(|event| !is_settled(event)).cloned().collect();
        if stored.len() == EVENTS && open.is_empty() { Ok(()) } else { Err((stored.len(), open)) }
    });
    assert_eq!(server.stop().code(), Some(0));

    let requests = receiver.requests();
    let arrived = arrived(&requests);
    assert_eq!(
        arrived.keys().cloned().collect::<BTreeSet<_>>(),
        ids,
        "what was stored arrives, and nothing else"
    );
    for (id, copies) in &arrived {
        assert!(copies.iter().all(|copy| copy.body == copies[0].body), "{id} is the same each time");
    }
    let again = requests.len() - EVENTS;
    eprintln!(
        "{} acknowledged before the crash, {under_way} of them not sent; {again} arrived twice",
        before.len()
    );
    assert!(again <= MOST_IN_FLIGHT, "no more are repeated than can have been in flight: {again}");
    true
}

/// Every event that was published for the tenant, page by page.
fn all_events(api: &Api) -> Vec<Value> {
    let mut events = Vec::new();
    let mut path = "/events?limit=100".to_owned();
    loop {
        let page = api.get(&path).json();
        events.extend(list(&page["data"]).iter().filter(|event| event["source"] != "system").cloned());
        let Some(next) = page["meta"]["next"].as_str() else { return events };
        path = format!("/events?limit=100&before={next}");
    }
}

fn a_graceful_stop_loses_nothing_and_repeats_nothing(database: &TestDatabase) {
    let installation = Installation::new(database);
    let tenant = installation.tenant("Acme");
    let receiver = Receiver::start();
    receiver.on("/in", [slow()]);
    let server = installation.serve();
    tenant.at(&server).webhook(&json!({"url": receiver.url("/in"), "events": ["order.completed"]}));
    let ledger = Ledger::default();

    ledger.publish(&tenant.at(&server), usize::MAX, || {
        receiver.wait_for(60, LONG);
        let began = Instant::now();
        assert_eq!(server.stop().code(), Some(0), "{}", server.said());
        eprintln!("the stop took {:?}", began.elapsed());
        assert!(began.elapsed() < Duration::from_secs(30), "a stop is quick: {}", server.said());
        ledger.enough.store(true, Ordering::Relaxed);
    });
    receiver.on("/in", [Reply::status(200)]);
    let ids = ledger.ids();
    let sent = receiver.requests().len();
    assert!(sent < ids.len(), "something was left to do: {sent} of {}", ids.len());

    let server = installation.serve();
    let requests = receiver.wait_for(ids.len(), LONG);
    assert!(arrived(&requests).keys().all(|id| ids.contains(id)), "only what was acknowledged is sent");
    assert_eq!(server.stop().code(), Some(0));
    let requests = receiver.requests();
    let arrived = arrived(&requests);
    assert_eq!(arrived.keys().cloned().collect::<BTreeSet<_>>(), ids, "nothing is lost");
    assert_eq!(requests.len(), ids.len(), "nothing is sent twice");
}

fn commands_work_while_the_server_runs(database: &TestDatabase) {
    let installation = Installation::new(database);
    let server = installation.serve();
    let tenant = installation.tenant("Made beside the server");
    let api = tenant.at(&server);
    assert_eq!(api.get("/me").status, 200);
    assert_eq!(installation.program.run(["migrate", "--json"]).json(), json!({"applied": 0}));
    let receiver = Receiver::start();
    api.simple_webhook(&receiver.url("/in"), "order.completed");
    let ledger = Ledger::default();
    ledger.publish(&tenant.at(&server), 200, || {
        installation.tenant("Another, while events come in");
    });
    receiver.wait_for(200, PATIENCE);
}

#[test]
fn a_second_server_on_the_same_file_is_refused_in_one_sentence() {
    let database = TestDatabase::sqlite();
    let installation = Installation::new(&database);
    let first: Server = installation.serve();
    let second = installation.program.run(["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!((second.code, second.stdout.as_str()), (Some(2), ""), "{second:?}");
    let said = second.stderr.trim_end();
    assert!(
        said.lines().count() == 1 && said.starts_with("bellwire: Another Bellwire process is using"),
        "{said}"
    );
    first.kill9();
    // A crashed server leaves nothing behind that keeps the next one out.
    assert_eq!(installation.serve().stop().code(), Some(0));
}
