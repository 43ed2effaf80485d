//! Pages with sample data, for the tests that draw them.

mod account;
mod acts;
mod connect;
mod dashboard;
mod details;
mod docs;
mod matrix;
mod operator;
mod people;
mod system;
mod tokens;
mod wizard;

pub use account::{CODE, KEY};
pub use tokens::SECRET;
pub use wizard::{SIGNING, TYPED};

use crate::domain::events::attempt::HeaderLines;
use crate::domain::id::{BuId, EventId, WebhookId};
use crate::domain::problem::FieldErrors;
use crate::domain::time::Ts;
use crate::ops::access::setup::SetupLink;
use crate::web::access::login::{self, Login};
use crate::web::access::partners::{Found, Partners};
use crate::web::access::setup::Setup;
use crate::web::events::event::{Attempt, Delivery, Event, EventPage};
use crate::web::events::log::{EventLog, Log, Row as EventRow};
use crate::web::form::Fields;
use crate::web::format::Moment;
use crate::web::json_view;
use crate::web::parts::{Choice, CodeBlock, Mark, Pager, Step, Toast, Tone};
use crate::web::routes;
use crate::web::shell::{Badge, Place, Session, Shell, Solo, Theme, Unit};
use crate::web::spark::{Hour, Spark};
use crate::web::webhooks::delete::WebhookDelete;
use crate::web::webhooks::list::{LastSent, Row, STATUSES, WebhookList};

/// Pages whose every text that comes from outside ends in `tail`.
pub struct Samples {
    pub tail: &'static str,
    pub theme: Theme,
}

fn at(text: &str) -> Ts {
    Ts::parse(text).unwrap()
}

fn webhook_id(n: u128) -> WebhookId {
    WebhookId::from_uuid(uuid::Uuid::from_u128((7 << 76) | n))
}

fn event_id(n: u128) -> EventId {
    EventId::from_uuid(uuid::Uuid::from_u128((7 << 76) | n))
}

fn bu() -> BuId {
    BuId::from_uuid(uuid::Uuid::from_u128(12_345))
}

impl Samples {
    fn t(&self, text: &str) -> String {
        format!("{text}{}", self.tail)
    }

    fn shell(&self, title: &str, place: Place, global: bool) -> Shell {
        let session = Session {
            theme: self.theme,
            csrf: "c0ffee".to_owned(),
            login: Badge::new(&self.t("Partner operations"), &self.t("ops@northwind.example.com")),
            unit: Unit::new(bu(), &self.t("Kestrel Retail Group"), "12345"),
            global,
            failing: 2,
            admin: true,
        };
        Shell::new(title, place, session)
    }

    pub fn login(&self) -> Login {
        Login::blank(self.theme, "c0ffee", &self.t("/bu/1"))
    }

    pub fn login_refused(&self) -> Login {
        self.login().refused(&self.t("ops@northwind.example.com"), true, login::no_match())
    }

    pub fn setup(&self) -> Setup {
        let asks = SetupLink { partner_name: None, email: None, name: None, needs_partner: true };
        let typed = [
            ("partner_name", self.t("Kestrel")),
            ("name", self.t("Ada Marsh")),
            ("email", self.t("ada")),
            ("password", "a-secret-that-was-typed".to_owned()),
        ];
        let typed = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(typed).finish();
        let errors = FieldErrors::one("email", "format", self.t("Enter an address such as ada@example.com."));
        let page = Setup::blank(self.theme, "c0ffee", &self.t("secret"), asks);
        page.refused(&Fields::parse(typed.as_bytes()), &errors)
    }

    pub fn invitation(&self) -> Setup {
        let asks = SetupLink {
            partner_name: Some(self.t("Kestrel")),
            email: Some(self.t("ada@example.com")),
            name: Some(self.t("Ada Marsh")),
            needs_partner: false,
        };
        Setup::blank(self.theme, "c0ffee", &self.t("secret"), asks)
    }

