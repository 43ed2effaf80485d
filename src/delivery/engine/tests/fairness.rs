//! An endpoint that hangs, fails or asks for time delays only itself, and is served whole when it is back.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use super::bench::{Bench, OK, PATIENCE, hanging, to};
use crate::delivery::engine::Settings;
use crate::delivery::lanes::Rules;
use crate::delivery::samples::{answering, handed, id, receiver};
use crate::domain::events::cause::Cause;
use crate::domain::events::delivery::DeliveryKind;
use crate::ops::events::handoff::{Destination, Handed, Handoff, Verdict};

const FAILED: &[u8] = b"HTTP/1.1 500 Broken\r\ncontent-length: 0\r\n\r\n";
const BUSY: &[u8] = b"HTTP/1.1 429 Busy\r\nretry-after: 3600\r\ncontent-length: 0\r\n\r\n";
/// The cap, and what may begin while the first five failures land one by one.
const FIRST_WAVE: usize = 8 + 4;

fn resting_for(rest: Duration) -> Settings {
    let rules = Rules { first_rest: rest, longest_rest: rest, longest_asked: rest, ..Rules::default() };
    Settings { rules, ..Settings::default() }
}

fn for_ever() -> Settings {
    resting_for(Duration::from_hours(1))
}

/// A receiver that fails until the switch is on, and counts what it gets.
fn failing() -> (u16, Arc<AtomicBool>, Arc<AtomicUsize>) {
    let (is_well, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (switch, counter) = (is_well.clone(), count.clone());
    let (port, _) = receiver(move |stream| {
        counter.fetch_add(1, Ordering::SeqCst);
        let answer = if switch.load(Ordering::SeqCst) { OK } else { FAILED };
        drop(stream.write_all(answer));
    });
    (port, is_well, count)
}

fn tested(n: usize, endpoint: u8) -> Handed {
    Handed { kind: DeliveryKind::Test, is_urgent: true, ..handed(n, 1, endpoint) }
}

#[test]
fn a_queue_longer_than_the_engine_delays_no_other_endpoint() {
    let (port, _told) = answering(OK);
    let mut due: Vec<Handed> = (0..5_000).map(|n| handed(n, 1, 1)).collect();
    due.extend((5_000..5_100).map(|n| handed(n, 1, 2)));
    let settings = Settings { capacity: 500, ..Settings::default() };
    let bench = Bench::with(settings, due, vec![(1, to(hanging())), (2, to(port))]);
    let others = bench.outcomes(100);
    assert!(others.iter().all(|outcome| outcome.handed.endpoint == id(2)));
    bench.inbox.hand(vec![handed(6_000, 1, 2)]);
    assert_eq!(bench.verdicts(1), [Verdict::Delivered], "and there is room for what comes");
    bench.engine.stop(Duration::ZERO);
}

#[test]
fn a_long_queue_of_an_endpoint_that_is_well_is_drained_whole() {
    let (port, _told) = answering(OK);
    let bench = Bench::start((0..3_000).map(|n| handed(n, 1, 1)).collect(), vec![(1, to(port))]);
    assert!(bench.verdicts(3_000).iter().all(|verdict| *verdict == Verdict::Delivered));
    assert_eq!(bench.table.released.lock().unwrap().len(), 0);
    bench.engine.stop(PATIENCE);
}

#[test]
fn an_endpoint_that_fails_is_left_alone_and_what_waits_for_it_is_given_back() {
    let (port, _, count) = failing();
    let (well, _told) = answering(OK);
    let bench = Bench::with(for_ever(), Vec::new(), vec![(1, to(port)), (2, to(well))]);
    bench.inbox.hand((0..1_000).map(|n| handed(n, 1, 1)).collect());
    let failed = bench.outcomes(8).len();
    bench.inbox.hand((1_000..1_100).map(|n| handed(n, 1, 1)).collect());
    bench.inbox.hand((2_000..2_200).map(|n| handed(n, 1, 2)).collect());
    let others = bench.outcomes(200);
    let more = others.iter().filter(|outcome| outcome.handed.endpoint == id(1)).count();
    assert!(failed + more <= FIRST_WAVE && count.load(Ordering::SeqCst) <= FIRST_WAVE);
    assert_eq!((bench.inbox.room_for(id(1)), bench.inbox.room_for(id(2)) > 0), (0, true));
    bench.engine.stop(PATIENCE);
    let begun = count.load(Ordering::SeqCst);
    assert_eq!(bench.table.released.lock().unwrap().len(), 1_100 - begun, "uncounted");
}

#[test]
fn an_endpoint_that_is_back_is_found_by_probes_and_served_whole() {
    let (port, is_well, count) = failing();
    let due = (0..500).map(|n| handed(n, 1, 1)).collect();
    let bench = Bench::with(resting_for(Duration::from_millis(50)), due, vec![(1, to(port))]);
    let failed = bench.outcomes(FIRST_WAVE + 3);
    assert!(failed.iter().all(|outcome| outcome.verdict == Verdict::Exhausted));
    is_well.store(true, Ordering::SeqCst);
    let rest = bench.verdicts(500 - failed.len());
    let later = rest.iter().filter(|verdict| **verdict != Verdict::Delivered).count();
    assert!(later <= 2, "one at a time probes, so that little is under way: {later}");
    assert_eq!(count.load(Ordering::SeqCst), 500);
    bench.engine.stop(PATIENCE);
}

#[test]
fn a_test_goes_to_an_endpoint_that_is_left_alone_and_its_success_lets_the_others_go() {
    let (port, is_well, _) = failing();
    let due = (0..100).map(|n| handed(n, 1, 1)).collect();
    let bench = Bench::with(for_ever(), due, vec![(1, to(port))]);
    let mut failed = bench.outcomes(8).len();
    bench.inbox.hand(vec![tested(1_000, 1)]);
    while bench.outcomes(1)[0].handed.delivery != id(1_000) {
        failed += 1;
    }
    assert!(failed <= FIRST_WAVE);
    is_well.store(true, Ordering::SeqCst);
    bench.inbox.hand(vec![tested(1_001, 1)]);
    let rest = bench.verdicts(1 + 100 - failed);
    assert!(rest.iter().all(|verdict| *verdict == Verdict::Delivered));
    bench.engine.stop(PATIENCE);
}

#[test]
fn a_receiver_that_asks_for_time_is_sent_nothing_more() {
    let (port, told) = answering(BUSY);
    let (well, _told) = answering(OK);
    let due = (0..100).map(|n| handed(n, 1, 1)).collect();
    let bench = Bench::with(for_ever(), due, vec![(1, to(port)), (2, to(well))]);
    assert_eq!(bench.verdicts(8), [Verdict::Exhausted; 8]);
    bench.inbox.hand((1_000..1_200).map(|n| handed(n, 1, 2)).collect());
    assert_eq!(bench.verdicts(200), [Verdict::Delivered; 200]);
    assert_eq!(told.try_iter().count(), 8, "what was under way when it asked");
    bench.engine.stop(PATIENCE);
}

#[test]
fn a_fault_of_ours_opens_no_breaker() {
    let (port, _told) = answering(OK);
    let nowhere = Destination { secrets: Vec::new(), ..to(port) };
    let due = (0..100).map(|n| handed(n, 1, 1)).collect();
    let bench = Bench::with(for_ever(), due, vec![(1, nowhere)]);
    let causes = bench.outcomes(100).into_iter().map(|outcome| outcome.attempt.unwrap().cause);
    assert!(causes.into_iter().all(|cause| cause == Some(Cause::SecretUnreadable)));
    bench.engine.stop(PATIENCE);
}

#[test]
fn a_database_that_fails_uses_up_nothing() {
    let (port, told) = answering(OK);
    let bench = Bench::with(for_ever(), Vec::new(), vec![(1, to(port))]);
    bench.table.faults.store(2, Ordering::SeqCst);
    bench.table.due.lock().unwrap().extend((0..100).map(|n| handed(n, 1, 1)));
    bench.inbox.wake();
    assert_eq!(bench.verdicts(100), [Verdict::Delivered; 100]);
    assert_eq!((told.try_iter().count(), bench.table.faults.load(Ordering::SeqCst)), (100, 0));
    bench.engine.stop(PATIENCE);
}
