//! The overview, search and what goes wrong, with sample data.

use super::{Samples, at, bu, event_id, webhook_id};
use crate::web::bars::{Bars, Bucket};
use crate::web::errors::{Alone, Inside, Trouble, Way};
use crate::web::format::Moment;
use crate::web::parts::{Mark, Tone};
use crate::web::routes;
use crate::web::shell::{Place, Solo};
use crate::web::system::overview::{Failing, Failure, Figure, FirstStep, Overview, PeriodLink};
use crate::web::system::search::{Group, Hit, SearchPage};

impl Samples {
    pub fn overview(&self) -> Overview {
        let bucket = |n: u64| Bucket {
            from: format!("{n:02}:00"),
            ok: (n * 7) % 23 + 4,
            bad: if n % 9 == 4 { 5 } else { 0 },
        };
        let rows = (0..24).map(bucket).collect();
        let label = "Deliveries per hour over the last 24 hours: 340 delivered, 15 failed.".to_owned();
        let figure = |name, value: &str, note: &str, bad| Figure {
            name,
            value: value.to_owned(),
            unit: if name == "Delivered" { "%" } else { "" },
            note: note.to_owned(),
            bad,
        };
        let period = |id, label, current| PeriodLink { id, label, href: routes::overview(bu()), current };
        Overview {
            shell: self.shell("Overview", Place::Overview, true),
            steps: vec![step(true), step(false)],
            figures: vec![
                figure("Delivered", "97.6", "2.1 points below the 24 hours before", true),
                figure("Deliveries", "4,938", "171 attempts failed", false),
            ],
            periods: vec![period("period-24h", "24 h", true), period("period-7d", "7 d", false)],
            period: "24 hours",
            chart: Bars::draw(label, rows, ["14:00", "Now"].map(str::to_owned).into()),
            failing: vec![Failing {
                name: self.t("Alert relay"),
                href: routes::webhook(bu(), webhook_id(1)),
                url: self.t("alerts.example.com/relay"),
                state: Mark::new(Tone::Bad, "Failing since 13:40"),
                advice: "No attempt has succeeded.".to_owned(),
                log: routes::log(bu()),
            }],
            more_failing: Some(routes::webhooks(bu())),
            failures: vec![Failure {
                event_type: self.t("order.refunded"),
                short_id: event_id(3).short(),
                href: routes::event(bu(), event_id(3)),
                webhook: self.t("Alert relay"),
                answer: Mark::new(Tone::Bad, "503"),
                why: "The receiver answered with a status other than 2xx.".to_owned(),
                at: Moment::clock(at("2025-11-20T14:04:22Z")),
            }],
            failed_log: routes::log(bu()),
        }
    }

    pub fn new_unit(&self) -> Overview {
        let chart = Bars::default();
        Overview {
            shell: self.shell("Overview", Place::Overview, false),
            chart: Bars { is_empty: true, ..chart },
            failing: Vec::new(),
            more_failing: None,
            failures: Vec::new(),
            ..self.overview()
        }
    }

    pub fn search(&self, found: bool, dialog: bool) -> SearchPage {
        let hit = |icon, label: &str, note: &str| Hit {
            icon,
            label: self.t(label),
            note: self.t(note),
            href: routes::webhooks(bu()),
        };
        let groups = vec![
            Group { name: "Webhooks", hits: vec![hit("cable", "Order desk", "wh_100517")] },
            Group { name: "Events", hits: vec![hit("activity", "order.completed", "evt_1, 14:02:41")] },
        ];
        SearchPage {
            shell: self.shell("Search", Place::Elsewhere, true),
            href: routes::search(bu()),
            q: self.t("order"),
            groups: if found { groups } else { Vec::new() },
            summary: "2 results".to_owned(),
            dialog,
            only_results: dialog && !found,
        }
    }

    fn alone(&self, trouble: Trouble) -> Alone {
        Alone { shell: Solo::new(&trouble.title, self.theme, ""), trouble }
    }

    pub fn forbidden(&self) -> Alone {
        self.alone(Trouble::forbidden(&self.t("Your role is viewer. Ask an admin for the developer role.")))
    }

    pub fn missing(&self) -> Alone {
        self.alone(Trouble::missing())
    }

    pub fn missing_here(&self) -> Inside {
        let trouble = Trouble::missing();
        Inside { shell: self.shell(&trouble.title, Place::Elsewhere, true), trouble }
    }

    pub fn broken(&self) -> Alone {
        self.alone(Trouble::broken(500, &self.t("/bu/1"), &self.t("req_7H2K9M4PXD")))
    }

    pub fn refused(&self) -> Alone {
        let (title, text) = (self.t("Too many tries"), self.t("Wait a minute, then try again."));
        self.alone(Trouble::new(429, &title, &text, vec![Way::home()]))
    }

    pub fn sign_in_again(&self) -> Alone {
        self.alone(Trouble::old_sign_in(&self.t("/confirm?next=/")))
    }
}

fn step(done: bool) -> FirstStep {
    FirstStep {
        tone: if done { Tone::Ok } else { Tone::Off },
        title: "Add a webhook",
        text: "Until there is one, nothing is sent.",
        done,
        way: "Add Webhook",
        href: (!done).then(|| routes::webhook_new(bu())),
    }
}
