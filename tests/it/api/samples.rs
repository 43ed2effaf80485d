//! The samples of the documentation: each checks a request that was really sent, and refuses a forged one.

use crate::support::databases::TestDatabase;
use crate::support::installation::{Installation, text};
use crate::support::patience::PATIENCE;
use crate::support::receiver::Receiver;
use serde_json::json;
use std::path::Path;
use std::process::Command;

#[path = "../../../docs/samples/verify.rs"]
mod verify;

/// Each language with the program that runs its sample. C# is only shown: Debian has no compiler for it.
const LANGUAGES: [(&str, &[&str], &str); 6] = [
    ("Node", &["node"], "verify.js"),
    ("Python", &["python3"], "verify.py"),
    ("Ruby", &["ruby"], "verify.rb"),
    ("PHP", &["php"], "verify.php"),
    ("Go", &["go", "run"], "verify.go"),
    ("Java", &["java"], "Verify.java"),
];

#[test]
fn every_sample_takes_a_real_request_and_refuses_a_forged_one() {
    let database = TestDatabase::sqlite();
    let installation = Installation::new(&database);
    let tenant = installation.tenant("Acme");
    let (server, receiver) = (installation.serve(), Receiver::start());
    let api = tenant.at(&server);
    let made = api.webhook(&json!({"url": receiver.url("/in"), "events": ["order.completed"]}));
    api.publish("order.completed", &json!({"id": "ord_1", "note": "Grüße, 世界 ✓"}));
    let request = receiver.wait_for(1, PATIENCE).remove(0);
    let (secret, signature) =
        (text(&made["secret"]), request.header("x-webhook-signature").unwrap().to_owned());
    let folder = tempfile::tempdir().unwrap();
    let (good, forged) = (folder.path().join("good"), folder.path().join("forged"));
    std::fs::write(&good, &request.body).unwrap();
    std::fs::write(&forged, [request.body.as_slice(), b" "].concat()).unwrap();

    assert!(verify::verify_webhook_signature(&request.body, &signature, &secret));
    assert!(!verify::verify_webhook_signature(b"{}", &signature, &secret));
    let mut ran = vec!["Rust"];
    for (language, program, sample) in LANGUAGES {
        let check = |body: &Path, signature: &str| {
            let mut command = Command::new(program[0]);
            let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/samples").join(sample);
            command.args(&program[1..]).arg(sample).arg(body).args([signature, &secret]);
            command.env("GOCACHE", folder.path()).output().ok().map(|output| output.status.code())
        };
        let Some(answer) = check(&good, &signature) else { continue };
        assert_eq!(answer, Some(0), "{language} refuses what was really sent");
        assert_eq!(check(&forged, &signature), Some(Some(1)), "{language} takes a forged body");
        assert_eq!(check(&good, "short"), Some(Some(1)), "{language} takes a signature that is none");
        ran.push(language);
    }
    eprintln!("samples that ran: {}", ran.join(", "));
    // What script/test installs must have run; Go and Java run where they are.
    for language in ["Rust", "Node", "Python", "Ruby", "PHP"] {
        assert!(
            ran.contains(&language),
            "the sample for {language} did not run; run script/test, which installs it"
        );
    }
}
