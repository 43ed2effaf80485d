//! Why an address cannot be an endpoint's.

use crate::domain::words::words;

words! {
    /// What is wrong with an address. The word is the reason code of the API.
    UrlFault {
        /// Not `https://`, nor `http://` where the operator allows it.
        Scheme = "scheme",
        /// Not a whole address that every program reads alike.
        Invalid = "invalid",
        /// A space, line break or other control character in the text.
        ControlChar = "control_char",
        /// A user name or password before the host.
        Userinfo = "userinfo",
        /// A `#` and what follows.
        Fragment = "fragment",
        /// The address, its host or a part of its host is too long.
        TooLong = "too_long",
        /// A port that is not for web servers.
        Port = "port",
        /// An address that is not public, or a name for this machine.
        PrivateAddress = "private_address",
        /// A public IP address in place of a name.
        IpLiteral = "ip_literal",
        /// A host name that is not a public one.
        Host = "host",
        /// Bellwire's own address.
        OwnAddress = "self",
        /// The name has no address. Found by looking it up, never by [`TargetUrl::parse`](super::TargetUrl::parse).
        Unresolvable = "unresolvable",
    }
}

impl UrlFault {
    /// The reason code of the API.
    pub const fn code(self) -> &'static str {
        self.as_str()
    }

    /// What is wrong and what to do, for a person. Tells nothing about the network Bellwire runs in.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Scheme => "The address is not a secure web address. Start it with https://.",
            Self::Invalid => "The address cannot be read. Enter a whole one, like https://example.com/hooks.",
            Self::ControlChar => "The address holds a space, a line break or a control character. Remove it.",
            Self::Userinfo => {
                "The address holds a user name or password. Remove it, and send it in a custom header instead."
            }
            Self::Fragment => "The address holds a # part, which is never sent. Remove it.",
            Self::TooLong => {
                "The address is too long. Use at most 2,048 characters, 253 for the host and 63 between its dots."
            }
            Self::Port => "The port is not allowed. Use 443, 80, or one from 1024 to 65535.",
            Self::PrivateAddress => {
                "The address is not on the public internet. Use one that is reachable from outside your network."
            }
            Self::IpLiteral => "The host is an IP address. Use a host name.",
            Self::Host => "The host is not a public name. Use a full one, like example.com.",
            Self::OwnAddress => "The address is that of this service. Use the address of your receiver.",
            Self::Unresolvable => {
                "The host name was not found. Check its spelling, and that it has an address."
            }
        }
    }
}
