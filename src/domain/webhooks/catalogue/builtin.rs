//! The built-in event types, read from `catalogue/builtin.json`.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use crate::domain::webhooks::trigger::resource_and_event;

/// A type events can have, as pickers, the API and the API description show it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "Entry")]
#[expect(clippy::struct_excessive_bools, reason = "four independent facts about a type")]
pub struct EventType {
    /// Lower-case and dotted: `quote.email_added`.
    pub name: String,
    /// The name before its last dot: `quote`.
    pub resource: String,
    /// The name after its last dot: `email_added`.
    pub event: String,
    /// A short title: `Quote Email Added`.
    pub label: String,
    /// One sentence without a full stop: when it happens.
    pub description: String,
    /// The heading it stands under in pickers.
    pub group: String,
    /// Whether only global webhooks may have it.
    pub partner_only: bool,
    /// Whether new webhooks should do without it.
    pub deprecated: bool,
    /// Whether a webhook can subscribe to it; `false` for `webhook.test` alone.
    pub subscribable: bool,
    /// JSON Schema 2020-12 of an event's `data`.
    pub schema: Option<Value>,
    /// Whether published `data` must fit `schema`. The built-in types' schemas only describe:
    /// what is in the payload is up to the platform that publishes it.
    pub enforced: bool,
    /// An example of `data`, an object; keys in the order they are shown.
    pub sample: Value,
}

/// One entry of the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    label: String,
    description: String,
    group: String,
    #[serde(default)]
    partner_only: bool,
    #[serde(default)]
    deprecated: bool,
    #[serde(default = "yes")]
    subscribable: bool,
    schema: Option<Value>,
    sample: Value,
}

fn yes() -> bool {
    true
}

impl From<Entry> for EventType {
    fn from(entry: Entry) -> Self {
        let (resource, event) = resource_and_event(&entry.name);
        Self {
            resource: resource.to_owned(),
            event: event.to_owned(),
            name: entry.name,
            label: entry.label,
            description: entry.description,
            group: entry.group,
            partner_only: entry.partner_only,
            deprecated: entry.deprecated,
            subscribable: entry.subscribable,
            schema: entry.schema,
            enforced: false,
            sample: entry.sample,
        }
    }
}

const FILE: &str = include_str!("../../../../catalogue/builtin.json");

/// The file is part of the program and a test reads it, so it cannot fail to parse here.
static BUILTIN: LazyLock<Vec<EventType>> = LazyLock::new(|| serde_json::from_str(FILE).unwrap_or_default());

/// All built-in types, in the order pickers show them.
pub fn builtin() -> &'static [EventType] {
    &BUILTIN
}

/// The built-in type of this name.
pub fn find(name: &str) -> Option<&'static EventType> {
    builtin().iter().find(|t| t.name == name)
}

/// Where a group stands among the groups of a picker, from 0; groups that are not built in share
/// the place after all others.
pub fn group_order(group: &str) -> usize {
    let mut groups: Vec<&str> = builtin().iter().map(|t| t.group.as_str()).collect();
    groups.dedup();
    groups.iter().position(|g| *g == group).unwrap_or(groups.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::webhooks::catalogue::Validator;
    use crate::domain::webhooks::trigger::is_event_type;

    const ANYONE: &str = "user.created user.updated user.deleted user.enrolled user.unenrolled \
        enrollment.completed team.created team.deleted order.completed order.refunded data.created \
        data.updated data.deleted report.generated system.alert quote.created quote.sent \
        quote.email_added quote.tagged quote.tag_removed quote.order_placed";
    const PARTNERS: &str = "programme.created programme.updated programme.deleted webhook.created \
        webhook.updated webhook.deleted webhook.disabled token.created token.revoked";

    #[test]
    fn the_file_parses_and_holds_every_type_once_in_order() {
        let parsed: Vec<EventType> = serde_json::from_str(FILE).unwrap();
        let names: Vec<&str> = parsed.iter().map(|t| t.name.as_str()).collect();
        let expected = format!("{ANYONE} {PARTNERS} webhook.test");
        assert_eq!(names, expected.split_whitespace().collect::<Vec<_>>());
        assert!(names.iter().all(|name| is_event_type(name)));
        assert!(parsed.iter().all(|t| PARTNERS.split_whitespace().any(|p| p == t.name) == t.partner_only));
        assert!(parsed.iter().all(|t| t.subscribable != (t.name == "webhook.test") && !t.enforced));
    }

    #[test]
    fn samples_fit_their_schemas_and_name_every_field() {
        for t in builtin() {
            let schema = t.schema.as_ref().unwrap();
            Validator::compile(schema)
                .unwrap()
                .check(&t.sample)
                .unwrap_or_else(|e| panic!("{}: {e:?}", t.name));
            let told: Vec<_> = schema["properties"].as_object().unwrap().keys().collect();
            assert_eq!(told, t.sample.as_object().unwrap().keys().collect::<Vec<_>>(), "{}", t.name);
            let text = t.sample.to_string();
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn labels_and_descriptions_are_those_of_the_documents() {
        for (name, label, description) in [
            ("user.created", "User Created", "A new user account is created"),
            ("user.deleted", "User Deleted", "A user account is deleted"),
            ("user.enrolled", "User Enrolled", "A user is enrolled in a course"),
            ("user.unenrolled", "User Unenrolled", "A user is removed from a course"),
            ("enrollment.completed", "Enrollment Completed", "A user completes a course"),
            ("team.created", "Team Created", "A new team is created"),
            ("team.deleted", "Team Deleted", "A team is deleted"),
            ("order.completed", "Order Completed", "An order is successfully processed"),
            ("order.refunded", "Order Refunded", "An order is refunded"),
            ("user.updated", "User Updated", "A user's information has been updated"),
            ("data.created", "Data Created", "A new data resource has been created"),
            ("data.updated", "Data Updated", "A data resource has been updated"),
            ("data.deleted", "Data Deleted", "A data resource has been deleted"),
            ("report.generated", "Report Generated", "A report has been generated"),
            ("system.alert", "System Alert", "A system alert has been triggered"),
        ] {
            let found = find(name).unwrap();
            assert_eq!((found.label.as_str(), found.description.as_str()), (label, description));
        }
        for words in ["Created", "Sent", "Email Added", "Tagged", "Tag Removed", "Order Placed"] {
            assert!(builtin().iter().any(|t| t.label == format!("Quote {words}")), "{words}");
        }
    }

    #[test]
    fn the_sample_of_user_created_is_the_documented_one() {
        assert_eq!(
            find("user.created").unwrap().sample.to_string(),
            r#"{"id":"usr_789012","email":"newuser@example.com","name":"Jane Smith","role":"editor","status":"pending","created_at":"2023-06-21T09:15:30Z"}"#
        );
    }

    #[test]
    fn groups_are_ordered_as_the_catalogue_and_unknown_ones_come_last() {
        let order: Vec<usize> =
            ["People", "Orders", "Webhooks", "Tokens", "Shipping"].map(group_order).to_vec();
        assert!(order.is_sorted() && order[0] == 0 && order[3] < order[4], "{order:?}");
    }
}
