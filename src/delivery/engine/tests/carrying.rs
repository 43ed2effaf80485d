//! What is handed over or claimed goes out once, changes are heeded, and a stop puts everything away.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::bench::{Bench, OK, PATIENCE, hanging, to};
use crate::delivery::samples::{answering, handed, id, is_waited_for, receiver};
use crate::domain::events::cause::Cause;
use crate::domain::events::delivery::DeliveryKind;
use crate::ops::events::handoff::{Destination, Handed, Handoff, Standing, Verdict};

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
fn nothing_begins_while_too_many_outcomes_wait() {
    let (port, told) = answering(OK);
    let bench = Bench::start(Vec::new(), vec![(1, to(port))]);
    bench.table.unsettled.store(513, Ordering::SeqCst);
    bench.inbox.hand(vec![handed(1, 1, 1)]);
    assert!(told.recv_timeout(Duration::from_millis(1_500)).is_err());
    bench.table.unsettled.store(512, Ordering::SeqCst);
    bench.inbox.recorded();
    assert_eq!(bench.verdicts(1), [Verdict::Delivered]);
    bench.engine.stop(PATIENCE);
}

#[test]
fn nothing_begins_while_the_disk_is_full() {
    let (port, told) = answering(OK);
    let bench = Bench::start(Vec::new(), vec![(1, to(port))]);
    bench.table.is_disk_full.store(true, Ordering::SeqCst);
    bench.table.due.lock().unwrap().push(handed(1, 1, 1));
    bench.inbox.hand(vec![handed(2, 1, 1)]);
    assert!(told.recv_timeout(Duration::from_millis(1_500)).is_err());
    assert_eq!(bench.table.due.lock().unwrap().len(), 1, "nor is anything claimed");
    bench.table.is_disk_full.store(false, Ordering::SeqCst);
    assert_eq!(bench.verdicts(2), [Verdict::Delivered; 2]);
    bench.engine.stop(PATIENCE);
}

#[test]
fn a_crash_is_contained_and_the_third_sets_the_delivery_aside() {
    let (port, _told) = answering(OK);
    let bench = Bench::start(Vec::new(), vec![(1, to(port)), (9, to(port))]);
    bench.inbox.hand(vec![handed(1, 1, 9), Handed { crashes: 2, ..handed(2, 1, 9) }, handed(3, 1, 1)]);
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
fn a_suspect_is_noted_before_it_goes_and_goes_alone() {
    let (port, told) = answering(OK);
    let bench = Bench::start(Vec::new(), vec![(1, to(port)), (2, to(hanging()))]);
    let suspect = |n, endpoint| Handed { crashes: 2, ..handed(n, 1, endpoint) };
    bench.inbox.hand(vec![suspect(1, 2), suspect(2, 2)]);
    bench.inbox.hand((3..6).map(|n| suspect(n, 1)).collect());
    assert_eq!(bench.verdicts(3), [Verdict::Delivered; 3]);
    let mut begun = std::mem::take(&mut *bench.table.begun.lock().unwrap());
    begun.sort();
    assert_eq!(begun, [id(1), id(3), id(4), id(5)], "the second to the hung endpoint waits for the first");

    bench.inbox.hand(vec![Handed { lease_no: 7, ..suspect(6, 1) }, Handed { lease_no: 2, ..suspect(7, 1) }]);
    let postponed = bench.outcomes(1).remove(0);
    assert!(matches!(postponed.verdict, Verdict::Postpone(_)) && postponed.attempt.is_none());
    bench.inbox.hand(vec![handed(8, 1, 1)]);
    assert_eq!(bench.outcomes(1).remove(0).handed.delivery, id(8), "and what was not ours is dropped");
    assert_eq!(told.try_iter().count(), 4);
    bench.engine.stop(Duration::ZERO);
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
