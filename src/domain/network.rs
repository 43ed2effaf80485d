//! What one client of the network has to itself.

use std::net::{IpAddr, Ipv6Addr};

/// The address itself, or the /64 network of an IPv6 address: one customer holds all of that. An IPv4 address
/// written as an IPv6 one is the former.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_its_ipv4_address_or_its_ipv6_network() {
        for (address, whole) in [
            ("203.0.113.9", "203.0.113.9"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ] {
            assert_eq!(network(address.parse().unwrap()), whole.parse::<IpAddr>().unwrap(), "{address}");
        }
    }
}
