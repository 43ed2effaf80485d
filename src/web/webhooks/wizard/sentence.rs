//! The closing sentence: it reads the webhook back before it is made.

use super::draft::{Draft, TriggerTyped};
use crate::domain::webhooks::trigger::resource_and_event;
use crate::web::format;

/// How many hosts are named.
const MOST_HOSTS: usize = 3;

/// A part of the sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    /// The words.
    pub text: String,
    /// Whether they came from what was typed.
    pub strong: bool,
}

#[derive(Default)]
struct Words(Vec<Phrase>);

impl Words {
    fn plain(&mut self, text: &str) {
        match self.0.last_mut().filter(|last| !last.strong) {
            Some(last) => last.text.push_str(text),
            None => self.0.push(Phrase { text: text.to_owned(), strong: false }),
        }
    }

    fn strong(&mut self, text: &str) {
        self.0.push(Phrase { text: text.to_owned(), strong: true });
    }

    /// The parts with commas between them, and `last` before the last one.
    fn list<T>(&mut self, parts: &[T], last: &str, mut say: impl FnMut(&mut Self, &T)) {
        for (i, part) in parts.iter().enumerate() {
            match (i, parts.len() - i) {
                (0, _) => {}
                (_, 1) => self.plain(last),
                _ => self.plain(", "),
            }
            say(self, part);
        }
    }
}

/// The draft in one sentence. `team` is the name of its team; `label` gives the name of an event type for people.
pub fn sentence(draft: &Draft, team: Option<&str>, label: impl Fn(&str) -> String) -> Vec<Phrase> {
    let mut words = Words::default();
    let mut groups: Vec<(&str, Vec<&TriggerTyped>)> = Vec::new();
    for trigger in draft.triggers.iter().filter(|trigger| !trigger.event.is_empty()) {
        let (resource, event) = resource_and_event(&trigger.event);
        let key = if is_done(event) { resource } else { trigger.event.as_str() };
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, triggers)) => triggers.push(trigger),
            None => groups.push((key, vec![trigger])),
        }
    }
    if groups.is_empty() {
        words.plain("Choose a resource and an event, and this line reads the webhook back.");
        return words.0;
    }
    words.plain("When ");
    words.list(&groups, ", or ", |words, (resource, triggers)| say_group(words, resource, triggers, &label));
    match (draft.for_login.trim(), team) {
        ("", None) => {}
        ("", Some(team)) => {
            words.plain(" for ");
            words.strong(team);
        }
        (login, _) => {
            words.plain(" for ");
            words.strong(&format!("login {login}"));
        }
    }
    words.plain(", Bellwire posts to ");
    let mut hosts: Vec<String> = draft.endpoints.iter().map(|endpoint| host(&endpoint.url)).collect();
    hosts.dedup();
    let more = hosts.split_off(hosts.len().min(MOST_HOSTS)).len();
    words.list(&hosts, if more == 0 { " and " } else { ", " }, |words, host| words.strong(host));
    if more > 0 {
        words.plain(&format!(" and {more} more"));
    }
    words.plain(".");
    if !draft.active {
        words.plain(" It starts inactive: until it is switched on, matching events are recorded as skipped.");
    }
    words.0
}

fn say_group(words: &mut Words, resource: &str, triggers: &[&TriggerTyped], label: &impl Fn(&str) -> String) {
    let is_happening = triggers.iter().all(|trigger| !is_done(resource_and_event(&trigger.event).1));
    if !is_happening {
        words.plain(&format!("{} is ", some(resource)));
    }
    words.list(triggers, " or ", |words, trigger| {
        let (_, event) = resource_and_event(&trigger.event);
        if is_happening {
            words.strong(&label(&trigger.event));
            words.plain(" happens");
        } else {
            words.strong(event);
        }
        if let Some(filter) = trigger.filter().ok().filter(|filter| !filter.is_empty()) {
            let conditions: Vec<String> = filter.conditions().iter().map(ToString::to_string).collect();
            words.plain(" with ");
            words.strong(&conditions.join(" and "));
        }
    });
}

/// Whether an event can follow "is": `completed`, `sent`.
fn is_done(event: &str) -> bool {
    !event.contains('_')
        && (event.ends_with("ed") || matches!(event, "sent" | "made" | "paid" | "lost" | "won"))
}

/// A resource with its article: `an order`, `a user`, `data`.
fn some(resource: &str) -> String {
    let words = resource.replace(['.', '_'], " ");
    match words.as_bytes().first() {
        _ if words == "data" => words,
        Some(b'a' | b'e' | b'i' | b'o') => format!("an {words}"),
        _ => format!("a {words}"),
    }
}

fn host(url: &str) -> String {
    format::short_url(url.trim()).split(['/', '?']).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::draft::{ConditionTyped, EndpointTyped};
    use super::*;
    use crate::domain::id::WebhookId;

    fn read(events: &[&str], change: impl FnOnce(&mut Draft)) -> String {
        let mut draft = Draft::new(WebhookId::from_uuid(Uuid::from_u128(7)));
        let trigger = |event: &&str| TriggerTyped { event: (*event).to_owned(), ..TriggerTyped::default() };
        draft.triggers = events.iter().map(trigger).collect();
        let urls = ["https://orders.example.com/bellwire/in", "https://backup.example.com?a=b"];
        draft.endpoints =
            urls.map(|url| EndpointTyped { url: url.to_owned(), ..EndpointTyped::default() }).into();
        change(&mut draft);
        let team = (!draft.team.is_empty()).then_some("EMEA Sales");
        let said = sentence(&draft, team, str::to_uppercase);
        said.into_iter().map(|one| if one.strong { format!("*{}*", one.text) } else { one.text }).collect()
    }

    #[test]
    fn the_webhook_is_read_back_as_people_say_it() {
        assert_eq!(
            read(&["order.completed", "order.refunded"], |draft| draft.team = "team_1".into()),
            "When an order is *completed* or *refunded* for *EMEA Sales*, Bellwire posts to *orders.example.com* \
             and *backup.example.com*."
        );
        assert!(
            read(&["system.alert", "user.created"], |draft| draft.for_login = "1042".into()).starts_with(
                "When *SYSTEM.ALERT* happens, or a user is *created* for *login 1042*, Bellwire posts"
            )
        );
        let filtered = |draft: &mut Draft| {
            draft.active = false;
            let over = ConditionTyped { path: "total".into(), op: "gt".into(), value: "500".into() };
            draft.triggers[0].conditions = vec![over];
        };
        let said = read(&["data.updated"], filtered);
        assert!(said.starts_with("When data is *updated* with *total > 500*, Bellwire"), "{said}");
        assert!(said.contains("It starts inactive"), "{said}");
        assert!(read(&[""], |_| {}).starts_with("Choose a resource"));
    }
}
