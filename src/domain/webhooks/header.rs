//! Custom headers of an endpoint: which names and values may be sent beside our own.

use std::fmt;

use zeroize::Zeroizing;

use crate::domain::problem::FieldErrors;
use crate::domain::words::words;

/// The name offered for the header that carries the static secret.
pub const STATIC_HEADER: &str = "qn-secret";
/// How many custom headers an endpoint may have.
pub const MOST_HEADERS: usize = 20;
/// The longest name of a header, in bytes.
pub const LONGEST_NAME: usize = 200;
/// The longest value of a header, in bytes.
pub const LONGEST_VALUE: usize = 4_096;

/// Names that Bellwire, HTTP itself or a proxy sets.
const RESERVED: [&str; 16] = [
    "host",
    "connection",
    "content-length",
    "content-type",
    "content-encoding",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "keep-alive",
    "expect",
    "user-agent",
    "accept-encoding",
    "date",
    "forwarded",
    "via",
];
const RESERVED_PREFIXES: [&str; 6] =
    ["proxy-", "x-forwarded-", "sec-", "webhook-", "x-webhook-", "x-bellwire-"];

/// What marks a header as a credential: a whole part of its name between dashes, or a piece of it.
const CREDENTIAL_PARTS: [&str; 9] =
    ["auth", "authorization", "authentication", "bearer", "jwt", "key", "pass", "pwd", "session"];
const CREDENTIAL_PIECES: [&str; 6] = ["apikey", "cookie", "credential", "passw", "secret", "token"];

words! {
    /// What is wrong with a header. The word is the reason code of the API.
    HeaderFault {
        /// Not a name HTTP knows.
        Name = "header_name",
        /// A name that is not the customer's to set.
        Reserved = "header_reserved",
        /// A value that receivers would read differently or not at all.
        Value = "header_value",
        /// The same name twice, in any case.
        Duplicate = "header_duplicate",
        /// More headers than [`MOST_HEADERS`].
        Count = "header_count",
    }
}

impl HeaderFault {
    /// The reason code of the API.
    pub const fn code(self) -> &'static str {
        self.as_str()
    }

    /// What is wrong and what to do, for a person.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Name => "The header name is not valid. Use 1 to 200 letters, digits and dashes.",
            Self::Reserved => "This header is set by the service or by HTTP itself. Choose another name.",
            Self::Value => {
                "The header value is not valid. Use 1 to 4,096 characters of plain ASCII, without line breaks."
            }
            Self::Duplicate => "This header is given twice. Keep one of them.",
            Self::Count => "There are too many headers. Keep at most 20.",
        }
    }
}

/// The name of a header that a customer may set, in the case it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderName(String);

impl HeaderName {
    /// Reads a name; a fault when HTTP does not know such names or the name is reserved.
    pub fn parse(text: &str) -> Result<Self, HeaderFault> {
        let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if text.is_empty() || text.len() > LONGEST_NAME || !text.bytes().all(is_token) {
            return Err(HeaderFault::Name);
        }
        if is_reserved(text) {
            return Err(HeaderFault::Reserved);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether both name the same header: case does not count.
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }

    /// Whether the value is to be masked wherever it is shown.
    pub fn is_credential(&self) -> bool {
        is_credential(&self.0)
    }
}

/// The value of a header: 1 to 4,096 bytes of ASCII 0x20 to 0x7E, no space at either end. Wiped when dropped,
/// and absent from `Debug`, because it may be a credential.
#[derive(Clone, PartialEq, Eq)]
pub struct HeaderValue(Zeroizing<String>);

impl HeaderValue {
    /// Reads a value; spaces around it are dropped, as HTTP itself would.
    pub fn parse(text: &str) -> Result<Self, HeaderFault> {
        let text = text.trim_matches(' ');
        let is_sound = !text.is_empty() && text.len() <= LONGEST_VALUE;
        if is_sound && text.bytes().all(|b| matches!(b, 0x20..=0x7e)) {
            Ok(Self(Zeroizing::new(text.to_owned())))
        } else {
            Err(HeaderFault::Value)
        }
    }

    /// The value itself, to send or to seal.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for HeaderValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeaderValue(…)")
    }
}

/// Reads the custom headers of an endpoint, or says everything that is wrong with them. Fields are `headers`,
/// `headers[i].name` and `headers[i].value`; no message holds a value.
pub fn check_headers(headers: &[(String, String)]) -> Result<Vec<(HeaderName, HeaderValue)>, FieldErrors> {
    if headers.len() > MOST_HEADERS {
        let fault = HeaderFault::Count;
        return Err(FieldErrors::one("headers", fault.code(), fault.message()));
    }
    let mut errors = FieldErrors::default();
    let mut checked: Vec<(HeaderName, HeaderValue)> = Vec::with_capacity(headers.len());
    for (i, (name, value)) in headers.iter().enumerate() {
        let is_twice = headers.iter().take(i).any(|(earlier, _)| earlier.eq_ignore_ascii_case(name));
        let name = HeaderName::parse(name)
            .and_then(|name| if is_twice { Err(HeaderFault::Duplicate) } else { Ok(name) })
            .map_err(|fault| errors.push(format!("headers[{i}].name"), fault.code(), fault.message()));
        let value = HeaderValue::parse(value)
            .map_err(|fault| errors.push(format!("headers[{i}].value"), fault.code(), fault.message()));
        if let (Ok(name), Ok(value)) = (name, value) {
            checked.push((name, value));
        }
    }
    errors.or(checked)
}

