//! The egress guard: names are looked up here, and only vetted addresses are ever connected to.

use std::error::Error as StdError;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

use crate::delivery::network::Network;
use crate::domain::events::cause::Cause;
use crate::domain::webhooks::address::{EgressPolicy, Verdict, is_localhost};
use crate::domain::webhooks::target_url::TargetUrl;

/// How long the lookup of a name may take.
pub const LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);
/// How many addresses of a name are looked at; the rest are never connected to.
pub const MOST_ADDRESSES: usize = 16;
/// How many lookups may hang in the system's resolver at once.
const MOST_LOOKUPS: usize = 256;
const HOSTS_FILE: &str = "/etc/hosts";

/// The addresses of a name, or why there are none.
pub type Found = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Where the addresses of names come from.
pub trait Lookup: Send + Sync + 'static {
    /// Looks up a name; the answer may be in any order and of any length.
    fn find(&self, name: &str) -> Found;
}

/// The system's resolver, on threads of its own.
pub struct SystemLookup {
    places: Arc<Semaphore>,
}

/// Why no connection may be opened. Its text is for the operator's log, never for a tenant.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// At least one address is not to be connected to.
    #[error("{0} is not to be connected to: {1}")]
    Blocked(String, String),
    /// The name has no address.
    #[error("{0} has no address")]
    NoAddress(String),
    /// The resolver failed.
    #[error("{0} could not be looked up")]
    Failed(String, #[source] io::Error),
    /// The resolver did not answer in time.
    #[error("{0} was not looked up in time")]
    Slow(String),
}

/// Vets addresses against the policy; the resolver of the one client.
#[derive(Clone)]
pub struct Guard {
    policy: Arc<EgressPolicy>,
    lookup: Arc<dyn Lookup>,
    network: Arc<Network>,
}

/// What is known of the connection that a request may have to open.
#[derive(Debug)]
pub struct Dial {
    port: u16,
    looking_up: AtomicBool,
    public: AtomicBool,
}

tokio::task_local! {
    /// The client asks its resolver about a name only; the port it will connect to stands here. Connections
    /// are kept per host and port, so one that is used again was vetted for the same port.
    static DIAL: Arc<Dial>;
}

impl Refusal {
    /// The cause that a tenant is told.
    pub const fn cause(&self) -> Cause {
        match self {
            Self::Blocked(..) => Cause::BlockedAddress,
            Self::NoAddress(_) | Self::Failed(..) | Self::Slow(_) => Cause::DnsFailure,
        }
    }

    /// The refusal that an error of the client stems from, if it does.
    pub fn within<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Self> {
        std::iter::successors(Some(error), |e| (*e).source()).find_map(|e| e.downcast_ref())
    }
}

impl Dial {
    /// For a request to `port`.
    pub fn new(port: u16) -> Arc<Self> {
        Arc::new(Self { port, looking_up: AtomicBool::new(false), public: AtomicBool::new(false) })
    }

    /// Whether a lookup was begun and has not ended.
    pub fn is_looking_up(&self) -> bool {
        self.looking_up.load(Ordering::Relaxed)
    }

    /// Whether a name was looked up, and leads to nothing but public addresses.
    pub fn is_public(&self) -> bool {
        self.public.load(Ordering::Relaxed)
    }

    /// Runs `sending`; connections it opens are vetted for this port.
    pub async fn around<F: Future>(self: Arc<Self>, sending: F) -> F::Output {
        DIAL.scope(self, sending).await
    }
}

impl Guard {
    /// Judges by `policy` what `lookup` finds, and tells the `network` of it.
    pub fn new(policy: Arc<EgressPolicy>, lookup: Arc<dyn Lookup>, network: Arc<Network>) -> Self {
        Self { policy, lookup, network }
    }

    /// Refuses an address that is an IP address not to be connected to. The resolver is never asked about
    /// those, so this comes before every request.
    pub fn check_literal(&self, url: &TargetUrl) -> Result<(), Refusal> {
        match url.ip() {
            Some(ip) if self.verdict(ip, url.port()) == Verdict::Refused => {
                Err(Refusal::Blocked(url.host().to_owned(), ip.to_string()))
            }
            _ => Ok(()),
        }
    }

