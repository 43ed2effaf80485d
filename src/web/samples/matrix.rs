//! The event matrix, the catalogue and replays with sample data.

use super::{Samples, bu};
use crate::domain::webhooks::secret::SigningSecret;
use crate::web::events::replays::list::{ReplayList, Row as ReplayRow};
use crate::web::events::replays::one::{Failed, ReplayPage};
use crate::web::events::replays::start::{Counted, OutcomeChoice, ReplayStart};
use crate::web::format::Moment;
use crate::web::json_view;
use crate::web::parts::{Choice, CodeBlock, Field, Mark, Pager, Tone};
use crate::web::routes;
use crate::web::shell::Place;
use crate::web::webhooks::catalogue::delete::TypeDelete;
use crate::web::webhooks::catalogue::edit::TypeEdit;
use crate::web::webhooks::catalogue::list::{Catalogue, Group as TypeGroup, Row as TypeRow};
use crate::web::webhooks::catalogue::one::TypePage;
use crate::web::webhooks::matrix::{Cell, Column, Group, Line, MatrixPage, Review, ReviewColumn};
use crate::web::webhooks::secret::Fresh;

impl Samples {
    pub fn matrix(&self) -> MatrixPage {
        let column = |n: usize| Column {
            href: routes::webhooks(bu()),
            name: self.t("Order desk"),
            urls: vec![self.t("orders.example.com/in"), self.t("backup.example.com/in")],
            note: if n == 1 { "Inactive".to_owned() } else { String::new() },
            value: format!("wh_0000000000000000000000000{n}:c0ffee:0,1"),
        };
        let line = |at: usize| Line {
            at,
            name: self.t("order.completed"),
            label: self.t("Order completed"),
            partner_only: at == 1,
            deprecated: at == 2,
            new: at == 0,
            cells: (0..2).map(|column| Cell { column, on: at == column, closed: at == 2 }).collect(),
        };
        let group = |label: &str, lines: Vec<Line>| Group { label: self.t(label), lines };
        MatrixPage {
            shell: self.shell("Event matrix", Place::Matrix, true),
            href: routes::matrix(bu()),
            catalogue: routes::catalogue(bu()),
            q: self.t("order"),
            after: String::new(),
            may_write: true,
            may_add: true,
            columns: vec![column(0), column(1)],
            picks: Choice::list([("0", "New webhook"), ("1", self.t("Order desk").as_str())], "0"),
            groups: vec![group("Orders", vec![line(0), line(1)]), group("Data", vec![line(2)])],
            found: "3 event types".to_owned(),
            pending: "2 changes are not applied yet.".to_owned(),
            kept: vec![("kept_new", self.t("user.created"))],
            url: Field { value: self.t("http://hub"), errors: vec![self.t("Use an https:// address.")] },
            new_id: "wh_00000000000000000000000009".to_owned(),
            total: "2 webhooks".to_owned(),
            newer: true,
            older: Some("wh_00000000000000000000000001".to_owned()),
            notice: Some(self.refusal()),
            review: None,
            fresh: None,
        }
    }

    pub fn matrix_review(&self) -> MatrixPage {
        let one = ReviewColumn {
            name: self.t("Order desk"),
            urls: vec![self.t("orders.example.com/in")],
            note: self.t("It is inactive."),
            add: vec![self.t("order.completed")],
            remove: vec![self.t("user.created")],
        };
        let review = Review {
            summary: "1 event added, 1 event removed".to_owned(),
            columns: vec![one],
            kept: vec![("kept", self.t("wh_1:c0ffee:+order.completed"))],
        };
        MatrixPage { review: Some(review), notice: None, ..self.matrix() }
    }

    pub fn matrix_read_only(&self) -> MatrixPage {
        MatrixPage { may_write: false, may_add: false, notice: None, ..self.matrix() }
    }

    pub fn matrix_secret(&self) -> MatrixPage {
        let secret = SigningSecret::generate([7; 32]);
        let fresh = Fresh { name: self.t("Hub"), secret, active: true, own: "" };
        MatrixPage { fresh: Some(fresh), notice: None, ..self.matrix() }
    }

    pub fn catalogue(&self, found: bool) -> Catalogue {
        let row = TypeRow {
            href: routes::event_type(bu(), "parcel.shipped"),
            name: self.t("parcel.shipped"),
            label: self.t("Parcel shipped"),
            description: self.t("It left the house"),
            badges: vec!["Partner only", "Deprecated", "Your own"],
        };
        let group = TypeGroup { label: self.t("Parcels"), rows: vec![row] };
        Catalogue {
            shell: self.shell("Event catalogue", Place::Matrix, true),
            href: routes::catalogue(bu()),
            add: Some(routes::event_type_new(bu())),
            q: self.t("parcel"),
            found: "1 event type".to_owned(),
            groups: if found { vec![group] } else { Vec::new() },
        }
    }

