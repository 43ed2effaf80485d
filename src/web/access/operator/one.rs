//! One partner as operators manage it: name, plan, grants, owners, second factor.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::list::{api, kind};
use crate::domain::access::partner::{PartnerKind, PartnerNumber};
use crate::domain::problem::FieldErrors;
use crate::domain::time::Ts;
use crate::ops::access::bearer::LinkSecret;
use crate::ops::access::operators;
use crate::ops::access::partner_desk::{self, GrantedUnit, PartnerView};
use crate::ops::cx::Cx;
use crate::ops::{Error, Refusal};
use crate::store::access::partner_list::OwnerRow;
use crate::web::access::account::Desk;
use crate::web::access::fresh_link::FreshLink;
use crate::web::fault::Fault;
use crate::web::flash::Flash;
use crate::web::form::Fields;
use crate::web::format::{self, Moment};
use crate::web::page::Page;
use crate::web::parts::{Field, Mark, Notice, Tone};
use crate::web::routes::{self, operator};
use crate::web::shell::Solo;

/// How many grants stand on a page.
const ON_A_PAGE: usize = 25;

/// The page `/operator/partners/{number}`.
#[derive(Debug, Template)]
#[template(path = "access/operator/one.html")]
pub struct OnePartner {
    /// The frame.
    pub shell: Solo,
    /// What the last action did.
    pub told: Option<Notice>,
    /// Where the password is asked for, when it was given too long ago to change anything here.
    pub confirm: Option<String>,
    /// The link that this answer shows, once.
    pub fresh: Option<FreshLink>,
    /// Its number.
    pub number: PartnerNumber,
    /// Its name as it stands.
    pub heading: String,
    /// `Channel partner`, with when it was made and how many logins it has.
    pub about: String,
    /// Its name, as it is changed.
    pub name: Field,
    /// The unit of a channel partner.
    pub unit: Option<Unit>,
    /// What a global partner was granted.
    pub grants: Option<Grants>,
    /// Its owners.
    pub owners: Vec<Owner>,
    /// The e-mail address of another owner.
    pub email: Field,
    /// The name of another owner.
    pub owner: Field,
    /// Whether its logins need a second factor.
    pub needs_factor: bool,
    /// Whether its owners are operators.
    pub is_operator: bool,
    /// Where the forms post to.
    pub to: Targets,
}

/// Where the forms of the page post to.
#[derive(Debug)]
pub struct Targets {
    /// This page.
    pub here: String,
    /// Another name.
    pub name: String,
    /// Another owner.
    pub owners: String,
    /// The second factor.
    pub factor: String,
}

/// The unit of a channel partner.
#[derive(Debug)]
pub struct Unit {
    /// Its id.
    pub id: String,
    /// Whether API access is part of its plan.
    pub api_access: bool,
    /// The same in words.
    pub api: Mark,
    /// The page that asks before that changes.
    pub plan: String,
}

/// What a global partner was granted.
#[derive(Debug)]
pub struct Grants {
    /// Every unit, also those to come.
    pub all: bool,
    /// Where all are granted or withdrawn.
    pub to_all: String,
    /// Where units are granted by number.
    pub to: String,
    /// The numbers that were typed.
    pub units: Field,
    /// Those granted one by one, of this page.
    pub rows: Vec<Granted>,
    /// `3 units granted one by one`.
    pub summary: String,
    /// The first page, when this is a later one.
    pub first: Option<String>,
    /// The page after.
    pub next: Option<String>,
}

/// A unit that was granted by itself.
#[derive(Debug)]
pub struct Granted {
    /// Its partner's number.
    pub number: PartnerNumber,
    /// Its name.
    pub name: String,
    /// Since when.
    pub since: Moment,
    /// Where it is withdrawn.
    pub withdraw: String,
}

/// An owner.
#[derive(Debug)]
pub struct Owner {
    /// Two letters of the name.
    pub initials: String,
    /// The person's name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// The login's number.
    pub number: i64,
    /// What keeps them out, if anything: `Invited`, `Switched off`.
    pub mark: Option<Mark>,
    /// Where a new invitation link is made.
    pub link: Option<String>,
}

impl Page for OnePartner {}

/// Shows the partner.
pub async fn open(request: HttpRequest, desk: Desk) -> Result<HttpResponse, Fault> {
    let after = Fields::of_query(&request).text("after").parse().unwrap_or(0);
    let page = OnePartner::load(&desk, desk.number("number")?, after).await?;
    Ok(desk.answer_told(&OnePartner { told: desk.told(), ..page }))
}

impl OnePartner {
    /// The page as it stands, with the grants behind the partner `after`.
    pub(super) async fn load(
        desk: &Desk,
        number: PartnerNumber,
        after: PartnerNumber,
    ) -> Result<Self, Fault> {
        let work = move |cx: &Cx| {
            let is_old = matches!(operators::may_change(cx), Err(Error::Forbidden(Refusal::OldSignIn)));
            Ok((partner_desk::one(cx, number, after, ON_A_PAGE)?, is_old, cx.now))
        };
        let (view, is_old, now) = desk.run(work).await?;
        let mut page = Self::of(desk.shell(&view.listed.partner.name), &view, after, now);
        page.confirm =
            is_old.then(|| routes::with_query(routes::CONFIRM, &[("next", page.to.here.as_str())]));
        Ok(page)
    }

