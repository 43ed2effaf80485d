//! A plain HTTP/1.1 client that tells apart: a whole answer, none, and one that was torn off.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long an answer may take before the request counts as unanswered.
const PATIENCE: Duration = Duration::from_secs(35);

/// Where the server is at this moment; clones share it.
#[derive(Clone, Default)]
pub struct Door(Arc<Mutex<Option<SocketAddr>>>);

impl Door {
    pub fn set(&self, address: SocketAddr) {
        *self.0.lock().unwrap() = Some(address);
    }

    pub fn get(&self) -> Option<SocketAddr> {
        *self.0.lock().unwrap()
    }

    /// A door that stays where this one is now.
    pub fn fixed(&self) -> Self {
        Self(Arc::new(Mutex::new(self.get())))
    }
}

/// What became of a request.
#[derive(Debug)]
pub enum Answer {
    Whole {
        status: u16,
        head: String,
        body: Vec<u8>,
    },
    /// It began and did not end.
    Torn,
    /// Not one byte came back.
    None,
}

/// One caller with one connection, which is kept as long as it holds.
pub struct Client {
    door: Door,
    token: String,
    stream: Option<(SocketAddr, BufReader<TcpStream>)>,
}

impl Client {
    pub fn new(door: &Door, token: &str) -> Self {
        Self { door: door.clone(), token: token.to_owned(), stream: None }
    }

    /// Status and JSON of a request to the API; fails the case when no whole answer comes.
    pub fn post(&mut self, path: &str, body: &Value) -> (u16, Value) {
        self.json("POST", &format!("/api/v1{path}"), &body.to_string())
    }

    pub fn get(&mut self, path: &str) -> (u16, Value) {
        self.json("GET", &format!("/api/v1{path}"), "")
    }

    fn json(&mut self, method: &str, path: &str, body: &str) -> (u16, Value) {
        match self.send(method, path, "", body.as_bytes()) {
            Answer::Whole { status, body, .. } => (status, serde_json::from_slice(&body).unwrap_or_default()),
            other => panic!("{method} {path}: {other:?}"),
        }
    }

    /// Publishes an event under a key; the status and the id that was answered.
    pub fn publish(&mut self, key: &str, body: &[u8]) -> Answer {
        self.send("POST", "/api/v1/events", &format!("idempotency-key: {key}\r\n"), body)
    }

    /// The status of `/readyz`; none when nobody answers.
    pub fn readyz(&mut self) -> Option<u16> {
        self.stream = None;
        let answer = self.send("GET", "/readyz", "", b"");
        self.stream = None;
        match answer {
            Answer::Whole { status, .. } => Some(status),
            Answer::Torn | Answer::None => None,
        }
    }

    /// Sends a request; `headers` are whole lines.
    pub fn send(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        let answer = self.try_send(method, path, headers, body);
        let is_kept = matches!(&answer, Answer::Whole { head, .. } if !head.contains("connection: close"));
        if !is_kept {
            self.stream = None;
        }
        answer
    }

    fn try_send(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        let Some(address) = self.door.get() else { return Answer::None };
        if self.stream.as_ref().is_none_or(|(at, _)| *at != address) {
            match connect(address) {
                Ok(stream) => self.stream = Some((address, BufReader::new(stream))),
                Err(_) => return Answer::None,
            }
        }
        let Some((_, stream)) = self.stream.as_mut() else { return Answer::None };
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n{headers}\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            self.token,
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body);
        if stream.get_mut().write_all(&request).is_err() {
            return Answer::None;
        }
        read(stream)
    }
}

fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn read(stream: &mut BufReader<TcpStream>) -> Answer {
    let mut head = String::new();
    loop {
        let before = head.len();
        match stream.read_line(&mut head) {
            Ok(0) | Err(_) if head.is_empty() => return Answer::None,
            Ok(0) | Err(_) => return Answer::Torn,
            Ok(_) if &head[before..] == "\r\n" => break,
            Ok(_) => {}
        }
    }
    let head = head.to_ascii_lowercase();
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    if stream.read_exact(&mut body).is_err() {
        return Answer::Torn;
    }
    Answer::Whole { status, head, body }
}
