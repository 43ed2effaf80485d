//! The rules of each step: those of the domain, with the names that the form's fields have.

use serde_json::{Value, json};

use super::draft::{ConditionTyped, Draft, EndpointTyped, Step, TriggerTyped};
use crate::domain::access::name::Name;
use crate::domain::events::retry::RetryPolicy;
use crate::domain::problem::FieldErrors;
use crate::domain::webhooks::address::EgressPolicy;
use crate::domain::webhooks::draft::{
    EndpointDraft, FieldName, ScopeDraft, TriggerDraft, WebhookDraft, check_description,
};
use crate::domain::webhooks::filter::{Filter, Operator};
use crate::domain::webhooks::webhook::WebhookStatus;
use crate::ops::webhooks::destination::{DestinationDraft, OwnSecret};

impl Draft {
    /// What is wrong with the name step. Nobody has looked yet whether the login and the team exist.
    pub fn check_name(&self) -> Result<ScopeDraft, FieldErrors> {
        let mut errors = FieldErrors::default();
        errors.keep(Name::parse("name", &self.name));
        errors.keep(check_description(&self.description));
        let scope = errors.keep(self.scope());
        errors.or(scope.unwrap_or_default())
    }

    /// What is wrong with the endpoints.
    pub fn check_endpoints(&self, egress: &EgressPolicy) -> Result<(), FieldErrors> {
        let mut errors = FieldErrors::default();
        for (i, endpoint) in self.endpoints.iter().enumerate() {
            let (draft, unreadable) = endpoint.draft();
            errors.keep(unreadable.under(&format!("endpoints[{i}]")).or(()));
            errors.keep(draft.check(i, egress));
        }
        errors.or(())
    }

    /// The webhook that is asked for, or what is wrong with any step that can be told without rules of the
    /// domain: those are asked by the operation.
    pub fn webhook(&self) -> Result<WebhookDraft, FieldErrors> {
        let mut errors = FieldErrors::default();
        let scope = errors.keep(self.check_name());
        let mut endpoints = Vec::with_capacity(self.endpoints.len());
        for (i, endpoint) in self.endpoints.iter().enumerate() {
            let (draft, unreadable) = endpoint.draft();
            errors.keep(unreadable.under(&format!("endpoints[{i}]")).or(()));
            endpoints.push(draft);
        }
        errors.or(WebhookDraft {
            name: Some(self.name.clone()),
            description: self.description.clone(),
            status: Some(if self.active { WebhookStatus::Active } else { WebhookStatus::Inactive }),
            endpoints,
            triggers: self.triggers.iter().map(TriggerTyped::draft).collect(),
            secret: None,
            scope: scope.unwrap_or_default(),
            reach: None,
            programme: None,
        })
    }

    fn scope(&self) -> Result<ScopeDraft, FieldErrors> {
        match (self.for_login.trim(), self.team.as_str()) {
            ("", "") => Ok(ScopeDraft::Everyone),
            ("", team) => team.parse().map(ScopeDraft::Team).map_err(|_| {
                FieldErrors::one(
                    "for_team",
                    "unknown_reference",
                    "There is no such team. Choose one of the list.",
                )
            }),
            (number, "") => number.parse().map(ScopeDraft::Login).map_err(|_| {
                FieldErrors::one("for_login", "number", "Enter the number of a login, such as 1042.")
            }),
            _ => Err(FieldErrors::one(
                "for_team",
                "too_many",
                "Choose a login or a team. A webhook is for one of them.",
            )),
        }
    }
}

/// The step whose form has this field.
pub fn step_of(field: &str) -> Step {
    if field.starts_with("endpoints") || field == "url" {
        Step::Endpoints
    } else if field.starts_with("triggers") || field.starts_with("events") {
        Step::Triggers
    } else {
        Step::Name
    }
}

impl EndpointTyped {
    /// The endpoint that is asked for, and what could not be read of it.
    pub fn draft(&self) -> (EndpointDraft, FieldErrors) {
        let mut errors = FieldErrors::default();
        let timeout_ms = milliseconds(&self.timeout).and_then(|ms| i32::try_from(ms).ok());
        if timeout_ms.is_none() {
            errors.push("timeout_ms", "range", "Choose one of these times.");
        }
        let retry = errors.keep(self.retry());
        let rate = self.rate.trim();
        let rate_per_second = (!rate.is_empty()).then(|| rate.parse::<i32>().unwrap_or(0));
        let static_name = self.static_name.trim();
        let is_static = !self.static_value.is_empty();
        let named = self.headers.iter().filter(|header| !header.is_blank());
        let draft = EndpointDraft {
            field: FieldName::InFull,
            name: self.info.trim().to_owned(),
            url: self.url.trim().to_owned(),
            headers: named.map(|header| (header.name.trim().to_owned(), header.value.clone())).collect(),
            static_header: is_static.then(|| (static_name.to_owned(), self.static_value.clone())),
            timeout_ms,
            retry: retry.unwrap_or_default(),
            rate_per_second,
            secret: self.own_secret.then(|| self.secret.clone()),
        };
        (draft, errors)
    }