    pub fn partners(&self, found: bool) -> Partners {
        let q = if found { "kes".to_owned() } else { self.t("quill") };
        let mut shell = Solo::new("Partner search", self.theme, "c0ffee");
        shell.login = Some(Badge::new("Partner operations", &self.t("ops@northwind.example.com")));
        let mut list: Vec<_> = [
            ("12345", "Kestrel Retail Group", "14 webhooks"),
            ("12388", "Keswick Travel Rewards", "2 webhooks"),
            ("20417", "Morrow & Kessler Fuel Cards", "no webhooks yet"),
        ]
        .map(|(id, name, about)| Found::new(id, id, &self.t(name), &self.t(about), &q))
        .into();
        list[0].chosen = true;
        if !found {
            list.clear();
        }
        Partners { shell, summary: format!("3 partners match “{q}”"), q, found: list }
    }

    pub fn webhooks(&self) -> WebhookList {
        let names = ["CRM contact sync", "Order desk", "Course badges", "Reward ledger"];
        let rows: Vec<_> = names.iter().zip(0..).map(|(name, n)| self.webhook(name, n)).collect();
        let mut shell = self.shell("Webhooks", Place::Webhooks, true);
        shell.toasts.push(Toast {
            bad: true,
            title: "Not sent".to_owned(),
            text: self.t("The endpoint did not answer in 15 seconds."),
        });
        WebhookList {
            shell,
            href: routes::webhooks(bu()),
            total: "7".to_owned(),
            connect_link: self.t("https://dashboard.example.com/bu/bu_0/connect/1042"),
            add: None,
            q: self.t("sync"),
            status: "active".to_owned(),
            statuses: Choice::list(STATUSES, "active"),
            types: Choice::list([("", "All event types"), ("a.b", self.t("order.completed").as_str())], ""),
            login: self.t("1042"),
            teams: Choice::list([("", "All teams"), ("team_1", self.t("EMEA Sales").as_str())], ""),
            more_open: true,
            kept: vec![("q", self.t("sync"))],
            none_saved: false,
            rows,
            pager: Pager {
                summary: "7 webhooks · 6 active".to_owned(),
                newer: None,
                older: Some(routes::with_query(
                    &routes::webhooks(bu()),
                    &[("after", webhook_id(9).as_str())],
                )),
            },
            fresh: None,
            notice: None,
            wizard: None,
        }
    }

    pub fn no_webhooks(&self) -> WebhookList {
        let shell = self.shell("Webhooks", Place::Webhooks, false);
        WebhookList { shell, none_saved: true, total: "0".to_owned(), rows: Vec::new(), ..self.webhooks() }
    }

    pub fn no_match(&self) -> WebhookList {
        WebhookList { rows: Vec::new(), ..self.webhooks() }
    }

    fn webhook(&self, name: &str, n: u64) -> Row {
        let id = webhook_id(u128::from(n) + 987_654_321);
        let active = n < 3;
        let hours: Vec<_> = (0..24)
            .map(|h| Hour { ok: (h * 7 + n * 5) % 23 + 4, bad: if n == 2 && h % 9 == 4 { 5 } else { 0 } })
            .collect();
        let outcome = if n == 2 { Mark::new(Tone::Bad, "Failed") } else { Mark::new(Tone::Ok, "Delivered") };
        Row {
            id: id.to_string(),
            short_id: id.short(),
            login: "1042".to_owned(),
            for_login: if n.is_multiple_of(2) { "2210".to_owned() } else { String::new() },
            team: if n == 1 { self.t("EMEA Sales") } else { String::new() },
            name: self.t(name),
            description: if n == 3 {
                String::new()
            } else {
                self.t("Keeps contacts in step with user changes")
            },
            event: self.t("order.completed"),
            more_events: if n == 2 { String::new() } else { "+2".to_owned() },
            all_events: self.t("order.completed, order.refunded, user.created"),
            url: self.t("https://crm.example.com/hooks/users"),
            short_url: self.t("crm.example.com/hooks/users"),
            health: Spark::draw(if active { &hours } else { &[] }),
            last_sent: active.then(|| LastSent {
                at: Moment::relative(at("2025-11-20T13:44:00Z"), at("2025-11-20T14:02:41Z")),
                outcome,
            }),
            active,
            inactive_reason: if active { String::new() } else { "failing".to_owned() },
            switch_id: format!("active-{id}"),
            switch_label: format!("{} active", self.t(name)),
            toggle: Some(if active {
                routes::webhook_pause(bu(), id)
            } else {
                routes::webhook_resume(bu(), id)
            }),
            delete: Some(routes::webhook_delete(bu(), id)),
            details: routes::webhook(bu(), id),
        }
    }

