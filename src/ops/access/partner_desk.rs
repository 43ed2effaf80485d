//! Partners as operators manage them: the list of all, one of them, its making, its name and its owners.

use std::collections::HashMap;

use serde_json::json;

use crate::domain::access::name::Name;
use crate::domain::access::partner::{PartnerKind, PartnerNumber};
use crate::domain::access::user::Role;
use crate::domain::id::{BuId, UserId};
use crate::domain::page::Page;
use crate::domain::problem::FieldErrors;
use crate::domain::search::{folded, sought};
use crate::ops::Error;
use crate::ops::access::bearer::LinkSecret;
use crate::ops::access::operators::{authorize_operator, see_as_operator};
use crate::ops::access::partners::{self, Grant, PartnerCreated, PartnerDraft};
use crate::ops::access::users::{self as logins, NewUser, UserCreated};
use crate::ops::cx::Cx;
use crate::ops::events::publish::{News, write_and_tell};
use crate::ops::system::audit::{Entry, record};
use crate::store::access::partner_list::{self, ListedPartner, OwnerRow};
use crate::store::access::partners as stored;
use crate::store::access::{memberships, units, users};
use crate::store::pool::Conn;

pub use crate::store::access::partner_list::GrantedUnit;

/// How many owners of a partner are shown.
const MOST_OWNERS: i64 = 50;
/// How many units can be granted at once.
const MOST_GRANTS: usize = 500;

/// Which partners a page shows.
#[derive(Debug, Clone, Default)]
pub struct PartnerQuery {
    /// The beginning of a number or a part of a name, whatever case and accents; empty for all.
    pub text: String,
    /// Only those with a higher number.
    pub after: PartnerNumber,
    /// How many stand on a page.
    pub limit: usize,
}

/// A partner in the list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The partner.
    pub partner: ListedPartner,
    /// How many logins it has.
    pub logins: i64,
    /// How many units it was granted one by one.
    pub granted: i64,
}

/// One partner with all that operators decide on.
#[derive(Debug, Clone)]
pub struct PartnerView {
    /// The partner and its counts.
    pub listed: Listed,
    /// Its owners.
    pub owners: Vec<OwnerRow>,
    /// A page of the units that it was granted one by one.
    pub grants: Page<GrantedUnit>,
}

/// The first owner of a partner as someone asks for it.
#[derive(Debug, Clone)]
pub struct OwnerDraft {
    /// The e-mail address, in any spelling.
    pub email: String,
    /// The person's name.
    pub name: String,
}

/// A partner that was made with its first owner.
#[derive(Debug)]
pub struct Opened {
    /// The partner.
    pub partner: PartnerCreated,
    /// Its owner; the link sets the password.
    pub owner: Option<UserCreated>,
}

/// A page of the partners of the installation, lowest number first. For operators.
pub fn page(cx: &Cx, query: &PartnerQuery) -> Result<Page<Listed>, Error> {
    let text = sought(&query.text);
    cx.read(|conn| {
        see_as_operator(cx, conn)?;
        let most = i64::try_from(query.limit).unwrap_or(i64::MAX).saturating_add(1);
        let page = Page::cut(partner_list::list(conn, &text, query.after, most)?, query.limit);
        Ok(Page { more: page.more, rows: with_counts(conn, page.rows)? })
    })
}

/// One partner, with the first `limit` of its grants behind the partner `after`. For operators.
pub fn one(cx: &Cx, number: PartnerNumber, after: PartnerNumber, limit: usize) -> Result<PartnerView, Error> {
    cx.read(|conn| {
        see_as_operator(cx, conn)?;
        let found = partner_list::find(conn, number)?.ok_or(Error::NotFound)?;
        let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        Ok(PartnerView {
            owners: partner_list::owners(conn, number, MOST_OWNERS)?,
            grants: Page::cut(partner_list::granted_units(conn, number, after, most)?, limit),
            listed: with_counts(conn, vec![found])?.pop().ok_or(Error::NotFound)?,
        })
    })
}

fn with_counts(conn: &mut Conn, rows: Vec<ListedPartner>) -> Result<Vec<Listed>, Error> {
    let numbers: Vec<PartnerNumber> = rows.iter().map(|row| row.number).collect();
    let logins: HashMap<PartnerNumber, i64> = partner_list::logins(conn, &numbers)?.into_iter().collect();
    let granted: HashMap<PartnerNumber, i64> = partner_list::granted(conn, &numbers)?.into_iter().collect();
    let count = |of: &HashMap<PartnerNumber, i64>, number| of.get(&number).copied().unwrap_or(0);
    let listed = |partner: ListedPartner| Listed {
        logins: count(&logins, partner.number),
        granted: count(&granted, partner.number),
        partner,
    };
    Ok(rows.into_iter().map(listed).collect())
}

/// Makes a partner with the business unit of a channel partner, and its first owner with a link that sets the
/// password, all or nothing. For operators who have signed in a moment ago. Fields: `name`, `id`, `owner_email`
/// (`format`, `taken`), `owner_name`. `partner_exists` when the number is taken.
pub fn open(cx: &Cx, draft: PartnerDraft, owner: Option<OwnerDraft>) -> Result<Opened, Error> {
    let PartnerDraft { name, kind, id } = draft;
    let mut errors = FieldErrors::default();
    let name = errors.keep(partners::check(&name, id));
    let owner = errors.keep(owner.map(|owner| check_owner(&owner)).transpose());
    write_and_tell(&cx.tools, |conn, news| {
        authorize_operator(cx, conn)?;
        let (Some(name), Some(owner)) = (name, owner) else { return Err(errors.into()) };
        errors.or(())?;
        let partner = partners::insert(cx, conn, &name, kind, id)?;
        let made = |owner| add_owner(cx, conn, news, partner.partner, owner);
        Ok(Opened { partner, owner: owner.map(made).transpose()? })
    })
}

