//! Replays as people and programs ask for them: counted first, made, looked at, cancelled.

use serde_json::json;

use crate::domain::access::permission::Permission;
use crate::domain::events::delivery::DeliveryState;
use crate::domain::events::replay::{
    DEFAULT_PACE, DEFAULT_STATES, PACE, POSSIBLE_STATES, ReplayState, Selection, StopReason,
};
use crate::domain::id::{BuId, DeliveryId, ReplayId, WebhookId};
use crate::domain::problem::FieldErrors;
use crate::domain::time::Ts;
use crate::domain::webhooks::webhook::WebhookStatus;
use crate::ops::Error;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::ops::system::audit::{self, Entry};
use crate::ops::webhooks::{catalogue, reach};
use crate::store::events::deliveries::{self, Chosen};
use crate::store::events::replays::{self, ReplayRow};
use crate::store::pool::Conn;
use crate::store::webhooks::webhooks;

/// How many deliveries one replay may send again.
pub const MOST_AT_ONCE: i64 = 1_000_000;

/// A replay as it is asked for.
#[derive(Debug, Clone)]
pub struct ReplayDraft {
    /// The webhook whose deliveries are sent again.
    pub webhook: WebhookId,
    /// Only those made at this moment or later.
    pub from: Option<Ts>,
    /// Only those made at this moment or earlier; until now when nothing is said.
    pub to: Option<Ts>,
    /// Only those in one of these states; what did not arrive when nothing is said.
    pub states: Option<Vec<DeliveryState>>,
    /// Only events of this type.
    pub event_type: Option<String>,
    /// Deliveries a second.
    pub pace_per_second: Option<i32>,
}

/// What a draft would do.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Which deliveries are meant.
    pub selection: Selection,
    /// Deliveries a second.
    pub pace_per_second: i32,
    /// How many deliveries that would be sent again.
    pub count: i64,
}

/// A replay and how far it is.
#[derive(Debug, Clone)]
pub struct ReplayView {
    /// Its id.
    pub id: ReplayId,
    /// The webhook.
    pub webhook: WebhookId,
    /// Which deliveries are meant.
    pub selection: Selection,
    /// Deliveries a second.
    pub pace_per_second: i32,
    /// Where it stands.
    pub state: ReplayState,
    /// Why it could not go on.
    pub reason: Option<StopReason>,
    /// How many deliveries were meant when it was made.
    pub total: i64,
    /// How many of them were dealt with.
    pub done: i64,
    /// How many of those could not be sent again.
    pub skipped: i64,
    /// When it was made.
    pub created_at: Ts,
    /// When it ended.
    pub finished_at: Option<Ts>,
}

/// What a replay of `bu` would do, without doing it. Fields: `webhook` (`unknown_reference`), `from`, `states`,
/// `event_type`, `pace_per_second`.
pub fn count(cx: &Cx, bu: BuId, draft: ReplayDraft) -> Result<Planned, Error> {
    plan(cx, bu, draft, cx.id())
}

/// Makes a replay of `bu`: it goes on by itself from now. `webhook_inactive` and `webhook_deleted` when there is
/// nowhere to send to, `replay_running` while another one of this webhook runs, `limit_replay` when it would
/// be more than [`MOST_AT_ONCE`].
pub fn create(cx: &Cx, bu: BuId, draft: ReplayDraft) -> Result<ReplayView, Error> {
    let (id, webhook) = (cx.id(), draft.webhook);
    let planned = plan(cx, bu, draft, id)?;
    if planned.count > MOST_AT_ONCE {
        let text = "A replay sends at most 1,000,000 deliveries. Choose a shorter time or fewer states.";
        return Err(Error::conflict("limit_replay", text));
    }
    let row = ReplayRow {
        id,
        bu_id: bu,
        webhook_id: webhook,
        selection: planned.selection.to_json().to_string(),
        pace_per_second: Some(planned.pace_per_second),
        state: ReplayState::Running,
        total: planned.count,
        done: 0,
        position: None,
        created_by: cx.user(),
        created_at: cx.now,
        finished_at: None,
        skipped: 0,
        reason: None,
        next_at: Some(cx.now),
    };
    cx.write(|conn| {
        authorize(cx, conn, bu, Permission::DeliveriesWrite)?;
        let held = webhooks::hold(conn, bu, webhook)?.ok_or_else(deleted)?;
        reach::guard(cx, conn, &held)?;
        if held.status == WebhookStatus::Inactive {
            let text = "The webhook is inactive. Switch it on, then replay.";
            return Err(Error::conflict("webhook_inactive", text));
        }
        if replays::is_running(conn, bu, webhook)? {
            let text = "A replay of this webhook is running. Wait until it ends, or cancel it.";
            return Err(Error::conflict("replay_running", text));
        }
        replays::insert(conn, &row)?;
        let selection = planned.selection.to_json();
        let after = json!({"webhook": webhook, "selection": selection, "total": planned.count});
        audit::record(cx, conn, Some(bu), entry("replay.created", id, after))
    })?;
    view(&row)
}

