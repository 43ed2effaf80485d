//! Reach: webhooks that hear all business units of a global partner, who may make and manage them, and who may
//! see what they were sent.

use std::collections::HashMap;

use crate::domain::access::partner::PartnerNumber;
use crate::domain::access::permission::{Permission, Scopes};
use crate::domain::id::{BuId, EventId, UserId, WebhookId};
use crate::domain::webhooks::webhook::Reach;
use crate::ops::authorize::authorize;
use crate::ops::cx::{Actor, Cx};
use crate::ops::{Error, Refusal};
use crate::store::access::{grants, memberships, partners, units};
use crate::store::events::deliveries::DeliveryRow;
use crate::store::events::events;
use crate::store::pool::Conn;
use crate::store::webhooks::webhooks::{self, WebhookRow};

/// The business unit that an event happened in, when it is not the webhook's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FarUnit {
    /// The unit.
    pub bu: BuId,
    /// Its name.
    pub name: String,
}

/// The name of the partner all of whose business units the caller may let a webhook of `bu` hear; `None` for
/// those whose partner has one only.
pub fn offered(cx: &Cx, bu: BuId) -> Result<Option<String>, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksWrite)?;
        let Some(partner) = partner_of(cx, conn, bu)? else { return Ok(None) };
        Ok(partners::find(conn, partner)?.map(|row| row.name))
    })
}

/// What is stored of a wanted reach: the partner, when it goes beyond the unit. `not_offered` in `reach` for
/// callers whose partner has one unit only.
pub(super) fn resolve(
    cx: &Cx,
    conn: &mut Conn,
    bu: BuId,
    wanted: Reach,
) -> Result<Option<PartnerNumber>, Error> {
    match wanted {
        Reach::BusinessUnit => Ok(None),
        Reach::Partner => partner_of(cx, conn, bu)?.map(Some).ok_or_else(|| {
            let text = "Only logins of a partner with several business units, and tokens they made, let a webhook \
                        hear all of them. Use business_unit.";
            Error::field("reach", "not_offered", text)
        }),
    }
}

/// The same for a webhook that is there. One that the unit's own people made stays in their hands, and hears their
/// unit alone: `not_offered`.
pub(super) fn widen(
    cx: &Cx,
    conn: &mut Conn,
    row: &WebhookRow,
    wanted: Reach,
) -> Result<Option<PartnerNumber>, Error> {
    let partner = resolve(cx, conn, row.bu_id, wanted)?;
    let Some(number) = partner else { return Ok(row.reach_partner_id) };
    let is_theirs = match row.created_by {
        Some(creator) => manages(conn, creator, row.bu_id, number)?,
        None => false,
    };
    if row.programme_id.is_none() && (is_theirs || row.reach_partner_id == partner) {
        return Ok(partner);
    }
    let text = "This webhook was made for its business unit alone. Make a new one that hears the others too.";
    Err(Error::field("reach", "not_offered", text))
}

/// Passes who may change a webhook that hears, or heard, several business units: the logins of that partner.
/// Others would see, or lead elsewhere, what happens in units that are not theirs.
pub(crate) fn guard(cx: &Cx, conn: &mut Conn, row: &WebhookRow) -> Result<(), Error> {
    if is_managed(cx, conn, row)? { Ok(()) } else { Err(Error::Forbidden(Refusal::OtherPartner)) }
}

/// Whether the caller passes [`guard`].
pub(super) fn is_managed(cx: &Cx, conn: &mut Conn, row: &WebhookRow) -> Result<bool, Error> {
    let Some(partner) = row.reach_partner_id else { return Ok(true) };
    match (&cx.actor, cx.user()) {
        (Actor::Operator | Actor::System, _) => Ok(true),
        (_, Some(user)) => manages(conn, user, row.bu_id, partner),
        (_, None) => Ok(false),
    }
}

