//! The cards beside the charts: what the webhook is, where it sends, what triggers it, its secret, its changes.

use serde_json::Value;

use crate::domain::events::retry::RetryPolicy;
use crate::domain::time::Ts;
use crate::domain::webhooks::filter::Filter;
use crate::domain::webhooks::webhook::{Reach, WebhookStatus};
use crate::ops::webhooks::details::{Details, SecretState, Standing};
use crate::store::system::audit::AuditRow;
use crate::store::webhooks::endpoints::EndpointRow;
use crate::store::webhooks::triggers::TriggerRow;
use crate::web::format::{self, Moment};
use crate::web::here::Here;
use crate::web::parts::{Mark, Tone};
use crate::web::routes;

/// How a secret is shown that is not.
const MASKED: &str = "whsec_••••••••••••••••••••••••••••••";

/// One line of the overview.
#[derive(Debug, Clone)]
pub struct Fact {
    /// What it is: `For Login`.
    pub name: &'static str,
    /// What it says; may be of a person.
    pub value: String,
    /// Whether it is set as code.
    pub code: bool,
    /// The whole of it, for hovering; may be empty.
    pub title: String,
}

/// An endpoint.
#[derive(Debug, Clone)]
pub struct EndpointLine {
    /// Its whole address.
    pub url: String,
    /// The same without scheme.
    pub short_url: String,
    /// Its name; may be empty.
    pub name: String,
    /// Its settings in words: `15 s timeout, 1 custom header`.
    pub about: String,
    /// Whether deliveries go to it.
    pub state: Mark,
    /// Where it is changed, for who may.
    pub href: Option<String>,
}

/// A trigger.
#[derive(Debug, Clone)]
pub struct TriggerLine {
    /// The event type's name for people.
    pub label: String,
    /// The event type.
    pub event: String,
    /// When it triggers: `only if total > 50`; empty for always.
    pub filter: String,
    /// A note of the person who made it; may be empty.
    pub note: String,
}

/// The signing secret, which is not on the page.
#[derive(Debug, Clone)]
pub struct SecretCard {
    /// What is shown instead.
    pub masked: &'static str,
    /// How old it is: `Last rotated 112 days ago`.
    pub age: String,
    /// What signs beside it, and until when; may be empty.
    pub overlap: String,
    /// Where it is revealed, for who may.
    pub reveal: Option<String>,
    /// Where it is rotated, for who may.
    pub rotate: Option<String>,
}

/// A change of the webhook.
#[derive(Debug, Clone)]
pub struct Change {
    /// What was done: `Updated name, events`.
    pub what: String,
    /// Who did it.
    pub who: String,
    /// When.
    pub at: Moment,
}

/// The overview, but for the id.
pub fn facts(found: &Details) -> Vec<Fact> {
    let (webhook, row) = (&found.webhook, &found.webhook.row);
    let fact = |name, value: String, code| Fact { name, value, code, title: String::new() };
    let number = |login: Option<i64>, none: &str| login.map_or_else(|| none.to_owned(), |n| n.to_string());
    let reach = match row.reach {
        Reach::BusinessUnit => "This business unit",
        Reach::Partner => "All business units of the partner",
    };
    let sent = row.last_sent_at.map(|at| Moment::relative(at, found.now)).unwrap_or_default();
    vec![
        fact("Login", number(webhook.creator, "–"), webhook.creator.is_some()),
        fact("For Login", number(webhook.for_login, "Any"), webhook.for_login.is_some()),
        fact("Team", webhook.team.clone().unwrap_or_else(|| "–".to_owned()), false),
        fact("Reach", reach.to_owned(), false),
        Fact {
            title: format::full(row.created_at),
            ..fact("Created", row.created_at.calendar().strftime("%-d %b %Y, %H:%M").to_string(), false)
        },
        Fact {
            title: sent.title,
            ..fact("Last sent", if sent.word.is_empty() { "Never".to_owned() } else { sent.word }, false)
        },
    ]
}

/// The endpoints, in their order.
pub fn endpoints(here: &Here, found: &Details, may: bool) -> Vec<EndpointLine> {
    let is_active = found.webhook.row.status == WebhookStatus::Active;
    let line = |(row, standing): (&EndpointRow, &Standing)| EndpointLine {
        url: row.url.clone(),
        short_url: format::short_url(&row.url).to_owned(),
        name: row.name.clone(),
        about: standing.rests_until.map_or_else(
            || settings(row, standing),
            |until| format!("Paused by circuit breaker, next try {}", until.calendar().strftime("%H:%M:%S")),
        ),
        state: match (is_active, standing.rests_until) {
            (false, _) => Mark::new(Tone::Off, "Inactive"),
            (true, Some(_)) => Mark::new(Tone::Wait, "Paused"),
            (true, None) => Mark::new(Tone::Ok, "Delivering"),
        },
        href: may.then(|| routes::webhook_endpoint(here.bu(), row.webhook_id, row.id)),
    };
    found.webhook.endpoints.iter().zip(&found.endpoints).map(line).collect()
}

