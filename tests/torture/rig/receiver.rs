//! A receiver with a ledger: every request that arrives, how it was answered, and how many are under way.

use super::patience::pass;
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// How a path answers.
#[derive(Debug, Clone, Copy)]
pub enum Manner {
    Ok,
    Slow(Duration),
    /// Every request of this number is refused with 503.
    FailEvery(usize),
    /// No answer until the receiver is released.
    Hang,
}

/// One request.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub path: String,
    /// `webhook-id`: the event.
    pub event: String,
    /// The event's number as the producer gave it.
    pub number: Option<u64>,
    digest: u64,
    pub at: Instant,
    /// What was answered; none while it is not, or when the sender had gone.
    pub answered: Option<u16>,
}

/// The receiver; it stops answering with this value.
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    arrivals: Vec<Arrival>,
    manners: HashMap<String, Manner>,
    counts: HashMap<String, usize>,
    under_way: HashMap<String, usize>,
    most_under_way: HashMap<String, usize>,
    is_released: bool,
    is_over: bool,
}

/// What one endpoint saw of one event.
#[derive(Debug, Default)]
pub struct Seen {
    pub arrivals: usize,
    pub accepted: usize,
    pub failed: usize,
    digests: Vec<u64>,
    pub number: Option<u64>,
}

impl Seen {
    /// Requests beyond the first that no answer of ours asked for.
    pub fn duplicates(&self) -> usize {
        self.arrivals.saturating_sub(1 + self.failed)
    }

    pub fn is_same_each_time(&self) -> bool {
        self.digests.iter().all(|digest| *digest == self.digests[0])
    }
}

impl Receiver {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let shared = Arc::new(Shared::default());
        let theirs = shared.clone();
        std::thread::spawn(move || accept(&listener, &theirs));
        Self { address, shared }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// From now on `path` answers like this; otherwise it is 200 at once.
    pub fn on(&self, path: &str, manner: Manner) -> String {
        self.shared.state.lock().unwrap().manners.insert(path.to_owned(), manner);
        self.url(path)
    }

    /// Lets everything that hangs be answered, now and later.
    pub fn release(&self) {
        self.shared.state.lock().unwrap().is_released = true;
        self.shared.changed.notify_all();
    }

    pub fn count(&self) -> usize {
        self.shared.state.lock().unwrap().arrivals.len()
    }

    /// How many requests wait for their answer.
    pub fn under_way(&self) -> usize {
        self.shared.state.lock().unwrap().under_way.values().sum()
    }

    /// The most that waited at once at `path`.
    pub fn most_under_way(&self, path: &str) -> usize {
        self.shared.state.lock().unwrap().most_under_way.get(path).copied().unwrap_or(0)
    }

    pub fn arrivals(&self) -> Vec<Arrival> {
        self.shared.state.lock().unwrap().arrivals.clone()
    }

    /// What came, by path and event.
    pub fn seen(&self) -> BTreeMap<(String, String), Seen> {
        let mut seen: BTreeMap<(String, String), Seen> = BTreeMap::new();
        for arrival in self.arrivals() {
            let entry = seen.entry((arrival.path, arrival.event)).or_default();
            entry.arrivals += 1;
            entry.digests.push(arrival.digest);
            entry.number = arrival.number;
            match arrival.answered {
                Some(status) if (200..300).contains(&status) => entry.accepted += 1,
                Some(_) => entry.failed += 1,
                None => {}
            }
        }
        seen
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Ok(mut state) = self.shared.state.lock() {
            state.is_over = true;
        }
        self.shared.changed.notify_all();
        let _ = TcpStream::connect(self.address);
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming().map_while(Result::ok) {
        if shared.state.lock().unwrap().is_over {
            return;
        }
        let shared = shared.clone();
        std::thread::spawn(move || converse(&stream, &shared));
    }
}

fn converse(stream: &TcpStream, shared: &Shared) {
    let _ = stream.set_nodelay(true);
    let _ = stream.set_read_timeout(Some(Duration::from_mins(2)));
    let mut reader = BufReader::new(stream);
    while let Some(arrival) = read(&mut reader) {
        let path = arrival.path.clone();
        let (index, manner, count) = note(shared, arrival);
        let status = match manner {
            Manner::FailEvery(every) if count.is_multiple_of(every) => 503,
            _ => 200,
        };
        match manner {
            Manner::Slow(time) => pass(time),
            Manner::Hang => {
                let state = shared.state.lock().unwrap();
                let waits = |state: &mut State| !state.is_released && !state.is_over;
                drop(shared.changed.wait_timeout_while(state, Duration::from_mins(2), waits));
            }
            Manner::Ok | Manner::FailEvery(_) => {}
        }
        let answer = format!("HTTP/1.1 {status} Told\r\ncontent-length: 0\r\n\r\n");
        let is_told = (&mut &*stream).write_all(answer.as_bytes()).is_ok();
        let mut state = shared.state.lock().unwrap();
        *state.under_way.entry(path).or_default() -= 1;
        if !is_told {
            return;
        }
        state.arrivals[index].answered = Some(status);
        if state.is_over {
            return;
        }
    }
}

fn note(shared: &Shared, arrival: Arrival) -> (usize, Manner, usize) {
    let mut state = shared.state.lock().unwrap();
    let path = arrival.path.clone();
    let manner = state.manners.get(&path).copied().unwrap_or(Manner::Ok);
    state.arrivals.push(arrival);
    let under_way = state.under_way.entry(path.clone()).or_default();
    *under_way += 1;
    let now = *under_way;
    let most = state.most_under_way.entry(path.clone()).or_default();
    *most = now.max(*most);
    let count = state.counts.entry(path).or_default();
    *count += 1;
    let count = *count;
    shared.changed.notify_all();
    (state.arrivals.len() - 1, manner, count)
}

fn read(reader: &mut BufReader<&TcpStream>) -> Option<Arrival> {
    let mut head = String::new();
    loop {
        let before = head.len();
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
        if &head[before..] == "\r\n" {
            break;
        }
    }
    let field = |name: &str| {
        let of = |line: &str| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        };
        head.lines().find_map(of)
    };
    let mut body = vec![0; field("content-length").and_then(|length| length.parse().ok()).unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    let text = String::from_utf8_lossy(&body);
    let number = text.split_once(r#""number":"#).map(|(_, rest)| rest);
    let number = number.and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok());
    Some(Arrival {
        path: head.split(' ').nth(1).unwrap_or_default().to_owned(),
        event: field("webhook-id").unwrap_or_default(),
        number,
        digest: hasher.finish(),
        at: Instant::now(),
        answered: None,
    })
}
