//! What the plan of a business unit holds: API access or not.

use serde_json::json;

use crate::domain::access::partner::PartnerNumber;
use crate::domain::id::{BuId, WebhookId};
use crate::domain::webhooks::webhook::InactiveReason;
use crate::ops::Error;
use crate::ops::access::operators::authorize_operator;
use crate::ops::cx::Cx;
use crate::ops::events::publish::{News, take_order, write_and_tell};
use crate::ops::system::audit::{Entry, record};
use crate::ops::webhooks::read::view;
use crate::ops::webhooks::told;
use crate::store::access::units;
use crate::store::pool::Conn;
use crate::store::webhooks::webhooks;

/// Takes API access out of the plan of a channel partner's unit, or puts it back; gives how many webhooks that
/// stopped or started. Without it the API refuses the unit's tokens, and its active webhooks stop with the reason
/// `no_api_access` (`webhook.disabled` tells of each); with it again, those go on (`webhook.updated`). Nothing is
/// deleted, and doing it twice changes nothing. For operators who have signed in a moment ago.
pub fn set_api_access(cx: &Cx, partner: PartnerNumber, on: bool) -> Result<usize, Error> {
    let moved = write_and_tell(&cx.tools, |conn, news| {
        authorize_operator(cx, conn)?;
        let unit = units::of_partner(conn, partner)?.ok_or(Error::NotFound)?;
        take_order(conn, unit.id)?;
        // As it is now that nobody else is at it.
        let unit = units::find(conn, unit.id)?.ok_or(Error::NotFound)?;
        if unit.api_access == on {
            return Ok(Vec::new());
        }
        units::set_api_access(conn, unit.id, on)?;
        let reason = InactiveReason::NoApiAccess;
        let moved = if on {
            webhooks::start_again(conn, unit.id, reason, cx.now)?
        } else {
            webhooks::stop_all(conn, unit.id, reason, cx.now)?
        };
        for webhook in &moved {
            tell(cx, conn, news, (unit.id, *webhook), on)?;
        }
        let entry = Entry {
            action: "partner.api_access_changed",
            target_kind: "partner",
            target_id: partner.to_string(),
            before: Some(json!({"api_access": !on})),
            after: Some(json!({"api_access": on, "webhooks": moved.len()})),
        };
        record(cx, conn, Some(unit.id), entry)?;
        Ok(moved)
    })?;
    let count = moved.len();
    for id in moved {
        cx.tools.handoff.changed(id);
    }
    Ok(count)
}

/// Publishes that a webhook stopped or goes on because of the plan.
fn tell(
    cx: &Cx,
    conn: &mut Conn,
    news: &mut News,
    (bu, id): (BuId, WebhookId),
    on: bool,
) -> Result<(), Error> {
    if !on {
        return told::publish_disabled(cx, conn, news, (bu, id));
    }
    let Some(row) = webhooks::find(conn, bu, id)? else { return Ok(()) };
    let webhook = view(conn, row)?;
    let event = told::switched_on(conn, &webhook, cx.now)?;
    news.add(&cx.tools, conn, event)
}
