//! What the program says: results on standard output, everything else on standard error.

use std::io::Write;

use serde_json::Value;

use crate::server::Failure;

/// Says `line` on standard output, at once.
pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // Nobody listens any more when this fails; the work itself is done.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Answers with JSON when that was asked for, else with `text`.
pub fn answer(json: bool, value: &Value, text: &str) {
    if json {
        say(&value.to_string());
    } else {
        say(text);
    }
}

/// Says why the program failed, in one sentence on standard error.
pub fn failed(failure: &Failure) {
    let _ = writeln!(std::io::stderr().lock(), "bellwire: {failure}");
}
