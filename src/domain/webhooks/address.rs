//! Which IP addresses a delivery may go to: public ones, and those the operator has opened.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// IPv4 ranges that are not public. `168.63.129.16` is Azure's host, which answers from a public range.
const DENIED_V4: [Ipv4Net; 19] = [
    v4([0, 0, 0, 0], 8),
    v4([10, 0, 0, 0], 8),
    v4([100, 64, 0, 0], 10),
    v4([127, 0, 0, 0], 8),
    v4([168, 63, 129, 16], 32),
    v4([169, 254, 0, 0], 16),
    v4([172, 16, 0, 0], 12),
    v4([192, 0, 0, 0], 24),
    v4([192, 0, 2, 0], 24),
    v4([192, 31, 196, 0], 24),
    v4([192, 52, 193, 0], 24),
    v4([192, 88, 99, 0], 24),
    v4([192, 168, 0, 0], 16),
    v4([192, 175, 48, 0], 24),
    v4([198, 18, 0, 0], 15),
    v4([198, 51, 100, 0], 24),
    v4([203, 0, 113, 0], 24),
    v4([224, 0, 0, 0], 4),
    v4([240, 0, 0, 0], 4),
];

/// The only IPv6 range with public addresses.
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0, 0], 3);

/// What is not public within it: protocol assignments (Teredo, ORCHID), documentation, 6to4, AS112.
const DENIED_V6: [Ipv6Net; 5] = [
    v6([0x2001, 0, 0], 23),
    v6([0x2001, 0xdb8, 0], 32),
    v6([0x2002, 0, 0], 16),
    v6([0x2620, 0x4f, 0x8000], 48),
    v6([0x3fff, 0, 0], 20),
];

const fn v4([a, b, c, d]: [u8; 4], prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6([a, b, c]: [u16; 3], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix)
}

/// Whether `ip` belongs to the public internet. An IPv4-mapped IPv6 address is judged as its IPv4 address;
/// every other IPv6 address that carries an IPv4 address is not public.
pub fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => !DENIED_V4.iter().any(|net| net.contains(&ip)),
        IpAddr::V6(ip) => GLOBAL_V6.contains(&ip) && !DENIED_V6.iter().any(|net| net.contains(&ip)),
    }
}

/// An exception of the operator: a range that may be delivered to although it is not public.
///
/// Read from and shown as `10.20.0.0/16`, `10.20.0.0/16:8080`, `127.0.0.1`, `[::1]:8080`, `[fd00::/8]:8080`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AllowRule {
    /// The range of addresses, without bits behind its prefix. Never a range of IPv4-mapped addresses.
    pub net: IpNet,
    /// The only port it opens; every port when none is named.
    pub port: Option<u16>,
}

impl AllowRule {
    fn covers(&self, ip: IpAddr, port: u16) -> bool {
        self.net.contains(&ip.to_canonical()) && self.port.is_none_or(|own| own == port)
    }
}

/// Why a text is no exception; each is a sentence for the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAllowRule {
    /// Neither an address nor a range.
    #[error(
        "An exception is an address or a range with an optional port. Write it like 10.20.0.0/16:8080 or [fd00::/8]:8080."
    )]
    Form,
    /// The port is not a number from 1 to 65535.
    #[error(
        "The port of an exception is not a number from 1 to 65535. Correct it, or leave it out to open every port."
    )]
    Port,
    /// Bits behind the prefix are set, so that it is unclear what was meant.
    #[error(
        "The range has bits set behind its prefix. Write its first address (10.20.0.0/16, not 10.20.0.1/16), or one address without a prefix."
    )]
    HostBits,
    /// An IPv4-mapped range, which no address is ever compared with.
    #[error("The range is of IPv4-mapped addresses. Write it as an IPv4 range.")]
    Mapped,
}

impl FromStr for AllowRule {
    type Err = NotAnAllowRule;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let (net, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (net, after) = rest.split_once(']').ok_or(NotAnAllowRule::Form)?;
                match after.strip_prefix(':') {
                    Some(port) => (net, Some(port)),
                    None if after.is_empty() => (net, None),
                    None => return Err(NotAnAllowRule::Form),
                }
            }
            None => match text.split_once(':') {
                Some((net, port)) if !port.contains(':') => (net, Some(port)),
                _ => (text, None),
            },
        };
        let net = net
            .parse::<IpNet>()
            .or_else(|_| net.parse::<IpAddr>().map(IpNet::from))
            .map_err(|_| NotAnAllowRule::Form)?;
        if net.trunc() != net {
            return Err(NotAnAllowRule::HostBits);
        }
        if net.addr().to_canonical() != net.addr() {
            return Err(NotAnAllowRule::Mapped);
        }
        let port = port
            .map(|text| text.parse().ok().filter(|port| *port != 0).ok_or(NotAnAllowRule::Port))
            .transpose()?;
        Ok(Self { net, port })
    }
}

