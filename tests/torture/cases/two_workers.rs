//! P4: two processes on one database repeat nothing; when one dies or sleeps, the other goes on, and who comes
//! back late changes nothing. One `SQLite` file is served by one process.

use super::kill_loop::MOST_IN_FLIGHT;
use crate::rig::check::{drained, end_leases, invariants, nothing_is_lost, one_event_each};
use crate::rig::load::{Load, Manner};
use crate::rig::patience::{PATIENCE, pass, until};
use crate::rig::receiver::{Manner as Answers, Receiver};
use crate::rig::server::Server;
use crate::rig::site::Site;
use crate::rig::trial::{Outcome, Trial};
use std::time::Duration;

const PATHS: [&str; 3] = ["/fast", "/slow", "/flaky"];
/// A lease, and the sweep that finds it ended.
const LEASE: Duration = Duration::from_secs(75);

pub fn run(trial: &Trial) -> Outcome {
    let site = trial.site()?;
    Ok(if site.database.is_sqlite() { one_file(&site) } else { two_processes(trial, &site) })
}

fn one_file(site: &Site) -> String {
    let first = site.serve();
    let said = site.try_serve(&[], &[]).err().expect("a second process is refused");
    assert!(said.contains("Another Bellwire process"), "it says why: {said}");
    assert!(first.is_running());
    first.kill();
    site.serve().stop(PATIENCE);
    "a second process is refused, and a crashed one keeps nobody out".into()
}

fn two_processes(trial: &Trial, site: &Site) -> String {
    let token = site.tenant("Acme");
    let receiver = Receiver::start();
    receiver.on("/slow", Answers::Slow(Duration::from_millis(10)));
    receiver.on("/flaky", Answers::FailEvery(5));
    let one = site.serve();
    let at_one = site.door.fixed();
    let two = site.serve();
    let at_two = site.door.fixed();
    site.webhook(&token, "order.completed", &PATHS.map(|path| receiver.url(path)), 30_000);
    let manner = Manner { producers: 2, ..Manner::default() };
    let mut load = Load::start(&at_one, &token, &trial.folder().join("ledger"), &manner);
    load.join(&at_two, &token, &manner);
    load.more(trial.pick(300, 10_000));
    let ledger = load.finish();
    drained(&site.database, Duration::from_secs(trial.pick(60, 120)));
    let acknowledged = ledger.acknowledged();
    let sent = nothing_is_lost(&site.database, &acknowledged, &receiver, &PATHS);
    assert_eq!(sent.duplicates, 0, "without a fault nothing is sent twice");
    one_event_each(&site.database, &acknowledged);
    invariants(&site.database, PATHS.len());
    let calm = acknowledged.len();

    let killed = kill_one(trial, site, &token, &one, &two);
    let (held, again) = sleeper(trial, site, &token, &two);
    format!(
        "{calm} events without a duplicate; killed one of two: {killed} duplicates; asleep with {held} held: {again} sent again"
    )
}

/// SIGKILL of one: the other moves on after the leases have ended.
fn kill_one(trial: &Trial, site: &Site, token: &str, one: &Server, two: &Server) -> usize {
    let receiver = Receiver::start();
    receiver.on("/in", Answers::Slow(Duration::from_millis(50)));
    site.webhook(token, "order.refunded", &[receiver.url("/in")], 30_000);
    site.door.set(one.address());
    let at_one = site.door.fixed();
    let manner = Manner { event: "order.refunded", ..Manner::default() };
    let ledger = trial.folder().join("ledger-killed");
    let load = Load::start(&at_one, token, &ledger, &manner);
    load.more(100);
    one.kill();
    // The producers go on at the other: their keys hold there too.
    at_one.set(two.address());
    site.door.set(two.address());
    load.more(20);
    let ledger = load.finish();
    if !trial.is_full() {
        end_leases(&site.database);
    }
    drained(&site.database, LEASE + PATIENCE);
    let sent = nothing_is_lost(&site.database, &ledger.acknowledged(), &receiver, &["/in"]);
    assert!(sent.duplicates <= MOST_IN_FLIGHT, "{} duplicates", sent.duplicates);
    sent.duplicates
}

/// SIGSTOP of one beyond its leases: what it holds is sent once more by the other, and it changes nothing when it
/// comes back. Gives how many it held, and how many were sent again.
fn sleeper(trial: &Trial, site: &Site, token: &str, two: &Server) -> (usize, usize) {
    let receiver = Receiver::start();
    receiver.on("/in", Answers::Hang);
    site.webhook(token, "team.created", &[receiver.url("/in")], 25_000);
    let sleeper = site.serve();
    let manner = Manner { event: "team.created", producers: 2, ..Manner::default() };
    let load = Load::start(&site.door.fixed(), token, &trial.folder().join("ledger-asleep"), &manner);
    load.more(60);
    let ledger = load.finish();
    until(PATIENCE, "its attempts are in flight", || receiver.under_way() >= 8);
    sleeper.signal("-STOP");
    let in_flight = receiver.count();
    let leases = "SELECT count(*) FROM deliveries WHERE state = 'leased'";
    let held = if trial.is_full() {
        // It sleeps long enough to know by itself that it holds nothing any more: what waits in it is not begun.
        pass(LEASE * 2);
        in_flight
    } else {
        let leases = site.database.number(leases);
        end_leases(&site.database);
        usize::try_from(leases).unwrap()
    };
    until(PATIENCE, "the other takes over", || receiver.count() > in_flight);
    receiver.release();
    pass(Duration::from_secs(1));
    sleeper.signal("-CONT");
    drained(&site.database, LEASE + PATIENCE);
    pass(Duration::from_secs(3));
    let sent = nothing_is_lost(&site.database, &ledger.acknowledged(), &receiver, &["/in"]);
    assert!(sent.duplicates <= held, "{} sent again, {held} were held", sent.duplicates);
    // Of the sleeper's late words only a success may count: nothing that ended may have changed.
    let risen = site.database.number("SELECT count(*) FROM torture_resurrections");
    assert_eq!(risen, 0, "who comes back late changes nothing");
    sleeper.stop(PATIENCE);
    two.stop(PATIENCE);
    (held, sent.duplicates)
}
