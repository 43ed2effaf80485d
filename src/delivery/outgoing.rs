//! What goes out: the request of one attempt, signed, and the copy of its headers that is kept.

use std::sync::Arc;

use bytes::Bytes;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};
use reqwest::{Method, Request};
use zeroize::Zeroizing;

use crate::domain::events::attempt::HeaderLines;
use crate::domain::events::cause::Cause;
use crate::domain::events::signature::{hex_signature, standard_signature};
use crate::domain::time::Ts;
use crate::domain::webhooks::header::is_credential;
use crate::domain::webhooks::secret::SigningSecret;
use crate::domain::webhooks::target_url::TargetUrl;
use crate::ops::events::handoff::Destination;

/// What stands in place of a credential wherever headers are kept or shown.
pub const MASK: &str = "••••••••";
/// About how many bytes the signatures of a request take where they are kept.
const SIGNATURES_SHOWN: usize = 256;
const AGENT: &str = concat!("Bellwire/", env!("CARGO_PKG_VERSION"));

const HEX: HeaderName = HeaderName::from_static("x-webhook-signature");
const HEX_NEXT: HeaderName = HeaderName::from_static("x-webhook-signature-next");
const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// A destination with everything about its requests that stays the same from one to the next.
pub struct Route {
    /// Where it leads, and by which rules.
    pub destination: Arc<Destination>,
    ready: Result<Ready, Cause>,
}

struct Ready {
    url: TargetUrl,
    headers: HeaderMap,
    shown: HeaderLines,
    /// Decoded keys of the live secrets, newest first.
    standard_keys: Vec<Zeroizing<Vec<u8>>>,
}

/// A signed request, and what is kept of it.
pub struct Outgoing {
    /// The request, to be sent once.
    pub request: Request,
    /// Its headers, with signatures and credentials masked.
    pub shown: HeaderLines,
}

impl Route {
    /// Prepares the way to `destination`.
    pub fn new(destination: Arc<Destination>) -> Self {
        let ready = Ready::new(&destination);
        Self { destination, ready }
    }

    /// The address to send to; a cause when nothing can be sent: the address is not allowed any more, or a
    /// secret cannot be read.
    pub fn url(&self) -> Result<&TargetUrl, Cause> {
        self.ready.as_ref().map(|ready| &ready.url).map_err(|cause| *cause)
    }

    /// Builds and signs the request that carries `body` for the event of this id at `at`.
    pub fn request(&self, event: &str, body: &Arc<[u8]>, at: Ts) -> Result<Outgoing, Cause> {
        let ready = self.ready.as_ref().map_err(|cause| *cause)?;
        let mut request = Request::new(Method::POST, ready.url.url().clone());
        let mut headers = ready.headers.clone();
        let mut shown = HeaderLines::default();
        shown.reserve(ready.shown.as_str().len() + SIGNATURES_SHOWN);
        shown.clone_from(&ready.shown);
        for (name, value) in self.signatures(ready, event, body, at)? {
            show(&mut shown, &name, &value);
            // The URL's own userinfo is refused, so these are the only values made per request.
            let sent = HeaderValue::try_from(value).map_err(|_| Cause::SecretUnreadable)?;
            headers.insert(name, sent);
        }
        *request.headers_mut() = headers;
        *request.body_mut() = Some(Bytes::from_owner(body.clone()).into());
        Ok(Outgoing { request, shown })
    }

    fn signatures(
        &self,
        ready: &Ready,
        event: &str,
        body: &[u8],
        at: Ts,
    ) -> Result<Vec<(HeaderName, String)>, Cause> {
        let secrets = &self.destination.secrets;
        let hex_secret = secrets.get(self.destination.hex_secret).ok_or(Cause::SecretUnreadable)?;
        let mut lines = vec![(HEX, hex_signature(hex_secret.hex_key(), body))];
        if self.destination.hex_secret > 0
            && let Some(newest) = secrets.first()
        {
            lines.push((HEX_NEXT, hex_signature(newest.hex_key(), body)));
        }
        let entries: Vec<String> = ready
            .standard_keys
            .iter()
            .map(|key| standard_signature(key, event, at.as_secs(), body))
            .collect();
        lines.push((ID, event.to_owned()));
        lines.push((TIMESTAMP, at.as_secs().to_string()));
        lines.push((SIGNATURE, entries.join(" ")));
        Ok(lines)
    }
}

impl Ready {
    fn new(destination: &Destination) -> Result<Self, Cause> {
        let url = destination.url.clone().ok_or(Cause::BlockedAddress)?;
        if destination.secrets.is_empty() {
            return Err(Cause::SecretUnreadable);
        }
        let mut headers = HeaderMap::new();
        let mut shown = HeaderLines::default();
        for (name, value) in [
            (CONTENT_TYPE, "application/json"),
            (USER_AGENT, AGENT),
            (ACCEPT, "*/*"),
            (ACCEPT_ENCODING, "identity"),
        ] {
            shown.push(name.as_str(), value);
            headers.insert(name, HeaderValue::from_static(value));
        }
        let fixed = destination.static_header.iter().map(|line| (line, true));
        let custom = destination.headers.iter().map(|line| (line, is_credential(&line.0)));
        for ((name, value), is_secret) in fixed.chain(custom) {
            // They were checked when they were stored; one that is not sound now was not opened rightly.
            let name_sent = HeaderName::try_from(name).map_err(|_| Cause::SecretUnreadable)?;
            let mut sent = HeaderValue::try_from(value).map_err(|_| Cause::SecretUnreadable)?;
            sent.set_sensitive(is_secret);
            shown.push(name, if is_secret { MASK } else { value });
            headers.insert(name_sent, sent);
        }
        let standard_keys = destination.secrets.iter().map(SigningSecret::standard_key).collect();
        Ok(Self { url, headers, shown, standard_keys })
    }
}