    pub fn delete(&self) -> WebhookDelete {
        WebhookDelete {
            shell: self.shell("Delete Webhook", Place::Webhooks, true),
            href: routes::webhook_delete(bu(), webhook_id(1)),
            back: routes::webhooks(bu()),
            name: self.t("Alert relay"),
            events: vec![self.t("system.alert"), self.t("order.completed"), self.t("order.refunded")],
            endpoints: vec![self.t("alerts.example.com/relay")],
            waiting: "3 deliveries waiting to be retried are dropped.".to_owned(),
            kept: "for 30 days".to_owned(),
        }
    }

    fn log(&self) -> Log {
        let outcomes = [(Tone::Ok, "Delivered"), (Tone::Wait, "Retrying"), (Tone::Bad, "Failed")];
        let rows = (0..10_u64).map(|n| {
            let id = event_id(u128::from(n) + 987_654_321);
            let (tone, word) = outcomes[usize::try_from(n % 3).unwrap()];
            EventRow {
                key: id.to_string(),
                version: "Delivered-1-200-84".to_owned(),
                id: id.to_string(),
                short_id: id.short(),
                href: routes::event(bu(), id),
                event_type: self.t("order.completed"),
                unit: self.t("Globex"),
                at: Moment::clock(at("2025-11-20T14:02:41Z")),
                outcome: Mark::new(tone, word),
                attempts: if n == 0 { String::new() } else { self.t("3 attempts · 503 · 127 ms") },
                current: n == 3,
                fresh: n == 0,
            }
        });
        Log {
            href: routes::log(bu()),
            replay: Some(routes::replay_new(bu())),
            replays: routes::replays(bu()),
            refresh: routes::log(bu()),
            tail: Some(routes::log_tail(bu())),
            kept: "for 30 days".to_owned(),
            q: self.t("evt_01"),
            statuses: Choice::list([("", "All statuses"), ("failed", "Failed")], ""),
            webhooks: Choice::list([("", "All webhooks"), ("wh_1", self.t("Order desk").as_str())], "wh_1"),
            types: Choice::list([("", "All types"), ("a.b", self.t("order.completed").as_str())], ""),
            code: self.t("503"),
            from: self.t("2025-11-20T00:00"),
            to: String::new(),
            more_open: false,
            filtered: true,
            only_by_id: false,
            go_on: None,
            rows: rows.collect(),
            pager: Pager { summary: "Today, 20 Nov".to_owned(), newer: None, older: Some(routes::log(bu())) },
        }
    }

    pub fn event_log(&self) -> EventLog {
        EventLog { shell: self.shell("Event Logs", Place::Log, true), log: self.log() }
    }

    pub fn no_events(&self, filtered: bool) -> EventLog {
        let log = Log { rows: Vec::new(), filtered, ..self.log() };
        EventLog { shell: self.shell("Event Logs", Place::Log, false), log }
    }

