//! Permissions: what a token may be allowed, and what each role holds of it.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::domain::access::user::Role;
use crate::domain::problem::FieldErrors;
use crate::domain::words::words;

words! {
    /// One thing a token may do.
    Permission {
        /// Look at webhooks.
        WebhooksRead = "webhooks:read",
        /// Change webhooks.
        WebhooksWrite = "webhooks:write",
        /// Send test requests.
        WebhooksTest = "webhooks:test",
        /// Look at deliveries.
        DeliveriesRead = "deliveries:read",
        /// Resend and replay.
        DeliveriesWrite = "deliveries:write",
        /// Look at events.
        EventsRead = "events:read",
        /// Publish events.
        EventsWrite = "events:write",
        /// Look at the catalogue.
        EventTypesRead = "event-types:read",
        /// Change the catalogue.
        EventTypesWrite = "event-types:write",
        /// Look at tokens.
        TokensRead = "tokens:read",
        /// Revoke tokens.
        TokensWrite = "tokens:write",
    }
}

impl Permission {
    /// Its name beside a checkbox.
    pub const fn label(self) -> &'static str {
        match self {
            Self::WebhooksRead => "Read webhooks",
            Self::WebhooksWrite => "Manage webhooks",
            Self::WebhooksTest => "Test webhooks",
            Self::DeliveriesRead => "Read deliveries",
            Self::DeliveriesWrite => "Resend and replay",
            Self::EventsRead => "Read events",
            Self::EventsWrite => "Publish events",
            Self::EventTypesRead => "Read event types",
            Self::EventTypesWrite => "Manage event types",
            Self::TokensRead => "Read tokens",
            Self::TokensWrite => "Revoke tokens",
        }
    }

    /// What it allows, in one sentence.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::WebhooksRead => "List webhooks and see their settings, with secrets masked.",
            Self::WebhooksWrite => "Create, change and delete webhooks, and rotate their secrets.",
            Self::WebhooksTest => "Send a signed test request to a webhook.",
            Self::DeliveriesRead => "See deliveries and each attempt with its request and response.",
            Self::DeliveriesWrite => "Resend deliveries, and start or cancel replays.",
            Self::EventsRead => "See events with their payloads, and pull them as a feed.",
            Self::EventsWrite => "Publish events to the webhooks of this business unit.",
            Self::EventTypesRead => "See the event catalogue with schemas and samples.",
            Self::EventTypesWrite => "Add, change and remove event types of the catalogue.",
            Self::TokensRead => "List tokens with their scopes and last use; secrets are never shown.",
            Self::TokensWrite => "Revoke tokens; creating one needs a person signed in.",
        }
    }

    /// The part before the colon, by which checkboxes are grouped.
    pub fn resource(self) -> &'static str {
        self.as_str().split_once(':').map_or(self.as_str(), |(resource, _)| resource)
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// A set of permissions. As JSON a list, as text separated by spaces, always in the order of declaration.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Scopes(u16);

impl Scopes {
    /// Every permission.
    pub fn all() -> Self {
        Permission::ALL.iter().copied().collect()
    }

    /// What a role holds at its partner, and so may grant.
    pub fn of_role(role: Role) -> Self {
        match role {
            Role::Viewer => [
                Permission::WebhooksRead,
                Permission::DeliveriesRead,
                Permission::EventsRead,
                Permission::EventTypesRead,
                Permission::TokensRead,
            ]
            .into_iter()
            .collect(),
            Role::Developer | Role::Admin | Role::Owner => Self::all(),
        }
    }

    /// Reads names separated by commas or white space; repeated names count once. Refuses a name that is
    /// no permission with the code `unknown_scope`.
    pub fn parse(text: &str) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let mut scopes = Self::default();
        for name in text.split(|c: char| c == ',' || c.is_whitespace()).filter(|name| !name.is_empty()) {
            match name.parse::<Permission>() {
                Ok(permission) => scopes.0 |= permission.bit(),
                Err(_) => errors.push("scopes", "unknown_scope", unknown(name)),
            }
        }
        errors.or(scopes)
    }

    /// Whether the permission is in the set.
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// Whether all of `others` are in the set.
    pub const fn contains_all(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// What is in both sets.
    #[must_use]
    pub const fn intersect(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The set with one more in it.
    #[must_use]
    pub const fn with(self, permission: Permission) -> Self {
        Self(self.0 | permission.bit())
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether nothing is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The permissions, in the order of declaration.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.contains(*permission))
    }

    /// The names, separated by spaces, as they are stored.
    pub fn to_text(self) -> String {
        self.iter().map(Permission::as_str).collect::<Vec<_>>().join(" ")
    }
}

/// At most the beginning of the name is told: it may be anything, of any length.
fn unknown(name: &str) -> String {
    let name: String = name.chars().take(40).collect();
    format!("There is no scope \"{name}\". The scopes are: {}.", Scopes::all().to_text().replace(' ', ", "))
}

impl FromIterator<Permission> for Scopes {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().fold(0, |bits, permission| bits | permission.bit()))
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scopes({})", self.to_text())
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_back_in_one_order() {
        let scopes = Scopes::parse("events:write, webhooks:read\nevents:write").unwrap();
        assert_eq!(scopes.to_text(), "webhooks:read events:write");
        assert_eq!(serde_json::to_string(&scopes).unwrap(), r#"["webhooks:read","events:write"]"#);
        assert_eq!(Scopes::parse(&Scopes::all().to_text()), Ok(Scopes::all()));
        assert_eq!(Scopes::parse(" ,"), Ok(Scopes::default()));
    }

    #[test]
    fn every_unknown_scope_is_told() {
        let errors = Scopes::parse("webhooks:*,events:read,Events:Write").unwrap_err();
        assert_eq!(errors.iter().filter(|e| e.code == "unknown_scope").count(), 2);
    }

    #[test]
    fn a_viewer_holds_what_reads_and_nobody_grants_more_than_they_hold() {
        let viewer = Scopes::of_role(Role::Viewer);
        assert!(Permission::ALL.iter().all(|p| viewer.contains(*p) == p.as_str().ends_with(":read")));
        assert!(Scopes::of_role(Role::Developer).contains_all(viewer));
        assert!(!viewer.contains_all(Scopes::all()));
        assert_eq!(
            viewer.intersect(Scopes::parse("tokens:read tokens:write").unwrap()).to_text(),
            "tokens:read"
        );
    }

    #[test]
    fn every_permission_has_a_resource_a_label_and_a_sentence() {
        for permission in Permission::ALL {
            assert!(permission.as_str().starts_with(permission.resource()));
            assert!(!permission.resource().contains(':') && !permission.label().is_empty());
            assert!(permission.sentence().ends_with('.'), "{permission}");
        }
    }
}
