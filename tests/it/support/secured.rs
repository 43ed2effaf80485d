//! Receivers behind TLS, with certificates that are right and wrong. They were made once, with one key that is used
//! nowhere else; those that are not about their time are good until 2099.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A receiver that answers 200 to whoever trusts its certificate.
pub struct Secured(SocketAddr);

impl Secured {
    /// With the certificate of this name: `good`, `expired`, `other`, `self`.
    pub fn with(certificate: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let chain =
            vec![CertificateDer::from_pem_file(file(&format!("{certificate}.pem"))).expect("a certificate")];
        let key = PrivateKeyDer::from_pem_file(file("server.key")).expect("a key");
        let config =
            ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).expect("a server");
        let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").expect("a free port"));
        let address = listener.local_addr().expect("its address");
        std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| greet(stream, &config)));
        Self(address)
    }

    pub fn url(&self) -> String {
        format!("https://{}/in", self.0)
    }
}

/// The certificate of the authority that the others but `self` come from.
pub fn authority() -> PathBuf {
    file("root.pem")
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/support/certificates").join(name)
}

fn greet(stream: TcpStream, config: &Arc<ServerConfig>) {
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a limit");
    let connection = ServerConnection::new(config.clone()).expect("a connection");
    let mut stream = StreamOwned::new(connection, stream);
    // Whoever refuses the certificate sends no request.
    if stream.read(&mut [0; 16_384]).is_ok_and(|count| count > 0) {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        let _ = stream.flush();
    }
}
