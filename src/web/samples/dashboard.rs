//! Both dashboards, Create Webhook and Manage Events with sample data.

use super::{Samples, at, bu, event_id, webhook_id};
use crate::domain::id::ProgrammeId;
use crate::web::format::Moment;
use crate::web::parts::{Choice, Field, Mark, Notice, Pager, Tone};
use crate::web::routes;
use crate::web::shell::Place;
use crate::web::spark::{Hour, Spark};
use crate::web::webhooks::dashboard::page::{Failing, Section, WebhooksDashboard};
use crate::web::webhooks::dashboard::programme::{IntegrationsDashboard, LatestRow};
use crate::web::webhooks::dashboard::{Menu, Row};
use crate::web::webhooks::events::{Catalogue, EventChoice, EventForm, EventGroup, ReachChoice};

fn programme_id() -> ProgrammeId {
    ProgrammeId::from_uuid(uuid::Uuid::from_u128((7 << 76) | 0x089f))
}

impl Samples {
    fn line(&self, n: u64, in_programme: bool) -> Row {
        let id = webhook_id(u128::from(n) + 123_456_789);
        let hours: Vec<_> = (0..24).map(|h| Hour { ok: (h * 5 + n) % 17, bad: n * (h % 2) }).collect();
        Row {
            id: id.to_string(),
            short_id: id.short(),
            url: self.t("https://hub.example.com/kestrel/global"),
            short_url: self.t("hub.example.com/kestrel/global"),
            pieces: vec![self.t("hub.example.com/"), self.t("kestrel/"), self.t("global")],
            reach: if n == 0 { self.t("All units of Northwind") } else { String::new() },
            programme: if in_programme { self.t("Kestrel Miles") } else { String::new() },
            programme_at: routes::programme(bu(), programme_id()),
            events: vec![self.t("order.completed"), self.t("user.created")],
            more_events: "+2".to_owned(),
            all_events: self.t("order.completed, user.created, user.updated, user.deleted"),
            status: [Mark::new(Tone::Ok, "Delivering"), Mark::new(Tone::Bad, "Failing since 13:40")]
                [usize::from(n == 1)]
            .clone(),
            health: Spark::draw(&hours),
            last_sent: (n < 2)
                .then(|| Moment::relative(at("2025-11-20T13:44:00Z"), at("2025-11-20T14:02:41Z"))),
            fresh: n == 0,
            menu: Menu {
                id: format!("manage-{id}"),
                events: (n < 2).then(|| routes::webhook_events(bu(), id)),
                logs: Some(routes::log(bu())),
                details: routes::webhook(bu(), id),
                edit: n < 2,
                delete: (n < 2).then(|| routes::webhook_delete(bu(), id)),
            },
        }
    }

    fn section(&self, in_programme: bool) -> Section {
        let first = if in_programme { 3 } else { 0 };
        let pager = Pager {
            summary: "7 webhooks".to_owned(),
            newer: None,
            older: Some(routes::with_query(&routes::webhooks_dashboard(bu()), &[("global", "wh_1")])),
        };
        Section { rows: (first..first + 3).map(|n| self.line(n, in_programme)).collect(), pager }
    }

    pub fn webhooks_dashboard(&self) -> WebhooksDashboard {
        WebhooksDashboard {
            shell: self.shell("Webhooks Dashboard", Place::Dashboard, true),
            href: routes::webhooks_dashboard(bu()),
            create: Some(routes::webhook_create(bu())),
            programmes: routes::programmes(bu()),
            failing: Some(Failing {
                title: self.t("alerts.example.com/relay has been failing since 13:40."),
                text: "41 of 106 attempts failed in the last 24 hours. Bellwire keeps retrying.".to_owned(),
                why: routes::webhook(bu(), webhook_id(1)),
                events: Some(routes::log(bu())),
            }),
            global: self.section(false),
            linked: self.section(true),
        }
    }

    pub fn webhooks_dashboard_empty(&self) -> WebhooksDashboard {
        let (global, linked) = (Section::default(), Section::default());
        WebhooksDashboard { failing: None, global, linked, ..self.webhooks_dashboard() }
    }

