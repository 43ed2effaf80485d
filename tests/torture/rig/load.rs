//! Load: producers that publish numbered events and keep a ledger of what was acknowledged.

use super::client::{Answer, Client, Door};
use super::patience::{PATIENCE, pass, until};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What producers know, in memory and in a file outside of the program under test.
pub struct Ledger {
    file: Mutex<File>,
    /// What keys begin with, so that those of two ledgers do not meet.
    name: String,
    began: Instant,
    acknowledged: Mutex<BTreeMap<u64, String>>,
    /// Numbers that got two ids: the key did not hold.
    doubles: Mutex<Vec<(u64, String, String)>>,
    next: AtomicU64,
    enough: AtomicBool,
    /// Requests that wait for their answer.
    pub waiting: AtomicUsize,
    /// Requests that got no answer.
    pub unanswered: AtomicUsize,
    /// Answers that began and did not end.
    pub torn: AtomicUsize,
    /// Answers other than 202, by status.
    pub refused: Mutex<BTreeMap<u16, usize>>,
    last_refusal: Mutex<String>,
}

/// Running producers.
pub struct Load {
    pub ledger: Arc<Ledger>,
    producers: Vec<JoinHandle<()>>,
}

/// How the producers go about it.
#[derive(Clone)]
pub struct Manner {
    pub producers: usize,
    /// How long each waits between two events.
    pub pause: Duration,
    /// The event's type.
    pub event: &'static str,
    /// Bytes added to each event.
    pub weight: usize,
}

impl Default for Manner {
    fn default() -> Self {
        Self { producers: 4, pause: Duration::from_millis(1), event: "order.completed", weight: 0 }
    }
}

impl Ledger {
    fn new(file: &Path) -> Self {
        Self {
            file: Mutex::new(File::create(file).expect("a ledger")),
            name: file.file_name().expect("a name").display().to_string(),
            began: Instant::now(),
            acknowledged: Mutex::default(),
            doubles: Mutex::default(),
            next: AtomicU64::new(0),
            enough: AtomicBool::new(false),
            waiting: AtomicUsize::new(0),
            unanswered: AtomicUsize::new(0),
            torn: AtomicUsize::new(0),
            refused: Mutex::default(),
            last_refusal: Mutex::default(),
        }
    }

    /// The acknowledged ids by number. What is in the ledger has been flushed when this returns.
    pub fn acknowledged(&self) -> BTreeMap<u64, String> {
        self.file.lock().unwrap().sync_data().expect("the ledger is flushed");
        let doubles = self.doubles.lock().unwrap();
        assert!(doubles.is_empty(), "a repeated key got another id: {doubles:?}");
        self.acknowledged.lock().unwrap().clone()
    }

    pub fn count(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    pub fn refused_with(&self, status: u16) -> usize {
        self.refused.lock().unwrap().get(&status).copied().unwrap_or(0)
    }

    /// Head and body of the last answer other than 202.
    pub fn last_refusal(&self) -> String {
        self.last_refusal.lock().unwrap().clone()
    }

    fn note(&self, number: u64, id: &str) {
        let line = format!("{} {number} {}-{number} {id}\n", self.began.elapsed().as_micros(), self.name);
        self.file.lock().unwrap().write_all(line.as_bytes()).expect("the ledger is written");
        let before = self.acknowledged.lock().unwrap().insert(number, id.to_owned());
        if let Some(before) = before.filter(|before| before != id) {
            self.doubles.lock().unwrap().push((number, before, id.to_owned()));
        }
    }

    /// Publishes one event under its key; whether it was acknowledged.
    fn publish(&self, client: &mut Client, number: u64, body: &[u8]) -> bool {
        self.waiting.fetch_add(1, Relaxed);
        let answer = client.publish(&format!("{}-{number}", self.name), body);
        self.waiting.fetch_sub(1, Relaxed);
        match answer {
            Answer::Whole { status: 202, body, .. } => {
                let text = String::from_utf8_lossy(&body);
                let id = text.split('"').find(|word| word.starts_with("evt_")).expect("an event's id");
                self.note(number, id);
                return true;
            }
            Answer::Whole { status, head, body } => {
                *self.refused.lock().unwrap().entry(status).or_default() += 1;
                *self.last_refusal.lock().unwrap() = head + &String::from_utf8_lossy(&body);
            }
            Answer::Torn => {
                self.torn.fetch_add(1, Relaxed);
            }
            Answer::None => {
                self.unanswered.fetch_add(1, Relaxed);
            }
        }
        false
    }

    /// One event after the other; each until it is acknowledged, under the same key.
    fn produce(&self, client: &mut Client, manner: &Manner) {
        while !self.enough.load(Relaxed) {
            let number = self.next.fetch_add(1, Relaxed);
            let body = body(manner, number);
            let began = Instant::now();
            while !self.publish(client, number, &body) {
                if began.elapsed() > PATIENCE * 3 {
                    return;
                }
                pass(Duration::from_millis(20));
            }
            if !manner.pause.is_zero() {
                pass(manner.pause);
            }
        }
    }
}

/// The event of a number.
fn body(manner: &Manner, number: u64) -> Vec<u8> {
    let weight = "x".repeat(manner.weight);
    format!(r#"{{"type":"{}","data":{{"number":{number},"weight":"{weight}"}}}}"#, manner.event).into_bytes()
}

impl Load {
    /// Starts producers at `door`, whose ledger is this file.
    pub fn start(door: &Door, token: &str, ledger: &Path, manner: &Manner) -> Self {
        let ledger = Arc::new(Ledger::new(ledger));
        let mut load = Self { ledger, producers: Vec::new() };
        load.join(door, token, manner);
        load
    }

    /// Starts more producers with the same ledger.
    pub fn join(&mut self, door: &Door, token: &str, manner: &Manner) {
        for _ in 0..manner.producers {
            let mut client = Client::new(door, token);
            let (ledger, manner) = (self.ledger.clone(), manner.clone());
            self.producers.push(std::thread::spawn(move || ledger.produce(&mut client, &manner)));
        }
    }

    /// Lets the producers end once what they began is acknowledged: a server must be there.
    pub fn finish(self) -> Arc<Ledger> {
        self.ledger.enough.store(true, Relaxed);
        for producer in self.producers {
            producer.join().expect("a producer");
        }
        let (count, begun) = (self.ledger.count() as u64, self.ledger.next.load(Relaxed));
        assert_eq!(count, begun, "every event is acknowledged in the end: {}", self.ledger.last_refusal());
        self.ledger
    }

    /// Waits until this many more events than now are acknowledged.
    pub fn more(&self, count: usize) {
        let from = self.ledger.count();
        let limit = PATIENCE + Duration::from_millis(count as u64 * 100);
        until(limit, &format!("{count} more events are acknowledged"), || {
            self.ledger.count() >= from + count
        });
    }
}
