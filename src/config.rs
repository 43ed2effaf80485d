//! Settings: one source for flags, `BELLWIRE_*` variables and `--help`.

#![expect(clippy::doc_markdown, reason = "what is said here is printed by --help as it stands")]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;
use url::Url;
use zeroize::Zeroizing;

use crate::domain::access::user::canonical_email;
use crate::domain::webhooks::address::{AllowRule, EgressPolicy};
use crate::keys::{KeyError, KeyRing};

/// A setting that is missing or wrong: one sentence for the operator.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WrongSetting(pub String);

/// Which database.
#[derive(Debug, Clone, Args)]
pub struct DatabaseArgs {
    /// The database: sqlite:FILE or postgres://USER:PASSWORD@HOST/NAME. DATABASE_URL is read too.
    #[arg(long, env = "BELLWIRE_DATABASE_URL", hide_env_values = true, value_name = "URL", global = true)]
    database_url: Option<String>,
    /// Connections to the database at the most.
    #[arg(long, env = "BELLWIRE_DATABASE_CONNECTIONS", value_name = "N", default_value_t = 8, global = true,
          value_parser = clap::value_parser!(u32).range(1..=200))]
    pub database_connections: u32,
}

impl DatabaseArgs {
    /// The database's URL; `bellwire.db` in this folder when nothing is said.
    pub fn url(&self) -> String {
        let given = self.database_url.clone().or_else(|| std::env::var("DATABASE_URL").ok());
        given.unwrap_or_else(|| "sqlite:bellwire.db".to_owned())
    }
}

/// Where the master key is.
#[derive(Debug, Clone, Args)]
pub struct KeyArgs {
    /// The file with the master key, readable by its owner only [default: ~/.config/bellwire/master.key].
    /// BELLWIRE_MASTER_KEY may hold the key itself instead.
    #[arg(long, env = "BELLWIRE_MASTER_KEY_FILE", value_name = "FILE", global = true)]
    master_key_file: Option<PathBuf>,
}

impl KeyArgs {
    /// The key file that is meant.
    pub fn path(&self) -> Result<PathBuf, WrongSetting> {
        if let Some(path) = &self.master_key_file {
            return Ok(path.clone());
        }
        let config = std::env::var_os("XDG_CONFIG_HOME").filter(|v| !v.is_empty()).map(PathBuf::from);
        let home =
            || std::env::var_os("HOME").filter(|v| !v.is_empty()).map(|h| Path::new(&h).join(".config"));
        config.or_else(home).map(|folder| folder.join("bellwire").join("master.key")).ok_or_else(|| {
            WrongSetting(
                "There is no home folder to look for the master key in. Name it with --master-key-file."
                    .into(),
            )
        })
    }

    /// Reads the master key.
    pub fn load(&self) -> Result<KeyRing, WrongSetting> {
        let given = std::env::var("BELLWIRE_MASTER_KEY").ok().filter(|_| self.master_key_file.is_none());
        let ring = if let Some(text) = given {
            KeyRing::parse(&Zeroizing::new(text))
        } else {
            let path = self.path()?;
            if !path.exists() {
                let shown = path.display();
                return Err(WrongSetting(format!(
                    "There is no master key at {shown}. Make one with `bellwire keys init --master-key-file {shown}`."
                )));
            }
            KeyRing::load(&path)
        };
        ring.map_err(|e: KeyError| WrongSetting(e.to_string()))
    }
}