fn partner_of(cx: &Cx, conn: &mut Conn, bu: BuId) -> Result<Option<PartnerNumber>, Error> {
    let Some(user) = cx.user() else { return Ok(None) };
    let all = grants::partners_of(conn, user, bu)?;
    Ok(all.into_iter().find(|(_, role)| may_write(Scopes::of_role(*role))).map(|(partner, _)| partner))
}

fn manages(conn: &mut Conn, user: UserId, bu: BuId, partner: PartnerNumber) -> Result<bool, Error> {
    let all = grants::partners_of(conn, user, bu)?;
    Ok(all.into_iter().any(|(number, role)| number == partner && may_write(Scopes::of_role(role))))
}

const fn may_write(held: Scopes) -> bool {
    held.contains(Permission::WebhooksWrite)
}

/// Of these deliveries to webhooks of `bu`, the events that happened in other units: where, or `None` when that
/// unit is not the caller's, who must not see them then. Events of the unit itself are absent.
pub(crate) fn from_afar(
    cx: &Cx,
    conn: &mut Conn,
    bu: BuId,
    rows: &[DeliveryRow],
) -> Result<HashMap<EventId, Option<FarUnit>>, Error> {
    let mut ids: Vec<WebhookId> = rows.iter().map(|row| row.webhook_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let wide = if ids.is_empty() { Vec::new() } else { webhooks::ever_reaching(conn, bu, &ids)? };
    if wide.is_empty() {
        return Ok(HashMap::new());
    }
    let events: Vec<EventId> =
        rows.iter().filter(|row| wide.contains(&row.webhook_id)).map(|row| row.event_id).collect();
    let stood_in: HashMap<EventId, BuId> = events::units_of(conn, &events)?.into_iter().collect();
    let mut known: HashMap<BuId, Option<FarUnit>> = HashMap::new();
    let mut far = HashMap::new();
    for event in events {
        let seen = match stood_in.get(&event) {
            Some(unit) if *unit == bu => continue,
            // Nobody can tell whose it was.
            None => None,
            Some(unit) => match known.get(unit) {
                Some(seen) => seen.clone(),
                None => known.entry(*unit).or_insert(seen(cx, conn, *unit)?).clone(),
            },
        };
        far.insert(event, seen);
    }
    Ok(far)
}

/// These deliveries without those of events that happened in units that are not the caller's.
pub(crate) fn only_seen(
    cx: &Cx,
    conn: &mut Conn,
    bu: BuId,
    rows: Vec<DeliveryRow>,
) -> Result<Vec<DeliveryRow>, Error> {
    let far = from_afar(cx, conn, bu, &rows)?;
    Ok(rows.into_iter().filter(|row| far.get(&row.event_id).is_none_or(Option::is_some)).collect())
}

/// Another unit, if the caller may read its events: tokens belong to one unit and see no other.
fn seen(cx: &Cx, conn: &mut Conn, unit: BuId) -> Result<Option<FarUnit>, Error> {
    let may = match &cx.actor {
        Actor::Login(login) => memberships::standing(conn, login.user, unit)?
            .is_some_and(|standing| Scopes::of_role(standing.role).contains(Permission::EventsRead)),
        Actor::Token(_) => false,
        Actor::Operator | Actor::System => true,
    };
    if !may {
        return Ok(None);
    }
    Ok(units::find(conn, unit)?.map(|row| FarUnit { bu: unit, name: row.name }))
}

/// Whether a webhook of this row may be sent events of `unit` at this moment.
pub(crate) fn hears(conn: &mut Conn, row: &WebhookRow, unit: BuId) -> Result<bool, Error> {
    let Some(partner) = row.reach_partner_id.filter(|_| row.reach == Reach::Partner) else {
        return Ok(unit == row.bu_id);
    };
    for bu in [row.bu_id, unit] {
        if !grants::partners_over(conn, bu)?.contains(&partner) {
            return Ok(false);
        }
    }
    Ok(units::find(conn, unit)?.is_some_and(|unit| unit.api_access))
}
