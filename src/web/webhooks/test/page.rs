//! The dialog that sends a test event, with what was typed and what came of it.

use askama::Template;
use serde_json::json;

use super::result::Sent;
use crate::domain::problem::FieldErrors;
use crate::ops::events::test_send::DEFAULT_TYPE;
use crate::ops::webhooks::catalogue::TypeView;
use crate::ops::webhooks::read::WebhookView;
use crate::web::form::Fields;
use crate::web::format;
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::{Choice, Notice};
use crate::web::routes;
use crate::web::shell::{Place, Shell};
use crate::web::webhooks::change::page::home;

/// The page `/bu/{bu}/admin/webhooks/{wh}/test`; its dialog or its form for htmx.
#[derive(Debug, Template)]
#[template(path = "webhooks/test.html", blocks = ["modal", "form"])]
pub struct TestSend {
    /// The frame.
    pub shell: Shell,
    /// Where Send posts to: this page's own address.
    pub href: String,
    /// The webhook it came from.
    pub back: String,
    /// The webhook's name.
    pub name: String,
    /// What the webhook is for; may be empty.
    pub description: String,
    /// How many endpoints it has, in words: `both endpoints`.
    pub whom: String,
    /// The event types it wants, and that of tests.
    pub own: Vec<Choice>,
    /// The other ones.
    pub others: Vec<Choice>,
    /// What is wrong with the type.
    pub event_errors: Vec<String>,
    /// The endpoints to choose from, when there are several.
    pub endpoints: Vec<Choice>,
    /// What is wrong with that.
    pub endpoint_errors: Vec<String>,
    /// The payload: the value of `data`.
    pub payload: String,
    /// Of which type a sample was put there last.
    pub sample_of: String,
    /// What is wrong with the payload.
    pub payload_errors: Vec<String>,
    /// Why nothing was sent.
    pub notice: Option<Notice>,
    /// What was sent last.
    pub sent: Option<Sent>,
    /// The id of what has the focus when nothing is wrong.
    pub focus: &'static str,
    /// Whether only the form changes.
    pub is_form: bool,
}

/// What somebody typed, or what stands in the fields at first.
#[derive(Debug, Clone, Default)]
pub(super) struct Typed {
    /// The event type.
    pub event: String,
    /// The endpoint's id; empty for all.
    pub endpoint: String,
    /// The payload.
    pub payload: String,
    /// Of which type a sample was put there last.
    pub sample_of: String,
}

impl Page for TestSend {
    fn fragment(&self) -> askama::Result<String> {
        if self.is_form { self.as_form().render() } else { self.as_modal().render() }
    }

    fn title(&self) -> Option<&str> {
        self.is_form.then_some(&self.shell.title)
    }
}

impl Typed {
    /// What the form holds.
    pub fn of(form: &Fields) -> Self {
        let text = |name: &str| form.text(name).to_owned();
        Self {
            event: text("event"),
            endpoint: text("endpoint"),
            payload: form.text("payload").replace("\r\n", "\n"),
            sample_of: text("sample_of"),
        }
    }

    /// The first type that the webhook wants, with its sample.
    pub fn first(webhook: &WebhookView, offered: &[TypeView]) -> Self {
        let event = webhook.events().next().unwrap_or(DEFAULT_TYPE).to_owned();
        Self { payload: sample(offered, &event), sample_of: event.clone(), event, endpoint: String::new() }
    }

    /// Puts the sample of the type into the payload: always when it is asked for, and when another type was chosen while
    /// the sample of the one before stood there as it was.
    pub fn follow(&mut self, offered: &[TypeView], always: bool) {
        let untouched = self.payload.trim() == sample(offered, &self.sample_of).trim();
        if always || untouched || self.payload.trim().is_empty() {
            self.payload = sample(offered, &self.event);
            self.sample_of.clone_from(&self.event);
        }
    }
}

impl TestSend {
    /// The dialog with what was typed.
    pub(super) fn of(here: &Here, webhook: &WebhookView, offered: &[TypeView], typed: Typed) -> Self {
        let wanted: Vec<&str> = webhook.events().chain([DEFAULT_TYPE]).collect();
        let choice = |name: &str| Choice {
            value: name.to_owned(),
            label: name.to_owned(),
            chosen: name == typed.event,
        };
        let others = offered.iter().map(|one| one.name.as_str()).filter(|name| !wanted.contains(name));
        let each = webhook.endpoints.iter().map(|row| Choice {
            value: row.id.to_string(),
            label: format::short_url(&row.url).to_owned(),
            chosen: row.id.as_str() == typed.endpoint,
        });
        let all = Choice {
            value: String::new(),
            label: match webhook.endpoints.len() {
                2 => "Both endpoints".to_owned(),
                n => format!("All {n} endpoints"),
            },
            chosen: typed.endpoint.is_empty(),
        };
        let row = &webhook.row;
        Self {
            shell: here.shell("Send test event", Place::Webhooks),
            href: routes::webhook_test(here.bu(), row.id),
            back: home(here, row.id),
            name: row.name.clone(),
            description: row.description.clone(),
            whom: match webhook.endpoints.len() {
                1 => "its endpoint".to_owned(),
                2 => "both endpoints".to_owned(),
                n => format!("all {n} endpoints"),
            },
            own: wanted.iter().copied().map(choice).collect(),
            others: others.map(choice).collect(),
            event_errors: Vec::new(),
            endpoints: if webhook.endpoints.len() > 1 {
                [all].into_iter().chain(each).collect()
            } else {
                Vec::new()
            },
            endpoint_errors: Vec::new(),
            payload: typed.payload,
            sample_of: typed.sample_of,
            payload_errors: Vec::new(),
            notice: None,
            sent: None,
            focus: "te",
            is_form: here.is_post(),
        }
    }

    /// The same with what is wrong; the title says so.
    pub(super) fn refused(mut self, errors: &FieldErrors) -> Self {
        self.fail();
        for error in errors.iter() {
            let message = error.message.to_string();
            match error.field.as_ref() {
                "event" => self.event_errors.push(message),
                "endpoint" => self.endpoint_errors.push(message),
                "data" => self.payload_errors.push(message),
                field => {
                    let path = field.strip_prefix("data/").unwrap_or(field);
                    self.payload_errors.push(format!("{path}: {message}"));
                }
            }
        }
        self
    }

    /// The same with the reason why nothing was sent.
    pub(super) fn noting(mut self, notice: Notice) -> Self {
        self.fail();
        Self { notice: Some(notice), ..self }
    }

    fn fail(&mut self) {
        "Error: Send test event".clone_into(&mut self.shell.title);
    }

    /// Whether what has this id has the focus: the first part that is wrong, else what was pressed.
    pub fn has_focus(&self, id: &str) -> bool {
        let parts =
            [("te", &self.event_errors), ("te-to", &self.endpoint_errors), ("te-data", &self.payload_errors)];
        let wrong = parts.iter().find(|(_, errors)| !errors.is_empty());
        wrong.map_or(self.focus, |(part, _)| part) == id
    }
}

/// The sample of a type as it is edited.
fn sample(offered: &[TypeView], name: &str) -> String {
    let found = offered.iter().find(|one| one.name == name).and_then(|one| one.sample.clone());
    // A value always is JSON.
    serde_json::to_string_pretty(&found.unwrap_or_else(|| json!({}))).unwrap_or_default()
}
