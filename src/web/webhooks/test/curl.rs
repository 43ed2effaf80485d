//! A request as a command: signed as it was sent, with its credentials as variables.

use std::sync::Arc;

use crate::delivery::outgoing::{MASK, Route};
use crate::domain::time::Ts;
use crate::ops::events::handoff::Destination;

/// What a command need not say.
const UNSAID: [&str; 3] = ["user-agent", "accept", "accept-encoding"];

/// The command that sends `body` as the attempt at `at` did. `None` when nothing can be signed.
pub fn curl(to: Arc<Destination>, event: &str, body: &[u8], at: Ts) -> Option<String> {
    let mut command = format!("curl -i {}", quoted(&to.url_text));
    let body: Arc<[u8]> = body.into();
    let outgoing = Route::new(to).request(event, &body, at).ok()?;
    for (name, shown) in outgoing.shown.iter() {
        if UNSAID.contains(&name.to_ascii_lowercase().as_str()) {
            continue;
        }
        command.push_str(" \\\n  -H ");
        if shown == MASK {
            command.push_str(&quoted(&format!("{name}: ")));
            command.extend(["\"$", &variable(name), "\""]);
        } else {
            let value = outgoing.request.headers().get(name)?.to_str().ok()?;
            command.push_str(&quoted(&format!("{name}: {value}")));
        }
    }
    command.push_str(" \\\n  --data-raw ");
    command.push_str(&quoted(std::str::from_utf8(&body).ok()?));
    Some(command)
}

/// One word of a shell, whatever it holds.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// `QN_SECRET` for `qn-secret`.
fn variable(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let name: String = name.chars().map(plain).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::samples;

    #[test]
    fn what_is_secret_is_named_and_what_is_quoted_stays_one_word() {
        let to = Destination {
            secrets: samples::secrets(&["whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="]),
            static_header: Some(("qn-secret".to_owned(), "static-value".to_owned())),
            headers: vec![("X-Who".to_owned(), "it's".to_owned())],
            ..samples::destination("https://a.example.com/in?a='$x")
        };
        let body = br#"{"id":"evt_123456","type":"user.created","created":"2023-06-21T09:15:30Z","data":{"id":"usr_789012"}}"#;
        let command = curl(Arc::new(to), "evt_123456", body, Ts(1_687_338_930_000_000)).unwrap();
        let hex = "56dafc7f2d23d7d1f4959aa248589f331d433317f89041338ea430b16d614ea6";
        assert!(command.contains(&format!("-H 'x-webhook-signature: {hex}'")), "{command}");
        assert!(command.contains("'webhook-signature: v1,MhW2Bmvm9xVB9xp50R7p168xQJ7mP3vz+/HlkqxO/2k='"));
        assert!(command.contains("-H 'qn-secret: '\"$QN_SECRET\"") && !command.contains("static-value"));
        assert!(command.contains(r"-H 'X-Who: it'\''s'") && !command.contains("whsec_"), "{command}");
        assert!(command.starts_with(r"curl -i 'https://a.example.com/in?a='\''$x'"), "{command}");
        assert!(command.ends_with('\''));
    }
}
