//! One line of the audit log, as data with ready words.

use serde_json::{Map, Value};

use crate::domain::id::{Id, Kind, ProgrammeKind, TeamKind, UserKind, WebhookKind};
use crate::domain::time::Ts;
use crate::ops::system::trail::TrailRow;
use crate::web::format::{self, Moment};
use crate::web::here::Here;
use crate::web::parts::{Mark, Tone};
use crate::web::routes;

/// The longest value that is shown of a change, in characters.
const LONGEST: usize = 300;

/// One thing that was done.
#[derive(Debug, Clone)]
pub struct Row {
    /// What was done: `Token created`.
    pub action: String,
    /// What kind of thing it was done to: `Webhook`.
    pub kind: String,
    /// Its name, or its short id.
    pub target: String,
    /// Its whole id.
    pub target_id: String,
    /// Where it is shown, where there is such a place.
    pub href: Option<String>,
    /// Who did it: `1042`, `Token Order desk`, `Operator`.
    pub by: String,
    /// Their name, where `by` does not say it; may be empty.
    pub by_name: String,
    /// Instead of that, somebody of a global partner.
    pub global: Option<Mark>,
    /// Everything else that was done by them.
    pub by_href: Option<String>,
    /// The address it came from; may be empty.
    pub from: String,
    /// When.
    pub at: Moment,
    /// What differs.
    pub changes: Vec<Change>,
}

/// A value that differs.
#[derive(Debug, Clone)]
pub struct Change {
    /// Its name.
    pub name: String,
    /// What it was; empty for nothing.
    pub before: String,
    /// What it became; empty for nothing.
    pub after: String,
}

/// An action as people read it: `Webhook secret rotated`.
pub fn words(action: &str) -> String {
    let text = action.replace(['.', '_', '-'], " ");
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

impl Row {
    /// The line of a row, as it is at `now`.
    pub fn of(here: &Here, found: &TrailRow, now: Ts) -> Self {
        let row = &found.row;
        let (by, by_name) = match (row.actor_kind.as_str(), found.number) {
            ("user", Some(number)) => (number.to_string(), row.actor_name.clone()),
            ("token", _) => (format!("Token {}", row.actor_name), String::new()),
            _ => (row.actor_name.clone(), String::new()),
        };
        let by_actor = |actor: &str| routes::with_query(&routes::audit(here.bu()), &[("actor", actor)]);
        Self {
            action: words(&row.action),
            kind: words(&row.target_kind),
            target: found.target.clone().unwrap_or_else(|| short(&row.target_id)),
            target_id: row.target_id.clone(),
            href: href(here, &row.target_kind, &row.target_id),
            by_href: row.actor_id.as_deref().map(by_actor),
            by,
            by_name,
            global: found
                .global
                .as_ref()
                .map(|email| Mark::new(Tone::Wait, format!("Global partner {email}"))),
            from: row.ip.clone().unwrap_or_default(),
            at: moment(row.at, now),
            changes: changes(found.before.as_ref(), found.after.as_ref()),
        }
    }
}

/// `Today, 13:12` or `14 Nov, 16:40`.
fn moment(at: Ts, now: Ts) -> Moment {
    let day = if at.day() == now.day() { "Today".to_owned() } else { format::day(at, now) };
    let clock: String = format::clock(at).chars().take(5).collect();
    Moment { word: format!("{day}, {clock}"), ..Moment::full(at) }
}

/// The beginning of an id and its last six characters.
fn short(id: &str) -> String {
    match id.split_once('_') {
        Some((prefix, rest)) if rest.len() > 6 && rest.is_ascii() => {
            format!("{prefix}_…{}", rest.get(rest.len() - 6..).unwrap_or_default())
        }
        _ => id.to_owned(),
    }
}

/// Where a thing is shown, in this business unit.
fn href(here: &Here, kind: &str, id: &str) -> Option<String> {
    fn parsed<K: Kind>(id: &str) -> Option<Id<K>> {
        id.parse().ok()
    }
    let bu = here.bu();
    match kind {
        "webhook" => parsed::<WebhookKind>(id)
            .map(|id| routes::with_query(&routes::webhooks(bu), &[("q", id.as_str())])),
        "team" => parsed::<TeamKind>(id).map(|id| routes::team(bu, id)),
        "user" => {
            parsed::<UserKind>(id).map(|id| routes::with_query(&routes::users(bu), &[("q", id.as_str())]))
        }
        "programme" => parsed::<ProgrammeKind>(id).map(|_| routes::programmes(bu)),
        "token" => Some(routes::api(bu)),
        _ => None,
    }
}

/// What differs between two states; without one of them, all of the other.
fn changes(before: Option<&Value>, after: Option<&Value>) -> Vec<Change> {
    let fields = |value: Option<&Value>| value.and_then(Value::as_object).cloned().unwrap_or_default();
    let (before, after) = (fields(before), fields(after));
    let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
    let text = |from: &Map<String, Value>, name: &str| from.get(name).map(shown).unwrap_or_default();
    names
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| Change { name: words(name), before: text(&before, name), after: text(&after, name) })
        .collect()
}

/// A value in one line.
fn shown(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    };
    let cut: String = text.chars().take(LONGEST).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_shown() {
        let (before, after) = (json!({"name": "A", "role": "viewer"}), json!({"name": "A", "role": "admin"}));
        let told = changes(Some(&before), Some(&after));
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].name.as_str(), told[0].after.as_str()), ("Role", "admin"));
        let made = changes(None, Some(&json!({"events": ["a.b", "c.d"], "none": null, "n": 3})));
        let texts: Vec<_> = made.iter().map(|change| change.after.as_str()).collect();
        assert_eq!(texts, ["a.b, c.d", "", "3"]);
        assert!(changes(None, None).is_empty());
    }

    #[test]
    fn actions_and_ids_read_as_words() {
        assert_eq!(words("webhook.secret_rotated"), "Webhook secret rotated");
        assert_eq!(short("wh_00000000000000000000abcdef"), "wh_…abcdef");
        assert_eq!(short("order.completed"), "order.completed");
    }
}