/// How the HTTP side is reached.
#[derive(Debug, Clone, Args)]
pub struct HttpArgs {
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, env = "BELLWIRE_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// The address people and programs use, such as https://hooks.example.com [default: the listening one].
    /// It must be https unless it is on this machine.
    #[arg(long, env = "BELLWIRE_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// Events a second that a token may publish; 0 for no limit.
    #[arg(long, env = "BELLWIRE_LIMIT_INGEST", value_name = "N", default_value_t = 10_000)]
    pub limit_ingest: u32,
    /// Other API requests a second that a token may make; 0 for no limit.
    #[arg(long, env = "BELLWIRE_LIMIT_API", value_name = "N", default_value_t = 20)]
    pub limit_api: u32,
    /// How people reach you, such as ops@example.com or https://example.com/help. Pages name it where only the
    /// operator can help.
    #[arg(long, env = "BELLWIRE_OPERATOR_CONTACT", value_name = "CONTACT", value_parser = Contact::parse)]
    pub operator_contact: Option<Contact>,
}

/// How people reach the operator: an e-mail address, or a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact(String);

impl Contact {
    /// Reads an e-mail address or an https URL.
    pub fn parse(text: &str) -> Result<Self, String> {
        let is_page = Url::parse(text).is_ok_and(|url| url.scheme() == "https" && url.host().is_some());
        if is_page {
            return Ok(Self(text.to_owned()));
        }
        let address = canonical_email(text).ok_or("it is neither an e-mail address nor an https URL")?;
        Ok(Self(format!("mailto:{address}")))
    }

    /// What a link to it leads to.
    pub fn href(&self) -> &str {
        &self.0
    }
}

impl HttpArgs {
    /// The public address, once it is known where this process listens.
    pub fn public_url(&self, listening: SocketAddr) -> Result<Url, WrongSetting> {
        let Some(text) = &self.public_url else {
            let shown = if listening.ip().is_unspecified() {
                format!("http://127.0.0.1:{}", listening.port())
            } else {
                format!("http://{listening}")
            };
            let local = listening.ip().is_loopback() || listening.ip().is_unspecified();
            return match Url::parse(&shown) {
                Ok(url) if local => Ok(url),
                _ => Err(WrongSetting(
                    "Name the https address under which people reach Bellwire with --public-url.".into(),
                )),
            };
        };
        let wrong = |why: &str| WrongSetting(format!("--public-url {text} cannot be used: {why}."));
        let url = Url::parse(text).map_err(|_| wrong("it is no URL such as https://hooks.example.com"))?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !bare || !url.username().is_empty() || url.password().is_some() || url.host().is_none() {
            return Err(wrong("it names a scheme, a host and at most a port"));
        }
        match url.scheme() {
            "https" => Ok(url),
            "http" if is_local(&url) => Ok(url),
            "http" => Err(wrong("it must be https, because sign-in cookies and tokens travel over it")),
            _ => Err(wrong("it must start with https://")),
        }
    }
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// For how long history is kept.
#[derive(Debug, Clone, Args)]
pub struct RetentionArgs {
    /// Days after which events are removed with their deliveries and attempts; 0 keeps them for ever. What is
    /// still under way is never removed.
    #[arg(long, env = "BELLWIRE_RETAIN_DAYS", value_name = "DAYS", default_value_t = 30,
          value_parser = clap::value_parser!(u32).range(0..=3650))]
    retain_days: u32,
    /// Days after which rows of the audit log are removed; 0 keeps them for ever. What was removed is noted, and
    /// `bellwire audit verify` checks the rest.
    #[arg(long, env = "BELLWIRE_RETAIN_AUDIT_DAYS", value_name = "DAYS", default_value_t = 400,
          value_parser = clap::value_parser!(u32).range(0..=3650))]
    retain_audit_days: u32,
}

impl RetentionArgs {
    /// How old history becomes.
    pub const fn keep(&self) -> Keep {
        Keep { days: self.retain_days, audit_days: self.retain_audit_days }
    }
}

/// How old history becomes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep {
    /// Events, in days; 0 when none is removed.
    pub days: u32,
    /// Rows of the audit log, in days; 0 when none is removed.
    pub audit_days: u32,
}

impl Keep {
    /// The age of events as a length of time; `None` when none is removed.
    pub fn age(self) -> Option<Duration> {
        length(self.days)
    }

