//! The pages that change a webhook, with sample data.

use super::{Samples, at, bu, webhook_id};
use crate::domain::id::EndpointId;
use crate::domain::webhooks::secret::SigningSecret;
use crate::web::format::Moment;
use crate::web::json_view;
use crate::web::parts::{Choice, CodeBlock, Mark, Notice, Tone};
use crate::web::routes;
use crate::web::shell::Place;
use crate::web::webhooks::change::Change;
use crate::web::webhooks::change::remove::EndpointRemove;
use crate::web::webhooks::signing::reveal::Reveal;
use crate::web::webhooks::signing::rotate::{Rotate, Version};
use crate::web::webhooks::signing::{OneSecret, SecretShown};
use crate::web::webhooks::test::{Answered, Sent, TestSend};
use crate::web::webhooks::wizard::{Act, Step};

fn endpoint() -> EndpointId {
    EndpointId::from_uuid(uuid::Uuid::from_u128((7 << 76) | 9))
}

impl Samples {
    /// The form that does this, with everything in it wrong if `wrong`.
    pub fn change(&self, act: Act, wrong: bool) -> Change {
        let step = match act {
            Act::Add | Act::Edit => Step::Name,
            Act::Triggers => Step::Triggers,
            Act::NewEndpoint | Act::Manner | Act::Destination => Step::Endpoints,
        };
        let mut wizard = self.form(act, step, wrong);
        if step == Step::Endpoints {
            wizard.endpoints.truncate(1);
        }
        wizard.destination = Some(routes::webhook_destination(bu(), webhook_id(1), endpoint()));
        wizard.remove = Some(routes::webhook_endpoint_remove(bu(), webhook_id(1), endpoint()));
        Change {
            shell: self.shell(act.title(), Place::Webhooks, true),
            name: self.t("Order desk"),
            description: self.t("Completed and refunded orders"),
            wizard,
        }
    }

    pub fn endpoint_remove(&self, is_last: bool) -> EndpointRemove {
        EndpointRemove {
            shell: self.shell("Remove endpoint", Place::Webhooks, true),
            href: routes::webhook_endpoint_remove(bu(), webhook_id(1), endpoint()),
            back: routes::webhooks(bu()),
            name: self.t("Order desk"),
            description: self.t("Completed and refunded orders"),
            url: self.t("orders.example.com/bellwire/in"),
            waiting: "3 deliveries under way to it are cancelled.".to_owned(),
            kept: "for 30 days".to_owned(),
            is_last,
        }
    }

    pub fn reveal(&self) -> Reveal {
        Reveal {
            shell: self.shell("Reveal signing secret", Place::Webhooks, true),
            href: routes::webhook_secret(bu(), webhook_id(1)),
            back: routes::webhooks(bu()),
            name: self.t("Order desk"),
            description: String::new(),
            choices: vec![
                Choice { value: String::new(), label: "Of the webhook".to_owned(), chosen: true },
                Choice { value: self.t("ep_1"), label: self.t("Of a alone"), chosen: false },
            ],
        }
    }

    pub fn secret_shown(&self) -> SecretShown {
        let one = |n: u8, label: &str| OneSecret {
            id: format!("secret-{n}"),
            label: self.t(label),
            secret: SigningSecret::parse(super::SIGNING).unwrap(),
        };
        SecretShown {
            shell: self.shell("Signing secret", Place::Webhooks, true),
            back: routes::webhooks(bu()),
            name: self.t("Order desk"),
            description: self.t("Completed and refunded orders"),
            heading: self.t("The signing secret of a"),
            lead: "Whoever has it can pose as Bellwire.".to_owned(),
            secrets: vec![one(1, "The newest"), one(2, "Signs beside it")],
        }
    }

    /// Rotating while two sign, with everything in it wrong if `wrong`.
    pub fn rotate(&self, wrong: bool) -> Rotate {
        let said = |text: &str| if wrong { vec![self.t(text)] } else { Vec::new() };
        let until = Moment::relative(at("2025-11-21T14:00:00Z"), at("2025-11-20T14:02:41Z"));
        let version = |title: &str, until, hex| Version { title: self.t(title), until, hex };
        Rotate {
            shell: self.shell("Rotate signing secret", Place::Webhooks, true),
            href: routes::webhook_rotate(bu(), webhook_id(1)),
            back: routes::webhooks(bu()),
            name: self.t("Order desk"),
            description: self.t("Completed and refunded orders"),
            from: "sec_1".to_owned(),
            overlaps: Choice::list([("24", "In 24 hours"), ("0", "Immediately")], "24"),
            overlap_errors: said("Choose when the old secret expires."),
            secret_errors: said("The secret is too short or too long."),
            versions: vec![version("The newest", None, false), version("An old one", Some(until), true)],
            switch: Some(routes::webhook_switch(bu(), webhook_id(1))),
            end: routes::webhook_end_overlap(bu(), webhook_id(1)),
            notice: wrong.then(|| self.bad("The secret was not rotated.")),
        }
    }

    /// A test event that was answered by one endpoint and is under way to another; with everything wrong if `wrong`.
    pub fn test_send(&self, wrong: bool) -> TestSend {
        let said = |text: &str| if wrong { vec![self.t(text)] } else { Vec::new() };
        let block = |id: &str, label: &str| CodeBlock {
            id: id.to_owned(),
            label: label.to_owned(),
            mark: None,
            pieces: json_view::body(self.t("{}").as_bytes()),
            note: None,
        };
        let answered = |number: usize, tone: Tone, word: &str| Answered {
            number,
            icon: tone.icon(),
            url: self.t("orders.example.com/bellwire/in"),
            said: self.t("Answered in 342 ms"),
            answer: Mark::new(tone, self.t(word)),
            response: (tone == Tone::Ok).then(|| block(&format!("test-answer-{number}"), "Answer")),
            command: (tone == Tone::Ok).then(|| block(&format!("test-curl-{number}"), "Request")),
        };
        TestSend {
            shell: self.shell("Send test event", Place::Webhooks, true),
            href: routes::webhook_test(bu(), webhook_id(1)),
            back: routes::webhooks(bu()),
            name: self.t("Order desk"),
            description: self.t("Completed and refunded orders"),
            whom: "both endpoints".to_owned(),
            own: Choice::list([("a.b", self.t("order.completed").as_str())], "a.b"),
            others: Choice::list([("c.d", self.t("order.refunded").as_str())], ""),
            event_errors: said("This event type is not in the catalogue."),
            endpoints: Choice::list([("", "Both endpoints"), ("ep_1", self.t("a").as_str())], ""),
            endpoint_errors: said("Choose one of these endpoints."),
            payload: self.t("{\"total\": 5}"),
            sample_of: self.t("order.completed"),
            payload_errors: said("The payload must be a JSON object."),
            notice: wrong.then(|| self.bad("A webhook takes 10 tests a minute.")),
            sent: (!wrong).then(|| Sent {
                at: "14:03:10".to_owned(),
                poll: Some(routes::webhook_test(bu(), webhook_id(1))),
                answers: vec![answered(1, Tone::Ok, "200"), answered(2, Tone::Wait, "Sending")],
                body: block("test-body", "Payload as it was sent"),
            }),
            focus: "te",
            is_form: wrong,
        }
    }

    fn bad(&self, title: &str) -> Notice {
        Notice { tone: Tone::Bad, title: self.t(title), text: self.t("Wait.") }
    }
}
