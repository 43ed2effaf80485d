//! The engine at a desk of the tests' own, with real receivers.

use std::collections::{BTreeSet, HashMap};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::start::{EngineHandle, Settings, channel};
use crate::clock::Clock;
use crate::delivery::desk::Desk;
use crate::delivery::inbox::Inbox;
use crate::delivery::samples::{
    answering, destination, handed, id, is_waited_for, open_policy, receiver, secrets,
};
use crate::delivery::transport::Transport;
use crate::domain::events::attempt::Attempt;
use crate::domain::events::cause::Cause;
use crate::domain::events::delivery::DeliveryKind;
use crate::domain::id::{DeliveryId, EndpointId};
use crate::domain::time::Ts;
use crate::ops::Error;
use crate::ops::events::handoff::{Destination, Destinations, Handed, Handoff, Outcome, Standing, Verdict};
use crate::ops::events::queue::{Recovery, Waiting};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
const PATIENCE: Duration = Duration::from_secs(20);

/// A desk that keeps everything in memory.
struct Table {
    due: Mutex<Vec<Handed>>,
    /// What was claimed.
    held: Mutex<HashMap<DeliveryId, Handed>>,
    places: Mutex<Destinations>,
    readings: Mutex<Vec<usize>>,
    released: Mutex<Vec<DeliveryId>>,
    settled: Sender<Outcome>,
    opened: Sender<()>,
    clock: Clock,
}

impl Desk for Table {
    fn waiting(&self) -> Result<Vec<Waiting>, Error> {
        let due = self.due.lock().unwrap();
        let endpoints: BTreeSet<EndpointId> = due.iter().map(|handed| handed.endpoint).collect();
        Ok(endpoints.into_iter().map(|endpoint| Waiting { endpoint, due: Ts(0) }).collect())
    }
    fn claim(&self, wanted: &[(EndpointId, usize)]) -> Result<Vec<Handed>, Error> {
        let mut due = self.due.lock().unwrap();
        let mut claimed = Vec::new();
        for (endpoint, most) in wanted {
            let mut left = *most;
            claimed.extend(due.extract_if(.., |handed| {
                let is_taken = handed.endpoint == *endpoint && left > 0;
                left -= usize::from(is_taken);
                is_taken
            }));
        }
        self.held.lock().unwrap().extend(claimed.iter().map(|handed| (handed.delivery, handed.clone())));
        Ok(claimed)
    }
    fn release(&self, held: &[(DeliveryId, i64)]) -> Result<(), Error> {
        self.released.lock().unwrap().extend(held.iter().map(|(delivery, _)| *delivery));
        let table = self.held.lock().unwrap();
        self.due.lock().unwrap().extend(held.iter().filter_map(|(delivery, _)| table.get(delivery).cloned()));
        Ok(())
    }
    fn recover(&self, _what: Recovery) -> Result<usize, Error> {
        let _ = self.opened.send(());
        Ok(0)
    }
    fn destinations(&self, endpoints: &[EndpointId]) -> Result<Destinations, Error> {
        self.readings.lock().unwrap().push(endpoints.len());
        let places = self.places.lock().unwrap();
        Ok(endpoints.iter().filter_map(|e| Some((*e, places.get(e)?.clone()))).collect())
    }
    fn flush(&self) {}
    fn judge(&self, handed: &Handed, _: &Destination, attempt: &Attempt, _: Option<Duration>) -> Verdict {
        assert!(handed.endpoint != id(9), "endpoint 9 crashes its worker");
        if attempt.cause.is_none() { Verdict::Delivered } else { Verdict::Exhausted }
    }
    fn settle(&self, outcome: Outcome) {
        self.settled.send(outcome).unwrap();
    }
    fn unsettled(&self) -> usize {
        0
    }
    fn clock(&self) -> &Clock {
        &self.clock
    }
}

struct Bench {
    table: Arc<Table>,
    inbox: Arc<Inbox>,
    engine: EngineHandle,
    settled: Receiver<Outcome>,
}

impl Bench {
    fn start(due: Vec<Handed>, places: Vec<(u8, Destination)>) -> Self {
        let (inbox, seed) = channel(Settings::default());
        let (settled, outcomes) = mpsc::channel();
        let (opened, is_open) = mpsc::channel();
        let places = places.into_iter().map(|(n, to)| (id(usize::from(n)), Arc::new(to))).collect();
        let table = Arc::new(Table {
            due: Mutex::new(due),
            held: Mutex::default(),
            places: Mutex::new(places),
            readings: Mutex::default(),
            released: Mutex::default(),
            settled,
            opened,
            clock: Clock::system(),
        });
        let engine = seed.start_with(table.clone(), Transport::new(open_policy()).unwrap()).unwrap();
        is_open.recv_timeout(PATIENCE).unwrap();
        Self { table, inbox, engine, settled: outcomes }
    }

    fn outcomes(&self, count: usize) -> Vec<Outcome> {
        (0..count).map(|_| self.settled.recv_timeout(PATIENCE).unwrap()).collect()
    }

    fn verdicts(&self, count: usize) -> Vec<Verdict> {
        self.outcomes(count).iter().map(|outcome| outcome.verdict).collect()
    }
}

fn to(port: u16) -> Destination {
    let secrets = secrets(&["partner-chosen-secret"]);
    Destination { secrets, ..destination(&format!("http://127.0.0.1:{port}/in")) }
}

fn hanging() -> u16 {
    receiver(|stream| while is_waited_for(stream) {}).0
}

