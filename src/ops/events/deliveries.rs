//! The deliveries of one webhook, page by page, newest first.

use crate::domain::access::permission::Permission;
use crate::domain::events::delivery::DeliveryState;
use crate::domain::id::{BuId, DeliveryId, WebhookId};
use crate::ops::Error;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::ops::events::inspect::{DeliveryView, without_attempts};
use crate::ops::events::log::MOST_LOOKED_AT;
use crate::ops::webhooks::reach;
use crate::store::events::deliveries::{self, DeliveryRow};
use crate::store::pool::Conn;
use crate::store::webhooks::webhooks;

/// How many it reads at a time.
const STEP: usize = 250;

/// Which deliveries a page shows.
#[derive(Debug, Clone)]
pub struct DeliveryQuery {
    /// From where on.
    pub from: From,
    /// Only in this state.
    pub state: Option<DeliveryState>,
    /// How many stand on a page.
    pub limit: usize,
}

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// With the newest.
    Newest,
    /// Behind this one in the list: older ones.
    Before(DeliveryId),
    /// Ahead of this one in the list: the next newer ones.
    After(DeliveryId),
}

/// A page of deliveries.
#[derive(Debug, Clone)]
pub struct DeliveryPage {
    /// The deliveries, newest first, without their attempts.
    pub deliveries: Vec<DeliveryView>,
    /// Before which one to go on with older ones, when there may be more. A page of one state may end early,
    /// or be empty, and still go on: no more than [`MOST_LOOKED_AT`] are looked at for it.
    pub next: Option<DeliveryId>,
    /// After which one to look for newer ones.
    pub previous: Option<DeliveryId>,
}

/// A page of the deliveries of a webhook of `bu`, which may be deleted: logs outlive it. The field of a place
/// that is not in this list is `before` or `after` (`cursor_invalid`).
pub fn list(cx: &Cx, bu: BuId, webhook: WebhookId, query: &DeliveryQuery) -> Result<DeliveryPage, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::DeliveriesRead)?;
        if webhooks::names(conn, bu, &[webhook])?.is_empty() {
            return Err(Error::NotFound);
        }
        let (field, cursor) = match query.from {
            From::Newest => ("", None),
            From::Before(id) => ("before", Some(id)),
            From::After(id) => ("after", Some(id)),
        };
        if let Some(id) = cursor
            && deliveries::find(conn, bu, id)?.is_none_or(|row| row.webhook_id != webhook)
        {
            return Err(Error::field(field, "cursor_invalid", "This list does not go on from there."));
        }
        let found = search(cx, conn, bu, webhook, query)?;
        let (first, last) = (found.rows.first().map(|row| row.id), found.rows.last().map(|row| row.id));
        let (next, previous) = match query.from {
            From::After(id) => (last, found.looked_up_to.or(Some(id))),
            From::Newest | From::Before(_) => (found.goes_on.then_some(found.looked_up_to).flatten(), first),
        };
        Ok(DeliveryPage { deliveries: without_attempts(conn, bu, found.rows)?, next, previous })
    })
}

/// What a search came upon.
struct Found {
    /// Newest first.
    rows: Vec<DeliveryRow>,
    /// The last one that was looked at and is shown or not wanted.
    looked_up_to: Option<DeliveryId>,
    /// Whether there may be more behind it.
    goes_on: bool,
}

fn search(
    cx: &Cx,
    conn: &mut Conn,
    bu: BuId,
    webhook: WebhookId,
    query: &DeliveryQuery,
) -> Result<Found, Error> {
    let step = i64::try_from(STEP.min(query.limit + 1)).unwrap_or(i64::MAX);
    let step = if query.state.is_some() { i64::try_from(STEP).unwrap_or(i64::MAX) } else { step };
    let (mut rows, mut looked_up_to, mut looked_at) = (Vec::new(), None, 0);
    'search: loop {
        let part = match query.from {
            From::Newest => deliveries::of_webhook(conn, bu, webhook, looked_up_to, step)?,
            From::Before(id) => deliveries::of_webhook(conn, bu, webhook, looked_up_to.or(Some(id)), step)?,
            From::After(id) => {
                deliveries::of_webhook_from(conn, bu, webhook, looked_up_to.or(Some(id)), None, step)?
            }
        };
        let is_last = i64::try_from(part.len()).unwrap_or(i64::MAX) < step;
        let far = reach::from_afar(cx, conn, bu, &part)?;
        for row in part {
            let is_seen = far.get(&row.event_id).is_none_or(Option::is_some);
            let is_wanted = is_seen && query.state.is_none_or(|state| state == row.state);
            if (is_wanted && rows.len() == query.limit) || looked_at == MOST_LOOKED_AT {
                break 'search;
            }
            looked_at += 1;
            looked_up_to = Some(row.id);
            rows.extend(is_wanted.then_some(row));
        }
        if is_last {
            return Ok(Found { rows: newest_first(rows, query.from), looked_up_to, goes_on: false });
        }
    }
    Ok(Found { rows: newest_first(rows, query.from), looked_up_to, goes_on: true })
}

fn newest_first(mut rows: Vec<DeliveryRow>, from: From) -> Vec<DeliveryRow> {
    if matches!(from, From::After(_)) {
        rows.reverse();
    }
    rows
}