    pub fn event_type(&self) -> TypePage {
        let sample = serde_json::json!({ "weight": self.t("3 kg") }).to_string();
        let block = |id: &str, label: &str| CodeBlock {
            id: id.to_owned(),
            label: label.to_owned(),
            mark: None,
            pieces: json_view::body(sample.as_bytes()),
            note: None,
        };
        TypePage {
            shell: self.shell("parcel.shipped", Place::Matrix, false),
            back: routes::catalogue(bu()),
            name: self.t("parcel.shipped"),
            label: self.t("Parcel shipped"),
            description: self.t("It left the house"),
            group: self.t("Parcels"),
            badges: vec!["Your own"],
            log: routes::log(bu()),
            edit: Some(routes::event_type_edit(bu(), "parcel.shipped")),
            delete: Some(routes::event_type_delete(bu(), "parcel.shipped")),
            sample: Some(block("sample", "Sample of data")),
            schema: Some(block("schema", "JSON Schema of data")),
        }
    }

    pub fn event_type_edit(&self, is_new: bool) -> TypeEdit {
        let field = |value: &str| Field {
            value: self.t(value),
            errors: if is_new { vec![self.t("This is wrong.")] } else { Vec::new() },
        };
        TypeEdit {
            shell: self.shell("Add event type", Place::Matrix, false),
            heading: "Add event type",
            href: routes::event_type_new(bu()),
            list: routes::catalogue(bu()),
            back: routes::catalogue(bu()),
            is_new,
            name: field("parcel.shipped"),
            label: field("Parcel shipped"),
            group: field("Parcels"),
            description: field("It left the house"),
            sample: field("{}"),
            schema: field("{}"),
            deprecated: true,
            focus: if is_new { "name" } else { "" },
            notice: is_new.then(|| self.refusal()),
        }
    }

    pub fn event_type_delete(&self) -> TypeDelete {
        TypeDelete {
            shell: self.shell("Delete event type", Place::Matrix, false),
            href: routes::event_type_delete(bu(), "parcel.shipped"),
            back: routes::event_type(bu(), "parcel.shipped"),
            name: self.t("parcel.shipped"),
            notice: Some(self.refusal()),
        }
    }

    pub fn replays(&self, some: bool) -> ReplayList {
        let moment = super::at("2025-11-20T14:02:41Z");
        let row = ReplayRow {
            href: "/bu/bu_0/replays/rpl_0".to_owned(),
            short_id: "rpl_000001".to_owned(),
            webhook: self.t("Order desk"),
            what: self.t("failed order.completed events"),
            span: "everything up to 20 Nov 2025, 14:02:41 UTC".to_owned(),
            state: Mark::new(Tone::Wait, "Running"),
            done: "97 of 156".to_owned(),
            at: Moment::relative(moment, moment),
        };
        ReplayList {
            shell: self.shell("Replays", Place::Log, true),
            log: routes::log(bu()),
            start: Some(routes::replay_new(bu())),
            rows: if some { vec![row] } else { Vec::new() },
            pager: Pager { summary: "1 replay".to_owned(), newer: None, older: Some(routes::replays(bu())) },
        }
    }

    pub fn replay(&self) -> ReplayPage {
        let failed = Failed {
            href: routes::log(bu()),
            short_id: "evt_01KA3E".to_owned(),
            id: "evt_01KA3E1B7X".to_owned(),
            event_type: self.t("order.completed"),
            answer: Mark::new(Tone::Bad, "503"),
        };
        ReplayPage {
            shell: self.shell("Replay", Place::Log, true),
            href: "/bu/bu_0/replays/rpl_0".to_owned(),
            log: routes::log(bu()),
            list: routes::replays(bu()),
            short_id: "rpl_000001".to_owned(),
            heading: self.t("Replaying failed order.completed events"),
            lede: self.t("Order desk, 20 Nov 2025"),
            title: "62% done".to_owned(),
            note: "97 of 156 events sent. About 40 seconds left.".to_owned(),
            done: (97, 156),
            percent: "62%".to_owned(),
            marks: vec![Mark::new(Tone::Ok, "94 delivered"), Mark::new(Tone::Bad, "3 failed again")],
            facts: "Rate: 2 a second.".to_owned(),
            live: true,
            cancel: Some("/bu/bu_0/replays/rpl_0/cancel".to_owned()),
            failed: vec![failed],
        }
    }

    pub fn replay_start(&self, counted: bool) -> ReplayStart {
        let wrong = |text: &str| if counted { Vec::new() } else { vec![self.t(text)] };
        let count = Counted {
            title: "156 deliveries".to_owned(),
            text: "Sent again at 50 a second, this takes about 4 seconds.".to_owned(),
            of: self.t("wh_1"),
            some: true,
        };
        ReplayStart {
            shell: self.shell("Start a replay", Place::Log, false),
            href: routes::replay_new(bu()),
            log: routes::log(bu()),
            list: routes::replays(bu()),
            webhooks: Choice::list([("wh_1", self.t("Order desk").as_str())], "wh_1"),
            webhook_errors: wrong("Choose the webhook."),
            from: Field { value: self.t("2025-11-20T09:00"), errors: wrong("Use a time.") },
            to: self.t("2025-11-20T11:00"),
            outcomes: vec![OutcomeChoice {
                value: "exhausted",
                label: "Failed",
                note: "Every attempt failed",
                chosen: true,
            }],
            outcome_errors: wrong("Use some."),
            types: Choice::list([("", "All types"), ("a.b", self.t("a.b").as_str())], ""),
            pace: Field { value: self.t("50"), errors: wrong("Use 1 to 1,000.") },
            count: counted.then_some(count),
            notice: (!counted).then(|| self.refusal()),
        }
    }
}