    /// The destination that is asked for: what was not typed again stays as it is stored.
    pub fn destination(&self) -> DestinationDraft {
        let typed = |text: &String| (!text.is_empty()).then(|| text.clone());
        let named = self.headers.iter().filter(|header| !header.is_blank());
        let static_name = self.static_name.trim();
        let is_static = !static_name.is_empty() || !self.static_value.is_empty();
        DestinationDraft {
            url: self.url.trim().to_owned(),
            headers: named.map(|header| (header.name.trim().to_owned(), typed(&header.value))).collect(),
            static_header: is_static.then(|| (static_name.to_owned(), typed(&self.static_value))),
            secret: match (self.own_secret, self.keeps_secret, self.stored.secret) {
                (true, _, _) => OwnSecret::New(self.secret.clone()),
                (false, false, true) => OwnSecret::Webhooks,
                (false, _, _) => OwnSecret::Keep,
            },
        }
    }

    fn retry(&self) -> Result<RetryPolicy, FieldErrors> {
        match self.retry.as_str() {
            "none" => Ok(RetryPolicy::None),
            "own" => {
                let parts = self.waits.split([',', ' ']).filter(|part| !part.is_empty());
                RetryPolicy::custom(parts.map(seconds).collect::<Option<_>>().unwrap_or_default())
            }
            _ => Ok(RetryPolicy::Published),
        }
    }
}

/// `15` seconds or `1500ms`, in milliseconds.
pub fn milliseconds(text: &str) -> Option<u64> {
    match text.strip_suffix("ms") {
        Some(digits) => digits.parse().ok(),
        None => text.parse::<u64>().ok()?.checked_mul(1_000),
    }
}

/// `90`, `90s`, `5m` or `2h` in seconds.
fn seconds(text: &str) -> Option<u32> {
    let digits = text.trim_end_matches(['s', 'm', 'h']);
    let times = match text.get(digits.len()..) {
        Some("" | "s") => 1,
        Some("m") => 60,
        Some("h") => 3_600,
        _ => return None,
    };
    digits.parse::<u32>().ok()?.checked_mul(times)
}

impl TriggerTyped {
    /// The trigger that is asked for.
    pub fn draft(&self) -> TriggerDraft {
        TriggerDraft {
            field: FieldName::InFull,
            event: self.event.clone(),
            filter: self.filter_json(),
            note: self.note.trim().to_owned(),
        }
    }

    /// The filter, or what is wrong with it. Fields are those of [`Filter::check`].
    pub fn filter(&self) -> Result<Filter, FieldErrors> {
        Filter::check(self.filter_json().unwrap_or_default())
    }

    fn filter_json(&self) -> Option<Value> {
        let all: Vec<Value> =
            self.conditions.iter().filter(|one| !one.is_blank()).map(ConditionTyped::json).collect();
        (!all.is_empty()).then_some(Value::Array(all))
    }
}

impl ConditionTyped {
    /// Whether it does not count yet.
    pub fn is_blank(&self) -> bool {
        self.path.trim().is_empty() && self.value.trim().is_empty()
    }

    fn json(&self) -> Value {
        let value = self.value.trim();
        let op = self.op.parse::<Operator>().ok();
        let value = match op {
            Some(Operator::In) => {
                parts(value).into_iter().map(str::trim).filter(|one| !one.is_empty()).map(one_value).collect()
            }
            Some(Operator::Exists) if value.is_empty() => Value::Bool(true),
            Some(Operator::StartsWith) => Value::String(unquoted(value)),
            _ if value.is_empty() => return json!({"path": self.path.trim(), "op": self.op}),
            _ => one_value(value),
        };
        json!({"path": self.path.trim(), "op": self.op, "value": value})
    }
}

/// A list at its commas, but for those between quotes.
fn parts(text: &str) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |c| {
        let was_escaped = escaped;
        escaped = quoted && c == '\\' && !was_escaped;
        quoted ^= c == '"' && !was_escaped;
        c == ',' && !quoted
    })
    .collect()
}

/// `500`, `true` and `null` as what they are, everything else as a text; quotes make a text of those too.
fn one_value(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(value @ (Value::Number(_) | Value::Bool(_) | Value::Null | Value::String(_))) => value,
        _ => Value::String(text.to_owned()),
    }
}

fn unquoted(text: &str) -> String {
    serde_json::from_str(text).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(path: &str, op: &str, value: &str) -> ConditionTyped {
        ConditionTyped { path: path.into(), op: op.into(), value: value.into() }
    }

    #[test]
    fn typed_values_are_numbers_where_they_look_like_numbers() {
        for (op, value, json) in [
            ("gt", "500", json!(500)),
            ("eq", "\"500\"", json!("500")),
            ("eq", " EUR ", json!("EUR")),
            ("in", "DE, FR,7", json!(["DE", "FR", 7])),
            ("in", r#""a, \"b", c"#, json!(["a, \"b", "c"])),
            ("exists", "", json!(true)),
            ("starts_with", "12", json!("12")),
        ] {
            assert_eq!(condition("total", op, value).json()["value"], json, "{op} {value}");
        }
        let conditions = vec![condition("total", "gt", ""), condition("", "", "")];
        let trigger = TriggerTyped { conditions, ..TriggerTyped::default() };
        let errors = trigger.filter().unwrap_err();
        assert_eq!(errors.iter().map(|e| e.field.as_ref()).collect::<Vec<_>>(), ["filter[0].value"]);
    }

    #[test]
    fn waits_are_typed_as_people_say_them() {
        let own = |waits: &str| {
            let typed =
                EndpointTyped { retry: "own".into(), waits: waits.into(), ..EndpointTyped::default() };
            typed.retry().map(|policy| policy.to_string()).ok()
        };
        assert_eq!(own("5s, 5m 2h,90").as_deref(), Some("[5,300,7200,90]"));
        for bad in ["", "soon", "5d", "25h", "-1", "m"] {
            assert_eq!(own(bad), None, "{bad}");
        }
    }
}