    /// What the policy says of the address that a connection really leads to.
    pub fn verdict(&self, ip: IpAddr, port: u16) -> Verdict {
        self.policy.verdict(ip, port)
    }

    /// The addresses of `name` that may be connected to at `port`. All that were found must pass, or the name
    /// is refused: a mixed answer is an attack. Names for this machine keep those that pass.
    pub fn vet(&self, name: &str, port: u16, found: &[IpAddr]) -> Result<Vec<SocketAddr>, Refusal> {
        let bare = name.trim_end_matches('.').to_ascii_lowercase();
        if self.policy.is_own_name(&bare, port) {
            return Err(Refusal::Blocked(bare, "it is our own address".to_owned()));
        }
        let considered = found.get(..MOST_ADDRESSES).unwrap_or(found);
        if considered.is_empty() {
            return Err(Refusal::NoAddress(bare));
        }
        let (refused, passed): (Vec<IpAddr>, Vec<IpAddr>) =
            considered.iter().partition(|ip| self.verdict(**ip, port) == Verdict::Refused);
        match refused.first() {
            Some(ip) if passed.is_empty() || !is_localhost(&bare) => {
                Err(Refusal::Blocked(bare, ip.to_string()))
            }
            _ => Ok(passed.into_iter().map(|ip| SocketAddr::new(ip, port)).collect()),
        }
    }

