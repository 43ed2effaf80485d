//! What receivers of webhooks use to check a signature: our own sample, and the `standardwebhooks` packages.

use super::receiver::Request;
use std::path::PathBuf;
use std::process::Command;

/// Checks `X-Webhook-Signature` with the Node sample of the documentation.
pub fn node_sample(request: &Request, secret: &str) -> Result<(), String> {
    let signature = request.header("x-webhook-signature").unwrap_or_default();
    verify(Command::new("node").arg(script("verify.cjs")), request, &[signature, secret])
}

/// Checks the three `webhook-…` headers with the package from npm.
pub fn npm_package(request: &Request, secret: &str) -> Result<(), String> {
    let mut node = Command::new("node");
    node.arg(script("verify_standard.mjs")).env("BELLWIRE_TEST_VERIFIERS", packages("node_modules"));
    verify(&mut node, request, &[secret, &standard_headers(request)])
}

/// Checks the three `webhook-…` headers with the package from the Python index.
pub fn pypi_package(request: &Request, secret: &str) -> Result<(), String> {
    let python = packages("venv").join("venv/bin/python");
    verify(
        Command::new(python).arg(script("verify_standard.py")),
        request,
        &[secret, &standard_headers(request)],
    )
}

fn script(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/support/verify").join(name)
}

/// Where `script/test` has put the packages.
fn packages(part: &str) -> PathBuf {
    let beside_target = || PathBuf::from(env!("CARGO_TARGET_TMPDIR")).with_file_name("verifiers");
    let folder = std::env::var_os("BELLWIRE_TEST_VERIFIERS").map_or_else(beside_target, PathBuf::from);
    let wanted = folder.join(part);
    assert!(wanted.exists(), "{} is missing. Run script/test once, which installs it.", wanted.display());
    folder
}

fn standard_headers(request: &Request) -> String {
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let present =
        names.iter().filter_map(|name| request.header(name).map(|value| ((*name).to_owned(), value.into())));
    serde_json::Value::Object(present.collect()).to_string()
}

/// Runs a verifier over the body. Exit code 1 is a refusal with its reason; a verifier that cannot run fails the test.
fn verify(command: &mut Command, request: &Request, args: &[&str]) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let payload = folder.path().join("payload");
    std::fs::write(&payload, &request.body).expect("the payload is written");
    // The payload's file stands first, whatever follows.
    let output =
        command.arg(&payload).args(args).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    match output.status.code() {
        Some(0) => Ok(()),
        Some(1) if said.starts_with("refused: ") => Err(said),
        _ => panic!("{command:?} ended with {}: {said}", output.status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use hmac::{Hmac, KeyInit, Mac};
    use sha2::Sha256;
    use std::time::{SystemTime, UNIX_EPOCH};

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    #[test]
    fn a_good_signature_passes_every_verifier_and_a_changed_body_none() {
        let mut request = signed(r#"{"id":"evt_1","data":{"name":"Zoë"}}"#);
        for verifier in [node_sample, npm_package, pypi_package] {
            assert_eq!(verifier(&request, SECRET), Ok(()));
        }
        request.body.push(b' ');
        for verifier in [node_sample, npm_package, pypi_package] {
            assert!(verifier(&request, SECRET).is_err());
        }
    }

    #[test]
    fn a_request_without_signatures_passes_no_verifier() {
        let request = Request { headers: Vec::new(), ..signed("{}") };
        for verifier in [node_sample, npm_package, pypi_package] {
            assert!(verifier(&request, SECRET).is_err());
        }
    }

    fn signed(body: &str) -> Request {
        #[expect(clippy::disallowed_methods, reason = "the packages compare with the real time")]
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().to_string();
        let key = STANDARD.decode(SECRET.trim_start_matches("whsec_")).unwrap();
        let standard = STANDARD.encode(mac(&key, &format!("msg_1.{now}.{body}")));
        let headers = [
            ("X-Webhook-Signature", hex::encode(mac(SECRET.as_bytes(), body))),
            ("webhook-id", "msg_1".to_owned()),
            ("webhook-timestamp", now),
            ("webhook-signature", format!("v1,{standard}")),
        ];
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Request { method: "POST".into(), path: "/".into(), headers, body: body.into() }
    }

    fn mac(key: &[u8], message: &str) -> Vec<u8> {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(message.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
}