/// Keeps a header: of a signature, enough to tell it from others and too little to use it.
fn show(shown: &mut HeaderLines, name: &HeaderName, value: &str) {
    if *name == HEX || *name == HEX_NEXT {
        shown.push_parts(name.as_str(), &shortened(value));
    } else if *name == SIGNATURE {
        let mut parts = Vec::with_capacity(6);
        for (at, entry) in value.split(' ').enumerate() {
            let (version, signature) = entry.split_once(',').unwrap_or_default();
            parts.extend([if at == 0 { "" } else { " " }, version, ","]);
            parts.extend(shortened(signature));
        }
        shown.push_parts(name.as_str(), &parts);
    } else {
        shown.push(name.as_str(), value);
    }
}

fn shortened(signature: &str) -> [&str; 3] {
    let head = signature.get(..16);
    let tail = signature.len().checked_sub(4).and_then(|at| signature.get(at..));
    head.zip(tail).map_or([MASK, "", ""], |(head, tail)| [head, "…", tail])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::samples;

    const BODY: &[u8] =
        br#"{"id":"evt_123456","type":"user.created","created":"2023-06-21T09:15:30Z","data":{"id":"usr_789012"}}"#;
    const OLD: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const OLD_HEX: &str = "56dafc7f2d23d7d1f4959aa248589f331d433317f89041338ea430b16d614ea6";
    const OLD_ENTRY: &str = "v1,MhW2Bmvm9xVB9xp50R7p168xQJ7mP3vz+/HlkqxO/2k=";

    fn built(destination: Destination) -> Outgoing {
        let at = Ts(1_687_338_930_000_000);
        Route::new(Arc::new(destination)).request("evt_123456", &Arc::from(BODY), at).unwrap()
    }

    fn sent<'a>(outgoing: &'a Outgoing, name: &str) -> Option<&'a str> {
        outgoing.request.headers().get(name).map(|value| value.to_str().unwrap())
    }

    #[test]
    fn a_request_is_signed_as_published() {
        let outgoing = built(Destination {
            secrets: samples::secrets(&[OLD]),
            ..samples::destination("https://a.example.com/in")
        });
        assert_eq!(outgoing.request.method(), "POST");
        assert_eq!(outgoing.request.body().unwrap().as_bytes(), Some(BODY));
        assert_eq!(sent(&outgoing, "content-type"), Some("application/json"));
        assert_eq!(sent(&outgoing, "accept-encoding"), Some("identity"));
        assert_eq!(sent(&outgoing, "user-agent"), Some(AGENT));
        assert_eq!(sent(&outgoing, "x-webhook-signature"), Some(OLD_HEX));
        assert_eq!(sent(&outgoing, "x-webhook-signature-next"), None);
        assert_eq!(sent(&outgoing, "webhook-id"), Some("evt_123456"));
        assert_eq!(sent(&outgoing, "webhook-timestamp"), Some("1687338930"));
        assert_eq!(sent(&outgoing, "webhook-signature"), Some(OLD_ENTRY));
    }

    #[test]
    fn during_a_rotation_old_and_new_receivers_can_verify() {
        let new = "whsec_AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        let destination = Destination {
            secrets: samples::secrets(&[new, OLD]),
            hex_secret: 1,
            ..samples::destination("https://a.example.com/in")
        };
        let outgoing = built(destination);
        assert_eq!(sent(&outgoing, "x-webhook-signature"), Some(OLD_HEX));
        assert_eq!(sent(&outgoing, "x-webhook-signature-next").unwrap(), hex_signature(new.as_bytes(), BODY));
        let entries: Vec<&str> = sent(&outgoing, "webhook-signature").unwrap().split(' ').collect();
        assert_eq!((entries.len(), entries[1]), (2, OLD_ENTRY));
    }

    #[test]
    fn what_is_kept_can_be_told_apart_and_not_be_used() {
        let outgoing = built(Destination {
            secrets: samples::secrets(&[OLD]),
            static_header: Some(("qn-secret".to_owned(), "static-value".to_owned())),
            headers: vec![
                ("Authorization".to_owned(), "Bearer custom-value".to_owned()),
                ("X-Region".to_owned(), "eu-west".to_owned()),
            ],
            ..samples::destination("https://a.example.com/in")
        });
        assert_eq!(sent(&outgoing, "qn-secret"), Some("static-value"));
        assert_eq!(sent(&outgoing, "authorization"), Some("Bearer custom-value"));
        let shown = |name: &str| outgoing.shown.iter().find(|line| line.0 == name).unwrap().1;
        assert_eq!(shown("x-webhook-signature"), "56dafc7f2d23d7d1…4ea6");
        assert_eq!(shown("webhook-signature"), "v1,MhW2Bmvm9xVB9xp5…/2k=");
        assert_eq!((shown("qn-secret"), shown("Authorization"), shown("X-Region")), (MASK, MASK, "eu-west"));
    }

    #[test]
    fn nothing_is_signed_without_a_readable_secret_or_an_allowed_address() {
        let no_secret = Route::new(Arc::new(samples::destination("https://a.example.com/in")));
        assert_eq!(no_secret.url().err(), Some(Cause::SecretUnreadable));
        let no_address = Destination {
            url: None,
            secrets: samples::secrets(&[OLD]),
            ..samples::destination("https://a.example.com/in")
        };
        assert_eq!(Route::new(Arc::new(no_address)).url().err(), Some(Cause::BlockedAddress));
    }
}
