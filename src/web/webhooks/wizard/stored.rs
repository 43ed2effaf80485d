//! A webhook that is there, as the form would have it typed. Its secrets are not among it.

use serde_json::Value;

use super::draft::{ConditionTyped, Draft, EndpointTyped, HeaderTyped, Step, StoredSecrets, TriggerTyped};
use crate::domain::events::retry::RetryPolicy;
use crate::domain::webhooks::filter::{Condition, Filter, Operator};
use crate::domain::webhooks::header;
use crate::domain::webhooks::trigger::resource_and_event;
use crate::domain::webhooks::webhook::WebhookStatus;
use crate::ops::webhooks::read::WebhookView;
use crate::ops::webhooks::version;
use crate::store::webhooks::endpoints::EndpointRow;
use crate::store::webhooks::triggers::TriggerRow;

impl Draft {
    /// The form that changes this webhook, at `step`.
    pub fn of(webhook: &WebhookView, step: Step) -> Self {
        let row = &webhook.row;
        Self {
            step,
            name: row.name.clone(),
            description: row.description.clone(),
            for_login: webhook.for_login.map(|number| number.to_string()).unwrap_or_default(),
            team: row.for_team.map(|id| id.to_string()).unwrap_or_default(),
            endpoints: webhook.endpoints.iter().map(EndpointTyped::of).collect(),
            triggers: webhook.triggers.iter().map(TriggerTyped::of).collect(),
            active: row.status == WebhookStatus::Active,
            seen: version::of(row).0,
            ..Self::new(row.id)
        }
    }
}

impl EndpointTyped {
    /// An endpoint as it would be typed, without its credentials.
    pub fn of(row: &EndpointRow) -> Self {
        let policy: RetryPolicy = row.retry.parse().unwrap_or_default();
        let (retry, waits) = match &policy {
            RetryPolicy::Published => ("published", String::new()),
            RetryPolicy::None => ("none", String::new()),
            RetryPolicy::Custom(_) => {
                let waits: Vec<String> = policy.waits().iter().map(|seconds| wait(*seconds)).collect();
                ("own", waits.join(", "))
            }
        };
        Self {
            url: row.url.clone(),
            info: row.name.clone(),
            timeout: match row.timeout_ms % 1_000 {
                0 => (row.timeout_ms / 1_000).to_string(),
                _ => format!("{}ms", row.timeout_ms),
            },
            retry: retry.to_owned(),
            waits,
            rate: row.rate_per_second.map(|rate| rate.to_string()).unwrap_or_default(),
            ..Self::default()
        }
    }

    /// The same with what is known of its credentials: which there are.
    #[must_use]
    pub fn with_stored(mut self, headers: Vec<String>, static_header: Option<&str>, secret: bool) -> Self {
        let named = headers.iter().map(|name| HeaderTyped { name: name.clone(), value: String::new() });
        self.headers = named.chain([HeaderTyped::default()]).collect();
        static_header.unwrap_or(header::STATIC_HEADER).clone_into(&mut self.static_name);
        self.keeps_secret = secret;
        self.stored = StoredSecrets { headers, static_value: static_header.is_some(), secret };
        self
    }

    /// Whether a header has its stored value: nothing else is typed beside its name.
    pub fn keeps(&self, typed: &HeaderTyped) -> bool {
        let name = typed.name.trim();
        typed.value.is_empty() && self.stored.headers.iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}

impl TriggerTyped {
    /// A trigger as it would be typed.
    fn of(row: &TriggerRow) -> Self {
        let filter = row.filter.as_deref().and_then(|json| serde_json::from_str::<Filter>(json).ok());
        let conditions: Vec<ConditionTyped> =
            filter.iter().flat_map(Filter::conditions).map(ConditionTyped::of).collect();
        Self {
            resource: resource_and_event(&row.event_type).0.to_owned(),
            event: row.event_type.clone(),
            note: row.note.clone(),
            conditions: if conditions.is_empty() { vec![ConditionTyped::default()] } else { conditions },
        }
    }
}

impl ConditionTyped {
    fn of(condition: &Condition) -> Self {
        let value = match (condition.op(), condition.value()) {
            (Operator::Exists, Value::Bool(true)) => String::new(),
            (_, Value::Array(all)) => all.iter().map(typed).collect::<Vec<_>>().join(", "),
            (_, one) => typed(one),
        };
        Self { path: condition.path().as_str().to_owned(), op: condition.op().to_string(), value }
    }
}

/// A text without quotes, unless it would be read as something else then.
fn typed(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let is_more = serde_json::from_str::<Value>(text).is_ok()
                || text.trim() != text
                || text.is_empty()
                || text.contains([',', '"']);
            if is_more { value.to_string() } else { text.clone() }
        }
        other => other.to_string(),
    }
}

/// `2h`, `5m`, `90s`.
fn wait(seconds: u32) -> String {
    match seconds {
        s if s % 3_600 == 0 => format!("{}h", s / 3_600),
        s if s % 60 == 0 => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_filter_is_typed_so_that_it_reads_back_the_same() {
        let stored = json!([
            {"path": "total", "op": "gt", "value": 500},
            {"path": "no", "op": "eq", "value": "500"},
            {"path": "name", "op": "starts_with", "value": "12"},
            {"path": "name", "op": "ne", "value": "a, \"b\""},
            {"path": "vip", "op": "eq", "value": true},
            {"path": "vip", "op": "eq", "value": null},
            {"path": "gone", "op": "exists", "value": false},
            {"path": "there", "op": "exists", "value": true},
            {"path": "/in", "op": "in", "value": ["DE", "F,R", "7", 7, ""]},
        ]);
        let filter = Filter::check(stored).unwrap();
        let conditions = filter.conditions().iter().map(ConditionTyped::of).collect();
        let typed = TriggerTyped { conditions, ..TriggerTyped::default() };
        assert_eq!(typed.filter().unwrap(), filter);
    }

    #[test]
    fn waits_are_said_shortly() {
        assert_eq!([5, 300, 7_200, 90].map(wait), ["5s", "5m", "2h", "90s"]);
    }
}
