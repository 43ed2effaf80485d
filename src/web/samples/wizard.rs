//! Add Webhook with sample data.

use super::{Samples, at, bu, webhook_id};
use crate::domain::id::TeamId;
use crate::domain::problem::FieldErrors;
use crate::domain::webhooks::catalogue::builtin;
use crate::domain::webhooks::secret::SigningSecret;
use crate::keys::KeyRing;
use crate::ops::webhooks::catalogue::TypeView;
use crate::ops::webhooks::trial::Trial;
use crate::store::access::teams::TeamRow;
use crate::web::parts::{Notice, Tone};
use crate::web::routes;
use crate::web::webhooks::list::WebhookList;
use crate::web::webhooks::secret::Fresh;
use crate::web::webhooks::wizard::{
    Act, ConditionTyped, Draft, EndpointTyped, Frame, HeaderTyped, Offer, Step, TriggerTyped, Turn, Wizard,
};

/// A signing secret that nobody was given.
pub const SIGNING: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// Secrets that were typed.
pub const TYPED: [&str; 3] = ["typed-signing-secret", "typed-static-secret", "Bearer typed-credential"];

impl Samples {
    /// Step 1, 2 or 3, with everything in it wrong if `wrong`.
    pub fn wizard(&self, step: Step, wrong: bool) -> WebhookList {
        let list = WebhookList { wizard: None, ..self.webhooks() };
        list.under(self.form(Act::Add, step, wrong))
    }

    /// The form alone, for whatever it does.
    pub(super) fn form(&self, act: Act, step: Step, wrong: bool) -> Wizard {
        let mut draft = self.draft(step);
        draft.triggers[1].resource = if wrong { String::new() } else { "order".to_owned() };
        let mut turn = Turn { focus: "tr0-r".to_owned(), ..Turn::default() };
        if wrong {
            turn.errors = self.all_wrong();
            let title = self.t("The webhook was not made.");
            turn.notice = Some(Notice { tone: Tone::Bad, title, text: self.t("Again.") });
        }
        turn.trials = vec![Some(Trial { tried: 20, passed: 12 }), None];
        let frame = Frame {
            href: routes::webhook_new(bu()),
            back: routes::webhooks(bu()),
            csrf: "c0ffee".to_owned(),
            draft: draft.seal(&KeyRing::fresh(), "here"),
            act,
        };
        Wizard::draw(frame, &draft, &self.offer(), turn)
    }

    /// The list with a secret that is shown once.
    pub fn signing_secret(&self) -> WebhookList {
        let secret = SigningSecret::parse(SIGNING).unwrap();
        self.webhooks().showing(Fresh { name: self.t("Order desk"), secret, active: false, own: "Own." })
    }

    /// The list after a form was sent again.
    pub fn made_already(&self) -> WebhookList {
        let title = self.t("This webhook is there already.");
        self.webhooks().noting(Notice { tone: Tone::Bad, title, text: self.t("Again.") })
    }

    fn draft(&self, step: Step) -> Draft {
        let endpoint = EndpointTyped {
            url: self.t("https://orders.example.com/bellwire/in"),
            info: self.t("Owned by the order desk"),
            own_secret: true,
            secret: TYPED[0].to_owned(),
            waits: self.t("5s"),
            rate: self.t("5"),
            static_name: self.t("qn-secret"),
            static_value: TYPED[1].to_owned(),
            headers: vec![
                HeaderTyped { name: "Authorization".to_owned(), value: TYPED[2].to_owned() },
                HeaderTyped { name: self.t("X-Region"), value: self.t("eu-west") },
            ],
            ..EndpointTyped::default()
        };
        let condition = || ConditionTyped { path: self.t("total"), op: "gt".to_owned(), value: self.t("5") };
        let trigger = |event: &str| TriggerTyped {
            resource: "order".to_owned(),
            event: event.to_owned(),
            note: self.t("Only refunds"),
            conditions: vec![condition(), condition()],
        };
        Draft {
            step,
            name: self.t("Order desk"),
            description: self.t("Tells the order desk"),
            for_login: self.t("1042"),
            team: self.offer().teams[0].id.to_string(),
            endpoints: vec![endpoint.clone(), endpoint],
            triggers: vec![trigger("order.completed"), trigger("order.refunded")],
            ..Draft::new(webhook_id(7))
        }
    }

    fn all_wrong(&self) -> FieldErrors {
        let mut errors = FieldErrors::default();
        for field in ["name", "description", "for_login", "for_team", "events"] {
            errors.push(field, "wrong", self.t("This is wrong."));
        }
        for part in ["url", "name", "secret", "timeout_ms", "headers", "headers[0].name", "headers[0].value"]
        {
            errors.push(format!("endpoints[1].{part}"), "wrong", self.t("This is wrong."));
        }
        for part in ["static_header", "static_secret", "retry", "rate_per_second"] {
            errors.push(format!("endpoints[1].{part}"), "wrong", self.t("This is wrong."));
        }
        for part in
            ["event", "note", "filter", "filter[1]", "filter[1].path", "filter[1].op", "filter[1].value"]
        {
            errors.push(format!("triggers[0].{part}"), "wrong", self.t("This is wrong."));
            errors.push(format!("triggers[1].{part}"), "wrong", self.t("This is wrong."));
        }
        errors
    }

    fn offer(&self) -> Offer {
        let own = |name: &str| {
            let found = builtin().iter().find(|one| one.name == name).unwrap();
            TypeView {
                name: found.name.clone(),
                resource: found.resource.clone(),
                event: found.event.clone(),
                label: self.t(&found.label),
                description: String::new(),
                group: String::new(),
                partner_only: false,
                deprecated: false,
                built_in: true,
                own: false,
                schema: None,
                sample: None,
                created_at: None,
            }
        };
        let team = TeamRow {
            id: TeamId::from_uuid(uuid::Uuid::from_u128((7 << 76) | 1)),
            bu_id: bu(),
            name: self.t("EMEA Sales"),
            created_at: at("2025-11-20T14:00:00Z"),
        };
        Offer {
            types: vec![own("order.completed"), own("order.refunded"), own("system.alert")],
            teams: vec![team],
        }
    }
}
