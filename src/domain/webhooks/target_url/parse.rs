//! The address of an endpoint, once it has passed every check that needs no name lookup.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, ParseError, Url};

use super::UrlFault;
use crate::domain::webhooks::address::{EgressPolicy, is_localhost, is_public};

/// The longest address, in bytes, as typed and as stored.
pub const LONGEST_URL: usize = 2_048;
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

/// Endings that no public name has, reserved or used by private networks; spaces between them.
const PRIVATE_ENDINGS: &str =
    "alt corp home home.arpa internal intranet invalid lan local localdomain onion private svc test";

/// An endpoint's address that passed all checks that need no name lookup: https (or http where allowed), no
/// credentials, no fragment, a public name or an address the operator has opened, a permitted port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetUrl(Url);

impl TargetUrl {
    /// Reads what a person or program entered; the first thing wrong with it otherwise. A dot at the end of
    /// the host is dropped.
    pub fn parse(text: &str, policy: &EgressPolicy) -> Result<Self, UrlFault> {
        check_text(text, policy)?;
        let mut url = Url::parse(text).map_err(|e| match e {
            ParseError::InvalidPort => UrlFault::Port,
            _ => UrlFault::Invalid,
        })?;
        let port = url.port_or_known_default().ok_or(UrlFault::Port)?;
        match url.host().ok_or(UrlFault::Invalid)? {
            Host::Ipv4(ip) => check_literal(ip.into(), port, policy)?,
            Host::Ipv6(ip) => check_literal(ip.into(), port, policy)?,
            Host::Domain(name) => {
                let bare = name.strip_suffix('.').unwrap_or(name);
                check_name(bare, port, policy)?;
                if bare.len() < name.len() {
                    let bare = bare.to_owned();
                    url.set_host(Some(&bare)).map_err(|_| UrlFault::Invalid)?;
                }
            }
        }
        if url.as_str().len() > LONGEST_URL {
            return Err(UrlFault::TooLong);
        }
        Ok(Self(url))
    }

    /// The address as it is stored, shown and sent to: written anew from its parts.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The parsed address.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Whether what is sent there is encrypted.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The host in ASCII, an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The IP address, when the host is one. A resolver is never asked about it, so it needs its own check
    /// before every connection.
    pub fn ip(&self) -> Option<IpAddr> {
        match self.0.host()? {
            Host::Ipv4(ip) => Some(ip.into()),
            Host::Ipv6(ip) => Some(ip.into()),
            Host::Domain(_) => None,
        }
    }

    /// Whether what is sent there never leaves this machine.
    pub fn is_this_machine(&self) -> bool {
        self.ip().map_or_else(|| is_localhost(self.host()), |ip| ip.is_loopback())
    }

    /// The port that is connected to, named in the address or not.
    pub fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or_default()
    }

    /// Whether both lead to the same scheme, host and port, so that credentials may stay.
    pub fn same_origin(&self, other: &Self) -> bool {
        self.0.origin() == other.0.origin()
    }

    /// The host as people should see it: in ASCII, with its Unicode form beside it where that differs:
    /// `xn--e1afmkfd.xn--p1ai (пример.рф)`.
    pub fn host_for_people(&self) -> String {
        let ascii = self.host();
        match idna::domain_to_unicode(ascii) {
            (unicode, Ok(())) if unicode != ascii => format!("{ascii} ({unicode})"),
            _ => ascii.to_owned(),
        }
    }
}

