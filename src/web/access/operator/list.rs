//! Every partner of the installation, searched by number and name.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::domain::access::partner::PartnerKind;
use crate::domain::time::Ts;
use crate::ops::access::partner_desk::{self, Listed, PartnerQuery};
use crate::web::access::account::Desk;
use crate::web::fault::Fault;
use crate::web::form::Fields;
use crate::web::format::{self, Moment};
use crate::web::page::Page;
use crate::web::parts::{Mark, Notice, Tone};
use crate::web::routes::{self, operator};
use crate::web::session::limits;
use crate::web::shell::Solo;

/// How many partners stand on a page.
const ON_A_PAGE: usize = 25;

/// The page `/operator/partners`; its table for htmx.
#[derive(Debug, Template)]
#[template(path = "access/operator/list.html", blocks = ["rows"])]
pub struct PartnerList {
    /// The frame.
    pub shell: Solo,
    /// What the last action did.
    pub told: Option<Notice>,
    /// What is searched for.
    pub q: String,
    /// The partners of this page.
    pub rows: Vec<Row>,
    /// `25 partners from number 10001`.
    pub summary: String,
    /// The first page, when this is a later one.
    pub first: Option<String>,
    /// The page after.
    pub next: Option<String>,
}

/// One partner.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its number.
    pub number: String,
    /// Two letters of its name.
    pub initials: String,
    /// Its name.
    pub name: String,
    /// Where it is managed.
    pub href: String,
    /// How far it reaches: `Channel`, `Global`.
    pub kind: &'static str,
    /// What it reaches: `Its own unit`, `All units`, `3 units`.
    pub reach: String,
    /// Whether API access is part of its plan, for a channel partner.
    pub api: Option<Mark>,
    /// What is out of the ordinary: `Operator`, `Second factor`.
    pub chips: Vec<&'static str>,
    /// How many logins it has.
    pub logins: String,
    /// When it was made.
    pub created: Moment,
}

impl Page for PartnerList {
    fn fragment(&self) -> askama::Result<String> {
        self.as_rows().render()
    }
}

/// The list, searched as its address says.
pub async fn open(request: HttpRequest, desk: Desk) -> Result<HttpResponse, Fault> {
    let asked = Fields::of_query(&request);
    let (q, after) = (asked.text("q").trim().to_owned(), asked.text("after").parse().unwrap_or(0));
    if !q.is_empty() {
        limits(&request)?.search(desk.signed.login.user)?;
    }
    let query = PartnerQuery { text: q.clone(), after, limit: ON_A_PAGE };
    let (found, now) = desk.run(move |cx| Ok((partner_desk::page(cx, &query)?, cx.now))).await?;
    let at = |after: &str| routes::with_query(operator::PARTNERS, &[("q", q.as_str()), ("after", after)]);
    let count = format::count(found.rows.len() as u64, "partner", "partners");
    let last = found.rows.last().filter(|_| found.more).map(|row| row.partner.number.to_string());
    let page = PartnerList {
        shell: desk.shell("Partners"),
        told: desk.told(),
        rows: found.rows.iter().map(|row| Row::of(row, now)).collect(),
        summary: match (found.more, after) {
            (true, 0) => format!("The first {count}, by number"),
            (false, 0) => count,
            _ => format!("{count} behind number {after}"),
        },
        first: (after > 0).then(|| at("")),
        next: last.map(|number| at(&number)),
        q,
    };
    Ok(if page.told.is_some() { desk.answer_told(&page) } else { desk.answer(StatusCode::OK, &page) })
}

impl Row {
    /// The line of a partner, as it is at `now`.
    pub fn of(row: &Listed, now: Ts) -> Self {
        let partner = &row.partner;
        let count = |n: i64, one, many| format::count(u64::try_from(n).unwrap_or(0), one, many);
        let chips = [(partner.is_operator, "Operator"), (partner.second_factor_required, "Second factor")];
        Self {
            number: partner.number.to_string(),
            initials: format::initials(&partner.name),
            name: partner.name.clone(),
            href: operator::partner(partner.number),
            kind: kind(partner.kind),
            reach: match (partner.kind, partner.grants_all) {
                (PartnerKind::Channel, _) => "Its own unit".to_owned(),
                (PartnerKind::Global, true) => "All units".to_owned(),
                (PartnerKind::Global, false) => count(row.granted, "unit", "units"),
            },
            api: partner.unit.map(|(_, api_access)| api(api_access)),
            chips: chips.into_iter().filter_map(|(is, word)| is.then_some(word)).collect(),
            logins: row.logins.to_string(),
            created: Moment::relative(partner.created_at, now),
        }
    }
}

/// A partner's kind, as people read it.
pub(super) const fn kind(kind: PartnerKind) -> &'static str {
    match kind {
        PartnerKind::Channel => "Channel",
        PartnerKind::Global => "Global",
    }
}

/// Whether API access is part of a plan, as people read it.
pub(super) fn api(api_access: bool) -> Mark {
    if api_access { Mark::new(Tone::Ok, "In the plan") } else { Mark::new(Tone::Off, "Not in the plan") }
}
