//! A real HTTP receiver on 127.0.0.1 that records what comes and answers as it is told.

use std::collections::{HashMap, VecDeque};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    /// Path and query, as sent.
    pub path: String,
    /// In the order of arrival, in their own case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// The first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as text; fails the test when it is not UTF-8.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a body in UTF-8")
    }
}

/// What the receiver does with one request.
#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    manner: Manner,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Manner {
    AtOnce,
    After(Duration),
    Trickle(Duration),
    Hang,
    HangUp,
}

impl Reply {
    /// An empty answer with this status.
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), manner: Manner::AtOnce }
    }

    /// A 302 to another address.
    pub fn redirect(to: &str) -> Self {
        Self::status(302).header("location", to)
    }

    /// Reads the request, then says nothing until `Receiver::release` or the end.
    pub fn hang() -> Self {
        Self { manner: Manner::Hang, ..Self::status(200) }
    }

    /// Reads the request, then closes the connection without an answer.
    pub fn hang_up() -> Self {
        Self { manner: Manner::HangUp, ..Self::status(200) }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Waits before it answers.
    pub fn after(mut self, delay: Duration) -> Self {
        self.manner = Manner::After(delay);
        self
    }

    /// Sends the head at once and the body byte by byte, with this pause after each.
    pub fn trickle(mut self, pause: Duration) -> Self {
        self.manner = Manner::Trickle(pause);
        self
    }
}

/// The receiver; it stops, and lets go of every connection, with this value.
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
    requests: Vec<Request>,
    connections: usize,
    scripts: HashMap<String, VecDeque<Reply>>,
    open: Vec<TcpStream>,
    refusing: bool,
    released: bool,
    stopped: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread of the receiver has failed")
    }
}

impl Receiver {
    /// Listens on a free port and answers 200 to everything until told otherwise.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        std::thread::spawn(move || accept(&listener, &theirs));
        Self { address, shared }
    }

    /// `http://127.0.0.1:port` and the path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Answers at `path` (without query) in this order; the last one stays.
    pub fn on(&self, path: &str, replies: impl IntoIterator<Item = Reply>) {
        self.shared.state().scripts.insert(path.to_owned(), replies.into_iter().collect());
    }

    /// Answers `status` the first `times` times at `path`, then 200.
    pub fn fail_first(&self, path: &str, times: usize, status: u16) {
        let failures = std::iter::repeat_n(Reply::status(status), times);
        self.on(path, failures.chain([Reply::status(200)]));
    }

    /// While on, every new connection is closed at once, unread.
    pub fn close_at_accept(&self, on: bool) {
        self.shared.state().refusing = on;
    }

    /// Lets everything that hangs, now and later, be answered.
    pub fn release(&self) {
        self.shared.state().released = true;
        self.shared.changed.notify_all();
    }

    /// All requests so far, in the order in which they were read whole.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.state().requests.clone()
    }

    /// How many connections were opened so far, read or not.
    pub fn connections(&self) -> usize {
        self.shared.state().connections
    }

    /// All requests once there are at least `count`; fails the test when that takes longer than `limit`.
    pub fn wait_for(&self, count: usize, limit: Duration) -> Vec<Request> {
        let (state, _) = self
            .shared
            .changed
            .wait_timeout_while(self.shared.state(), limit, |state| state.requests.len() < count)
            .expect("no thread of the receiver has failed");
        let came = state.requests.len();
        assert!(came >= count, "{came} of {count} requests came within {limit:?}");
        state.requests.clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Ok(mut state) = self.shared.state.lock() {
            state.stopped = true;
            for stream in state.open.drain(..) {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
        self.shared.changed.notify_all();
        // Wakes the thread that accepts, which then sees that it is over.
        let _ = TcpStream::connect(self.address);
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming().map_while(Result::ok) {
        let mut state = shared.state();
        if state.stopped {
            return;
        }
        state.connections += 1;
        if state.refusing {
            continue;
        }
        let Ok(kept) = stream.try_clone() else { continue };
        state.open.push(kept);
        drop(state);
        let shared = Arc::clone(shared);
        std::thread::spawn(move || converse(&stream, &shared));
    }
}

/// One connection, kept alive until the sender or a reply ends it.
fn converse(stream: &TcpStream, shared: &Shared) {
    let _ = stream.set_nodelay(true);
    let mut reader = BufReader::new(stream);
    while let Ok(Some(request)) = read_request(&mut reader) {
        let (reply, last) = note(shared, request);
        if last || !answer(stream, shared, &reply).unwrap_or(false) {
            break;
        }
    }
    let _ = stream.shutdown(Shutdown::Both);
}

/// Reads a head and a body of stated length; bodies in chunks are not taken.
fn read_request(reader: &mut BufReader<&TcpStream>) -> io::Result<Option<Request>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            break;
        }
        lines.push(line.to_owned());
    }
    let Some((first, rest)) = lines.split_first() else { return Ok(None) };
    let mut words = first.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let headers =
        rest.iter().filter_map(|line| line.split_once(':')).map(|(n, v)| (n.to_owned(), v.trim().to_owned()));
    let mut request = Request {
        method: method.to_owned(),
        path: path.to_owned(),
        headers: headers.collect(),
        body: Vec::new(),
    };
    let length = request.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
    request.body.resize(length, 0);
    reader.read_exact(&mut request.body)?;
    Ok(Some(request))
}

