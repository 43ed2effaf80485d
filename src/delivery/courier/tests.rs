//! Attempts against receivers that behave, misbehave and hang.

use std::collections::VecDeque;
use std::io::{Error, Write};
use std::net::{IpAddr, TcpListener};
use std::process::Command;
use std::sync::{Arc, Mutex};

use super::*;
use crate::delivery::guard::{Found, Lookup};
use crate::delivery::samples::{
    answering, destination, handed, is_waited_for, open_policy, receiver, secrets,
};
use crate::domain::webhooks::address::EgressPolicy;
use crate::domain::webhooks::target_url::TargetUrl;
use crate::ops::events::handoff::Destination;

const LIMIT: Duration = Duration::from_millis(600);
const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

fn route(url: &str) -> Route {
    let secrets = secrets(&["partner-chosen-secret"]);
    Route::new(Arc::new(Destination { secrets, timeout: LIMIT, ..destination(url) }))
}

fn courier() -> Courier {
    Courier::new(Transport::new(open_policy()).unwrap(), Clock::system())
}

async fn tried(url: &str) -> Tried {
    courier().attempt(&route(url), &handed(1, 1, 1)).await
}

async fn tried_at(port: u16) -> Tried {
    tried(&format!("http://127.0.0.1:{port}/in")).await
}

#[tokio::test]
async fn the_status_line_alone_decides() {
    let cases: [(&'static [u8], Option<i32>, Option<Cause>); 18] = [
        (OK, Some(200), None),
        (b"HTTP/1.1 204 No Content\r\n\r\n", Some(204), None),
        (b"HTTP/1.1 299 Fine\r\ncontent-length: 0\r\n\r\n", Some(299), None),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnonsense\r\n", Some(200), None),
        (b"HTTP/1.1 300 Choose\r\ncontent-length: 0\r\n\r\n", Some(300), Some(Cause::RedirectNotFollowed)),
        (b"HTTP/1.1 304 Same\r\n\r\n", Some(304), Some(Cause::RedirectNotFollowed)),
        (b"HTTP/1.1 400 Bad\r\ncontent-length: 0\r\n\r\n", Some(400), Some(Cause::HttpStatus)),
        (b"HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n", Some(410), Some(Cause::Gone)),
        (b"HTTP/1.1 500 Broken\r\ncontent-length: 0\r\n\r\n", Some(500), Some(Cause::HttpStatus)),
        (b"HTTP/1.1 999 What\r\ncontent-length: 0\r\n\r\n", Some(999), Some(Cause::HttpStatus)),
        (
            b"HTTP/1.1 101 Switch\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
            Some(101),
            Some(Cause::HttpStatus),
        ),
        (b"HTTP/1.1 099 Odd\r\n\r\n", None, Some(Cause::ProtocolError)),
        (b"<html>no status</html>\r\n\r\n", None, Some(Cause::ProtocolError)),
        (b"HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n", None, Some(Cause::ProtocolError)),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nok",
            None,
            Some(Cause::ProtocolError),
        ),
        (b"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", Some(200), None),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", Some(200), None),
        (b"", None, Some(Cause::ProtocolError)),
    ];
    for (answer, status, cause) in cases {
        let (port, _told) = receiver(move |stream| {
            let _ = stream.write_all(answer);
            let _ = stream.shutdown(std::net::Shutdown::Write);
        });
        let attempt = tried_at(port).await.attempt;
        assert_eq!((attempt.status, attempt.cause), (status, cause), "{}", answer.escape_ascii());
    }
}

#[tokio::test]
async fn the_receiver_gets_exactly_the_bytes_of_the_event() {
    let (port, told) = answering(OK);
    let attempt = tried_at(port).await.attempt;
    assert_eq!((attempt.response_body.as_slice(), attempt.response_cut), (&b"ok"[..], false));
    let request = told.recv().unwrap();
    assert!(request.starts_with("POST /in HTTP/1.1\r\n") && request.ends_with("\r\n\r\n{}"), "{request}");
    assert_eq!(request.matches("\r\nwebhook-id: evt_").count(), 1);
}

#[tokio::test]
async fn nothing_that_is_slow_outlasts_the_limit() {
    let drip = |head: &'static [u8]| {
        receiver(move |stream| {
            let _ = stream.write_all(head);
            while is_waited_for(stream) && stream.write_all(b"x").is_ok() {}
        })
    };
    let early =
        receiver(
            |stream| while is_waited_for(stream) && stream.write_all(b"HTTP/1.1 103 E\r\n\r\n").is_ok() {},
        );
    let hang = receiver(|stream| while is_waited_for(stream) {});
    let slow_body = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n";
    let cases = [
        (drip(b"HTTP/1.1 200 OK\r\nx: "), Some(Cause::Timeout)),
        (early, Some(Cause::Timeout)),
        (hang, Some(Cause::Timeout)),
        (drip(slow_body), None),
    ];
    for ((port, _told), cause) in cases {
        let began = Instant::now();
        let attempt = tried_at(port).await.attempt;
        assert_eq!(attempt.cause, cause);
        assert!(began.elapsed() >= LIMIT && began.elapsed() < LIMIT + Duration::from_secs(1));
        assert_eq!(attempt.response_cut, cause.is_none());
    }
}

