//! Two people who change one webhook: the later one is told what the earlier one did.

use crate::domain::id::{BuId, WebhookId};
use crate::domain::time::Ts;
use crate::ops::Error;
use crate::ops::cx::Cx;
use crate::ops::webhooks::reach;
use crate::store::pool::Conn;
use crate::store::webhooks::webhooks::{self, WebhookRow};

/// When a webhook was last changed: what somebody has seen of it when they change it.
pub fn of(row: &WebhookRow) -> Ts {
    row.updated_at.unwrap_or(row.created_at)
}

/// One webhook of `bu`, which nobody else changes until the transaction ends. `changed_meanwhile` when it is not as it was
/// `seen`; whoever has seen nothing changes it as it is. Refused to those who may not change one of its reach.
pub(super) fn hold(
    cx: &Cx,
    conn: &mut Conn,
    bu: BuId,
    id: WebhookId,
    seen: Option<Ts>,
) -> Result<WebhookRow, Error> {
    let row = webhooks::hold(conn, bu, id)?.ok_or(Error::NotFound)?;
    reach::guard(cx, conn, &row)?;
    if seen.is_some_and(|seen| seen != of(&row)) {
        let text = "Somebody else has changed this webhook since you opened it.";
        return Err(Error::conflict("changed_meanwhile", text));
    }
    Ok(row)
}