    pub fn event(&self) -> EventPage {
        let id = event_id(987_654_324);
        let step = |tone, title: &str, note: &str, time: &str| Step {
            tone,
            title: title.to_owned(),
            note: note.to_owned(),
            at: Moment::clock(at(time)),
        };
        let delivery = Delivery {
            heading_id: "delivery-1".to_owned(),
            webhook: self.t("Order desk"),
            webhook_href: routes::webhook(bu(), webhook_id(1)),
            endpoint: self.t("orders.example.com/bellwire/in"),
            outcome: Mark::new(Tone::Wait, "Retrying"),
            note: "Attempt 4 of 10 at 14:09:22, in 6 min".to_owned(),
            resend: Some("/bu/bu_0/logs/evt_0/deliveries/dlv_0/resend".to_owned()),
            next: Some(step(Tone::Wait, "Attempt 4", "scheduled", "2025-11-20T14:09:22Z")),
            attempts: vec![self.attempt(3), self.attempt(2)],
            first: step(Tone::Ok, "Event created", "matched 1 trigger", "2025-11-20T14:01:21Z"),
            curl: Some(CodeBlock {
                id: "curl-1".to_owned(),
                label: "curl".to_owned(),
                mark: None,
                pieces: json_view::body(self.t("curl -X POST").as_bytes()),
                note: None,
            }),
        };
        let skipped = Delivery {
            heading_id: "delivery-2".to_owned(),
            webhook: self.t("Reward ledger"),
            endpoint: String::new(),
            outcome: Mark::new(Tone::Off, "Skipped"),
            note: self.t("The webhook was inactive."),
            resend: None,
            next: None,
            attempts: Vec::new(),
            curl: None,
            ..delivery.clone()
        };
        let payload = format!(
            r#"{{"id":"{id}","type":"order.completed","data":{{"total":"184.50","items":3,"notes":null,"name":{}}}}}"#,
            serde_json::to_string(&self.t("Kestrel Miles")).unwrap()
        );
        EventPage {
            shell: self.shell("Event", Place::Log, true),
            log: self.log(),
            back: routes::log(bu()),
            event: Event {
                id: id.to_string(),
                event_type: self.t("order.completed"),
                outcome: Mark::new(Tone::Wait, "Retrying"),
                note: "1 of 2 webhooks is waiting to try again".to_owned(),
                created: Moment::full(at("2025-11-20T14:01:21Z")),
                subject: self.t("2210"),
                unit: self.t("Globex"),
                deliveries: vec![delivery, skipped],
                payload: Some(CodeBlock {
                    id: "payload".to_owned(),
                    label: "Payload".to_owned(),
                    mark: None,
                    pieces: json_view::body(payload.as_bytes()),
                    note: None,
                }),
            },
        }
    }

    fn attempt(&self, number: u32) -> Attempt {
        let answered = number == 3;
        let block = |part: &str, label: &str, mark, pieces| CodeBlock {
            id: format!("{part}-{number}"),
            label: label.to_owned(),
            mark,
            pieces,
            note: (part == "response").then(|| self.t("cut at 16 KiB")),
        };
        let sent = [("Host", self.t("orders.example.com")), ("Webhook-Id", self.t("evt"))];
        let (sent, came) =
            (HeaderLines::from_iter(sent), HeaderLines::from_iter([("Retry-After", self.t("300"))]));
        let body = serde_json::json!({ "error": self.t("maintenance") }).to_string();
        let status = Mark::new(Tone::Bad, self.t("503 Service Unavailable"));
        Attempt {
            tone: Tone::Bad,
            title: format!("Attempt {number}"),
            answer: Mark::new(Tone::Bad, if answered { "503" } else { "Timeout" }),
            took: "127 ms".to_owned(),
            at: Moment::clock(at("2025-11-20T14:04:22Z")),
            open: answered,
            error: if answered { String::new() } else { self.t("No answer within 15 seconds.") },
            timings: self.t("Connection 12 ms · answer 115 ms"),
            parts: if answered {
                vec![
                    block("request", "Request", None, json_view::message(&self.t("POST /in"), &sent, b"")),
                    block(
                        "response",
                        "Response",
                        Some(status),
                        json_view::message("", &came, body.as_bytes()),
                    ),
                ]
            } else {
                Vec::new()
            },
        }
    }
}