#[tokio::test]
async fn of_an_endless_body_16_kib_are_kept() {
    let (port, _told) = receiver(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b'x'; 8192]).is_ok() {}
    });
    let attempt = tried_at(port).await.attempt;
    assert_eq!((attempt.cause, attempt.response_cut), (None, true));
    assert_eq!(attempt.response_body.len(), MOST_RESPONSE_BYTES);
}

#[tokio::test]
async fn a_redirect_reaches_nobody() {
    let (canary, reached) = answering(OK);
    let (port, _told) = receiver(move |stream| {
        let _ = write!(
            stream,
            "HTTP/1.1 307 Go\r\nlocation: http://127.0.0.1:{canary}/\r\ncontent-length: 0\r\n\r\n"
        );
    });
    assert_eq!(tried_at(port).await.attempt.cause, Some(Cause::RedirectNotFollowed));
    assert!(reached.try_recv().is_err());
}

#[tokio::test]
async fn what_came_back_is_kept_within_bounds_and_masked() {
    let (port, _told) = receiver(|stream| {
        let _ = stream.write_all(
            b"HTTP/1.1 503 Busy\r\nSet-Cookie: session=1\r\nRetry-After: 120\r\nretry-after: 5\r\n",
        );
        (0..60).for_each(|n| drop(write!(stream, "x-{n}: {}\r\n", "y".repeat(200))));
        let _ = stream.write_all(b"content-length: 0\r\n\r\n");
    });
    let tried = tried_at(port).await;
    let headers: Vec<(&str, &str)> = tried.attempt.response_headers.iter().collect();
    assert_eq!(headers.first().unwrap(), &("set-cookie", MASK));
    assert!(headers.len() <= MOST_HEADERS);
    assert!(headers.iter().map(|(n, v)| n.len() + v.len()).sum::<usize>() <= MOST_HEADER_BYTES);
    assert_eq!(tried.retry_after, Some(Duration::from_mins(2)));
    let (port, _told) = answering(b"HTTP/1.1 500 Broken\r\nretry-after: 120\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(tried_at(port).await.retry_after, None);
}

#[tokio::test]
async fn answers_of_private_receivers_are_kept_only_where_allowed() {
    let (port, _told) = answering(OK);
    let policy = EgressPolicy { keep_private_responses: false, ..open_policy() };
    let courier = Courier::new(Transport::new(policy).unwrap(), Clock::system());
    let attempt =
        courier.attempt(&route(&format!("http://127.0.0.1:{port}/")), &handed(1, 1, 1)).await.attempt;
    assert_eq!((attempt.cause, attempt.response_body.len(), attempt.response_cut), (None, 0, true));
}

#[tokio::test]
async fn causes_are_told_apart() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    assert_eq!(tried_at(closed).await.attempt.cause, Some(Cause::ConnectFailed));

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // Closing with the request unread resets the connection.
    std::thread::spawn(move || {
        listener.incoming().take(1).for_each(|stream| assert!(stream.unwrap().peek(&mut [0]).is_ok()));
    });
    assert_eq!(tried_at(port).await.attempt.cause, Some(Cause::ProtocolError));

    for answer in [&b"HTTP/1.1 400 Bad\r\n\r\n"[..], b""] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            listener.incoming().take(1).for_each(|stream| {
                let mut stream = stream.unwrap();
                let _ = std::io::Read::read(&mut stream, &mut [0; 4096]);
                let _ = stream.write_all(answer);
            });
        });
        let attempt = tried(&format!("https://127.0.0.1:{port}/")).await.attempt;
        assert_eq!(attempt.cause, Some(Cause::TlsFailed), "{}", answer.escape_ascii());
    }

    let shut = Courier::new(Transport::new(EgressPolicy::default()).unwrap(), Clock::system());
    let (port, told) = answering(OK);
    let attempt = shut.attempt(&route(&format!("http://127.0.0.1:{port}/")), &handed(1, 1, 1)).await.attempt;
    assert_eq!(attempt.cause, Some(Cause::BlockedAddress));
    assert!(told.try_recv().is_err());
}

/// Answers lookups from a list, one each.
struct Script(Mutex<VecDeque<Result<Vec<IpAddr>, Error>>>);

impl Lookup for Script {
    fn find(&self, _name: &str) -> Found {
        let next = self.0.lock().unwrap().pop_front().expect("one lookup for each new connection");
        Box::pin(async { next })
    }
}