    /// The age of audit rows as a length of time; `None` when none is removed.
    pub fn audit_age(self) -> Option<Duration> {
        length(self.audit_days)
    }

    /// How long events are kept, as pages say it: `for 30 days`, `for ever`.
    pub fn words(self) -> String {
        match self.days {
            0 => "for ever".to_owned(),
            1 => "for 1 day".to_owned(),
            days => format!("for {days} days"),
        }
    }
}

fn length(days: u32) -> Option<Duration> {
    (days > 0).then(|| Duration::from_hours(24 * u64::from(days)))
}

/// Where deliveries may go.
#[derive(Debug, Clone, Args)]
pub struct EgressArgs {
    /// Let webhooks use http:// too. Meant for development.
    #[arg(long, env = "BELLWIRE_ALLOW_HTTP", value_parser = BoolishValueParser::new())]
    allow_http: bool,
    /// Let deliveries go to these private addresses: 10.20.0.0/16, 10.20.0.0/16:8080, 127.0.0.1.
    #[arg(long, env = "BELLWIRE_EGRESS_ALLOW", value_name = "CIDR", value_delimiter = ',', num_args = 1..)]
    egress_allow: Vec<AllowRule>,
    /// Keep what receivers at those private addresses answer, so that logs show it.
    #[arg(long, env = "BELLWIRE_EGRESS_KEEP_RESPONSES", value_parser = BoolishValueParser::new())]
    egress_keep_responses: bool,
}

impl EgressArgs {
    /// The policy; deliveries to Bellwire itself are refused whatever else is allowed.
    pub fn policy(&self, public_url: &Url, listening: Option<SocketAddr>) -> EgressPolicy {
        let public = public_url.host_str().map(str::to_owned).zip(public_url.port_or_known_default());
        let own = listening.map(|a| (a.ip().to_string(), a.port()));
        EgressPolicy {
            allow_http: self.allow_http,
            allow: self.egress_allow.clone(),
            keep_private_responses: self.egress_keep_responses,
            own_hosts: public.into_iter().chain(own).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http(public_url: Option<&str>) -> HttpArgs {
        HttpArgs {
            listen: ([127, 0, 0, 1], 8080).into(),
            public_url: public_url.map(str::to_owned),
            limit_ingest: 0,
            limit_api: 0,
            operator_contact: None,
        }
    }

    #[test]
    fn a_contact_is_an_address_or_a_page_and_no_script() {
        let href = |text| Contact::parse(text).map(|contact| contact.href().to_owned());
        assert_eq!(href("Ops@Example.com").as_deref(), Ok("mailto:ops@example.com"));
        assert_eq!(href("https://example.com/help").as_deref(), Ok("https://example.com/help"));
        for bad in ["", "ops", "javascript:alert(1)", "http://example.com", "data:text/html,x"] {
            assert!(href(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_public_url_is_https_unless_it_is_local() {
        let here: SocketAddr = ([127, 0, 0, 1], 9).into();
        assert_eq!(http(None).public_url(here).unwrap().as_str(), "http://127.0.0.1:9/");
        assert!(http(None).public_url(([192, 0, 2, 1], 9).into()).is_err());
        for good in ["https://hooks.example.com", "http://localhost:8080", "http://127.0.0.1/"] {
            http(Some(good)).public_url(here).unwrap();
        }
        for bad in ["", "hooks", "http://hooks.example.com", "https://a/b", "https://u@a", "ftp://a"] {
            assert!(http(Some(bad)).public_url(here).is_err(), "{bad}");
        }
    }

    #[test]
    fn history_is_kept_for_ever_when_no_days_are_set() {
        let kept = |days| Keep { days, ..Keep::default() };
        let told = |days| (kept(days).words(), kept(days).age());
        assert_eq!(told(0), ("for ever".to_owned(), None));
        assert_eq!(told(1), ("for 1 day".to_owned(), Some(Duration::from_hours(24))));
        assert_eq!(told(30).0, "for 30 days");
    }
}
