//! The form that Create Webhook and Manage Events share.

use askama::Template;

use crate::domain::problem::FieldErrors;
use crate::domain::webhooks::catalogue as builtin;
use crate::domain::webhooks::draft::{FieldName, TriggerDraft};
use crate::ops::webhooks::catalogue::TypeView;
use crate::web::form::Fields;
use crate::web::page::Page;
use crate::web::parts::{Field, Notice};
use crate::web::shell::Shell;

/// The pages `/bu/{bu}/webhooks/new`, `/bu/{bu}/webhooks/{wh}/events` and
/// `/bu/{bu}/programmes/{prg}/webhooks/new`.
#[derive(Debug, Template)]
#[template(path = "webhooks/events.html")]
pub struct EventForm {
    /// The frame.
    pub shell: Shell,
    /// The heading.
    pub heading: &'static str,
    /// Under the heading.
    pub lede: String,
    /// Where the form posts to: this page's own address.
    pub href: String,
    /// The page it came from.
    pub back: String,
    /// The name of that page.
    pub back_name: &'static str,
    /// What is kept of the form between its requests; empty when events are managed.
    pub draft: String,
    /// Whether only events can be changed.
    pub manages: bool,
    /// Where the secret can be rotated.
    pub details: String,
    /// Payload URL.
    pub url: Field,
    /// Secret; empty when events are managed.
    pub secret: Field,
    /// Whose events it gets, for who has a choice.
    pub reach: Option<ReachChoice>,
    /// The catalogue.
    pub catalogue: Catalogue,
    /// What is wrong with the choice of events.
    pub event_errors: Vec<String>,
    /// What was refused as a whole.
    pub notice: Option<Notice>,
    /// Whether something stands in the form that is not saved.
    pub changed: bool,
}

impl Page for EventForm {}

/// How far a webhook of a global partner hears.
#[derive(Debug, Clone)]
pub struct ReachChoice {
    /// The partner's name.
    pub partner: String,
    /// Whether it shall hear all its units.
    pub wide: bool,
    /// What is wrong with it.
    pub errors: Vec<String>,
}

/// The events to choose from.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// In groups; those for global webhooks alone first.
    pub groups: Vec<EventGroup>,
    /// How many are chosen.
    pub chosen: usize,
    /// How many there are.
    pub total: usize,
}

/// Events under one heading.
#[derive(Debug, Clone)]
pub struct EventGroup {
    /// The heading.
    pub name: String,
    /// Whether only global webhooks may have them.
    pub exclusive: bool,
    /// The events.
    pub events: Vec<EventChoice>,
}

/// One event to choose.
#[derive(Debug, Clone)]
pub struct EventChoice {
    /// Its type.
    pub name: String,
    /// Its name for people.
    pub label: String,
    /// When it happens.
    pub description: String,
    /// Whether it is chosen.
    pub chosen: bool,
    /// Whether new webhooks should do without it.
    pub deprecated: bool,
}

/// What was typed into the form.
#[derive(Debug, Clone, Default)]
pub struct Typed {
    /// Payload URL.
    pub url: String,
    /// Secret.
    pub secret: String,
    /// Whether it shall hear all units of the partner.
    pub wide: bool,
    /// The chosen event types.
    pub events: Vec<String>,
}

impl Typed {
    /// What a form holds.
    pub fn of(form: &Fields) -> Self {
        Self {
            url: form.text("url").trim().to_owned(),
            secret: form.text("secret").to_owned(),
            wide: form.text("reach") == "partner",
            events: form.all("events").map(str::to_owned).collect(),
        }
    }

    /// The chosen events as triggers.
    pub fn triggers(&self) -> Vec<TriggerDraft> {
        let trigger = |event: &String| TriggerDraft {
            field: FieldName::InShort,
            event: event.clone(),
            ..TriggerDraft::default()
        };
        self.events.iter().map(trigger).collect()
    }
}

impl Catalogue {
    /// The types that can be subscribed to, with `chosen` chosen. Global webhooks choose from all; the others do
    /// without those that are for partners alone. What is chosen stays on offer.
    pub fn of(types: &[TypeView], global: bool, chosen: &[String]) -> Self {
        let mut groups: Vec<EventGroup> = Vec::new();
        for found in types {
            let is_chosen = chosen.contains(&found.name);
            let subscribable = builtin::find(&found.name).is_none_or(|builtin| builtin.subscribable);
            let offered = subscribable && !found.deprecated && (global || !found.partner_only);
            let stays = is_chosen && subscribable;
            if !(offered || stays) {
                continue;
            }
            let name = if found.partner_only { "Partner only" } else { found.group.as_str() };
            let event = EventChoice {
                name: found.name.clone(),
                label: if found.built_in { in_a_sentence(&found.label) } else { found.label.clone() },
                description: found.description.clone(),
                chosen: is_chosen,
                deprecated: found.deprecated,
            };
            match groups.iter_mut().find(|group| group.name == name) {
                Some(group) => group.events.push(event),
                None => groups.push(EventGroup {
                    name: name.to_owned(),
                    exclusive: found.partner_only,
                    events: vec![event],
                }),
            }
        }
        groups.sort_by_key(|group| !group.exclusive);
        let all = || groups.iter().flat_map(|group| &group.events);
        let (total, chosen) = (all().count(), all().filter(|event| event.chosen).count());
        Self { groups, chosen, total }
    }
}

/// `Quote Email Added` as a label of a form: `Quote email added`.
fn in_a_sentence(label: &str) -> String {
    let mut words = label.split(' ');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |sentence, word| format!("{sentence} {}", word.to_lowercase()))
}

/// What is wrong with a part of the form, one sentence each. Events are told together.
pub(super) fn wrong(errors: &FieldErrors, field: &str) -> Vec<String> {
    let of_field = |name: &str| name == field || (field == "events" && name.starts_with("events["));
    let mut told: Vec<String> = Vec::new();
    for error in errors.iter().filter(|error| of_field(&error.field)) {
        let text = error.message.to_string();
        if !told.contains(&text) {
            told.push(text);
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_reads_as_a_sentence() {
        assert_eq!(in_a_sentence("Quote Email Added"), "Quote email added");
        assert_eq!(in_a_sentence(""), "");
    }
}
