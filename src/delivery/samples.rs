//! Deliveries, destinations and receivers for tests.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use uuid::Uuid;

use crate::domain::events::delivery::DeliveryKind;
use crate::domain::events::retry::RetryPolicy;
use crate::domain::id::{Id, Kind};
use crate::domain::webhooks::address::EgressPolicy;
use crate::domain::webhooks::secret::SigningSecret;
use crate::domain::webhooks::target_url::TargetUrl;
use crate::ops::events::handoff::{Destination, Handed, Standing};

/// The id that carries this number.
pub fn id<K: Kind>(n: usize) -> Id<K> {
    Id::from_uuid(Uuid::from_u128(n as u128))
}

/// The delivery of this number, in a unit, to an endpoint.
pub fn handed(n: usize, bu: u8, endpoint: u8) -> Handed {
    Handed {
        delivery: id(n),
        bu: id(usize::from(bu)),
        event: id(n),
        event_type: Arc::from("user.created"),
        webhook: id(usize::from(endpoint)),
        endpoint: id(usize::from(endpoint)),
        kind: DeliveryKind::Event,
        lease_no: 1,
        attempts: 0,
        interruptions: 0,
        is_urgent: false,
        crashes: 0,
        body: Arc::from(&b"{}"[..]),
    }
}

/// What lets deliveries go to this machine.
pub fn open_policy() -> EgressPolicy {
    EgressPolicy {
        allow_http: true,
        allow: vec!["127.0.0.0/8".parse().unwrap()],
        keep_private_responses: true,
        ..EgressPolicy::default()
    }
}

/// An active destination of endpoint 1 without secrets.
pub fn destination(url: &str) -> Destination {
    Destination {
        endpoint: id(1),
        webhook: id(1),
        bu: id(1),
        standing: Standing::Active,
        url: TargetUrl::parse(url, &open_policy()).ok(),
        url_text: url.to_owned(),
        secrets: Vec::new(),
        hex_secret: 0,
        headers: Vec::new(),
        static_header: None,
        timeout: Duration::from_secs(5),
        retry: RetryPolicy::Published,
        rate_per_second: None,
    }
}

/// Secrets of these texts.
pub fn secrets(texts: &[&str]) -> Vec<SigningSecret> {
    texts.iter().map(|text| SigningSecret::parse(text).unwrap()).collect()
}

/// A receiver on this machine: reads each request whole, then does as `answer` does. Gives its port, and
/// the requests as they came in.
pub fn receiver(answer: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> (u16, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = mpsc::channel();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().take(200) {
            let (mut stream, tell, answer) = (stream.unwrap(), tell.clone(), answer.clone());
            std::thread::spawn(move || {
                while let Some(request) = read_request(&mut stream) {
                    let _ = tell.send(request);
                    answer(&mut stream);
                }
            });
        }
    });
    (port, told)
}

/// A receiver that answers with these bytes and keeps the connection.
pub fn answering(bytes: &'static [u8]) -> (u16, mpsc::Receiver<String>) {
    receiver(move |stream| drop(stream.write_all(bytes)))
}

/// Whether the other side is still there after a short while without a word from it.
pub fn is_waited_for(stream: &mut TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    stream.read(&mut [0; 64]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(head + std::str::from_utf8(&body).ok()?)
}
