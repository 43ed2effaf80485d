//! The one road out: the only HTTP client that speaks to receivers, with the guard in front of it.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Request, Response, redirect, retry};

use crate::delivery::guard::{Dial, Guard, Lookup, Refusal, SystemLookup};
use crate::delivery::network::Network;
use crate::delivery::tls;
use crate::domain::events::cause::Cause;
use crate::domain::events::tls_fault::TlsFault;
use crate::domain::webhooks::address::{EgressPolicy, Verdict};
use crate::domain::webhooks::target_url::TargetUrl;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const IDLE_TIMEOUT: Duration = Duration::from_secs(90);
/// Many endpoints may stand on one host: as many connections as their attempts need are kept for the next ones.
const MOST_IDLE: usize = 64;

/// Sends requests to vetted addresses only: HTTP/1.1, no redirects, no cookies, no proxy, no decompression.
pub struct Transport {
    client: Client,
    guard: Guard,
    network: Arc<Network>,
    keep_private_responses: bool,
}

/// The client cannot be made: the system's root certificates cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("The client for deliveries cannot be made: {0}. Check that the system has its CA certificates.")]
pub struct NoTransport(String);

/// Why nothing usable came back.
#[derive(Debug)]
pub struct Failure {
    /// The cause.
    pub cause: Cause,
    /// What exactly it was, in a sentence, where more is known.
    pub detail: Option<String>,
}

impl From<Cause> for Failure {
    fn from(cause: Cause) -> Self {
        Self { cause, detail: None }
    }
}

/// A status line and headers that came back; the body is still to be read.
pub struct Received {
    /// The answer.
    pub response: Response,
    /// Whether its body may be stored and shown.
    pub may_keep: bool,
}

impl Transport {
    /// A client that goes where `policy` allows, with the system's resolver.
    pub fn new(policy: EgressPolicy) -> Result<Self, NoTransport> {
        Self::with_lookup(policy, Arc::new(SystemLookup::new()))
    }

    /// The same with another source of addresses.
    pub fn with_lookup(policy: EgressPolicy, lookup: Arc<dyn Lookup>) -> Result<Self, NoTransport> {
        // An error only says that a provider is in place already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let keep_private_responses = policy.keep_private_responses;
        let network = Arc::new(Network::default());
        let guard = Guard::new(Arc::new(policy), lookup, network.clone());
        let secured = tls::config().map_err(|error| NoTransport(error.to_string()))?;
        #[expect(clippy::disallowed_methods, reason = "this is the one place that builds the client")]
        let client = Client::builder()
            .http1_only()
            .tls_backend_preconfigured(secured)
            .no_proxy()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(MOST_IDLE)
            .dns_resolver(guard.clone())
            .build()
            .map_err(|error| NoTransport(chain(&error)))?;
        Ok(Self { client, guard, network, keep_private_responses })
    }

    /// Sends `request`, which must be for `url`, and waits for status line and headers. The caller limits
    /// the time. A failure says why nothing usable came back; the operator's log has the details.
    pub async fn send(&self, url: &TargetUrl, request: Request) -> Result<Received, Failure> {
        let blocked = |refusal: &Refusal| {
            tracing::warn!(%refusal, "a connection was refused");
            refusal.cause()
        };
        self.guard.check_literal(url).map_err(|refusal| blocked(&refusal))?;
        let dial = Dial::new(url.port());
        let response = dial.clone().around(self.client.execute(request)).await.map_err(|error| {
            if self.is_ours(&error, &dial) {
                tracing::error!(error = %chain(&error), "the network cannot be used from here");
                return Cause::NetworkDown.into();
            }
            match Refusal::within(&error) {
                Some(refusal) => blocked(refusal).into(),
                None => self.failure(&error, url, &dial),
            }
        })?;
        self.network.answered();
        let verdict = response
            .remote_addr()
            .map_or(Verdict::Refused, |address| self.guard.verdict(address.ip(), address.port()));
        if verdict == Verdict::Refused {
            tracing::error!(address = ?response.remote_addr(), host = url.host(), "an answer came from a refused address");
            return Err(Cause::BlockedAddress.into());
        }
        let may_keep = verdict == Verdict::Public || self.keep_private_responses;
        Ok(Received { response, may_keep })
    }
}

impl Transport {
    fn is_ours(&self, error: &reqwest::Error, dial: &Dial) -> bool {
        let is_slow_lookup = error.is_timeout() && dial.is_looking_up();
        (is_slow_lookup && self.network.is_slow_lookup_ours()) || self.network.is_at_fault(error)
    }

    fn failure(&self, error: &reqwest::Error, url: &TargetUrl, dial: &Dial) -> Failure {
        let Some(fault) = causes(error).find_map(tls::fault) else { return cause_of(error, dial).into() };
        tracing::debug!(error = %chain(error), "a connection could not be secured");
        let is_public = url
            .ip()
            .map_or_else(|| dial.is_public(), |ip| self.guard.verdict(ip, url.port()) == Verdict::Public);
        let fault = match fault {
            // What stands inside a private network is not told to those outside it.
            TlsFault::OtherName(_) if !is_public && !self.keep_private_responses => {
                TlsFault::OtherName(Vec::new())
            }
            other => other,
        };
        Failure { cause: Cause::TlsFailed, detail: Some(fault.to_string()) }
    }
}

fn cause_of(error: &reqwest::Error, dial: &Dial) -> Cause {
    let cause = if error.is_timeout() && dial.is_looking_up() {
        Cause::DnsFailure
    } else if error.is_connect() {
        Cause::ConnectFailed
    } else if error.is_timeout() {
        Cause::Timeout
    } else {
        Cause::ProtocolError
    };
    tracing::debug!(%cause, error = %chain(error), "no usable answer");
    cause
}

fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |e| (*e).source())
}

/// All texts of an error, outermost first, for the operator's log. The address is left out: its path may
/// hold a credential.
fn chain(error: &(dyn StdError + 'static)) -> String {
    causes(error).skip(1).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
