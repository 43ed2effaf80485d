//! What was wrong when a connection could not be secured, in words that its admin can act on.

use std::fmt;

use crate::domain::time::Ts;

/// How many of a certificate's names are told.
const MOST_NAMES: usize = 3;
/// The longest name that is told, in characters: the longest that a host can have.
const LONGEST_NAME: usize = 253;

/// Why a connection could not be secured. Shown as a sentence. It says only what the receiver shows to everyone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsFault {
    /// The certificate is no longer valid, since this moment where that is known.
    Expired(Option<Ts>),
    /// The certificate is not valid before this moment, where that is known.
    Early(Option<Ts>),
    /// The certificate is for these names, and not for the host that was called.
    OtherName(Vec<String>),
    /// The certificate vouches for itself.
    SelfSigned,
    /// Nobody who is trusted here vouches for the certificate.
    UnknownIssuer,
    /// The certificate is wrong in another way.
    BadCertificate,
    /// The server wants to know who calls.
    WantsCertificate,
    /// Both sides know no version or cipher in common.
    NothingInCommon,
    /// The answer was not TLS.
    NotTls,
    /// The server hung up, or said no without a reason.
    Refused,
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired(Some(at)) => write!(f, "The certificate expired on {}. Renew it.", day(*at)),
            Self::Expired(None) => f.write_str("The certificate has expired. Renew it."),
            Self::Early(Some(at)) => {
                write!(f, "The certificate is not valid before {}. Install one that is.", day(*at))
            }
            Self::Early(None) => f.write_str("The certificate is not valid yet. Install one that is."),
            Self::OtherName(names) => match told(names) {
                Some(names) => {
                    write!(f, "The certificate is for {names}. Install one for the host of the URL.")
                }
                None => f.write_str("The certificate is for another host. Install one for the host of the URL."),
            },
            Self::SelfSigned => {
                f.write_str("The certificate is self-signed. Install one of a public certificate authority.")
            }
            Self::UnknownIssuer => f.write_str(
                "The certificate's issuer is not known. Check that the server sends its intermediate certificates too.",
            ),
            Self::BadCertificate => {
                f.write_str("The certificate cannot be used for a server. Install another one.")
            }
            Self::WantsCertificate => f.write_str(
                "The server asks for a client certificate, and none is sent. Check the signature in place of that.",
            ),
            Self::NothingInCommon => {
                f.write_str("The server knows no TLS version or cipher that is safe. Let it speak TLS 1.2 or 1.3.")
            }
            Self::NotTls => {
                f.write_str("The server did not answer in TLS. Check the port, and that it speaks https.")
            }
            Self::Refused => f.write_str(
                "The server ended the connection before it was secured. Check its TLS settings and its log.",
            ),
        }
    }
}

/// `18 Nov 2026`, in UTC.
fn day(at: Ts) -> impl fmt::Display {
    at.calendar().strftime("%-d %b %Y").to_string()
}

/// The first names, as far as they look like names; the rest is counted.
fn told(names: &[String]) -> Option<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '*' | ':');
    let sound: Vec<&str> = names
        .iter()
        .map(String::as_str)
        .filter(|name| !name.is_empty() && name.len() <= LONGEST_NAME && name.chars().all(is_name))
        .collect();
    let first = sound.get(..MOST_NAMES).unwrap_or(&sound).join(", ");
    match sound.len() {
        0 => None,
        n if n > MOST_NAMES => Some(format!("{first} and {} more", n - MOST_NAMES)),
        _ => Some(first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_certificate_is_told_with_its_day_and_its_names() {
        let at = Ts::parse("2026-11-18T23:59:59Z");
        assert_eq!(TlsFault::Expired(at).to_string(), "The certificate expired on 18 Nov 2026. Renew it.");
        let names = |names: &[&str]| {
            let all = names.iter().map(|name| (*name).to_owned()).collect();
            let text = TlsFault::OtherName(all).to_string();
            text.split(". Install").next().unwrap_or_default().to_owned()
        };
        assert_eq!(names(&["other.example"]), "The certificate is for other.example");
        assert_eq!(
            names(&["a.x", "*.b.x", "c.x", "d.x", "e.x"]),
            "The certificate is for a.x, *.b.x, c.x and 2 more"
        );
        let long = "x".repeat(LONGEST_NAME + 1);
        assert_eq!(names(&["<b>", "a b", "", "two\nlines", &long]), "The certificate is for another host");
    }
}
