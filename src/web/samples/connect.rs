//! The Connect page with sample data.

use super::{Samples, bu};
use crate::ops::webhooks::catalogue::TypeView;
use crate::ops::webhooks::connect::Connect;
use crate::web::routes;
use crate::web::shell::Place;
use crate::web::webhooks::connect::ConnectPage;

impl Samples {
    pub fn connect(&self) -> ConnectPage {
        let offer = |name: &str, resource: &str| TypeView {
            name: name.to_owned(),
            resource: self.t(resource),
            event: String::new(),
            label: String::new(),
            description: self.t("An order was paid in full"),
            group: String::new(),
            partner_only: false,
            deprecated: false,
            built_in: false,
            own: false,
            schema: None,
            sample: Some(serde_json::json!({"note": self.t("Gift")})),
            created_at: None,
        };
        let shown = Connect {
            bu: bu(),
            unit: self.t("Kestrel Retail Group"),
            login: 1_042,
            name: self.t("Ada Marsh"),
            base_url: "https://hooks.example.com/api/v1".to_owned(),
            types: vec![
                offer("order.completed", "order"),
                offer("order.refunded", "order"),
                offer("user.created", "user"),
            ],
            may_subscribe: true,
            may_pull: true,
        };
        ConnectPage::of(self.shell("Connect", Place::Webhooks, false), routes::webhooks(bu()), &shown)
    }
}
