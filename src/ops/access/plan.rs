//! What the plan of a business unit holds: API access or not.

use serde_json::json;

use crate::domain::access::partner::PartnerNumber;
use crate::domain::webhooks::webhook::InactiveReason;
use crate::ops::Error;
use crate::ops::authorize::operator_only;
use crate::ops::cx::Cx;
use crate::ops::system::audit::{Entry, record};
use crate::store::access::units;
use crate::store::webhooks::webhooks;

/// Takes API access out of the plan of a channel partner's unit, or puts it back. Without it the API refuses
/// the unit's tokens, and its active webhooks stop with the reason `no_api_access`; with it again, those go on.
/// Nothing is deleted, and doing it twice changes nothing. For the operator.
pub fn set_api_access(cx: &Cx, partner: PartnerNumber, on: bool) -> Result<(), Error> {
    operator_only(cx)?;
    let moved = cx.write(|conn| {
        let unit = units::of_partner(conn, partner)?.ok_or(Error::NotFound)?;
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
    for id in moved {
        cx.tools.handoff.changed(id);
    }
    Ok(())
}
