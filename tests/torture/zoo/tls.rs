//! Receivers behind TLS: certificates good and bad, and talk that is no TLS at all.

use crate::rig::trial::{NotRun, Trial};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

const FAILED: &[&str] = &["tls_failed"];

/// How many there are.
pub const COUNT: usize = 10;

/// Certificates made for this run; the program trusts their authority.
pub struct Certificates {
    folder: PathBuf,
}

/// A receiver behind TLS.
pub struct TlsCage {
    pub name: &'static str,
    pub causes: &'static [&'static str],
    address: SocketAddr,
    /// The program that speaks an old TLS, when it is not this one.
    helper: Option<Child>,
}

impl TlsCage {
    pub fn url(&self) -> String {
        format!("https://{}/", self.address)
    }
}

impl Drop for TlsCage {
    fn drop(&mut self) {
        if let Some(helper) = &mut self.helper {
            let _ = helper.kill();
            let _ = helper.wait();
        }
    }
}

impl Certificates {
    /// Makes an authority, one below it, and what they sign.
    pub fn make(folder: &Path) -> Result<Self, NotRun> {
        Trial::need("openssl")?;
        fs::create_dir_all(folder).expect("a folder");
        let made = Self { folder: folder.to_owned() };
        made.write("serial", "01\n");
        made.write("index", "");
        made.write("config", CONFIG);
        made.authority_named("root", None);
        made.authority_named("middle", Some("root"));
        let (start, end) = ("20200101000000Z", "20991231000000Z");
        made.leaf("good", "root", "server", start, end);
        made.leaf("expired", "root", "server", start, "20210101000000Z");
        made.leaf("early", "root", "server", "20980101000000Z", end);
        made.leaf("other", "root", "other_name", start, end);
        made.leaf("below", "middle", "server", start, end);
        made.openssl(&[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "30",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-keyout",
            "self.key",
            "-out",
            "self.pem",
        ]);
        Ok(made)
    }

    /// The file with the authority's certificate.
    pub fn authority(&self) -> PathBuf {
        self.folder.join("root.pem")
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.join(name), text).expect("a file");
    }

    fn openssl(&self, args: &[&str]) {
        let output =
            Command::new("openssl").args(args).current_dir(&self.folder).output().expect("openssl runs");
        assert!(output.status.success(), "openssl {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn key(&self, name: &str) {
        let (key, request) = (format!("{name}.key"), format!("{name}.req"));
        self.openssl(&[
            "req",
            "-new",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-subj",
            &format!("/CN=Torture {name}"),
            "-keyout",
            &key,
            "-out",
            &request,
        ]);
    }

    fn authority_named(&self, name: &str, signer: Option<&str>) {
        self.key(name);
        self.sign(name, signer, "authority", "20200101000000Z", "20991231000000Z");
    }

    fn leaf(&self, name: &str, signer: &str, extensions: &str, start: &str, end: &str) {
        self.key(name);
        self.sign(name, Some(signer), extensions, start, end);
    }

    fn sign(&self, name: &str, signer: Option<&str>, extensions: &str, start: &str, end: &str) {
        let (request, out) = (format!("{name}.req"), format!("{name}.pem"));
        let key = format!("{}.key", signer.unwrap_or(name));
        let cert = signer.map(|signer| format!("{signer}.pem"));
        let mut args = vec![
            "ca",
            "-batch",
            "-notext",
            "-config",
            "config",
            "-extensions",
            extensions,
            "-startdate",
            start,
            "-enddate",
            end,
            "-in",
            &request,
            "-out",
            &out,
            "-keyfile",
            &key,
        ];
        match &cert {
            Some(cert) => args.extend(["-cert", cert]),
            None => args.push("-selfsign"),
        }
        self.openssl(&args);
    }

    fn chain(&self, name: &str) -> Vec<CertificateDer<'static>> {
        vec![CertificateDer::from_pem_file(self.folder.join(format!("{name}.pem"))).expect("a certificate")]
    }

    fn server(&self, name: &str, wants_client: bool) -> Arc<ServerConfig> {
        let key = PrivateKeyDer::from_pem_file(self.folder.join(format!("{name}.key"))).expect("a key");
        let builder = ServerConfig::builder();
        let builder = if wants_client {
            let mut roots = RootCertStore::empty();
            roots.add(self.chain("root").remove(0)).expect("an authority");
            let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().expect("a verifier");
            builder.with_client_cert_verifier(verifier)
        } else {
            builder.with_no_client_auth()
        };
        Arc::new(builder.with_single_cert(self.chain(name), key).expect("a server"))
    }
}

