//! The operator's pages with sample data.

use super::{Samples, at, bu};
use crate::domain::access::partner::PartnerKind;
use crate::domain::id::UserId;
use crate::domain::page::Page;
use crate::domain::problem::FieldErrors;
use crate::ops::access::bearer::LinkSecret;
use crate::ops::access::partner_desk::{GrantedUnit, Listed, PartnerView};
use crate::store::access::partner_list::{ListedPartner, OwnerRow};
use crate::web::access::fresh_link::FreshLink;
use crate::web::access::operator::create::PartnerNew;
use crate::web::access::operator::list::{PartnerList, Row};
use crate::web::access::operator::one::OnePartner;
use crate::web::access::operator::plan::Plan;
use crate::web::form::Fields;
use crate::web::parts::{Notice, Tone};
use crate::web::routes::operator;

const NOW: &str = "2025-11-20T14:02:41Z";

impl Samples {
    fn listed(&self, number: i64, name: &str, kind: PartnerKind) -> Listed {
        let partner = ListedPartner {
            number,
            name: self.t(name),
            kind,
            grants_all: number == 10_004,
            created_at: at("2025-11-19T15:40:00Z"),
            is_operator: number == 10_001,
            second_factor_required: number < 10_003,
            unit: (kind == PartnerKind::Channel).then_some((bu(), number == 10_001)),
        };
        Listed { partner, logins: 4, granted: 2 }
    }

    pub fn operator_partners(&self) -> PartnerList {
        let all = [
            (10_001, "Kestrel Retail Group", PartnerKind::Channel),
            (10_002, "Keswick Travel Rewards", PartnerKind::Channel),
            (10_003, "Northwind", PartnerKind::Global),
            (10_004, "Atlas", PartnerKind::Global),
        ];
        let row = |(number, name, kind)| Row::of(&self.listed(number, name, kind), at(NOW));
        PartnerList {
            shell: self.solo("Partners"),
            told: Some(Notice { tone: Tone::Ok, title: "Done".to_owned(), text: self.t("Renamed.") }),
            q: self.t("kes"),
            rows: all.into_iter().map(row).collect(),
            summary: "4 partners behind number 10000".to_owned(),
            first: Some(operator::PARTNERS.to_owned()),
            next: Some(operator::PARTNERS.to_owned()),
        }
    }

    pub fn operator_partners_none(&self) -> PartnerList {
        PartnerList { rows: Vec::new(), told: None, ..self.operator_partners() }
    }

    pub fn operator_partner_new(&self) -> PartnerNew {
        let (name, owner) = (self.t("Kestrel"), self.t("Ada Marsh"));
        let typed =
            [("name", name.as_str()), ("id", "x"), ("owner_name", owner.as_str()), ("kind", "global")];
        let errors = FieldErrors::one("id", "format", self.t("A partner's number has 1 to 12 digits."));
        PartnerNew::blank(self.solo("Error: Create partner"), &Fields::of_pairs(&typed)).refused(&errors)
    }

    /// A channel partner, or a global one with a link that is shown once.
    pub fn operator_partner(&self, is_global: bool) -> OnePartner {
        let kind = if is_global { PartnerKind::Global } else { PartnerKind::Channel };
        let owner = |n: u128| OwnerRow {
            id: UserId::from_uuid(uuid::Uuid::from_u128((7 << 76) | n)),
            number: 1_042,
            name: self.t("Ada Marsh"),
            email: self.t("ada@example.com"),
            has_password: n == 1,
            disabled_at: (n == 3).then(|| at(NOW)),
        };
        let granted = GrantedUnit {
            bu: bu(),
            number: 10_002,
            name: self.t("Keswick Travel Rewards"),
            since: at("2025-11-20T09:12:00Z"),
        };
        let view = PartnerView {
            listed: self.listed(if is_global { 10_004 } else { 10_001 }, "Kestrel Retail Group", kind),
            owners: if is_global { Vec::new() } else { (1..4).map(owner).collect() },
            grants: Page { rows: vec![granted], more: true },
        };
        let mut page = OnePartner::of(self.solo("Kestrel Retail Group"), &view, 10_001, at(NOW));
        page.fresh = is_global.then(|| FreshLink {
            name: self.t("Ada Marsh"),
            email: self.t("ada@example.com"),
            base: self.t("https://dashboard.example.com/setup?link="),
            secret: LinkSecret::fresh(),
        });
        page.confirm = (!is_global).then(|| "/confirm?next=%2Foperator%2Fpartners%2F10001".to_owned());
        page.email.errors = vec![self.t("Somebody has this address already.")];
        page
    }

    pub fn operator_plan(&self, api_access: bool) -> Plan {
        Plan::of(self.solo("API access"), 10_001, self.t("Kestrel Retail Group"), api_access)
    }
}