/// An endpoint's settings in words; what is as it usually is is left out, but for the timeout.
fn settings(row: &EndpointRow, standing: &Standing) -> String {
    let mut said = vec![timeout(row.timeout_ms)];
    match standing.headers {
        None => said.push("custom headers that cannot be read here".to_owned()),
        Some(0) => {}
        Some(n) => said.push(format::count(u64::try_from(n).unwrap_or(0), "custom header", "custom headers")),
    }
    said.extend(row.static_header.as_ref().map(|name| format!("secret in {name}")));
    said.extend(standing.own_secret.then(|| "own signing secret".to_owned()));
    said.extend(row.rate_per_second.map(|rate| format!("at most {rate} a second")));
    match row.retry.parse::<RetryPolicy>().unwrap_or_default() {
        RetryPolicy::Published => {}
        RetryPolicy::None => said.push("no retries".to_owned()),
        own @ RetryPolicy::Custom(_) => {
            let retries = u64::try_from(own.waits().len()).unwrap_or(0);
            said.push(format!("up to {}", format::count(retries, "retry", "retries")));
        }
    }
    said.join(", ")
}

fn timeout(ms: i32) -> String {
    match (ms / 1_000, ms % 1_000 / 100) {
        (seconds, 0) => format!("{seconds} s timeout"),
        (seconds, tenths) => format!("{seconds}.{tenths} s timeout"),
    }
}

/// The triggers, in their order.
pub fn triggers(found: &Details) -> Vec<TriggerLine> {
    let line = |(row, label): (&TriggerRow, &String)| {
        let filter = row.filter.as_deref().and_then(|json| serde_json::from_str::<Filter>(json).ok());
        let conditions: Vec<String> =
            filter.iter().flat_map(Filter::conditions).map(ToString::to_string).collect();
        TriggerLine {
            label: label.clone(),
            event: row.event_type.clone(),
            filter: if conditions.is_empty() {
                String::new()
            } else {
                format!("only if {}", conditions.join(" and "))
            },
            note: row.note.clone(),
        }
    };
    found.webhook.triggers.iter().zip(&found.labels).map(line).collect()
}

/// The secret of the whole webhook, as long as there is one.
pub fn secret(here: &Here, found: &Details, may: bool) -> Option<SecretCard> {
    let (row, SecretState { since, previous_until }) = (&found.webhook.row, found.secret?);
    let verb = if since == row.created_at { "Made" } else { "Last rotated" };
    Some(SecretCard {
        masked: MASKED,
        age: format!("{verb} {}", ago(since, found.now)),
        overlap: previous_until
            .map(|until| format!("The secret before it signs too, until {}.", format::full(until)))
            .unwrap_or_default(),
        reveal: may.then(|| routes::webhook_secret(here.bu(), row.id)),
        rotate: may.then(|| routes::webhook_rotate(here.bu(), row.id)),
    })
}

/// `today`, `yesterday`, `112 days ago`.
fn ago(then: Ts, now: Ts) -> String {
    match now.since(then).as_secs() / 86_400 {
        0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        days => format!("{} days ago", format::thousands(days)),
    }
}

/// The last changes, newest first.
pub fn changes(found: &Details) -> Vec<Change> {
    let change = |row: &AuditRow| Change {
        what: done(row),
        who: row.actor_name.clone(),
        at: Moment::relative(row.at, found.now),
    };
    found.changes.iter().map(change).collect()
}

/// `webhook.secret_rotated` becomes `Secret rotated`; a change names what it changed.
fn done(row: &AuditRow) -> String {
    let act = row.action.rsplit('.').next().unwrap_or_default().replace('_', " ");
    let mut letters = act.chars();
    let act: String = letters.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(letters).collect();
    let changed = changed(row.before.as_deref(), row.after.as_deref());
    if changed.is_empty() { act } else { format!("{act}: {}", changed.join(", ")) }
}

/// The names of what differs between two objects.
fn changed(before: Option<&str>, after: Option<&str>) -> Vec<String> {
    let read = |text: Option<&str>| text.and_then(|text| serde_json::from_str::<Value>(text).ok());
    let (Some(Value::Object(before)), Some(Value::Object(after))) = (read(before), read(after)) else {
        return Vec::new();
    };
    let differs = |(name, value): &(&String, &Value)| before.get(*name).is_some_and(|old| old != *value);
    after.iter().filter(differs).map(|(name, _)| name.replace('_', " ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_names_what_it_changed() {
        let before = Some(r#"{"name":"a","events":[1],"for_login":null}"#);
        let after = Some(r#"{"name":"b","events":[1],"for_login":"usr_1","secret":"changed"}"#);
        assert_eq!(changed(before, after), ["name", "for login"]);
        assert_eq!(changed(None, after), Vec::<String>::new());
    }

    #[test]
    fn an_age_is_counted_in_days() {
        let now = Ts::parse("2025-11-20T14:00:00Z").unwrap();
        let words = ["2025-11-20T01:00:00Z", "2025-11-19T01:00:00Z", "2025-07-31T01:00:00Z"]
            .map(|then| ago(Ts::parse(then).unwrap(), now));
        assert_eq!(words, ["today", "yesterday", "112 days ago"]);
        assert_eq!([15_000, 2_500].map(timeout), ["15 s timeout", "2.5 s timeout"]);
    }
}
