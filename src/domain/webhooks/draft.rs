//! Webhooks as people and programs draft them, and the rules that make of a draft a webhook.

use std::collections::HashSet;

use serde_json::Value;

use crate::domain::access::name::{self, Name};
use crate::domain::events::retry::RetryPolicy;
use crate::domain::id::{ProgrammeId, TeamId};
use crate::domain::problem::FieldErrors;
use crate::domain::webhooks::address::EgressPolicy;
use crate::domain::webhooks::endpoint::{DEFAULT_TIMEOUT_MS, MOST_ENDPOINTS, TIMEOUT_MS};
use crate::domain::webhooks::filter::Filter;
use crate::domain::webhooks::header::{HeaderName, HeaderValue, check_headers, check_static_header};
use crate::domain::webhooks::secret::SigningSecret;
use crate::domain::webhooks::target_url::TargetUrl;
use crate::domain::webhooks::trigger::{MOST_TRIGGERS, is_event_type};
use crate::domain::webhooks::webhook::{Reach, WebhookStatus};

/// The longest description, in characters.
pub const LONGEST_DESCRIPTION: usize = 1_000;
/// The longest note of a trigger, in characters.
pub const LONGEST_NOTE: usize = 500;
/// The most deliveries a second that an endpoint may ask for.
pub const MOST_PER_SECOND: i32 = 10_000;

const SENT_AND_SIGNING: &str =
    "The static header sends this text to the receiver, so it cannot sign too. Use another.";

/// A webhook as it is asked for.
#[derive(Debug, Default)]
pub struct WebhookDraft {
    /// Its name; the first endpoint's host when there is none.
    pub name: Option<String>,
    /// What it is for.
    pub description: String,
    /// Active unless said otherwise.
    pub status: Option<WebhookStatus>,
    /// Where it sends, at least one.
    pub endpoints: Vec<EndpointDraft>,
    /// What it wants, at least one.
    pub triggers: Vec<TriggerDraft>,
    /// A signing secret of one's own; one is made when there is none.
    pub secret: Option<String>,
    /// Whose events it gets.
    pub scope: ScopeDraft,
    /// How far it hears: its own business unit unless said otherwise.
    pub reach: Option<Reach>,
    /// The programme it is made in; none for a global one.
    pub programme: Option<ProgrammeId>,
}

/// Whose events trigger a webhook, as it is asked for.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum ScopeDraft {
    /// Everyone's, and events about nobody.
    #[default]
    Everyone,
    /// Those of the login with this number.
    Login(i64),
    /// Those of the logins in this team.
    Team(TeamId),
}

/// An endpoint as it is asked for.
#[derive(Debug, Default)]
pub struct EndpointDraft {
    /// How errors name it: `url` stands for its address when it was given in short.
    pub field: FieldName,
    /// Its name.
    pub name: String,
    /// Its address.
    pub url: String,
    /// Custom headers.
    pub headers: Vec<(String, String)>,
    /// The static secret header: name and value.
    pub static_header: Option<(String, String)>,
    /// How long an attempt may take, in milliseconds.
    pub timeout_ms: Option<i32>,
    /// How failed attempts are repeated.
    pub retry: RetryPolicy,
    /// Deliveries a second at the most.
    pub rate_per_second: Option<i32>,
    /// A signing secret of its own; the webhook's signs when there is none.
    pub secret: Option<String>,
}

/// A trigger as it is asked for.
#[derive(Debug, Default)]
pub struct TriggerDraft {
    /// How errors name it.
    pub field: FieldName,
    /// The event type.
    pub event: String,
    /// Conditions on the payload.
    pub filter: Option<Value>,
    /// A note for people.
    pub note: String,
}

/// How a caller spelt a part of a draft.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum FieldName {
    /// In its own list: `endpoints[2].url`, `triggers[2].event`.
    #[default]
    InFull,
    /// In short: `url`, `events[2]`.
    InShort,
}

