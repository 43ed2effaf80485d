//! The built-in receiver: a real HTTP server on this machine that answers well, slowly, with errors and not at all.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, rt, web};
use ipnet::IpNet;
use tokio::net::TcpSocket;

use crate::demo::chance::Chance;
use crate::demo::manner::Manner;
use crate::domain::webhooks::address::AllowRule;

/// How long a request is left without an answer: longer than any sender waits.
const SILENCE: Duration = Duration::from_secs(45);
/// The largest request that is read.
const MOST_BYTES: usize = 1 << 20;
const MOST_CONNECTIONS: usize = 512;

/// Listens until it is dropped.
pub struct Receiver {
    address: SocketAddr,
    /// Bound and never listening, so that connections to it are refused and nobody else takes its port.
    refusing: TcpSocket,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    /// Listens on a free port of 127.0.0.1, on a thread of its own.
    pub fn start() -> io::Result<Self> {
        let refusing = TcpSocket::new_v4()?;
        refusing.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let (tell, told) = channel();
        let thread =
            std::thread::Builder::new().name("demo-receiver".into()).spawn(move || serve(listener, &tell))?;
        let handle = told.recv().map_err(io::Error::other)??;
        Ok(Self { address, refusing, handle, thread: Some(thread) })
    }

    /// The address of `path`, whose first part names how it answers: `ok`, `slow`, `broken`, `busy`,
    /// `missing`, `flaky`, `silent`, `page` or `large`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// The address of `path` where nothing listens.
    pub fn refusing_url(&self, path: &str) -> io::Result<String> {
        Ok(format!("http://{}/{path}", self.refusing.local_addr()?))
    }

    /// What deliveries must be allowed to reach: the receiver, and the port that refuses.
    pub fn allowed(&self) -> io::Result<Vec<AllowRule>> {
        let rule = |at: SocketAddr| AllowRule { net: IpNet::from(at.ip()), port: Some(at.port()) };
        Ok(vec![rule(self.address), rule(self.refusing.local_addr()?)])
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // Asking is enough; the answer comes when the thread has ended.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            // A receiver that failed has nothing more to tell at its end.
            let _ = thread.join();
        }
    }
}

fn serve(listener: std::net::TcpListener, tell: &Sender<io::Result<ServerHandle>>) {
    let app = || App::new().app_data(web::PayloadConfig::new(MOST_BYTES)).default_service(web::to(answer));
    let server = HttpServer::new(app)
        .workers(1)
        .max_connections(MOST_CONNECTIONS)
        .shutdown_timeout(0)
        .disable_signals()
        .listen(listener);
    rt::System::new().block_on(async {
        let server = match server {
            Ok(server) => server.run(),
            Err(error) => return drop(tell.send(Err(error))),
        };
        // Nobody waits any more when the starting thread is gone; then the server ends with it.
        if tell.send(Ok(server.handle())).is_ok()
            && let Err(error) = server.await
        {
            tracing::error!(%error, "the demo's receiver has failed");
        }
    });
}

async fn answer(request: HttpRequest, _body: web::Bytes) -> HttpResponse {
    let Some(answer) = Manner::of_path(request.path()).answer(&mut Chance::new()) else {
        rt::time::sleep(SILENCE).await;
        return HttpResponse::NoContent().finish();
    };
    rt::time::sleep(Duration::from_millis(answer.after_ms.into())).await;
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.content_type(answer.content_type);
    if let Some(seconds) = answer.retry_after {
        response.insert_header(("retry-after", seconds));
    }
    response.body(answer.body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpStream;

    fn post(url: &str) -> io::Result<String> {
        let (host, path) = url.trim_start_matches("http://").split_once('/').unwrap();
        let mut stream = TcpStream::connect(host)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(
            stream,
            "POST /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{{}}"
        )?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn it_answers_as_the_path_says_refuses_where_it_should_and_stops() {
        let receiver = Receiver::start().unwrap();
        let (ok, refused) = (receiver.url("ok/crm"), receiver.refusing_url("erp").unwrap());
        let answer = post(&ok).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(r#"{"received":true"#), "{answer}");
        let busy = post(&receiver.url("busy/x")).unwrap();
        assert!(busy.starts_with("HTTP/1.1 503") && busy.contains("retry-after: "), "{busy}");
        assert_eq!(post(&refused).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        let silent = TcpStream::connect(receiver.address).unwrap();
        write!(&silent, "POST /silent/x HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n").unwrap();
        assert_eq!(receiver.allowed().unwrap().len(), 2);
        drop(receiver);
        assert!(post(&ok).is_err());
    }
}