#[test]
fn what_is_handed_over_goes_out_and_destinations_are_read_together() {
    let (port, told) = answering(OK);
    let bench = Bench::start(Vec::new(), vec![(1, to(port)), (2, to(port))]);
    let deliveries = (0..200).map(|n| handed(n, 1, u8::try_from(1 + n % 2).unwrap()));
    bench.inbox.hand(deliveries.collect());
    assert!(bench.verdicts(200).iter().all(|verdict| *verdict == Verdict::Delivered));
    assert_eq!(told.try_iter().count(), 200);
    assert_eq!(bench.table.readings.lock().unwrap().first(), Some(&2));
    bench.engine.stop(PATIENCE);
}

#[test]
fn what_is_due_is_claimed_at_the_start_and_when_woken() {
    let (port, _told) = answering(OK);
    let bench = Bench::start((0..600).map(|n| handed(n, 1, 1)).collect(), vec![(1, to(port))]);
    assert_eq!(bench.outcomes(600).len(), 600);
    bench.table.due.lock().unwrap().push(handed(1_000, 1, 1));
    bench.inbox.wake();
    assert_eq!(bench.outcomes(1).first().unwrap().handed.delivery, id(1_000));
    assert!(bench.engine.is_running());
    bench.engine.stop(PATIENCE);
}

#[test]
fn a_webhook_that_is_off_or_gone_is_sent_nothing_but_tests() {
    let (port, told) = answering(OK);
    let places = vec![
        (1, Destination { standing: Standing::Inactive, ..to(port) }),
        (2, Destination { standing: Standing::Deleted, ..to(port) }),
    ];
    let bench = Bench::start(Vec::new(), places);
    let cancelled = |sent: Handed| {
        bench.inbox.hand(vec![sent]);
        bench.verdicts(1)[0]
    };
    assert_eq!(cancelled(handed(1, 1, 1)), Verdict::Cancelled(Cause::WebhookInactive));
    assert_eq!(cancelled(handed(2, 1, 2)), Verdict::Cancelled(Cause::WebhookDeleted));
    assert_eq!(cancelled(handed(3, 1, 3)), Verdict::Cancelled(Cause::EndpointDeleted));
    assert!(told.try_recv().is_err());
    assert_eq!(cancelled(Handed { kind: DeliveryKind::Test, ..handed(4, 1, 1) }), Verdict::Delivered);
    bench.engine.stop(PATIENCE);
}

#[test]
fn a_change_is_heeded_by_the_next_delivery() {
    let (port, _told) = answering(OK);
    let bench = Bench::start(Vec::new(), vec![(1, to(port))]);
    bench.inbox.hand(vec![handed(1, 1, 1)]);
    assert_eq!(bench.verdicts(1), [Verdict::Delivered]);
    let off = Destination { standing: Standing::Inactive, ..to(port) };
    bench.table.places.lock().unwrap().insert(id(1), Arc::new(off));
    bench.inbox.changed(id(1));
    bench.inbox.hand(vec![handed(2, 1, 1)]);
    assert_eq!(bench.verdicts(1), [Verdict::Cancelled(Cause::WebhookInactive)]);
    bench.engine.stop(PATIENCE);
}

#[test]
fn a_crash_is_contained_and_the_third_sets_the_delivery_aside() {
    let (port, _told) = answering(OK);
    let bench = Bench::start(Vec::new(), vec![(1, to(port)), (9, to(port))]);
    bench.inbox.hand(vec![handed(1, 1, 9), Handed { interruptions: 2, ..handed(2, 1, 9) }, handed(3, 1, 1)]);
    let mut outcomes = bench.outcomes(3);
    outcomes.sort_by_key(|outcome| outcome.handed.delivery);
    let cause = |n: usize| outcomes[n].attempt.as_ref().unwrap().cause;
    assert!(matches!(outcomes[0].verdict, Verdict::Postpone(_)) && cause(0) == Some(Cause::Interrupted));
    assert_eq!((outcomes[1].verdict, cause(1)), (Verdict::Exhausted, Some(Cause::WorkerCrash)));
    assert_eq!(outcomes[2].verdict, Verdict::Delivered);
    bench.engine.stop(PATIENCE);
    assert_eq!(bench.inbox.held(), 0);
}

#[test]
fn a_hung_endpoint_holds_up_nobody_and_a_stop_gives_back_what_waits() {
    let (port, _told) = answering(OK);
    let bench = Bench::start(Vec::new(), vec![(1, to(hanging())), (2, to(port))]);
    bench.inbox.hand((0..1_000).map(|n| handed(n, 1, 1)).collect());
    bench.inbox.hand(vec![handed(2_000, 1, 2), handed(2_001, 2, 2)]);
    let others = bench.outcomes(2);
    assert!(others.iter().all(|outcome| outcome.verdict == Verdict::Delivered));
    bench.engine.stop(Duration::from_millis(300));
    assert_eq!(bench.table.released.lock().unwrap().len(), 992);
    assert_eq!(bench.inbox.room(), 0);
    assert!(bench.settled.try_recv().is_err(), "what was under way is left to its lease");
}

#[test]
fn a_stop_lets_what_is_under_way_end() {
    let (port, told) = receiver(|stream| {
        assert!(is_waited_for(stream));
        let _ = std::io::Write::write_all(stream, OK);
    });
    let bench = Bench::start(Vec::new(), vec![(1, to(port))]);
    bench.inbox.hand(vec![handed(1, 1, 1)]);
    told.recv_timeout(PATIENCE).unwrap();
    bench.engine.stop(PATIENCE);
    assert_eq!(bench.settled.try_recv().unwrap().verdict, Verdict::Delivered);
}