/// A webhook that breaks no rule that can be judged without the database.
pub struct CheckedWebhook {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether it starts active.
    pub status: WebhookStatus,
    /// Where it sends.
    pub endpoints: Vec<CheckedEndpoint>,
    /// What it wants; no event type twice.
    pub triggers: Vec<CheckedTrigger>,
    /// A signing secret of one's own.
    pub secret: Option<SigningSecret>,
    /// Whose events it gets; nobody has looked yet whether they exist.
    pub scope: ScopeDraft,
    /// How far it hears; nobody has looked yet whether the caller may say so.
    pub reach: Reach,
    /// The programme it is made in; nobody has looked yet whether it exists.
    pub programme: Option<ProgrammeId>,
}

/// An endpoint that breaks no rule.
pub struct CheckedEndpoint {
    /// Its name.
    pub name: String,
    /// Its address.
    pub url: TargetUrl,
    /// Custom headers.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The static secret header.
    pub static_header: Option<(HeaderName, HeaderValue)>,
    /// How long an attempt may take, in milliseconds.
    pub timeout_ms: i32,
    /// How failed attempts are repeated.
    pub retry: RetryPolicy,
    /// Deliveries a second at the most.
    pub rate_per_second: Option<i32>,
    /// A signing secret of its own.
    pub secret: Option<SigningSecret>,
}

/// A trigger that breaks no rule but may name a type that is not in the catalogue.
#[derive(Debug)]
pub struct CheckedTrigger {
    /// How errors name its event type.
    pub field: String,
    /// The event type.
    pub event: String,
    /// Conditions on the payload.
    pub filter: Option<Filter>,
    /// A note for people.
    pub note: String,
}

impl WebhookDraft {
    /// Checks everything that needs no database; tells all that is wrong.
    pub fn check(self, egress: &EgressPolicy) -> Result<CheckedWebhook, FieldErrors> {
        let mut errors = FieldErrors::default();
        if self.endpoints.is_empty() {
            errors.push("url", "required", "A webhook needs at least one address to send to.");
        }
        if self.endpoints.len() > MOST_ENDPOINTS {
            errors.push("endpoints", "limit_endpoints", "A webhook has at most 20 endpoints.");
        }
        let endpoints: Vec<_> = self
            .endpoints
            .into_iter()
            .enumerate()
            .filter_map(|(i, endpoint)| errors.keep(endpoint.check(i, egress)))
            .collect();
        let triggers = errors.keep(check_triggers(self.triggers));
        let name = match (&self.name, endpoints.first()) {
            (Some(name), _) => errors.keep(Name::parse("name", name)).map(Name::into_string),
            (None, Some(first)) => Some(first.url.host().chars().take(100).collect()),
            (None, None) => None,
        };
        let description = errors.keep(check_description(&self.description));
        let secret = self.secret.and_then(|text| errors.keep(SigningSecret::parse(&text)));
        let is_sent = |secret: &SigningSecret| {
            let sent = endpoints.iter().filter_map(|endpoint| endpoint.static_header.as_ref());
            sent.into_iter().any(|(_, value)| value.expose() == secret.expose())
        };
        if secret.as_ref().is_some_and(is_sent) {
            errors.push("secret", "secret_reuse", SENT_AND_SIGNING);
        }
        errors.or(())?;
        Ok(CheckedWebhook {
            name: name.unwrap_or_default(),
            description: description.unwrap_or_default(),
            status: self.status.unwrap_or(WebhookStatus::Active),
            endpoints,
            triggers: triggers.unwrap_or_default(),
            secret,
            scope: self.scope,
            reach: self.reach.unwrap_or(Reach::BusinessUnit),
            programme: self.programme,
        })
    }
}