#[tokio::test]
async fn a_name_that_turns_private_is_refused_at_the_next_connection() {
    let (port, told) = answering(OK);
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    let script = Arc::new(Script(Mutex::new(VecDeque::from([
        Ok(vec![ip("127.0.0.1")]),
        Ok(vec![ip("10.0.0.1")]),
        Ok(vec![ip("127.0.0.1"), ip("10.0.0.1")]),
        Ok(vec![]),
        Err(Error::other("no such name")),
    ]))));
    let route = route(&format!("http://a.example.com:{port}/"));
    let mut causes = Vec::new();
    for _ in 0..5 {
        // A new transport has no connection to use again.
        let transport = Transport::with_lookup(open_policy(), script.clone()).unwrap();
        let courier = Courier::new(transport, Clock::system());
        causes.push(courier.attempt(&route, &handed(1, 1, 1)).await.attempt.cause);
    }
    let (blocked, unknown) = (Some(Cause::BlockedAddress), Some(Cause::DnsFailure));
    assert_eq!(causes, [None, blocked, blocked, unknown, unknown]);
    assert_eq!(told.try_iter().count(), 1);
}

#[tokio::test]
async fn a_resolver_that_cannot_be_asked_is_no_fault_of_the_receiver() {
    let outage = "failed to lookup address information: Temporary failure in name resolution";
    let found = Ok(vec!["10.0.0.1".parse().unwrap()]);
    let script =
        Script(Mutex::new(VecDeque::from([Err(Error::other(outage)), found, Err(Error::other(outage))])));
    let courier =
        Courier::new(Transport::with_lookup(open_policy(), Arc::new(script)).unwrap(), Clock::system());
    let route = route("http://a.example.com:8080/");
    let mut seen = Vec::new();
    for _ in 0..3 {
        let tried = courier.attempt(&route, &handed(1, 1, 1)).await;
        seen.push((tried.attempt.cause.unwrap(), tried.sign(DeliveryKind::Event) == Sign::Nothing));
    }
    let theirs = [(Cause::BlockedAddress, false), (Cause::DnsFailure, false)];
    assert_eq!(seen, [&[(Cause::NetworkDown, true)][..], &theirs].concat());
}

#[tokio::test]
async fn only_an_endpoints_own_failures_speak_against_it() {
    let busy = |status: u16| {
        let answer = format!("HTTP/1.1 {status} X\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n");
        answering(Box::leak(answer.into_bytes().into_boxed_slice())).0
    };
    let failure = |is_overload, asked: Option<u64>| Sign::Failure {
        is_overload,
        asked: asked.map(Duration::from_secs),
    };
    for (status, sign) in [
        (200, Sign::Success),
        (410, Sign::Nothing),
        (404, failure(false, None)),
        (500, failure(false, None)),
        (502, failure(true, None)),
        (504, failure(true, None)),
        (429, failure(true, Some(7))),
        (503, failure(true, Some(7))),
    ] {
        let tried = tried_at(busy(status)).await;
        assert_eq!(tried.sign(DeliveryKind::Event), sign, "{status}");
        let of_test = if status == 200 { Sign::Success } else { Sign::Nothing };
        assert_eq!(tried.sign(DeliveryKind::Test), of_test, "{status}");
    }
}

#[tokio::test]
async fn a_connection_is_used_again_without_a_new_lookup() {
    let (port, told) = answering(OK);
    let script = Script(Mutex::new(VecDeque::from([Ok(vec!["127.0.0.1".parse().unwrap()])])));
    let courier =
        Courier::new(Transport::with_lookup(open_policy(), Arc::new(script)).unwrap(), Clock::system());
    let route = route(&format!("http://a.example.com:{port}/"));
    for _ in 0..3 {
        assert_eq!(courier.attempt(&route, &handed(1, 1, 1)).await.attempt.cause, None);
    }
    assert_eq!(told.try_iter().count(), 3);
}

#[test]
fn a_proxy_in_the_environment_is_not_asked() {
    let name = "delivery::courier::tests::the_receiver_gets_exactly_the_bytes_of_the_event";
    let dead = "http://127.0.0.1:1";
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .envs([("HTTP_PROXY", dead), ("http_proxy", dead), ("ALL_PROXY", dead), ("NO_PROXY", "")])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test]
async fn nothing_is_sent_without_a_readable_secret_or_to_an_address_that_was_closed() {
    let (port, told) = answering(OK);
    let url = format!("http://127.0.0.1:{port}/");
    let no_secret = Route::new(Arc::new(destination(&url)));
    let attempt = courier().attempt(&no_secret, &handed(1, 1, 1)).await.attempt;
    assert_eq!((attempt.cause, attempt.request_headers.as_str()), (Some(Cause::SecretUnreadable), ""));
    assert!(TargetUrl::parse(&url, &EgressPolicy::default()).is_err());
    let closed = Destination { url: None, ..destination(&url) };
    let attempt = courier().attempt(&Route::new(Arc::new(closed)), &handed(1, 1, 1)).await.attempt;
    assert_eq!((attempt.cause, attempt.url), (Some(Cause::BlockedAddress), url));
    assert!(told.try_recv().is_err());
}