/// Records the request; tells how to answer it and whether everything is over.
fn note(shared: &Shared, request: Request) -> (Reply, bool) {
    let mut state = shared.state();
    let path = request.path.split('?').next().unwrap_or_default();
    let reply = match state.scripts.get_mut(path) {
        Some(script) if script.len() > 1 => script.pop_front(),
        Some(script) => script.front().cloned(),
        None => None,
    };
    state.requests.push(request);
    shared.changed.notify_all();
    (reply.unwrap_or_else(|| Reply::status(200)), state.stopped)
}

/// Tells whether the connection may be used again.
fn answer(mut stream: &TcpStream, shared: &Shared, reply: &Reply) -> io::Result<bool> {
    match reply.manner {
        Manner::HangUp => return Ok(false),
        Manner::Hang => wait_until(shared, None, |state| state.released),
        Manner::After(delay) => wait_until(shared, Some(delay), |_| false),
        Manner::AtOnce | Manner::Trickle(_) => {}
    }
    let mut head = format!("HTTP/1.1 {} Told\r\ncontent-length: {}\r\n", reply.status, reply.body.len());
    for (name, value) in &reply.headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    if let Manner::Trickle(pause) = reply.manner {
        stream.write_all(&bytes)?;
        for byte in &reply.body {
            stream.write_all(&[*byte])?;
            wait_until(shared, Some(pause), |_| false);
        }
    } else {
        bytes.extend_from_slice(&reply.body);
        stream.write_all(&bytes)?;
    }
    Ok(true)
}

/// Waits for what is named, for the end of the receiver, or for the limit where there is one.
fn wait_until(shared: &Shared, limit: Option<Duration>, done: impl Fn(&State) -> bool) {
    let goes_on = |state: &mut State| !state.stopped && !done(state);
    match limit {
        Some(limit) => drop(shared.changed.wait_timeout_while(shared.state(), limit, goes_on)),
        None => drop(shared.changed.wait_while(shared.state(), goes_on)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::http::{client, send};
    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    #[test]
    fn a_request_is_kept_as_it_arrived() {
        let receiver = Receiver::start();
        let mut stream = TcpStream::connect(("127.0.0.1", receiver.port())).unwrap();
        stream
            .write_all(b"POST /in?a=1 HTTP/1.1\r\nX-B: two\r\ncontent-Length: 3\r\nx-a:one\r\n\r\n\x00\xffz")
            .unwrap();

        let requests = receiver.wait_for(1, LIMIT);

        assert_eq!((requests[0].method.as_str(), requests[0].path.as_str()), ("POST", "/in?a=1"));
        let names: Vec<&str> = requests[0].headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["X-B", "content-Length", "x-a"]);
        assert_eq!((requests[0].header("x-b"), requests[0].header("x-c")), (Some("two"), None));
        assert_eq!(requests[0].body, b"\x00\xffz");
    }

    #[test]
    fn replies_come_in_order_and_the_last_one_stays() {
        let receiver = Receiver::start();
        receiver.fail_first("/in", 2, 503);
        receiver.on("/away", [Reply::redirect("/in").body("gone")]);
        let client = client();
        let statuses: Vec<u16> =
            (0..4).map(|_| send(client.post(receiver.url("/in")).body("x")).status).collect();
        assert_eq!(statuses, [503, 503, 200, 200]);

        let away = send(client.get(receiver.url("/away?x")));
        assert_eq!((away.status, away.header("location"), away.body.as_str()), (302, "/in", "gone"));
        assert_eq!(receiver.requests()[0].text(), "x");
        assert_eq!((receiver.requests().len(), receiver.connections()), (5, 1));
    }

    #[test]
    fn a_hanging_reply_comes_when_it_is_released() {
        let receiver = Receiver::start();
        receiver.on("/in", [Reply::hang()]);
        std::thread::scope(|scope| {
            let sender = scope.spawn(|| send(client().get(receiver.url("/in"))).status);
            receiver.wait_for(1, LIMIT);
            assert!(!sender.is_finished());
            receiver.release();
            assert_eq!(sender.join().unwrap(), 200);
        });
    }

    #[test]
    fn a_slow_reply_outlasts_a_short_patience() {
        let receiver = Receiver::start();
        receiver.on("/late", [Reply::status(200).after(LIMIT)]);
        receiver.on("/drip", [Reply::status(200).body("ab").trickle(LIMIT)]);
        let patience = Duration::from_millis(100);
        let late = client().get(receiver.url("/late")).timeout(patience).send();
        assert!(late.unwrap_err().is_timeout());
        let drip = client().get(receiver.url("/drip")).timeout(patience).send().unwrap();
        assert_eq!(drip.status().as_u16(), 200);
        assert!(drip.bytes().is_err());
    }

    #[test]
    fn a_connection_can_be_closed_before_and_after_the_request() {
        let receiver = Receiver::start();
        receiver.on("/in", [Reply::hang_up()]);
        assert!(client().get(receiver.url("/in")).send().is_err());
        let read = receiver.requests().len();
        assert!(read >= 1);
        receiver.close_at_accept(true);
        assert!(client().get(receiver.url("/in")).send().is_err());
        assert_eq!(receiver.requests().len(), read);
    }
}