/// Reads the free name of the header that carries the static secret; no custom header may have it too. The
/// field is `static_header`.
pub fn check_static_header(
    name: &str,
    custom: &[(HeaderName, HeaderValue)],
) -> Result<HeaderName, FieldErrors> {
    HeaderName::parse(name)
        .and_then(|name| {
            let is_taken = custom.iter().any(|(other, _)| other.is_same(&name));
            if is_taken { Err(HeaderFault::Duplicate) } else { Ok(name) }
        })
        .map_err(|fault| FieldErrors::one("static_header", fault.code(), fault.message()))
}

/// Whether the header of this name carries a credential, so that its value is masked wherever it is shown.
/// When in doubt it is one.
pub fn is_credential(name: &str) -> bool {
    let name = folded(name);
    name.split(['-', '.']).any(|part| CREDENTIAL_PARTS.contains(&part))
        || CREDENTIAL_PIECES.iter().any(|piece| name.contains(piece))
}

fn is_reserved(name: &str) -> bool {
    let name = folded(name);
    RESERVED.contains(&name.as_str()) || RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Case does not count, and many receivers read `_` as `-`: `Content_Length` could stand in for ours.
fn folded(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(headers: &[(&str, &str)]) -> Vec<(String, String)> {
        headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
    }

    fn faults(headers: &[(&str, &str)]) -> Vec<(String, &'static str)> {
        let errors = check_headers(&pairs(headers)).unwrap_err();
        errors.into_iter().map(|e| (e.field.into_owned(), e.code)).collect()
    }

    #[test]
    fn only_names_that_http_knows_are_taken() {
        let long = "x".repeat(201);
        for bad in ["", "x y", "x:", "x\r\ny", "x\0", "é", "(x)", long.as_str()] {
            assert_eq!(HeaderName::parse(bad), Err(HeaderFault::Name), "{bad:?}");
        }
        for good in ["Authorization", "Cookie", "X_Y", "qn-secret", "x-api-key", &long[..200]] {
            assert_eq!(HeaderName::parse(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn reserved_names_are_refused_in_any_case_and_with_underscores() {
        for bad in [
            "Host",
            "CONNECTION",
            "content-length",
            "Content_Type",
            "te",
            "Transfer-Encoding",
            "Proxy-Authorization",
            "sec-fetch-site",
            "Webhook-Id",
            "X-Webhook-Signature",
            "x_bellwire_hops",
            "X-Forwarded-For",
            "via",
            "Date",
        ] {
            assert_eq!(HeaderName::parse(bad), Err(HeaderFault::Reserved), "{bad}");
        }
    }

    #[test]
    fn values_are_plain_ascii_and_never_shown_by_debug() {
        for bad in ["", "  ", "ключ", "a\tb", "a\r\nX: y", "a\0", "a\n", &"v".repeat(4097)] {
            assert_eq!(HeaderValue::parse(bad), Err(HeaderFault::Value), "{bad:?}");
        }
        let value = HeaderValue::parse(" Bearer abc~ ").unwrap();
        assert_eq!(value.expose(), "Bearer abc~");
        assert!(!format!("{value:?}").contains("abc"));
    }

    #[test]
    fn every_fault_is_told_at_its_field() {
        assert_eq!(
            faults(&[("X-A", "1"), ("x-a", "é"), ("Host", "h"), ("a b", "1")]),
            [
                ("headers[1].name".to_owned(), "header_duplicate"),
                ("headers[1].value".to_owned(), "header_value"),
                ("headers[2].name".to_owned(), "header_reserved"),
                ("headers[3].name".to_owned(), "header_name"),
            ]
        );
        let names: Vec<String> = (0..21).map(|i| format!("x-{i}")).collect();
        let many: Vec<(&str, &str)> = names.iter().map(|n| (n.as_str(), "v")).collect();
        assert_eq!(faults(&many), [("headers".to_owned(), "header_count")]);
        assert_eq!(check_headers(&pairs(&many[..20])).unwrap().len(), 20);
    }

    #[test]
    fn the_static_secret_has_a_free_name_of_its_own() {
        let custom = check_headers(&pairs(&[("QN-Secret", "v")])).unwrap();
        let code = |name, custom: &[_]| {
            check_static_header(name, custom).map_err(|e| e.iter().map(|e| e.code).collect::<Vec<_>>())
        };
        assert!(code(STATIC_HEADER, &[]).is_ok());
        assert_eq!(code(STATIC_HEADER, &custom), Err(vec!["header_duplicate"]));
        assert_eq!(code("webhook-id", &[]), Err(vec!["header_reserved"]));
    }

    #[test]
    fn credentials_are_known_by_their_names() {
        for name in [
            "Authorization",
            "cookie",
            "X-Api-Key",
            "x_auth",
            "QN-Secret",
            "X-Access-Token",
            "PassWord",
            "apikey",
        ] {
            assert!(is_credential(name), "{name}");
        }
        for name in ["accept", "x-tenant", "x-author", "x-monkey"] {
            assert!(!is_credential(name), "{name}");
        }
    }
}
