//! Deleting a webhook: final; what was queued is cancelled, logs stay until retention removes them.

use serde_json::json;

use crate::domain::access::permission::Permission;
use crate::domain::events::cause::Cause;
use crate::domain::id::{BuId, WebhookId};
use crate::ops::Error;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::ops::events::publish::{take_order, write_and_tell};
use crate::ops::system::audit::{self, Entry};
use crate::ops::webhooks::read::{WebhookView, view};
use crate::ops::webhooks::told::publish_deleted;
use crate::store::events::deliveries;
use crate::store::webhooks::webhooks::{self, WebhookEdit, WebhookRow};
use crate::store::webhooks::{endpoints, secrets};

/// What a deletion would stop.
pub struct Stops {
    /// The webhook.
    pub webhook: WebhookView,
    /// How many deliveries are under way and would be cancelled.
    pub under_way: i64,
}

/// What deleting a webhook of `bu` would stop.
pub fn stops(cx: &Cx, bu: BuId, id: WebhookId) -> Result<Stops, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksWrite)?;
        let row = webhooks::find(conn, bu, id)?.ok_or(Error::NotFound)?;
        let under_way = deliveries::count_under_way(conn, bu, id)?;
        Ok(Stops { webhook: view(conn, row)?, under_way })
    })
}

/// Deletes a webhook of `bu`; gives how many deliveries were cancelled.
pub fn remove(cx: &Cx, bu: BuId, id: WebhookId) -> Result<usize, Error> {
    remove_one(cx, bu, id, |_| true)
}

/// The same for one that `may_go` lets go; the others are not found.
pub(super) fn remove_one(
    cx: &Cx,
    bu: BuId,
    id: WebhookId,
    may_go: impl FnOnce(&WebhookRow) -> bool,
) -> Result<usize, Error> {
    let cancelled = write_and_tell(&cx.tools, |conn, news| {
        authorize(cx, conn, bu, Permission::WebhooksWrite)?;
        take_order(conn, bu)?;
        let row = webhooks::hold(conn, bu, id)?.filter(may_go).ok_or(Error::NotFound)?;
        let before = view(conn, row)?;
        let edit =
            WebhookEdit { deleted_at: Some(cx.now), updated_at: Some(cx.now), ..WebhookEdit::default() };
        webhooks::edit(conn, bu, id, &edit)?;
        endpoints::forget_credentials(conn, bu, id)?;
        secrets::remove_of_webhook(conn, bu, id)?;
        let cancelled = deliveries::cancel_of_webhook(conn, bu, id, Cause::WebhookDeleted, cx.now)?;
        let entry = Entry {
            action: "webhook.deleted",
            target_kind: "webhook",
            target_id: id.to_string(),
            before: Some(json!({"name": before.row.name, "status": before.row.status})),
            after: Some(json!({"cancelled_deliveries": cancelled})),
        };
        publish_deleted(cx, conn, news, &before)?;
        audit::record(cx, conn, Some(bu), entry)?;
        Ok(cancelled)
    })?;
    cx.tools.handoff.changed(id);
    Ok(cancelled)
}
