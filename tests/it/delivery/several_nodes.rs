//! Several processes on one PostgreSQL database: each delivery is sent by one of them, and by another when that dies.

use crate::support::databases::TestDatabase;
use crate::support::installation::{Installation, OPEN, list};
use crate::support::patience::{PATIENCE, until};
use crate::support::receiver::{Receiver, Reply};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

#[test]
fn two_nodes_share_the_work_and_send_everything_once() {
    let database = TestDatabase::postgres();
    let installation = Installation::new(&database);
    let tenant = installation.tenant("Acme");
    let receiver = Receiver::start();
    // Some attempts fail, so that what one node accepted may be claimed by the other; never so many in a row
    // that the endpoint is left alone.
    let replies = [503, 200, 200, 200].map(Reply::status);
    receiver.on("/in", replies.iter().cycle().take(400).cloned());
    let nodes = [installation.serve(), installation.serve()];
    let webhook = json!({
        "endpoints": [{"url": receiver.url("/in"), "retry": [1, 1, 1, 1, 1]}], "events": ["order.completed"],
    });
    tenant.at(&nodes[0]).webhook(&webhook);

    let ids: BTreeSet<String> = std::thread::scope(|scope| {
        let publish = |n: usize| {
            let api = tenant.at(&nodes[n % 2]);
            move || (0..125).map(|i| api.publish("order.completed", &json!({"i": i}))).collect::<Vec<_>>()
        };
        let producers: Vec<_> = (0..4).map(|n| scope.spawn(publish(n))).collect();
        producers.into_iter().flat_map(|producer| producer.join().unwrap()).collect()
    });

    let api = tenant.at(&nodes[1]);
    let mut attempts = 0;
    for id in &ids {
        let event = api.settled(id);
        let [delivery] = list(&event["deliveries"]) else { panic!("one delivery: {event:#}") };
        assert_eq!(delivery["state"], "delivered");
        attempts += list(&delivery["attempts"]).len();
    }
    for node in &nodes {
        assert_eq!(node.stop().code(), Some(0), "{}", node.said());
    }
    assert_eq!((ids.len(), attempts), (500, 600));
    assert_eq!(receiver.requests().len(), 600, "100 failures, and each event once");
}

#[test]
fn the_work_of_a_dead_node_is_taken_over() {
    let database = TestDatabase::postgres();
    let installation = Installation::new(&database);
    let tenant = installation.tenant("Acme");
    let receiver = Receiver::start();
    receiver.on("/in", [Reply::hang()]);
    let (dying, other) = (installation.serve(), installation.serve());
    let webhook = json!({
        "endpoints": [{"url": receiver.url("/in"), "timeout_ms": 30_000}], "events": ["order.completed"],
    });
    let api = tenant.at(&dying);
    api.webhook(&webhook);
    let ids: Vec<String> = (0..20).map(|n| api.publish("order.completed", &json!({"n": n}))).collect();
    receiver.wait_for(8, PATIENCE);
    dying.kill9();
    receiver.release();
    let api = tenant.at(&other);
    assert!(ids.iter().all(|id| list(&api.event(id)["deliveries"])[0]["state"] == "leased"));

    // Its leases end a minute from now; here, that minute passes at once.
    database.execute("UPDATE deliveries SET lease_until = 0 WHERE state = 'leased'");

    for id in &ids {
        let event = api.settled(id);
        let delivery = &list(&event["deliveries"])[0];
        assert_eq!(delivery["state"], "delivered");
        let attempts = list(&delivery["attempts"]);
        assert_eq!(attempts.len(), 2, "what the dead node may have sent is recorded: {delivery:#}");
        assert_eq!((&attempts[0]["cause"], &attempts[1]["cause"]), (&json!("interrupted"), &json!(null)));
    }
    let requests = receiver.requests();
    let distinct: BTreeSet<_> = requests.iter().filter_map(|r| r.header("webhook-id")).collect();
    assert_eq!((requests.len(), distinct.len()), (28, 20), "eight were in flight and came twice");
}

#[test]
fn web_and_worker_share_the_work() {
    let database = TestDatabase::postgres();
    let installation = Installation::new(&database);
    let tenant = installation.tenant("Acme");
    let receiver = Receiver::start();
    let web = installation.program.start([&["web", "--listen", "127.0.0.1:0"], OPEN.as_slice()].concat());
    let api = tenant.at(&web);
    api.simple_webhook(&receiver.url("/in"), "order.completed");
    let id = api.publish("order.completed", &json!({}));
    assert_eq!(list(&api.event(&id)["deliveries"])[0]["state"], "ready", "nobody delivers yet");
    let public = web.url("");
    let delivering = ["--allow-http", "--egress-allow", "127.0.0.1", "--public-url", public.as_str()];

    let worker = installation.program.stay([&["worker"], delivering.as_slice()].concat());

    api.settled(&id);
    let second = api.publish("order.completed", &json!({}));
    assert_eq!(api.settled(&second)["outcome"], "delivered");
    assert_eq!(receiver.requests().len(), 2);
    assert_eq!((web.stop().code(), worker.stop().code()), (Some(0), Some(0)));
}

#[test]
fn web_and_worker_need_postgres_and_say_so() {
    let database = TestDatabase::sqlite();
    let installation = Installation::new(&database);
    for args in [vec!["web", "--listen", "127.0.0.1:0"], vec!["worker", "--public-url", "http://127.0.0.1:1"]]
    {
        let output = installation.program.run(&args);
        assert_eq!(output.code, Some(2), "{args:?}: {output:?}");
        let said = output.stderr.trim_end();
        assert!(said.lines().count() == 1 && said.contains("PostgreSQL"), "{said}");
    }
}

#[test]
fn a_node_that_comes_back_from_a_pause_sends_nothing_that_another_took() {
    let database = TestDatabase::postgres();
    let installation = Installation::new(&database);
    let tenant = installation.tenant("Acme");
    let receiver = Receiver::start();
    receiver.on("/in", [Reply::hang()]);
    let (paused, other) = (installation.serve(), installation.serve());
    let api = tenant.at(&paused);
    api.webhook(&json!({
        "endpoints": [{"url": receiver.url("/in"), "timeout_ms": 30_000}], "events": ["order.completed"],
    }));
    let ids: Vec<String> = (0..8).map(|n| api.publish("order.completed", &json!({"n": n}))).collect();
    receiver.wait_for(8, PATIENCE);
    paused.pause();
    database.execute("UPDATE deliveries SET lease_until = 0 WHERE state = 'leased'");
    let taken = receiver.wait_for(16, Duration::from_mins(1));
    assert_eq!(taken.len(), 16);

    // What it sent is answered now, late, and what the other sent too.
    paused.resume();
    receiver.release();

    let api = tenant.at(&other);
    for id in &ids {
        assert_eq!(list(&api.settled(id)["deliveries"])[0]["state"], "delivered");
    }
    until(PATIENCE, || {
        let attempts: usize =
            ids.iter().map(|id| list(&list(&api.event(id)["deliveries"])[0]["attempts"]).len()).sum();
        if attempts == 24 { Ok(()) } else { Err(attempts) }
    });
    assert_eq!((paused.stop().code(), other.stop().code()), (Some(0), Some(0)));
    assert_eq!(receiver.requests().len(), 16, "one extra request for each lease that was held, and no more");
}