    /// The page with a link that is shown this once.
    pub(super) async fn shown(
        desk: &Desk,
        number: PartnerNumber,
        person: (String, String),
        secret: LinkSecret,
    ) -> Result<HttpResponse, Fault> {
        let fresh = FreshLink::at(desk.absolute(routes::SETUP), person, secret);
        let page = Self { fresh: Some(fresh), ..Self::load(desk, number, 0).await? };
        let mut answer = desk.answer(StatusCode::OK, &page);
        // The next page takes the cookie away, and a browser does not go back to a page across such a change.
        desk.tell(&mut answer, Flash::OwnerLinkShown);
        Ok(answer)
    }

    /// The same with what is wrong with a form of it.
    pub(super) fn refused(mut self, desk: &Desk, form: &Fields, errors: &FieldErrors) -> HttpResponse {
        self.shell.title = format!("Error: {}", self.shell.title);
        let of = |name: &str| errors.of(name).map(|e| e.message.to_string()).collect::<Vec<_>>();
        let typed = |field: &mut Field, name: &str| {
            if let Some(text) = form.typed(name) {
                text.clone_into(&mut field.value);
            }
            field.errors = of(name);
        };
        typed(&mut self.name, "name");
        typed(&mut self.email, "owner_email");
        typed(&mut self.owner, "owner_name");
        if let Some(grants) = &mut self.grants {
            typed(&mut grants.units, "units");
        }
        desk.answer(StatusCode::UNPROCESSABLE_ENTITY, &self)
    }

    /// The page of a partner, as it is at `now`.
    pub fn of(shell: Solo, view: &PartnerView, after: PartnerNumber, now: Ts) -> Self {
        let partner = &view.listed.partner;
        let number = partner.number;
        let logins = format::count(u64::try_from(view.listed.logins).unwrap_or(0), "login", "logins");
        let made = Moment::relative(partner.created_at, now).word;
        Self {
            shell,
            told: None,
            confirm: None,
            fresh: None,
            number,
            heading: partner.name.clone(),
            about: format!("{} partner {number} · {logins} · made {made}", kind(partner.kind)),
            name: Field { value: partner.name.clone(), errors: Vec::new() },
            unit: partner.unit.map(|(bu, api_access)| Unit {
                id: bu.to_string(),
                api_access,
                api: api(api_access),
                plan: operator::partner_plan(number),
            }),
            grants: (partner.kind == PartnerKind::Global).then(|| Grants::of(view, after, now)),
            owners: view.owners.iter().map(|owner| Owner::of(number, owner)).collect(),
            email: Field::default(),
            owner: Field::default(),
            needs_factor: partner.second_factor_required,
            is_operator: partner.is_operator,
            to: Targets {
                here: operator::partner(number),
                name: operator::partner_name(number),
                owners: operator::partner_owners(number),
                factor: operator::partner_factor(number),
            },
        }
    }
}

impl Grants {
    fn of(view: &PartnerView, after: PartnerNumber, now: Ts) -> Self {
        let number = view.listed.partner.number;
        let here = operator::partner(number);
        let at = |after: &str| routes::with_query(&here, &[("after", after)]);
        let granted = |unit: &GrantedUnit| Granted {
            number: unit.number,
            name: unit.name.clone(),
            since: Moment::relative(unit.since, now),
            withdraw: operator::partner_grant_withdraw(number, unit.number),
        };
        let total = u64::try_from(view.listed.granted).unwrap_or(0);
        let last = view.grants.rows.last().filter(|_| view.grants.more);
        Self {
            all: view.listed.partner.grants_all,
            to_all: operator::partner_grants_all(number),
            to: operator::partner_grants(number),
            units: Field::default(),
            rows: view.grants.rows.iter().map(granted).collect(),
            summary: format!("{} granted one by one", format::count(total, "unit", "units")),
            first: (after > 0).then(|| at("")),
            next: last.map(|unit| at(&unit.number.to_string())),
        }
    }
}

impl Owner {
    fn of(partner: PartnerNumber, row: &OwnerRow) -> Self {
        let is_off = row.disabled_at.is_some();
        let mark = match (is_off, row.has_password) {
            (true, _) => Some(Mark::new(Tone::Off, "Switched off")),
            (false, false) => Some(Mark::new(Tone::Wait, "Invited")),
            (false, true) => None,
        };
        Self {
            initials: format::initials(&row.name),
            name: row.name.clone(),
            email: row.email.clone(),
            number: row.number,
            mark,
            link: (!is_off && !row.has_password).then(|| operator::partner_owner_link(partner, row.id)),
        }
    }
}
