//! Addresses that nothing may be sent to: the row of the table, the reason code, and the addresses.

/// Separated by spaces; `␠`, `␉`, `␍`, `␊` and `␀` stand for the characters.
pub const ADDRESSES: &[(&str, &str, &str)] = &[
    ("U1", "scheme", "http://example.com/h ftp://example.com/ file:///etc/passwd javascript:alert(1) data:x"),
    ("U4", "invalid", "//example.com /rel example.com/h https:// https://?x"),
    ("U5", "invalid", "https:example.com https:///example.com https:/example.com"),
    (
        "U6",
        "control_char",
        "␠https://example.com/ https://example.com/␠ https://exa␉mple.com/ https://example.com/␍␊X:␠y",
    ),
    ("U6", "control_char", "https://example.com/␀ https://example.com/␊"),
    ("U7", "invalid", "https://evil.com\\@example.com https:\\\\example.com https://example.com\\x"),
    ("U8", "userinfo", "https://user:pass@example.com/ https://user@example.com/ https://@example.com/"),
    ("U9", "fragment", "https://example.com/#x https://example.com#"),
    ("U11", "port", "https://example.com:0/ https://example.com:99999/ https://example.com:80:80/"),
    (
        "U11",
        "port",
        "https://a.com:22/ https://a.com:25/ https://a.com:53/ https://a.com:110/ https://a.com:143/",
    ),
    ("U11", "port", "https://a.com:445/ https://a.com:587/"),
    (
        "U12",
        "private_address",
        "https://127.0.0.1/ https://127.8.9.1/ https://localhost/ https://LOCALHOST./",
    ),
    ("U12", "private_address", "https://foo.localhost/"),
    ("U13", "private_address", "https://2130706433/ https://0x7f.1/ https://0177.0.0.1/ https://127.1/"),
    ("U14", "private_address", "https://0/ https://0.0.0.0/ https://[::]/"),
    ("U15", "private_address", "https://①②⑦.⓪.⓪.①/ https://127。0。0。1/ https://ⓛocalhost/"),
    ("U16", "private_address", "https://127.0.0.1./"),
    (
        "U17",
        "private_address",
        "https://10.0.0.1/ https://172.16.0.1/ https://172.31.255.255/ https://192.168.1.1/",
    ),
    // The neighbours pass the rule for private addresses, and stop at the one for literals.
    (
        "U17",
        "ip_literal",
        "https://172.15.255.255/ https://172.32.0.1/ https://9.255.255.255/ https://11.0.0.1/",
    ),
    ("U18", "private_address", "https://169.254.169.254/ https://168.63.129.16/"),
    (
        "U19",
        "private_address",
        "https://100.64.0.1/ https://198.18.0.1/ https://192.0.2.1/ https://198.51.100.1/",
    ),
    (
        "U19",
        "private_address",
        "https://203.0.113.1/ https://192.88.99.1/ https://224.0.0.1/ https://240.0.0.1/",
    ),
    ("U19", "private_address", "https://255.255.255.255/"),
    ("U20", "private_address", "https://[::1]/ https://[::ffff:127.0.0.1]/ https://[::ffff:7f00:1]/"),
    ("U20", "private_address", "https://[::127.0.0.1]/ https://[::ffff:0:7f00:1]/"),
    (
        "U21",
        "private_address",
        "https://[64:ff9b::7f00:1]/ https://[64:ff9b::a9fe:a9fe]/ https://[64:ff9b:1::808:808]/",
    ),
    ("U22", "private_address", "https://[2002:7f00:1::]/ https://[2001:0:4136:e378::]/ https://[fe80::1]/"),
    (
        "U22",
        "private_address",
        "https://[fec0::1]/ https://[fd00:ec2::254]/ https://[ff02::1]/ https://[100::1]/",
    ),
    (
        "U22",
        "private_address",
        "https://[2001:db8::1]/ https://[3fff::1]/ https://[5f00::1]/ https://[2001:10::1]/",
    ),
    ("U24", "ip_literal", "https://8.8.8.8/ https://134744072/ https://[2606:4700::1111]/"),
    (
        "U25",
        "host",
        "https://intranet/ https://x.local/ https://x.internal/ https://metadata.google.internal/",
    ),
    ("U25", "host", "https://kubernetes.default.svc/ https://x.home.arpa/ https://x.onion/ https://x.test/"),
    ("U25", "host", "https://./ https://a..b/"),
    (
        "U26",
        "invalid",
        "https://a%2eb.com/ https://example.com%00.evil/ https://xn--/ https://256.256.256.256/",
    ),
    ("U26", "invalid", "https://1.2.3.4.5/"),
];
