//! A desk of the tests' own, an engine at it, and what they have seen.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::clock::Clock;
use crate::delivery::desk::Desk;
use crate::delivery::engine::{EngineHandle, Settings, channel};
use crate::delivery::inbox::Inbox;
use crate::delivery::samples::{destination, id, is_waited_for, open_policy, receiver, secrets};
use crate::delivery::transport::Transport;
use crate::domain::events::attempt::Attempt;
use crate::domain::id::{DeliveryId, EndpointId};
use crate::domain::time::Ts;
use crate::ops::Error;
use crate::ops::events::handoff::{Destination, Destinations, Handed, Outcome, Verdict};
use crate::ops::events::queue::Waiting;
use crate::ops::events::recover::Recovery;

pub const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A desk that keeps everything in memory.
pub struct Table {
    pub due: Mutex<Vec<Handed>>,
    /// How often the database still fails.
    pub faults: AtomicUsize,
    /// What was claimed.
    held: Mutex<HashMap<DeliveryId, Handed>>,
    pub places: Mutex<Destinations>,
    pub readings: Mutex<Vec<usize>>,
    pub released: Mutex<Vec<DeliveryId>>,
    pub begun: Mutex<Vec<DeliveryId>>,
    pub unsettled: AtomicUsize,
    pub is_disk_full: AtomicBool,
    pub settled: Sender<Outcome>,
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
        if self.faults.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
            return Err(Error::Internal("the disk is full".to_owned()));
        }
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
    fn begin(&self, suspect: &Handed) -> Result<bool, Error> {
        self.begun.lock().unwrap().push(suspect.delivery);
        match suspect.lease_no {
            7 => Err(Error::Unavailable("away".into())),
            lease_no => Ok(lease_no == 1),
        }
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
        self.unsettled.load(Ordering::SeqCst)
    }
    fn can_record(&self) -> bool {
        !self.is_disk_full.load(Ordering::SeqCst)
    }
    fn due_now(&self) -> Ts {
        self.clock.now()
    }
    fn clock(&self) -> &Clock {
        &self.clock
    }
}

pub struct Bench {
    pub table: Arc<Table>,
    pub inbox: Arc<Inbox>,
    pub engine: EngineHandle,
    pub settled: Receiver<Outcome>,
}

impl Bench {
    pub fn start(due: Vec<Handed>, places: Vec<(u8, Destination)>) -> Self {
        Self::with(Settings::default(), due, places)
    }

    pub fn with(settings: Settings, due: Vec<Handed>, places: Vec<(u8, Destination)>) -> Self {
        let (inbox, seed) = channel(settings);
        let (settled, outcomes) = mpsc::channel();
        let (opened, is_open) = mpsc::channel();
        let places = places.into_iter().map(|(n, to)| (id(usize::from(n)), Arc::new(to))).collect();
        let table = Arc::new(Table {
            due: Mutex::new(due),
            faults: AtomicUsize::new(0),
            held: Mutex::default(),
            places: Mutex::new(places),
            readings: Mutex::default(),
            released: Mutex::default(),
            begun: Mutex::default(),
            unsettled: AtomicUsize::default(),
            is_disk_full: AtomicBool::default(),
            settled,
            opened,
            clock: Clock::system(),
        });
        let engine = seed.start_with(table.clone(), Transport::new(open_policy()).unwrap()).unwrap();
        is_open.recv_timeout(PATIENCE).unwrap();
        Self { table, inbox, engine, settled: outcomes }
    }

    pub fn outcomes(&self, count: usize) -> Vec<Outcome> {
        (0..count).map(|_| self.settled.recv_timeout(PATIENCE).unwrap()).collect()
    }

    pub fn verdicts(&self, count: usize) -> Vec<Verdict> {
        self.outcomes(count).iter().map(|outcome| outcome.verdict).collect()
    }
}

pub fn to(port: u16) -> Destination {
    let secrets = secrets(&["partner-chosen-secret"]);
    Destination { secrets, ..destination(&format!("http://127.0.0.1:{port}/in")) }
}

pub fn hanging() -> u16 {
    receiver(|stream| while is_waited_for(stream) {}).0
}