/// One replay of `bu`.
pub fn get(cx: &Cx, bu: BuId, id: ReplayId) -> Result<ReplayView, Error> {
    let row = cx.read(|conn| {
        authorize(cx, conn, bu, Permission::DeliveriesWrite)?;
        replays::find(conn, bu, id)?.ok_or(Error::NotFound)
    })?;
    view(&row)
}

/// Stops a replay of `bu`; what it sent on its way already is delivered. Once more changes nothing;
/// `replay_ended` when it came to its end before.
pub fn cancel(cx: &Cx, bu: BuId, id: ReplayId) -> Result<ReplayView, Error> {
    let row = cx.write(|conn| {
        authorize(cx, conn, bu, Permission::DeliveriesWrite)?;
        let is_stopped = replays::cancel(conn, bu, id, cx.now)?;
        let row = replays::find(conn, bu, id)?.ok_or(Error::NotFound)?;
        if is_stopped {
            let after = json!({"total": row.total, "done": row.done});
            audit::record(cx, conn, Some(bu), entry("replay.cancelled", id, after))?;
        } else if row.state != ReplayState::Cancelled {
            let text = "The replay has ended already, so there is nothing to cancel.";
            return Err(Error::conflict("replay_ended", text));
        }
        Ok(row)
    })?;
    view(&row)
}

fn plan(cx: &Cx, bu: BuId, draft: ReplayDraft, id: ReplayId) -> Result<Planned, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::DeliveriesWrite)?;
        let webhook = draft.webhook;
        let Some(row) = webhooks::find(conn, bu, webhook)? else {
            let known = !webhooks::names(conn, bu, &[webhook])?.is_empty();
            let unknown = || {
                let text = "No webhook of this business unit has this id.";
                Error::field("webhook", "unknown_reference", text)
            };
            return Err(if known { deleted() } else { unknown() });
        };
        reach::guard(cx, conn, &row)?;
        let (selection, pace_per_second) = check(cx, conn, bu, draft)?;
        let count = deliveries::count_chosen(conn, bu, webhook, &chosen(&selection, id))?;
        Ok(Planned { selection, pace_per_second, count })
    })
}

fn check(cx: &Cx, conn: &mut Conn, bu: BuId, draft: ReplayDraft) -> Result<(Selection, i32), Error> {
    let mut errors = FieldErrors::default();
    let to = draft.to.unwrap_or(cx.now).min(cx.now);
    if draft.from.is_some_and(|from| from > to) {
        errors.push("from", "range", "The time must begin before it ends, and not in the future.");
    }
    let mut states = draft.states.unwrap_or_else(|| DEFAULT_STATES.to_vec());
    states.sort_unstable();
    states.dedup();
    if states.is_empty() || states.iter().any(|state| !POSSIBLE_STATES.contains(state)) {
        errors.push("states", "states", "Use some of delivered, exhausted, cancelled and skipped.");
    }
    let pace = draft.pace_per_second.unwrap_or(DEFAULT_PACE);
    if !PACE.contains(&pace) {
        errors.push("pace_per_second", "range", "Use 1 to 1,000 deliveries a second.");
    }
    if let Some(event_type) = &draft.event_type
        && catalogue::find(conn, bu, event_type)?.is_none()
    {
        errors.push("event_type", "unknown_event_type", "This event type is not in the catalogue.");
    }
    let selection = Selection { from: draft.from, to, states, event_type: draft.event_type };
    Ok(errors.or((selection, pace))?)
}

/// The deliveries that a replay of this id goes through: never those it makes itself.
pub(super) fn chosen(selection: &Selection, id: ReplayId) -> Chosen {
    let end = DeliveryId::first_at(selection.to + std::time::Duration::from_millis(1));
    Chosen {
        from: DeliveryId::first_at(selection.from.unwrap_or_default()),
        until: end.min(id.alike()),
        states: selection.states.clone(),
        event_type: selection.event_type.clone(),
    }
}

/// A stored replay as callers see it.
pub(super) fn view(row: &ReplayRow) -> Result<ReplayView, Error> {
    Ok(ReplayView {
        selection: selection(row)?,
        id: row.id,
        webhook: row.webhook_id,
        pace_per_second: row.pace_per_second.unwrap_or(DEFAULT_PACE),
        state: row.state,
        reason: row.reason,
        total: row.total,
        done: row.done,
        skipped: row.skipped,
        created_at: row.created_at,
        finished_at: row.finished_at,
    })
}

/// What a stored replay goes through.
pub(super) fn selection(row: &ReplayRow) -> Result<Selection, Error> {
    let unreadable = || Error::Internal(format!("the selection of {} cannot be read", row.id));
    Selection::from_json(&row.selection).ok_or_else(unreadable)
}

fn deleted() -> Error {
    Error::conflict("webhook_deleted", "The webhook was deleted. Nothing can be sent to it.")
}

fn entry(action: &'static str, id: ReplayId, after: serde_json::Value) -> Entry {
    Entry { action, target_kind: "replay", target_id: id.to_string(), before: None, after: Some(after) }
}