    pub fn integrations(&self) -> IntegrationsDashboard {
        let id = programme_id();
        let name = self.t("Kestrel Miles");
        let latest = LatestRow {
            href: routes::event(bu(), event_id(1)),
            event_type: self.t("order.completed"),
            id: event_id(1).to_string(),
            short_id: event_id(1).short(),
            outcome: Mark::new(Tone::Wait, "Retrying"),
            at: Moment::clock(at("2025-11-20T14:01:22Z")),
        };
        IntegrationsDashboard {
            shell: self.shell("Integrations Dashboard", Place::Programmes, true),
            href: routes::programme(bu(), id),
            id: id.to_string(),
            short_id: id.short(),
            created: Moment::full(at("2025-10-20T14:01:22Z")),
            programmes: Choice::list([(id.as_str(), name.as_str())], id.as_str()),
            name,
            all_programmes: routes::programmes(bu()),
            add: Some(routes::programme_webhook_create(bu(), id)),
            rows: (0..2).map(|n| self.line(n, true)).collect(),
            pager: Pager { summary: "2 webhooks".to_owned(), newer: None, older: None },
            dashboard: routes::webhooks_dashboard(bu()),
            create_global: Some(routes::webhook_create(bu())),
            latest: vec![latest],
            log: routes::log(bu()),
            api: "5 tokens can read or change this programme’s data.".to_owned(),
            tokens: Some(routes::api(bu())),
        }
    }

    pub fn integrations_empty(&self) -> IntegrationsDashboard {
        IntegrationsDashboard {
            rows: Vec::new(),
            latest: Vec::new(),
            add: None,
            create_global: None,
            ..self.integrations()
        }
    }

    fn offered(&self) -> Catalogue {
        let event = |name: &str, chosen| EventChoice {
            name: self.t(name),
            label: self.t("Order completed"),
            description: self.t("An order is processed"),
            chosen,
            deprecated: chosen,
        };
        let group = |name: &str, exclusive| EventGroup {
            name: self.t(name),
            exclusive,
            events: vec![event(&format!("{name}.made"), true), event(&format!("{name}.gone"), false)],
        };
        Catalogue { groups: vec![group("partner", true), group("order", false)], chosen: 2, total: 4 }
    }

    pub fn create_webhook(&self, refused: bool) -> EventForm {
        let errors = |text: &str| if refused { vec![self.t(text)] } else { Vec::new() };
        let error = if refused { "Error: " } else { "" };
        EventForm {
            shell: self.shell(&format!("{error}Create Webhook"), Place::Dashboard, true),
            heading: "Create Webhook",
            lede: self.t("A global webhook for Kestrel Retail Group."),
            href: routes::webhook_create(bu()),
            back: routes::webhooks_dashboard(bu()),
            back_name: "Webhooks Dashboard",
            draft: "c2VhbGVk".to_owned(),
            manages: false,
            details: String::new(),
            url: Field { value: self.t("https://hub.example.com/"), errors: errors("Use https.") },
            secret: Field { value: self.t("whsec_abc"), errors: errors("Use at least 16 characters.") },
            reach: Some(ReachChoice {
                partner: self.t("Northwind"),
                wide: true,
                errors: errors("Not offered."),
            }),
            catalogue: self.offered(),
            event_errors: errors("Choose at least one event."),
            notice: refused.then(|| Notice {
                tone: Tone::Bad,
                title: "The webhook was not made.".to_owned(),
                text: self.t("There are too many."),
            }),
            changed: refused,
        }
    }

    pub fn manage_events(&self) -> EventForm {
        EventForm {
            shell: self.shell("Manage Events", Place::Dashboard, true),
            heading: "Manage Events",
            lede: self.t("hub.example.com/kestrel/global"),
            href: routes::webhook_events(bu(), webhook_id(1)),
            draft: String::new(),
            manages: true,
            details: routes::webhook(bu(), webhook_id(1)),
            secret: Field::default(),
            reach: None,
            ..self.create_webhook(false)
        }
    }
}