/// Opens all of them.
pub fn open_all(certificates: &Certificates) -> Vec<TlsCage> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let secure = |name, causes, certificate, wants_client| {
        let config = certificates.server(certificate, wants_client);
        listen(name, causes, move |stream| greet(stream, &config))
    };
    let cages = vec![
        // Proves that the others fail for their own reason.
        secure("TLS as it should be", &["delivered"], "good", false),
        secure("TLS, self-signed", FAILED, "self", false),
        secure("TLS, expired", FAILED, "expired", false),
        secure("TLS, not yet valid", FAILED, "early", false),
        secure("TLS, another name", FAILED, "other", false),
        secure("TLS, intermediate missing", FAILED, "below", false),
        // In TLS 1.3 the client has spoken before it is refused.
        secure("TLS, wants a client certificate", &["tls_failed", "protocol_error"], "good", true),
        listen("TLS, the handshake hangs", &["timeout", "connect_failed", "tls_failed"], |stream| {
            let mut sink = [0; 4096];
            while (&stream).read(&mut sink).is_ok_and(|count| count > 0) {}
        }),
        listen("plain HTTP where TLS is wanted", FAILED, |stream| {
            let _ = (&stream).read(&mut [0; 4096]);
            let _ = (&stream).write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
        }),
        old(certificates),
    ];
    assert_eq!(cages.len(), COUNT);
    cages
}

fn listen(
    name: &'static str,
    causes: &'static [&'static str],
    act: impl Fn(TcpStream) + Send + Sync + 'static,
) -> TlsCage {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address");
    let act = Arc::new(act);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.set_read_timeout(Some(Duration::from_secs(20)));
            let act = act.clone();
            std::thread::spawn(move || act(stream));
        }
    });
    TlsCage { name, causes, address, helper: None }
}

/// Takes a request over TLS and answers 200, when it comes so far.
fn greet(stream: TcpStream, config: &Arc<ServerConfig>) {
    let Ok(connection) = ServerConnection::new(config.clone()) else { return };
    let mut stream = StreamOwned::new(connection, stream);
    let mut request = [0; 16_384];
    if stream.read(&mut request).is_ok_and(|count| count > 0) {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        let _ = stream.flush();
    }
}

/// TLS 1.1 and older only: openssl's own server.
fn old(certificates: &Certificates) -> TlsCage {
    let mut helper = Command::new("openssl")
        .args(["s_server", "-accept", "127.0.0.1:0", "-cert", "good.pem", "-key", "good.key", "-tls1_1"])
        .args(["-cipher", "ALL:@SECLEVEL=0"])
        .current_dir(&certificates.folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("openssl runs");
    let lines = BufReader::new(helper.stdout.take().expect("its output")).lines();
    let address =
        lines.map_while(Result::ok).take(20).find_map(|line| line.strip_prefix("ACCEPT ")?.parse().ok());
    let address = address.expect("it says where it listens");
    TlsCage { name: "TLS 1.1 only", causes: FAILED, address, helper: Some(helper) }
}

const CONFIG: &str = "
[ca]
default_ca = torture
[torture]
database = index
serial = serial
new_certs_dir = .
default_md = sha256
policy = anything
unique_subject = no
copy_extensions = none
[anything]
commonName = supplied
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = CA:FALSE
subjectAltName = IP:127.0.0.1
[other_name]
basicConstraints = CA:FALSE
subjectAltName = DNS:elsewhere.example.com
";