/// Makes another owner of a partner, with a link that sets the password. For operators who have signed in a moment
/// ago. Fields: `owner_email` (`format`, `taken`), `owner_name`.
pub fn invite_owner(cx: &Cx, number: PartnerNumber, owner: &OwnerDraft) -> Result<UserCreated, Error> {
    let checked = check_owner(owner);
    write_and_tell(&cx.tools, |conn, news| {
        authorize_operator(cx, conn)?;
        stored::find(conn, number)?.ok_or(Error::NotFound)?;
        add_owner(cx, conn, news, number, checked?)
    })
}

fn check_owner(owner: &OwnerDraft) -> Result<NewUser, FieldErrors> {
    let mut errors = FieldErrors::default();
    let email = errors.keep(logins::check_email(&owner.email).map_err(|e| renamed(e, "owner_email")));
    let name = errors.keep(Name::parse("owner_name", &owner.name));
    let (Some(email), Some(name)) = (email, name) else { return Err(errors) };
    errors.or(NewUser { email, name, password_hash: None })
}

fn add_owner(
    cx: &Cx,
    conn: &mut Conn,
    news: &mut News,
    number: PartnerNumber,
    new: NewUser,
) -> Result<UserCreated, Error> {
    let place = (number, Role::Owner);
    let user = logins::insert(cx, conn, new, place).map_err(|error| match error {
        Error::Invalid(errors) => renamed(errors, "owner_email").into(),
        other => other,
    })?;
    let link = logins::link(cx, conn, &user, place)?;
    logins::tell_created(cx, conn, news, &user, place)?;
    Ok(UserCreated { user: user.id, number: user.number, link: Some(link) })
}

/// The same errors under the name that the field has in these forms.
fn renamed(errors: FieldErrors, field: &'static str) -> FieldErrors {
    let mut told = FieldErrors::default();
    for error in errors {
        told.push(field, error.code, error.message);
    }
    told
}

/// A new link for an owner who has chosen no password yet, with the owner's name and e-mail address; earlier ones
/// open no more. For operators who have signed in a moment ago. `already_accepted` when there is a password,
/// `disabled` when the login is switched off.
pub fn renew_link(
    cx: &Cx,
    number: PartnerNumber,
    id: UserId,
) -> Result<((String, String), LinkSecret), Error> {
    cx.write(|conn| {
        authorize_operator(cx, conn)?;
        if memberships::role_at(conn, id, number)? != Some(Role::Owner) {
            return Err(Error::NotFound);
        }
        let user = users::find(conn, id)?.ok_or(Error::NotFound)?;
        let secret = logins::renew_link(cx, conn, &user, (number, Role::Owner))?;
        Ok(((user.name, user.email), secret))
    })
}

/// Gives a partner another name, and with it the unit of a channel partner. The same name changes nothing. For
/// operators who have signed in a moment ago. Field: `name`.
pub fn rename(cx: &Cx, number: PartnerNumber, name: &str) -> Result<(), Error> {
    let name = Name::parse("name", name);
    cx.write(|conn| {
        authorize_operator(cx, conn)?;
        let partner = stored::find(conn, number)?.ok_or(Error::NotFound)?;
        let name = name?;
        if partner.name == name.as_str() {
            return Ok(());
        }
        stored::rename(conn, number, name.as_str(), &folded(name.as_str()))?;
        let unit = match partner.kind {
            PartnerKind::Channel => units::of_partner(conn, number)?,
            PartnerKind::Global => None,
        };
        if let Some(unit) = &unit {
            units::rename(conn, unit.id, name.as_str())?;
        }
        let entry = Entry {
            action: "partner.renamed",
            target_kind: "partner",
            target_id: number.to_string(),
            before: Some(json!({"name": partner.name})),
            after: Some(json!({"name": name.as_str()})),
        };
        record(cx, conn, unit.map(|unit| unit.id), entry)
    })
}

/// Grants a global partner the units of the channel partners whose numbers stand in `text`, with spaces, commas or
/// lines between them: all of these or none; gives how many. For operators who have signed in a moment ago. Field:
/// `units` (`required`, `unknown`, `too_many`).
pub fn grant_units(cx: &Cx, number: PartnerNumber, text: &str) -> Result<usize, Error> {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c == ',' || c == ';').filter(|w| !w.is_empty()).collect();
    cx.write(|conn| {
        authorize_operator(cx, conn)?;
        if words.is_empty() {
            return Err(Error::field(
                "units",
                "required",
                "Type the number of at least one channel partner.",
            ));
        }
        if words.len() > MOST_GRANTS {
            let text = format!("Grant at most {MOST_GRANTS} at once.");
            return Err(Error::field("units", "too_many", text));
        }
        let typed: Vec<Option<PartnerNumber>> = words.iter().map(|word| word.parse().ok()).collect();
        let numbers: Vec<PartnerNumber> = typed.iter().copied().flatten().collect();
        let units: HashMap<PartnerNumber, BuId> = units::of_partners(conn, &numbers)?.into_iter().collect();
        let mut found = Vec::new();
        for (word, of) in words.iter().zip(typed) {
            let unknown = || {
                let cut: String = word.chars().take(20).collect();
                let text = format!("There is no channel partner {cut}. Check the number.");
                Error::field("units", "unknown", text)
            };
            found.push(of.and_then(|of| units.get(&of)).copied().map(Grant::Unit).ok_or_else(unknown)?);
        }
        partners::insert_grants(cx, conn, number, &found)?;
        Ok(found.len())
    })
}