impl EndpointDraft {
    /// Checks one endpoint, the `i`th of its webhook.
    pub fn check(self, i: usize, egress: &EgressPolicy) -> Result<CheckedEndpoint, FieldErrors> {
        let mut errors = FieldErrors::default();
        let url = errors.keep(
            TargetUrl::parse(&self.url, egress).map_err(|f| FieldErrors::one("url", f.code(), f.message())),
        );
        let headers = errors.keep(check_headers(&self.headers)).unwrap_or_default();
        let static_header = self.static_header.as_ref().and_then(|(name, value)| {
            let name = errors.keep(check_static_header(name, &headers));
            let value = errors.keep(HeaderValue::parse(value).map_err(|_| {
                FieldErrors::one("static_secret", "secret_characters", "Use visible ASCII characters only.")
            }));
            name.zip(value)
        });
        if static_header.is_some()
            && url.as_ref().is_some_and(|url| !url.is_https() && !url.is_this_machine())
        {
            errors.push(
                "static_header",
                "https_required_for_plain_secret",
                "A secret is sent over https only.",
            );
        }
        let manner = errors.keep(check_manner(&self.name, self.timeout_ms, self.rate_per_second));
        let (name, timeout_ms) = manner.unwrap_or_default();
        let secret = self.secret.and_then(|text| errors.keep(SigningSecret::parse(&text)));
        let sent = static_header.as_ref().map(|(_, value)| value.expose());
        if sent.is_some() && sent == secret.as_ref().map(SigningSecret::expose) {
            errors.push("secret", "secret_reuse", SENT_AND_SIGNING);
        }
        let errors = match self.field {
            FieldName::InShort => errors,
            FieldName::InFull => errors.under(&format!("endpoints[{i}]")),
        };
        match (url, errors.is_empty()) {
            (Some(url), true) => Ok(CheckedEndpoint {
                name,
                url,
                headers,
                static_header,
                timeout_ms,
                retry: self.retry,
                rate_per_second: self.rate_per_second,
                secret,
            }),
            _ => Err(errors),
        }
    }
}

/// Checks how an endpoint is called and sent to; gives its name and how long an attempt may take.
pub fn check_manner(
    name: &str,
    timeout_ms: Option<i32>,
    rate_per_second: Option<i32>,
) -> Result<(String, i32), FieldErrors> {
    let mut errors = FieldErrors::default();
    let name = errors.keep(name::label("name", name, name::LONGEST)).unwrap_or_default();
    let timeout_ms = timeout_ms.unwrap_or(DEFAULT_TIMEOUT_MS);
    if !TIMEOUT_MS.contains(&timeout_ms) {
        errors.push("timeout_ms", "range", "An attempt may take 1,000 to 30,000 milliseconds.");
    }
    if rate_per_second.is_some_and(|rate| !(1..=MOST_PER_SECOND).contains(&rate)) {
        errors.push("rate_per_second", "range", "Use 1 to 10,000 deliveries a second.");
    }
    errors.or((name, timeout_ms))
}

/// Checks a list of triggers: at least one, no event type twice.
pub fn check_triggers(drafts: Vec<TriggerDraft>) -> Result<Vec<CheckedTrigger>, FieldErrors> {
    let mut errors = FieldErrors::default();
    if drafts.is_empty() {
        errors.push("events", "required", "Choose at least one event.");
    }
    if drafts.len() > MOST_TRIGGERS {
        errors.push("events", "limit_triggers", "A webhook has at most 200 triggers.");
        return Err(errors);
    }
    let mut seen = HashSet::new();
    let mut checked = Vec::new();
    for (i, draft) in drafts.into_iter().enumerate() {
        let (field, part) = match draft.field {
            FieldName::InShort => (format!("events[{i}]"), format!("events[{i}]")),
            FieldName::InFull => (format!("triggers[{i}].event"), format!("triggers[{i}]")),
        };
        if !is_event_type(&draft.event) {
            errors.push(field, "unknown_event_type", "This event type is not in the catalogue.");
            continue;
        }
        if !seen.insert(draft.event.clone()) {
            errors.push(field, "duplicate", "This event is chosen already.");
            continue;
        }
        if draft.note.chars().count() > LONGEST_NOTE {
            errors.push(format!("{part}.note"), "too_long", "A note has at most 500 characters.");
        }
        let filter = draft.filter.and_then(|raw| errors.keep(Filter::check(raw).map_err(|e| e.under(&part))));
        let filter = filter.filter(|filter| !filter.is_empty());
        checked.push(CheckedTrigger { field, event: draft.event, filter, note: draft.note });
    }
    errors.or(checked)
}

/// Checks a description: at most 1,000 characters, line breaks allowed.
pub fn check_description(text: &str) -> Result<String, FieldErrors> {
    let text = text.trim();
    if text.chars().count() > LONGEST_DESCRIPTION {
        return Err(FieldErrors::one(
            "description",
            "too_long",
            "A description has at most 1,000 characters.",
        ));
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\r' && c != '\t') {
        return Err(FieldErrors::one(
            "description",
            "control_character",
            "A description holds no control characters.",
        ));
    }
    Ok(text.to_owned())
}
