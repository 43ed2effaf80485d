//! The animals: what each does with a connection, and what an attempt at it must be called.

use super::cage::Visit;
use crate::rig::patience::pass;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Not a cause: the receiver said 2xx.
pub const ARRIVED: &str = "delivered";
/// What is neither an answer nor late.
const NO_HTTP: &[&str] = &["protocol_error"];
const LATE: &[&str] = &["timeout"];
const OK: &[&str] = &[ARRIVED];
const STATUS: &[&str] = &["http_status"];

/// One behaviour.
pub struct Animal {
    pub name: &'static str,
    /// The causes that are right; usually one.
    pub causes: &'static [&'static str],
    pub act: fn(&Visit),
}

const fn animal(name: &'static str, causes: &'static [&'static str], act: fn(&Visit)) -> Animal {
    Animal { name, causes, act }
}

/// Those that need no preparation.
pub static ALL: &[Animal] = &[
    animal("accepts and hangs", LATE, hang),
    animal("reads and hangs", LATE, |visit| {
        visit.read_request();
        hang(visit);
    }),
    animal("resets before reading", NO_HTTP, |visit| {
        // Closing with something unread resets the connection.
        let _ = visit.stream.peek(&mut [0]);
    }),
    animal("resets in the middle of its answer", OK, |visit| {
        let _ = visit.stream.peek(&mut [0]);
        say(visit, b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf");
        pass(Duration::from_millis(100));
    }),
    animal("resets in the middle of its head", NO_HTTP, |visit| {
        let _ = visit.stream.peek(&mut [0]);
        say(visit, b"HTTP/1.1 200 OK\r\ncontent-le");
        pass(Duration::from_millis(100));
    }),
    animal("closes without an answer", NO_HTTP, |visit| {
        visit.read_request();
    }),
    animal("a head byte by byte", LATE, |visit| {
        visit.read_request();
        drip(visit, b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx-slow: 0123456789012345678901234567890123456789\r\n\r\n");
    }),
    animal("a body byte by byte", OK, |visit| {
        visit.read_request();
        say(visit, b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n");
        drip(visit, &[b'x'; 1000]);
    }),
    animal("endless 103", LATE, |visit| {
        visit.read_request();
        while visit.goes_on() && say(visit, b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n") {
            pass(Duration::from_millis(5));
        }
    }),
    animal("5,000 headers", NO_HTTP, |visit| {
        visit.read_request();
        let headers = "x-a: b\r\n".repeat(5_000);
        say(visit, format!("HTTP/1.1 200 OK\r\n{headers}content-length: 0\r\n\r\n").as_bytes());
    }),
    animal("a header of 2 MB", NO_HTTP, |visit| {
        visit.read_request();
        let value = "x".repeat(2_000_000);
        say(visit, format!("HTTP/1.1 200 OK\r\nx-big: {value}\r\ncontent-length: 0\r\n\r\n").as_bytes());
    }),
    animal("NUL in a header", NO_HTTP, |visit| {
        answer(visit, b"HTTP/1.1 200 OK\r\nx-a: a\0b\r\ncontent-length: 0\r\n\r\n");
    }),
    animal("HTTP/0.9", NO_HTTP, |visit| answer(visit, b"<html>hello</html>")),
    animal("status 099", NO_HTTP, |visit| answer(visit, b"HTTP/1.1 099 Low\r\ncontent-length: 0\r\n\r\n")),
    animal("status 101", &["http_status", "protocol_error"], |visit| {
        answer(visit, b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n");
    }),
    animal("status 200", OK, |visit| status(visit, 200)),
    animal("status 201", OK, |visit| status(visit, 201)),
    animal("status 204", OK, |visit| answer(visit, b"HTTP/1.1 204 No Content\r\n\r\n")),
    animal("status 299", OK, |visit| status(visit, 299)),
    animal("status 300", &["redirect_not_followed"], |visit| status(visit, 300)),
    animal("status 304", &["redirect_not_followed"], |visit| {
        answer(visit, b"HTTP/1.1 304 Not Modified\r\n\r\n");
    }),
    animal("status 400", STATUS, |visit| status(visit, 400)),
    animal("status 401", STATUS, |visit| status(visit, 401)),
    animal("status 404", STATUS, |visit| status(visit, 404)),
    animal("status 408", STATUS, |visit| status(visit, 408)),
    animal("status 409", STATUS, |visit| status(visit, 409)),
    animal("status 410", &["gone"], |visit| status(visit, 410)),
    animal("status 413", STATUS, |visit| status(visit, 413)),
    animal("status 418", STATUS, |visit| status(visit, 418)),
    animal("status 425", STATUS, |visit| status(visit, 425)),
    animal("status 429", STATUS, |visit| status(visit, 429)),
    animal("status 500", STATUS, |visit| status(visit, 500)),
    animal("status 502", STATUS, |visit| status(visit, 502)),
    animal("status 503", STATUS, |visit| status(visit, 503)),
    animal("status 504", STATUS, |visit| status(visit, 504)),
    animal("status 999", STATUS, |visit| status(visit, 999)),
    animal("two lengths", NO_HTTP, |visit| {
        answer(visit, b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab");
    }),
    animal("a bad chunk", OK, |visit| {
        answer(visit, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnonsense\r\n");
    }),
    animal("a truncated body", OK, |visit| {
        answer(visit, b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nshort");
    }),
    animal("endless chunks", OK, |visit| {
        visit.read_request();
        say(visit, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        let chunk = [b"1000\r\n".as_slice(), &[b'x'; 4096], b"\r\n"].concat();
        while visit.goes_on() && say(visit, &chunk) {}
    }),
    animal("a body of 1 GB", OK, |visit| {
        visit.read_request();
        say(visit, b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n");
        while visit.goes_on() && say(visit, &[0; 8192]) {}
    }),
    animal("gzip that nobody asked for", OK, |visit| {
        // 20 bytes that inflate to nothing, and a head that promises much.
        let empty = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0";
        visit.read_request();
        say(visit, b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2000\r\n\r\n");
        (0..100).take_while(|_| say(visit, empty)).for_each(drop);
    }),
    animal("answers before it reads", &[ARRIVED, "protocol_error"], |visit| {
        say(visit, b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    }),
    animal("200 behind a 100", OK, |visit| {
        answer(visit, b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    }),
    animal("200 when it is too late", LATE, |visit| {
        visit.read_request();
        pass(Duration::from_secs(3));
        say(visit, b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    }),
    animal("HTTP/2 only", NO_HTTP, |visit| {
        // SETTINGS, and GOAWAY with PROTOCOL_ERROR.
        say(visit, b"\0\0\0\x04\0\0\0\0\0\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\x01");
        visit.read_request();
    }),
    animal("binary", OK, |visit| body(visit, b"\0\xff\xfe\x80 binary \0\0")),
    animal("UTF-16", OK, |visit| body(visit, b"\xff\xfeh\0i\0")),
    animal("HTML", OK, |visit| body(visit, b"<script>alert(1)</script><b onclick=x>")),
    animal("10,000 combining marks", OK, |visit| {
        let marks = format!("a{}", "\u{301}".repeat(10_000));
        body(visit, marks.as_bytes());
    }),
    animal("TLS where none is wanted", NO_HTTP, |visit| {
        // An alert: handshake failure.
        visit.read_request();
        say(visit, b"\x15\x03\x03\0\x02\x02\x28");
    }),
];

/// Answers that lead elsewhere; each must stay where it is.
pub fn redirects(to: &str) -> Vec<(&'static str, &'static [&'static str], String)> {
    let answer =
        |status: u16| format!("HTTP/1.1 {status} Away\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
    let causes: &[&str] = &["redirect_not_followed"];
    vec![
        ("redirect 301", causes, answer(301)),
        ("redirect 302", causes, answer(302)),
        ("redirect 303", causes, answer(303)),
        ("redirect 307", causes, answer(307)),
        ("redirect 308", causes, answer(308)),
    ]
}

/// A listener whose queue of connections is full: a further one is not answered.
pub struct FullBacklog {
    pub address: SocketAddr,
    _listener: tokio::net::TcpListener,
    _waiting: Vec<TcpStream>,
    _runtime: tokio::runtime::Runtime,
}

/// Fills a queue of one.
pub fn full_backlog() -> FullBacklog {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
    let listener = {
        let _inside = runtime.enter();
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
        socket.listen(1).expect("it listens")
    };
    let address = listener.local_addr().expect("its address");
    let wait = Duration::from_millis(300);
    let waiting = (0..8).map_while(|_| TcpStream::connect_timeout(&address, wait).ok()).collect();
    FullBacklog { address, _listener: listener, _waiting: waiting, _runtime: runtime }
}

/// Answers the first request of a connection and closes when the second arrives.
pub fn one_answer(visit: &Visit) {
    if visit.read_request() {
        say(visit, b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        let _ = visit.stream.peek(&mut [0]);
    }
}

/// Writes; whether that could be done.
pub fn say(visit: &Visit, bytes: &[u8]) -> bool {
    (&visit.stream).write_all(bytes).is_ok()
}

fn answer(visit: &Visit, bytes: &[u8]) {
    if visit.read_request() {
        say(visit, bytes);
    }
}

fn status(visit: &Visit, status: u16) {
    answer(visit, format!("HTTP/1.1 {status} Told\r\ncontent-length: 4\r\n\r\ntold").as_bytes());
}

fn body(visit: &Visit, body: &[u8]) {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
    answer(visit, &[head.as_bytes(), body].concat());
}

fn drip(visit: &Visit, bytes: &[u8]) {
    for byte in bytes {
        if !visit.goes_on() || !say(visit, &[*byte]) {
            return;
        }
        pass(Duration::from_millis(300));
    }
}

/// Says nothing for as long as the other side stays.
fn hang(visit: &Visit) {
    let mut sink = [0; 4096];
    while visit.goes_on() && (&visit.stream).read(&mut sink).is_ok_and(|count| count > 0) {}
}
