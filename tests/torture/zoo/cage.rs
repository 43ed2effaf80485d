//! A cage: a port on which one animal answers every connection.

use super::animals::Animal;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

/// An open port; it closes with this value.
pub struct Cage {
    name: &'static str,
    causes: &'static [&'static str],
    address: SocketAddr,
    over: Arc<AtomicBool>,
    under_way: Arc<AtomicUsize>,
}

/// What an animal has of a connection.
pub struct Visit {
    pub stream: TcpStream,
    over: Arc<AtomicBool>,
}

impl Visit {
    /// Whether to go on: the zoo is open.
    pub fn goes_on(&self) -> bool {
        !self.over.load(Relaxed)
    }

    /// Reads a whole request; false when none comes.
    pub fn read_request(&self) -> bool {
        let mut reader = BufReader::new(&self.stream);
        let (mut length, mut line) = (0, String::new());
        loop {
            line.clear();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return false;
            }
            if line == "\r\n" {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).is_ok()
    }
}

impl Cage {
    /// Opens the cage of an animal of the table.
    pub fn open(animal: &'static Animal) -> Self {
        Self::with(animal.name, animal.causes, animal.act)
    }

    /// The same for one that was made for the occasion.
    pub fn open_own((name, causes, answer): (&'static str, &'static [&'static str], String)) -> Self {
        Self::with(name, causes, move |visit: &Visit| {
            if visit.read_request() {
                super::animals::say(visit, answer.as_bytes());
            }
        })
    }

    fn with(
        name: &'static str,
        causes: &'static [&'static str],
        act: impl Fn(&Visit) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let (over, under_way) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (theirs, count, act) = (over.clone(), under_way.clone(), Arc::new(act));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if theirs.load(Relaxed) {
                    return;
                }
                let _ = stream.set_nodelay(true);
                let _ = stream.set_read_timeout(Some(Duration::from_mins(1)));
                let _ = stream.set_write_timeout(Some(Duration::from_mins(1)));
                let (act, count) = (act.clone(), count.clone());
                let visit = Visit { stream, over: theirs.clone() };
                std::thread::spawn(move || {
                    count.fetch_add(1, Relaxed);
                    act(&visit);
                    count.fetch_sub(1, Relaxed);
                });
            }
        });
        Self { name, causes, address, over, under_way }
    }

    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The causes that are right.
    pub fn causes(&self) -> &'static [&'static str] {
        self.causes
    }

    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// How many connections are being answered.
    pub fn under_way(&self) -> usize {
        self.under_way.load(Relaxed)
    }
}

impl Drop for Cage {
    fn drop(&mut self) {
        self.over.store(true, Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}
