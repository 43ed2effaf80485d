//! Webhook Details with sample data.

use std::time::Duration;

use super::{Samples, at, bu, event_id, webhook_id};
use crate::domain::id::{EndpointId, WebhookId};
use crate::ops::webhooks::details::{Charts, Waiting};
use crate::store::events::rollups::Slot;
use crate::web::docs::operations::{block, plain};
use crate::web::format::Moment;
use crate::web::parts::{Mark, Notice, Tone};
use crate::web::routes;
use crate::web::shell::Place;
use crate::web::webhooks::details::{
    Acts, Change, Delivered, EndpointLine, Fact, PERIODS, Period, Periods, SecretCard, TriggerLine,
    WebhookDetails,
};

impl Samples {
    pub fn details(&self) -> WebhookDetails {
        let (now, id) = (at("2025-11-20T14:02:41Z"), webhook_id(1));
        let period = Period::named("24h");
        let slot = |n: i64| Slot {
            at: n,
            delivered: (n * 37) % 90 + 20,
            exhausted: if n % 11 == 3 { 9 } else { 0 },
            begun: 90,
            failed_first: 4,
            answered: [0, 2, 9, 30, 70, 80, 90, 90, 90, 90, 90],
        };
        let charts =
            Charts { slots: (0..48).filter(|n| n % 17 != 5).map(slot).collect(), before: Some(slot(1)) };
        let waiting = Waiting { count: 2, more: false, next: Some(Duration::from_secs(80)) };
        let [deliveries, latency] = period.draw(&period.span(now), &charts);
        let href = routes::webhook(bu(), id);
        let fact =
            |name, value: &str| Fact { name, value: self.t(value), code: false, title: self.t("As of now") };
        let endpoint = |n: u128| {
            Some(routes::webhook_endpoint(bu(), id, EndpointId::from_uuid(uuid::Uuid::from_u128(n))))
        };
        WebhookDetails {
            shell: self.shell(&format!("Webhook Details: {}", self.t("Order desk")), Place::Webhooks, true),
            id: id.to_string(),
            short_id: id.short(),
            name: self.t("Order desk"),
            description: self.t("Completed and refunded orders"),
            active: true,
            acts: Some(Acts {
                toggle: routes::webhook_pause(bu(), id),
                edit: routes::webhook_edit(bu(), id),
                test: routes::webhook_test(bu(), id),
                rotate: routes::webhook_rotate(bu(), id),
                endpoint_new: routes::webhook_endpoint_new(bu(), id),
                triggers: routes::webhook_triggers(bu(), id),
                delete: routes::webhook_delete(bu(), id),
            }),
            log: routes::with_query(&routes::log(bu()), &[("webhook", id.as_str())]),
            audit: Some(routes::with_query(&routes::audit(bu()), &[("target", id.as_str())])),
            notice: Some(Notice { tone: Tone::Bad, title: self.t("Failing"), text: self.t("Look at it.") }),
            figures: period.figures(&charts, &waiting),
            periods: PERIODS
                .into_iter()
                .map(|one| Periods {
                    value: one.value,
                    label: one.label,
                    href: routes::with_query(&href, &[("period", one.value)]),
                    current: one == period,
                })
                .collect(),
            deliveries,
            latency,
            recent: (0..7).map(|n| self.delivered(n)).collect(),
            tail: routes::webhook_tail(bu(), id),
            facts: vec![fact("Login", "1042"), fact("Team", "EMEA Sales")],
            endpoints: vec![
                EndpointLine {
                    url: self.t("https://orders.example.com/bellwire/in"),
                    short_url: self.t("orders.example.com/bellwire/in"),
                    name: self.t("Primary"),
                    about: "15 s timeout, 1 custom header".to_owned(),
                    state: Mark::new(Tone::Ok, "Delivering"),
                    href: endpoint(1),
                },
                EndpointLine {
                    url: self.t("https://backup.example.com/orders"),
                    short_url: self.t("backup.example.com/orders"),
                    name: String::new(),
                    about: "Paused by circuit breaker, next try 14:20:00".to_owned(),
                    state: Mark::new(Tone::Wait, "Paused"),
                    href: endpoint(2),
                },
            ],
            triggers: vec![
                TriggerLine {
                    label: self.t("Order completed"),
                    event: self.t("order.completed"),
                    filter: String::new(),
                    note: String::new(),
                },
                TriggerLine {
                    label: self.t("Order refunded"),
                    event: self.t("order.refunded"),
                    filter: self.t("only if total > 50"),
                    note: self.t("only refunds over 50.00"),
                },
            ],
            secret: Some(secret(id)),
            curl: Some(block("curl", "Last request as curl", vec![plain(&self.t("curl"))])),
            samples: vec![block("verify_node", "Node", vec![plain("verify()")])],
            changes: vec![Change {
                what: self.t("Updated: name"),
                who: self.t("Ada Marsh"),
                at: Moment::relative(at("2025-11-20T13:44:00Z"), now),
            }],
            href,
        }
    }

    /// A webhook that nothing was sent to, as a viewer sees it.
    pub fn new_webhook(&self) -> WebhookDetails {
        let (period, nothing) = (Period::named("24h"), Charts { slots: Vec::new(), before: None });
        let [deliveries, latency] = period.draw(&period.span(at("2025-11-20T14:02:41Z")), &nothing);
        WebhookDetails {
            shell: self.shell("Webhook Details", Place::Webhooks, false),
            description: String::new(),
            active: false,
            acts: None,
            notice: None,
            figures: period.figures(&nothing, &Waiting::default()),
            deliveries,
            latency,
            recent: Vec::new(),
            curl: None,
            changes: Vec::new(),
            ..self.details()
        }
    }

    fn delivered(&self, n: u64) -> Delivered {
        let id = event_id(u128::from(n) + 987_654_321);
        let bad = n % 4 == 3;
        Delivered {
            id: format!("dlv_{n}"),
            version: "delivered-1-0".to_owned(),
            href: routes::event(bu(), id),
            event_type: self.t("order.completed"),
            event: id.to_string(),
            short_event: id.short(),
            kind: if n == 2 { "test" } else { "" },
            answer: (n > 0)
                .then(|| if bad { Mark::new(Tone::Bad, "503") } else { Mark::new(Tone::Off, "200") }),
            state: (n == 0).then(|| Mark::new(Tone::Wait, "Sending")),
            took: if n == 0 { String::new() } else { "84 ms".to_owned() },
            attempts: if n == 0 { String::new() } else { "3".to_owned() },
            once: !bad,
            at: Moment::clock(at("2025-11-20T14:02:41Z")),
            fresh: n == 0,
        }
    }
}

fn secret(id: WebhookId) -> SecretCard {
    SecretCard {
        masked: "whsec_••••••••••••••••••••••••••••••",
        age: "Last rotated 112 days ago".to_owned(),
        overlap: "The secret before it signs too, until 21 Nov 2025, 14:00:00 UTC.".to_owned(),
        reveal: Some(routes::webhook_secret(bu(), id)),
        rotate: Some(routes::webhook_rotate(bu(), id)),
    }
}