impl fmt::Display for AllowRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.net, self.port) {
            (net, None) => write!(f, "{net}"),
            (IpNet::V4(net), Some(port)) => write!(f, "{net}:{port}"),
            (IpNet::V6(net), Some(port)) => write!(f, "[{net}]:{port}"),
        }
    }
}

/// What the operator lets deliveries do. The default is the strictest: https to public addresses only.
#[derive(Debug, Clone, Default)]
pub struct EgressPolicy {
    /// Whether addresses may start with `http://`.
    pub allow_http: bool,
    /// The ranges that may be delivered to although they are not public.
    pub allow: Vec<AllowRule>,
    /// Whether response bodies from excepted addresses are stored and shown.
    pub keep_private_responses: bool,
    /// Host and port of our public URL and listen address: a name in lower-case ASCII, or an IP address.
    pub own_hosts: Vec<(String, u16)>,
}

/// What the policy says of one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// On the public internet.
    Public,
    /// Not public, but an exception of the operator covers address and port.
    Excepted,
    /// Not to be connected to.
    Refused,
}

impl EgressPolicy {
    /// Whether a connection to `ip` and `port` may be opened. Our own address never may.
    pub fn verdict(&self, ip: IpAddr, port: u16) -> Verdict {
        if self.is_own_address(ip, port) {
            Verdict::Refused
        } else if is_public(ip) {
            Verdict::Public
        } else if self.covers(ip, port) {
            Verdict::Excepted
        } else {
            Verdict::Refused
        }
    }

    /// Whether an exception covers `ip` at `port`.
    pub fn covers(&self, ip: IpAddr, port: u16) -> bool {
        self.allow.iter().any(|rule| rule.covers(ip, port))
    }

    /// Whether an exception covers `ip` and names this very `port`.
    pub fn names_port(&self, ip: IpAddr, port: u16) -> bool {
        self.allow.iter().any(|rule| rule.port.is_some() && rule.covers(ip, port))
    }

    /// Whether Bellwire itself answers at `ip` and `port`. All loopback and unspecified addresses are one.
    pub fn is_own_address(&self, ip: IpAddr, port: u16) -> bool {
        let ip = ip.to_canonical();
        let is_here = |ip: IpAddr| ip.is_loopback() || ip.is_unspecified();
        self.own_hosts.iter().filter(|(_, own)| *own == port).any(|(host, _)| {
            let own = if is_localhost(host) {
                Some(IpAddr::V4(Ipv4Addr::LOCALHOST))
            } else {
                host.trim_matches(['[', ']']).parse::<IpAddr>().ok()
            };
            own.is_some_and(|own| own.to_canonical() == ip || (is_here(own) && is_here(ip)))
        })
    }

    /// Whether Bellwire itself is reached by `name` (lower case, no dot at its end) and `port`.
    pub fn is_own_name(&self, name: &str, port: u16) -> bool {
        self.own_hosts.iter().any(|(host, own)| *own == port && host.trim_end_matches('.') == name)
            || (is_localhost(name) && self.is_own_address(IpAddr::V4(Ipv4Addr::LOCALHOST), port))
    }
}

