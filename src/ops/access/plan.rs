//! What the plan of a business unit holds: API access or not.

use serde_json::json;

use crate::domain::access::partner::PartnerNumber;
use crate::domain::webhooks::webhook::InactiveReason;
use crate::ops::Error;
use crate::ops::access::operators::authorize_operator;
use crate::ops::cx::Cx;
use crate::ops::events::publish::{take_order, write_and_tell};
use crate::ops::system::audit::{Entry, record};
use crate::ops::webhooks::told;
use crate::store::access::units;
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
        told::publish_switched(cx, conn, news, (unit.id, &moved), on)?;
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

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::domain::webhooks::draft::{EndpointDraft, TriggerDraft, WebhookDraft};
    use crate::ops::testing::World;
    use crate::ops::webhooks::create::create;
    use crate::store::events::events;

    #[test]
    fn each_of_many_webhooks_that_stop_and_go_on_is_told_of_once() {
        let world = World::new();
        let (ours, cx) = (world.channel("Ours"), world.operator());
        let bu = ours.bu.unwrap();
        let draft = || WebhookDraft {
            endpoints: vec![EndpointDraft {
                url: "https://example.com/in".into(),
                ..EndpointDraft::default()
            }],
            triggers: vec![TriggerDraft { event: "order.completed".into(), ..TriggerDraft::default() }],
            ..WebhookDraft::default()
        };
        let made = |_| create(&cx, bu, draft()).unwrap().webhook.row.id.to_string();
        let mut made: Vec<String> = (0..201).map(made).collect();
        made.sort_unstable();
        for (on, event_type, status) in
            [(false, "webhook.disabled", "inactive"), (true, "webhook.updated", "active")]
        {
            let before = cx.read(|conn| Ok(events::last_place(conn, bu)?)).unwrap();
            assert_eq!(set_api_access(&cx, ours.partner, on).unwrap(), made.len());
            let places: Vec<i64> = (before + 1..=before + 300).collect();
            let told = cx.read(|conn| Ok(events::at_places(conn, bu, &places)?)).unwrap();
            assert!(told.iter().all(|event| event.event_type == event_type));
            let data = |event: &events::EventRow| serde_json::from_slice::<Value>(&event.body).unwrap();
            let data: Vec<Value> = told.iter().map(|event| data(event)["data"].take()).collect();
            assert!(data.iter().all(|data| data["status"] == status), "{:?}", data.first());
            let mut ids: Vec<&str> = data.iter().map(|data| data["id"].as_str().unwrap()).collect();
            ids.sort_unstable();
            assert_eq!(ids, made);
        }
    }
}
