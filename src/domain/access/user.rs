//! Logins: the accounts of persons, each with one role at a partner.

use crate::domain::words::words;

words! {
    /// What a login may do at its partner. Ordered from least to most.
    Role {
        /// Reads; never sees a secret.
        Viewer = "viewer",
        /// Tokens, webhooks, logs.
        Developer = "developer",
        /// Everything but owners.
        Admin = "admin",
        /// Everything.
        Owner = "owner",
    }
}

/// The one spelling of an e-mail address: trimmed, lower case. `None` when it cannot be one.
pub fn canonical_email(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let (local, host) = text.rsplit_once('@')?;
    let sound = text.len() <= 254
        && (1..=64).contains(&local.len())
        && !local.contains(['@', '"'])
        && host.contains('.')
        && host.split('.').all(|label| !label.is_empty())
        && text.chars().all(|c| c.is_ascii_graphic());
    sound.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_spelling() {
        assert_eq!(canonical_email(" Ops@Northwind.Example.com "), Some("ops@northwind.example.com".into()));
        for bad in ["", "a", "@x.com", "a@x", "a@.com", "a@x.com\r\nBcc: b@x.com", "a b@x.com", "a@x..com"] {
            assert_eq!(canonical_email(bad), None, "{bad:?}");
        }
    }
}