/// Whether a name in lower case means this machine: `localhost`, and all names under it.
pub fn is_localhost(name: &str) -> bool {
    name.strip_suffix("localhost").is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn policy(rules: &[&str]) -> EgressPolicy {
        EgressPolicy { allow: rules.iter().map(|r| r.parse().unwrap()).collect(), ..EgressPolicy::default() }
    }

    #[test]
    fn every_special_range_is_refused_to_its_last_address() {
        for net in DENIED_V4 {
            assert!(!is_public(net.network().into()) && !is_public(net.broadcast().into()), "{net}");
        }
        for net in DENIED_V6 {
            assert!(!is_public(net.network().into()) && !is_public(net.broadcast().into()), "{net}");
        }
        let special = ":: ::1 ::127.0.0.1 ::8.8.8.8 ::ffff:0:7f00:1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe \
             64:ff9b:1::808:808 2002:7f00:1:: 2001:0:4136:e378:: fe80::1 fec0::1 fd00:ec2::254 \
             ff02::1 100::1 2001:db8::1 3fff::1 5f00::1 2001:10::1 4000::1 1fff::1 ::ffff:127.0.0.1 \
             ::ffff:7f00:1 ::ffff:a9fe:a9fe 168.63.129.16 169.254.169.254";
        for text in special.split_whitespace() {
            assert!(!is_public(ip(text)), "{text}");
        }
    }

    #[test]
    fn the_neighbours_of_special_ranges_are_public() {
        let neighbours = "1.0.0.0 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 \
             168.63.129.15 168.63.129.17 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.1 \
             191.255.255.255 192.0.1.0 192.0.3.0 192.88.98.255 192.167.255.255 192.169.0.0 \
             198.17.255.255 198.20.0.0 198.51.101.0 203.0.114.0 223.255.255.255 2000::1 2001:200::1 \
             2001:db7::1 2001:db9::1 2003::1 2606:4700::1111 2620:4f:8001::1 3ffe:ffff::1 \
             3fff:1000::1 ::ffff:8.8.8.8";
        for text in neighbours.split_whitespace() {
            assert!(is_public(ip(text)), "{text}");
        }
    }

    #[test]
    fn an_exception_opens_its_range_and_port_and_nothing_else() {
        let policy = policy(&["10.20.0.0/16:8080", "[::1]:9000", "fd00::/8"]);
        for (address, port, expected) in [
            ("10.20.3.4", 8080, Verdict::Excepted),
            ("::ffff:10.20.3.4", 8080, Verdict::Excepted),
            ("10.20.3.4", 8081, Verdict::Refused),
            ("10.21.0.1", 8080, Verdict::Refused),
            ("::1", 9000, Verdict::Excepted),
            ("fd12::1", 1, Verdict::Excepted),
            ("8.8.8.8", 443, Verdict::Public),
        ] {
            assert_eq!(policy.verdict(ip(address), port), expected, "{address} {port}");
        }
        assert!(policy.names_port(ip("10.20.0.1"), 8080) && !policy.names_port(ip("fd12::1"), 1));
        assert_eq!(EgressPolicy::default().verdict(ip("10.20.3.4"), 8080), Verdict::Refused);
    }

    #[test]
    fn our_own_address_is_refused_even_where_an_exception_opens_it() {
        let mut policy = policy(&["127.0.0.0/8", "::1"]);
        policy.own_hosts = vec![("0.0.0.0".into(), 8080), ("[2606:4700::1]".into(), 443)];
        assert_eq!(policy.verdict(ip("127.0.0.1"), 8080), Verdict::Refused);
        assert_eq!(policy.verdict(ip("::1"), 8080), Verdict::Refused);
        assert_eq!(policy.verdict(ip("2606:4700::1"), 443), Verdict::Refused);
        assert_eq!(policy.verdict(ip("127.0.0.1"), 9000), Verdict::Excepted);
        assert!(policy.is_own_name("localhost", 8080) && !policy.is_own_name("localhost", 9000));
    }

    #[test]
    fn exceptions_are_read_and_shown_alike_or_refused_with_the_reason() {
        for (text, shown) in [
            ("10.20.0.0/16", "10.20.0.0/16"),
            ("10.20.0.0/16:8080", "10.20.0.0/16:8080"),
            (" 127.0.0.1 ", "127.0.0.1/32"),
            ("[::1]:8080", "[::1/128]:8080"),
            ("[fd00::/8]:8080", "[fd00::/8]:8080"),
            ("fd00::/8", "fd00::/8"),
        ] {
            let rule: AllowRule = text.parse().unwrap();
            assert_eq!(rule.to_string(), shown);
            assert_eq!(shown.parse(), Ok(rule));
        }
        for (text, fault) in [
            ("", NotAnAllowRule::Form),
            ("intranet", NotAnAllowRule::Form),
            ("10.20.0.0/33", NotAnAllowRule::Form),
            ("[::1]x", NotAnAllowRule::Form),
            ("10.20.0.1/16", NotAnAllowRule::HostBits),
            ("127.0.0.1:0", NotAnAllowRule::Port),
            ("127.0.0.1:65536", NotAnAllowRule::Port),
            ("::ffff:10.0.0.0/104", NotAnAllowRule::Mapped),
        ] {
            assert_eq!(text.parse::<AllowRule>(), Err(fault), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_embedding_of_a_denied_ipv4_address_is_refused(range in 0..DENIED_V4.len(), bits: u32, salt: u32) {
            let net = DENIED_V4[range];
            let inner = u32::from(net.network()) | (bits & u32::from(net.hostmask()));
            prop_assert!(!is_public(Ipv4Addr::from(inner).into()));
            let (low, noise) = (u128::from(inner), u128::from(salt));
            for outer in [
                0xffff_u128 << 32 | low,                           // IPv4-mapped
                low,                                               // IPv4-compatible
                0xffff_u128 << 48 | low,                           // IPv4-translated
                0x2002_u128 << 112 | low << 80 | noise,            // 6to4
                0x0064_ff9b_u128 << 96 | low,                      // NAT64
                0x0064_ff9b_0001_u128 << 80 | noise << 32 | low,   // NAT64, local prefix
                0x2001_0000_u128 << 96 | noise << 64 | (low ^ 0xffff_ffff), // Teredo client
                0x2001_0000_u128 << 96 | low << 64 | noise,        // Teredo server
                0xfe80_u128 << 112 | 0x5efe_u128 << 32 | low,      // ISATAP on the link
            ] {
                let outer = IpAddr::from(Ipv6Addr::from(outer));
                prop_assert_eq!(EgressPolicy::default().verdict(outer, 443), Verdict::Refused, "{}", outer);
            }
        }

        #[test]
        fn a_mapped_address_is_judged_as_its_ipv4_address(bits: u32) {
            let inner = Ipv4Addr::from(bits);
            prop_assert_eq!(is_public(inner.to_ipv6_mapped().into()), is_public(inner.into()));
        }
    }
}
