//! A trigger as the wizard shows it: resource, the events of that resource, a note, and a filter that can be tried.

use super::draft::TriggerTyped;
use super::view::{Drawing, Input, Pick};
use crate::domain::webhooks::filter::{MOST_CONDITIONS, Operator};
use crate::domain::webhooks::trigger::resource_and_event;
use crate::ops::webhooks::catalogue::TypeView;
use crate::ops::webhooks::trial::{SEARCHED, Trial};
use crate::web::format;
use crate::web::parts::Choice;

/// One trigger.
#[derive(Debug)]
pub struct TriggerView {
    /// Its number, from 1.
    pub number: usize,
    /// The start of its ids: `tr0`.
    pub id: String,
    /// The resource.
    pub resource: Pick,
    /// The events of that resource.
    pub event: Pick,
    /// A note for people.
    pub note: Input,
    /// Whether the filter is open.
    pub open: bool,
    /// The conditions of the filter.
    pub conditions: Vec<ConditionView>,
    /// What is wrong with the filter as a whole.
    pub filter_errors: Vec<String>,
    /// Whether one more condition may be added.
    pub more_conditions: bool,
    /// What came of trying the filter, in a sentence.
    pub trial: String,
}

/// One condition.
#[derive(Debug)]
pub struct ConditionView {
    /// Where it looks.
    pub path: Input,
    /// How it compares.
    pub op: Pick,
    /// What with.
    pub value: Input,
    /// What is wrong with it as a whole.
    pub errors: Vec<String>,
}

impl TriggerView {
    /// The `i`th trigger, with what is offered.
    pub(super) fn of(
        i: usize,
        typed: &TriggerTyped,
        offered: &[TypeView],
        trial: Option<Trial>,
        drawing: &mut Drawing<'_>,
    ) -> Self {
        let (id, path) = (format!("tr{i}"), format!("triggers[{i}]"));
        let event_path = format!("{path}.event");
        let resource = drawing.pick(
            format!("{id}-r"),
            if typed.resource.is_empty() { &event_path } else { "" },
            resources(offered, &typed.resource),
        );
        let mut event = drawing.pick(
            format!("{id}-e"),
            if typed.resource.is_empty() { "" } else { &event_path },
            events(offered, &typed.resource, &typed.event),
        );
        if typed.event.is_empty() && !event.errors.is_empty() {
            event.errors = vec!["Choose an event of this resource.".to_owned()];
        }
        let mut resource = resource;
        if !resource.errors.is_empty() {
            resource.errors = vec!["Choose a resource, then one of its events.".to_owned()];
        }
        let note = drawing.input(format!("{id}-i"), &format!("{path}.note"), &typed.note);
        let parts = typed.conditions.iter().enumerate();
        let conditions: Vec<ConditionView> = parts
            .map(|(j, condition)| {
                let at = format!("{path}.filter[{j}]");
                ConditionView {
                    path: drawing.input(format!("{id}-cp{j}"), &format!("{at}.path"), &condition.path),
                    op: drawing.pick(format!("{id}-co{j}"), &format!("{at}.op"), operators(&condition.op)),
                    value: drawing.input(format!("{id}-cv{j}"), &format!("{at}.value"), &condition.value),
                    errors: drawing.errors(&at),
                }
            })
            .collect();
        let is_filtered = typed.conditions.len() > 1 || typed.conditions.iter().any(|one| !one.is_blank());
        Self {
            number: i + 1,
            open: is_filtered,
            resource,
            event,
            note,
            more_conditions: conditions.len() < MOST_CONDITIONS,
            filter_errors: drawing.errors(&format!("{path}.filter")),
            conditions,
            trial: said(typed, trial),
            id,
        }
    }
}

/// What came of trying the filter.
fn said(typed: &TriggerTyped, trial: Option<Trial>) -> String {
    match trial {
        _ if typed.event.is_empty() => {
            "Choose an event, and the filter is tried on the last ones.".to_owned()
        }
        _ if typed.conditions.iter().all(super::draft::ConditionTyped::is_blank) => {
            "Without a condition, every event passes.".to_owned()
        }
        None => "Complete each condition, and the filter is tried on the last events.".to_owned(),
        Some(Trial { tried: 0, .. }) => {
            let searched = format::thousands(SEARCHED.unsigned_abs());
            format!("No {} event among the last {searched} events to try it on.", typed.event)
        }
        Some(Trial { tried: 1, passed }) => {
            let word = if passed == 1 { "would" } else { "would not" };
            format!("The last {} event {word} have matched.", typed.event)
        }
        Some(Trial { tried, passed }) => {
            format!("{passed} of the last {tried} {} events would have matched.", typed.event)
        }
    }
}

fn resources(types: &[TypeView], chosen: &str) -> Vec<Choice> {
    let mut names: Vec<&str> = Vec::new();
    for one in types {
        if !names.contains(&one.resource.as_str()) {
            names.push(&one.resource);
        }
    }
    let blank = chosen.is_empty().then(|| Choice {
        value: String::new(),
        label: "Choose a resource".to_owned(),
        chosen: true,
    });
    let choice = |name: &str| Choice { value: name.to_owned(), label: words(name), chosen: name == chosen };
    blank.into_iter().chain(names.into_iter().map(choice)).collect()
}

fn events(types: &[TypeView], resource: &str, chosen: &str) -> Vec<Choice> {
    let label = if resource.is_empty() { "Choose a resource first" } else { "Choose an event" };
    let blank =
        chosen.is_empty().then(|| Choice { value: String::new(), label: label.to_owned(), chosen: true });
    let own = types.iter().filter(|one| one.resource == resource).map(|one| Choice {
        value: one.name.clone(),
        label: words(&one.event),
        chosen: one.name == chosen,
    });
    blank.into_iter().chain(own).collect()
}

fn operators(chosen: &str) -> Vec<Choice> {
    let all = Operator::ALL.iter();
    all.map(|op| Choice {
        value: op.to_string(),
        label: op.label().to_owned(),
        chosen: op.as_str() == chosen,
    })
    .collect()
}

/// `email_added` as people read it: `Email added`.
fn words(name: &str) -> String {
    let spaced = name.replace(['_', '.'], " ");
    let mut letters = spaced.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

impl TriggerTyped {
    /// Drops an event that is not one of the chosen resource.
    pub fn settle(&mut self) {
        if resource_and_event(&self.event).0 != self.resource {
            self.event.clear();
        }
    }
}