    async fn resolve_for(self, name: String, dial: Arc<Dial>) -> Result<Vec<SocketAddr>, Refusal> {
        dial.looking_up.store(true, Ordering::Relaxed);
        let found = tokio::time::timeout(LOOKUP_TIMEOUT, self.lookup.find(&name)).await;
        dial.looking_up.store(false, Ordering::Relaxed);
        match found {
            Ok(Ok(found)) => {
                // Names of this machine are known without a resolver.
                if found.iter().any(|ip| !ip.is_loopback()) {
                    self.network.found();
                }
                let vetted = self.vet(&name, dial.port, &found)?;
                let mut all = vetted.iter();
                let is_public = all.all(|to| self.verdict(to.ip(), to.port()) == Verdict::Public);
                dial.public.store(is_public, Ordering::Relaxed);
                Ok(vetted)
            }
            Ok(Err(error)) => Err(Refusal::Failed(name, error)),
            Err(_) => Err(Refusal::Slow(name)),
        }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().to_owned();
        // Read now: the rest may run in a task of the client's own, where the port is not known.
        let dial = DIAL.try_with(Arc::clone);
        let guard = self.clone();
        Box::pin(async move {
            let dial =
                dial.map_err(|_| Refusal::Blocked(name.clone(), "the port is not known".to_owned()))?;
            let addresses = guard.resolve_for(name, dial).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

impl SystemLookup {
    /// A resolver with room for a bounded number of hanging lookups.
    pub fn new() -> Self {
        Self { places: Arc::new(Semaphore::new(MOST_LOOKUPS)) }
    }
}

impl Default for SystemLookup {
    fn default() -> Self {
        Self::new()
    }
}

impl Lookup for SystemLookup {
    fn find(&self, name: &str) -> Found {
        let places = self.places.clone();
        let name = name.to_owned();
        Box::pin(async move {
            let place = places.acquire_owned().await.map_err(io::Error::other)?;
            let looked_up = tokio::task::spawn_blocking(move || {
                // The place is kept until the thread is free again, however long nobody has waited for it.
                let _place = place;
                let hosts = std::fs::read_to_string(HOSTS_FILE).unwrap_or_default();
                let found = (whole_name(&name, &hosts), 0).to_socket_addrs()?;
                Ok(found.map(|address| address.ip()).collect())
            });
            looked_up.await.map_err(io::Error::other)?
        })
    }
}

/// The name as the resolver is asked: with a dot at its end, so that no search domain is tried; but as it
/// is when it means this machine or stands in the hosts file, which knows no dot.
fn whole_name(name: &str, hosts: &str) -> String {
    let bare = name.trim_end_matches('.');
    let is_listed = hosts
        .lines()
        .filter_map(|line| line.split('#').next())
        .flat_map(|line| line.split_whitespace().skip(1))
        .any(|listed| listed.eq_ignore_ascii_case(bare));
    if is_listed || is_localhost(&bare.to_ascii_lowercase()) { bare.to_owned() } else { format!("{bare}.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(rules: &[&str]) -> Guard {
        let policy = EgressPolicy {
            allow: rules.iter().map(|rule| rule.parse().unwrap()).collect(),
            own_hosts: vec![("hooks.example.net".to_owned(), 443)],
            ..EgressPolicy::default()
        };
        Guard::new(Arc::new(policy), Arc::new(SystemLookup::new()), Arc::default())
    }

    fn ips(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn a_name_is_refused_when_one_of_its_addresses_is() {
        let cause = |found: &[&str]| {
            guard(&[]).vet("a.example.com", 443, &ips(found)).map_err(|refusal| refusal.cause())
        };
        assert_eq!(cause(&["8.8.8.8"]).unwrap(), ["8.8.8.8:443".parse().unwrap()]);
        for mixed in [&["8.8.8.8", "10.0.0.1"][..], &["::1", "8.8.8.8"], &["8.8.8.8", "169.254.169.254"]] {
            assert_eq!(cause(mixed), Err(Cause::BlockedAddress), "{mixed:?}");
        }
        assert_eq!(cause(&[]), Err(Cause::DnsFailure));
    }

    #[test]
    fn addresses_beyond_the_sixteenth_are_never_connected_to() {
        let mut found = ips(&["8.8.8.8"; 16]);
        found.push("10.0.0.1".parse().unwrap());
        assert_eq!(guard(&[]).vet("a.example.com", 443, &found).unwrap().len(), 16);
    }

    #[test]
    fn an_exception_opens_its_own_port_only() {
        let guard = guard(&["10.20.0.0/16:8080"]);
        assert!(guard.vet("a.example.com", 8080, &ips(&["10.20.0.5"])).is_ok());
        assert!(guard.vet("a.example.com", 9000, &ips(&["10.20.0.5"])).is_err());
    }

    #[test]
    fn localhost_keeps_the_addresses_that_are_open() {
        let guard = guard(&["127.0.0.1"]);
        let found = ips(&["::1", "127.0.0.1"]);
        assert_eq!(guard.vet("localhost", 9000, &found).unwrap(), ["127.0.0.1:9000".parse().unwrap()]);
        assert!(guard.vet("a.example.com", 9000, &found).is_err());
    }

    #[test]
    fn our_own_name_is_refused_wherever_it_leads() {
        let found = ips(&["8.8.8.8"]);
        assert!(guard(&[]).vet("hooks.example.net", 443, &found).is_err());
        assert!(guard(&[]).vet("Hooks.Example.net.", 443, &found).is_err());
        assert!(guard(&[]).vet("hooks.example.net", 8443, &found).is_ok());
    }

    #[test]
    fn a_literal_is_judged_without_a_resolver() {
        let open = EgressPolicy {
            allow: vec!["127.0.0.0/8".parse().unwrap()],
            allow_http: true,
            ..EgressPolicy::default()
        };
        for text in ["http://2130706433:9000/", "http://0x7f.1:9000/", "http://127.0.0.1:9000/"] {
            let url = TargetUrl::parse(text, &open).unwrap();
            assert!(guard(&["127.0.0.0/8"]).check_literal(&url).is_ok());
            assert!(guard(&[]).check_literal(&url).is_err(), "{text}");
        }
    }

    #[test]
    fn search_domains_are_never_tried() {
        let hosts = "127.0.0.1 localhost # not.this.one\n10.0.0.7\treceiver.example.org r2\n";
        assert_eq!(whole_name("example.com", hosts), "example.com.");
        assert_eq!(whole_name("not.this.one", hosts), "not.this.one.");
        assert_eq!(whole_name("Receiver.example.org.", hosts), "Receiver.example.org");
        assert_eq!(whole_name("localhost", ""), "localhost");
    }

    #[tokio::test]
    async fn a_lookup_without_a_known_port_is_refused() {
        let refused = guard(&[]).resolve("example.com".parse().unwrap()).await.err().unwrap();
        assert_eq!(Refusal::within(refused.as_ref()).map(Refusal::cause), Some(Cause::BlockedAddress));
    }
}