impl fmt::Display for TargetUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Refuses what the parser would repair in silence: missing slashes, backslashes, control characters and
/// encoded hosts are read differently by different programs.
fn check_text(text: &str, policy: &EgressPolicy) -> Result<(), UrlFault> {
    if text.len() > LONGEST_URL {
        return Err(UrlFault::TooLong);
    }
    if text.chars().any(|c| c == ' ' || c.is_control()) {
        return Err(UrlFault::ControlChar);
    }
    if text.contains('\\') {
        return Err(UrlFault::Invalid);
    }
    let (scheme, rest) = text.split_once(':').filter(|(s, _)| is_scheme(s)).ok_or(UrlFault::Invalid)?;
    let is_allowed =
        scheme.eq_ignore_ascii_case("https") || (policy.allow_http && scheme.eq_ignore_ascii_case("http"));
    if !is_allowed {
        return Err(UrlFault::Scheme);
    }
    let authority = rest
        .strip_prefix("//")
        .and_then(|rest| rest.split(['/', '?', '#']).next())
        .filter(|authority| !authority.is_empty())
        .ok_or(UrlFault::Invalid)?;
    if authority.contains('@') {
        return Err(UrlFault::Userinfo);
    }
    if text.contains('#') {
        return Err(UrlFault::Fragment);
    }
    if authority.contains('%') {
        return Err(UrlFault::Invalid);
    }
    Ok(())
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

/// An IP address needs an exception: private ones are not ours to reach, public ones hide who they belong to.
fn check_literal(ip: IpAddr, port: u16, policy: &EgressPolicy) -> Result<(), UrlFault> {
    if ip.to_canonical() != ip {
        return Err(UrlFault::PrivateAddress);
    }
    if policy.is_own_address(ip, port) {
        return Err(UrlFault::OwnAddress);
    }
    if !policy.covers(ip, port) {
        return Err(if is_public(ip) { UrlFault::IpLiteral } else { UrlFault::PrivateAddress });
    }
    if is_web_port(port) || policy.names_port(ip, port) { Ok(()) } else { Err(UrlFault::Port) }
}

fn check_name(name: &str, port: u16, policy: &EgressPolicy) -> Result<(), UrlFault> {
    if name.len() > LONGEST_NAME || name.split('.').any(|label| label.len() > LONGEST_LABEL) {
        return Err(UrlFault::TooLong);
    }
    if policy.is_own_name(name, port) {
        return Err(UrlFault::OwnAddress);
    }
    if is_localhost(name) {
        let is_open = policy.covers(Ipv4Addr::LOCALHOST.into(), port)
            || policy.covers(Ipv6Addr::LOCALHOST.into(), port);
        if !is_open {
            return Err(UrlFault::PrivateAddress);
        }
    } else if !is_public_name(name) {
        return Err(UrlFault::Host);
    }
    if is_web_port(port) { Ok(()) } else { Err(UrlFault::Port) }
}

/// Whether a name in lower-case ASCII could belong to a machine on the public internet.
pub fn is_public_name(name: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    let is_private =
        |ending: &str| name.strip_suffix(ending).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    name.contains('.') && name.split('.').all(is_label) && !PRIVATE_ENDINGS.split(' ').any(is_private)
}

/// The ports of web servers. Those below 1024 belong to services that could be made to misread a request.
const fn is_web_port(port: u16) -> bool {
    matches!(port, 80 | 443 | 1024..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn judge(text: &str, policy: &EgressPolicy) -> String {
        TargetUrl::parse(text, policy).map_or_else(|fault| fault.code().to_owned(), |url| url.to_string())
    }

    fn developer() -> EgressPolicy {
        EgressPolicy {
            allow_http: true,
            allow: ["127.0.0.1", "10.20.0.0/16:8080", "10.9.9.9:25", "8.8.8.8"]
                .map(|r| r.parse().unwrap())
                .into(),
            own_hosts: vec![("hooks.example.com".into(), 443), ("127.0.0.1".into(), 8900)],
            ..EgressPolicy::default()
        }
    }

    #[test]
    fn each_bad_address_is_refused_with_its_reason() {
        // A line is a reason code and the addresses it is given for.
        let table = r"
            scheme http://example.com/h ftp://example.com/ javascript:alert(1) file:///etc/passwd data:x
            invalid //example.com /rel example.com/h https:// https: https:example.com https:/example.com
            invalid https:///example.com https://?x https://evil.com\@example.com https:\\example.com
            invalid https://a%2eb.com/ https://example.com%00.evil/ https://xn--/ https://:443/
            invalid https://256.256.256.256/ https://1.2.3.4.5/ https://[fe80::1%25eth0]/ https://[::1/
            userinfo https://user@example.com/ https://u:p@example.com/ https://@example.com/
            fragment https://example.com/#x https://example.com#
            port https://example.com:0/ https://example.com:99999/ https://example.com:80:80/
            port https://example.com:22 https://example.com:25 https://example.com:53 https://example.com:110
            port https://a.com:143 https://a.com:445 https://a.com:587 https://a.com:1023 https://a.com:x
            private_address https://127.0.0.1/ https://127.8.9.1/ https://localhost/ https://LOCALHOST./
            private_address https://foo.localhost/ https://ⓛocalhost/ https://127.0.0.1./ https://127.1/
            private_address https://①②⑦.⓪.⓪.①/ https://127。0。0。1/ https://2130706433/ https://0x7f.1/
            private_address https://0177.0.0.1/ https://0/ https://0.0.0.0/ https://[::]/ https://10.0.0.1/
            private_address https://172.16.0.1/ https://172.31.255.255/ https://192.168.1.1/ https://[::1]/
            private_address https://169.254.169.254/ https://168.63.129.16/ https://100.64.0.1/
            private_address https://198.18.0.1/ https://192.0.2.1/ https://198.51.100.1/ https://203.0.113.1/
            private_address https://192.88.99.1/ https://224.0.0.1/ https://240.0.0.1/ https://255.255.255.255/
            private_address https://[::ffff:127.0.0.1]/ https://[::ffff:7f00:1]/ https://[::127.0.0.1]/
            private_address https://[::ffff:0:7f00:1]/ https://[::ffff:8.8.8.8]/ https://[64:ff9b::7f00:1]/
            private_address https://[64:ff9b::a9fe:a9fe]/ https://[64:ff9b:1::808:808]/ https://[2002:7f00:1::]/
            private_address https://[2001:0:4136:e378::]/ https://[fe80::1]/ https://[fec0::1]/ https://[ff02::1]/
            private_address https://[fd00:ec2::254]/ https://[100::1]/ https://[2001:db8::1]/ https://[3fff::1]/
            private_address https://[5f00::1]/ https://[2001:10::1]/
            ip_literal https://8.8.8.8/ https://[2606:4700::1111]/ https://134744072/ https://172.15.255.255/
            ip_literal https://172.32.0.1/ https://9.255.255.255/ https://11.0.0.1/
            host https://intranet/ https://x.local/ https://x.internal/ https://metadata.google.internal/
            host https://kubernetes.default.svc/ https://x.home.arpa/ https://x.onion/ https://x.test/
            host https://./ https://a..b/ https://example.com../ https://-a.com/ https://*.example.com/
        ";
        for line in table.lines() {
            let mut words = line.split_whitespace();
            let code = words.next().unwrap_or_default();
            for text in words {
                assert_eq!(judge(text, &EgressPolicy::default()), code, "{text}");
            }
        }
        assert_eq!(judge("", &EgressPolicy::default()), "invalid");
    }

    #[test]
    fn spaces_and_control_characters_are_refused_wherever_they_stand() {
        for c in [' ', '\t', '\r', '\n', '\0', '\u{1b}', '\u{7f}', '\u{85}'] {
            for text in
                [format!("{c}https://a.com/"), format!("https://a{c}.com/"), format!("https://a.com/x{c}")]
            {
                assert_eq!(judge(&text, &EgressPolicy::default()), "control_char", "{text:?}");
            }
        }
    }

    #[test]
    fn what_is_too_long_is_refused_and_what_just_fits_is_not() {
        let label = "a".repeat(63);
        let path = "p".repeat(LONGEST_URL - "https://example.com/".len());
        let strict = EgressPolicy::default();
        for good in [format!("https://example.com/{path}"), format!("https://{label}.com/")] {
            assert_eq!(judge(&good, &strict), good);
        }
        let host = [label.as_str(); 4].join(".");
        let wide = "é".repeat(400);
        for bad in [
            format!("https://example.com/{path}p"),
            format!("https://a{label}.com/"),
            format!("https://{host}/"),
            format!("https://example.com/{wide}"),
        ] {
            assert_eq!(judge(&bad, &strict), "too_long");
        }
    }

    #[test]
    fn a_good_address_is_written_anew() {
        for (text, stored) in [
            ("HTTPS://EXAMPLE.COM/h", "https://example.com/h"),
            ("https://example.com:443", "https://example.com/"),
            ("https://example.com./a/../b?q=1", "https://example.com/b?q=1"),
            ("https://example.com:1024/@x%20y", "https://example.com:1024/@x%20y"),
            ("https://example.com:80/", "https://example.com:80/"),
            ("https://пример.рф/", "https://xn--e1afmkfd.xn--p1ai/"),
        ] {
            assert_eq!(judge(text, &EgressPolicy::default()), stored);
        }
        let url = TargetUrl::parse("https://пример.рф/", &EgressPolicy::default()).unwrap();
        assert_eq!(url.host_for_people(), "xn--e1afmkfd.xn--p1ai (пример.рф)");
    }

    #[test]
    fn the_operator_opens_addresses_ports_and_http_but_never_our_own() {
        let open = "http://127.0.0.1:3000/ http://localhost:3000/ http://10.20.1.1:8080/ https://10.9.9.9:25/ \
                    https://8.8.8.8/";
        for good in open.split_whitespace() {
            assert_eq!(judge(good, &developer()), good);
        }
        for (text, code) in [
            ("http://10.20.1.1:8081/", "private_address"),
            ("http://127.0.0.1:22/", "port"),
            ("http://localhost:22/", "port"),
            ("http://[::ffff:127.0.0.1]:3000/", "private_address"),
            ("http://[::1]:3000/", "private_address"),
            ("https://hooks.example.com/api/v1/events", "self"),
            ("https://HOOKS.example.com.:443/", "self"),
            ("http://localhost:8900/", "self"),
            ("http://0.0.0.0:8900/", "self"),
        ] {
            assert_eq!(judge(text, &developer()), code, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_stored_address_is_read_back_unchanged(text in "https?://[a-zA-Z0-9.:_é①。%@-]{1,20}(/[^\\x00-\\x20#]{0,10})?") {
            if let Ok(url) = TargetUrl::parse(&text, &developer()) {
                prop_assert_eq!(TargetUrl::parse(url.as_str(), &developer()), Ok(url));
            }
        }
    }
}
