//! Settling: what an attempt's outcome means for its delivery, its webhook and the charts.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::domain::events::attempt::Attempt;
use crate::domain::events::cause::Cause;
use crate::domain::events::delivery::{DeliveryKind, DeliveryState};
use crate::domain::events::retry::RetryPolicy;
use crate::domain::id::{AttemptId, BuId, DeliveryId, EndpointId, EventId, WebhookId};
use crate::domain::time::Ts;
use crate::domain::webhooks::webhook::{InactiveReason, WebhookStatus};
use crate::keys::random_fraction;
use crate::ops::Error;
use crate::ops::cx::Tools;
use crate::ops::events::gather::GatherTools;
use crate::ops::events::handoff::{Destination, Handed, Outcome, Verdict};
use crate::ops::events::publish::News;
use crate::ops::events::queue::due_now;
use crate::ops::system::audit::{self, Entry};
use crate::ops::webhooks::read::view;
use crate::ops::webhooks::told;
use crate::store::events::attempts;
use crate::store::events::rollups::{self, HourRow, MINUTES};
use crate::store::events::settle::{self, Settlement};
use crate::store::events::suspects;
use crate::store::events::unit_hours;
use crate::store::pool::Conn;
use crate::store::webhooks::failing;
use crate::store::webhooks::webhooks::{self, Sent, WebhookEdit};

/// How long a delivery waits after a first fault of ours.
const AFTER_OUR_FAULT: Duration = Duration::from_secs(30);
/// How often that time doubles with further ones: up to about an hour.
const MOST_DOUBLINGS: u32 = 7;

/// What becomes of a delivery after this attempt.
pub fn judge(
    tools: &Tools,
    handed: &Handed,
    to: &Destination,
    attempt: &Attempt,
    retry_after: Option<Duration>,
) -> Verdict {
    let now = due_now(tools);
    let test = handed.kind == DeliveryKind::Test;
    match attempt.cause {
        None => Verdict::Delivered,
        Some(_) if test => Verdict::Exhausted,
        Some(Cause::Gone) => Verdict::Gone,
        Some(cause) if cause.is_ours() => {
            let pause = pause(handed.interruptions);
            Verdict::Postpone(now + pause + pause.mul_f64(random_fraction()))
        }
        Some(_) => next_try(&to.retry, handed.attempts + 1, retry_after, now),
    }
}

/// Longer each time, so that what nobody puts right does not fill the log.
fn pause(interruptions: i32) -> Duration {
    let doublings = u32::try_from(interruptions).unwrap_or(0).min(MOST_DOUBLINGS);
    AFTER_OUR_FAULT * 2_u32.pow(doublings)
}

fn next_try(retry: &RetryPolicy, failed: i32, retry_after: Option<Duration>, now: Ts) -> Verdict {
    retry
        .next_wait(failed, random_fraction(), retry_after)
        .map_or(Verdict::Exhausted, |wait| Verdict::Retry(now + wait))
}

/// Puts an outcome forward: it is stored a moment later, together with others.
pub fn settle(tools: &Arc<Tools>, outcome: Outcome) {
    tools.gatherer.settle(outcome);
}

/// Those of `outcomes` whose attempt is not stored yet, and those without one: they may be told twice.
pub fn unstored<'a>(conn: &mut Conn, outcomes: &'a [Outcome]) -> Result<Vec<&'a Outcome>, Error> {
    let ids: Vec<DeliveryId> = outcomes.iter().filter_map(|o| Some(o.attempt.as_ref()?.delivery)).collect();
    let stored: HashSet<AttemptId> = attempts::known(conn, &ids)?.into_iter().collect();
    let is_new = |o: &&Outcome| o.attempt.as_ref().is_none_or(|a| !stored.contains(&a.id));
    Ok(outcomes.iter().filter(is_new).collect())
}

/// The units in which some of these outcomes may switch a webhook, which publishes it there.
pub fn telling(outcomes: &[Outcome]) -> BTreeSet<BuId> {
    outcomes.iter().filter(|outcome| may_switch(outcome)).map(|outcome| outcome.handed.bu).collect()
}

/// Stores outcomes; gives the webhooks that were switched off or on by them, of which `news` tells. Whoever calls
/// holds the order of events of the units that are [`telling`]: it comes before their webhooks.
pub fn store(
    tools: &GatherTools,
    conn: &mut Conn,
    outcomes: &[&Outcome],
    news: &mut News,
) -> Result<Vec<WebhookId>, Error> {
    if outcomes.is_empty() {
        return Ok(Vec::new());
    }
    let now = tools.clock.now();
    // The webhooks first, in one order everywhere: who deletes one holds it before its deliveries too, and
    // two transactions that take the same rows in two orders would wait for each other.
    webhooks::sent(conn, &sent_of_each(outcomes))?;
    attempts::insert(conn, outcomes.iter().filter_map(|o| o.attempt.as_ref()))?;
    let settlements: Vec<Settlement> = outcomes.iter().map(|outcome| settlement(outcome, now)).collect();
    settle::settle(conn, &settlements)?;
    settle::overtake(conn, &arrived_again(outcomes), now)?;
    let counted = minutes(outcomes);
    rollups::add(conn, &counted)?;
    unit_hours::add(conn, tools.node, &counted)?;
    weigh(conn, outcomes)?;
    switched(tools, conn, outcomes, now, news)
}

/// Whether an outcome may switch its webhook off or on.
fn may_switch(outcome: &Outcome) -> bool {
    outcome.verdict == Verdict::Gone || passed(outcome)
}

/// Whether it is that of a test that arrived.
fn passed(outcome: &Outcome) -> bool {
    outcome.handed.kind == DeliveryKind::Test && outcome.verdict == Verdict::Delivered
}

/// What was sent again and arrived.
fn arrived_again(outcomes: &[&Outcome]) -> Vec<(EventId, EndpointId)> {
    let again = |outcome: &&&Outcome| {
        outcome.handed.kind == DeliveryKind::Replay && outcome.verdict == Verdict::Delivered
    };
    outcomes.iter().filter(again).map(|outcome| (outcome.handed.event, outcome.handed.endpoint)).collect()
}

/// Switches webhooks off whose receiver said that it is gone, and on again that pass a test after they had
/// failed for long; gives them.
fn switched(
    tools: &GatherTools,
    conn: &mut Conn,
    outcomes: &[&Outcome],
    now: Ts,
    news: &mut News,
) -> Result<Vec<WebhookId>, Error> {
    let (mut switched, mut rows) = (Vec::new(), Vec::new());
    for outcome in outcomes.iter().filter(|outcome| may_switch(outcome)) {
        let (bu, id) = (outcome.handed.bu, outcome.handed.webhook);
        let is_gone = outcome.verdict == Verdict::Gone;
        let is_switched =
            if is_gone { end(conn, (bu, id), now)? } else { failing::revive(conn, bu, id, now)? };
        let row = if is_switched { webhooks::find(conn, bu, id)? } else { None };
        let Some(row) = row else { continue };
        let webhook = view(conn, row)?;
        let (event, action, after) = if is_gone {
            let after = json!({"status": WebhookStatus::Inactive, "reason": InactiveReason::Gone});
            (told::disabled(&webhook, None, now), "webhook.disabled", after)
        } else {
            let after = json!({"status": WebhookStatus::Active, "reason": "test_passed"});
            (told::switched_on(&webhook, now), "webhook.updated", after)
        };
        news.add_gathered(tools, conn, vec![event])?;
        switched.push(id);
        let (target_kind, target_id) = ("webhook", id.to_string());
        rows.push((bu, Entry { action, target_kind, target_id, before: None, after: Some(after) }));
    }
    // Everybody takes the end of the audit log last.
    for (bu, entry) in rows {
        audit::record_own(&tools.clock, conn, Some(bu), entry)?;
    }
    Ok(switched)
}

/// Switches a webhook off because its receiver is gone; whether it was on. Every attempt that was under way may
/// say so; the first one counts.
fn end(conn: &mut Conn, (bu, id): (BuId, WebhookId), now: Ts) -> Result<bool, Error> {
    let is_on = webhooks::find(conn, bu, id)?.is_some_and(|w| w.status == WebhookStatus::Active);
    let edit = WebhookEdit {
        status: Some(WebhookStatus::Inactive),
        inactive_reason: Some(Some(InactiveReason::Gone)),
        updated_at: Some(now),
        ..WebhookEdit::default()
    };
    Ok(is_on && webhooks::edit(conn, bu, id, &edit)?)
}

/// What outcomes say of suspects: an attempt that came to an end did not end its worker, whatever became of
/// it; one that crashed inside did.
fn weigh(conn: &mut Conn, outcomes: &[&Outcome]) -> Result<(), Error> {
    let (crashed, ended): (Vec<&Outcome>, Vec<&Outcome>) = outcomes
        .iter()
        .filter(|outcome| outcome.attempt.is_some())
        .partition(|outcome| outcome.attempt.as_ref().is_some_and(|a| a.cause == Some(Cause::Interrupted)));
    suspects::count(conn, &crashed.iter().map(|outcome| outcome.handed.delivery).collect())?;
    let cleared: Vec<DeliveryId> = ended
        .iter()
        .filter(|outcome| outcome.handed.crashes > 0)
        .map(|outcome| outcome.handed.delivery)
        .collect();
    Ok(suspects::clear(conn, &cleared)?)
}

fn settlement(outcome: &Outcome, now: Ts) -> Settlement {
    let attempt = outcome.attempt.as_ref();
    let cause = attempt.and_then(|a| a.cause);
    let (state, cause, next_at) = match outcome.verdict {
        Verdict::Delivered => (DeliveryState::Delivered, None, None),
        Verdict::Retry(at) | Verdict::Postpone(at) => (DeliveryState::Ready, cause, Some(at)),
        Verdict::Exhausted => (DeliveryState::Exhausted, cause, None),
        Verdict::Gone => (DeliveryState::Exhausted, Some(Cause::Gone), None),
        Verdict::Cancelled(why) => (DeliveryState::Cancelled, Some(why), None),
    };
    let counts = attempt.is_some() && !matches!(outcome.verdict, Verdict::Postpone(_));
    let uncounted = attempt.is_some() && !counts;
    Settlement {
        delivery: outcome.handed.delivery,
        lease_no: outcome.handed.lease_no,
        state,
        cause,
        next_at,
        attempts: i32::from(counts),
        interruptions: i32::from(uncounted),
        status: attempt.and_then(|a| a.status),
        duration_ms: attempt.map(|a| a.duration_ms),
        at: now,
    }
}

/// What these outcomes add to the charts. Tests are not traffic.
fn minutes(outcomes: &[&Outcome]) -> Vec<HourRow> {
    let mut minutes: BTreeMap<(WebhookId, EndpointId, Ts, BuId), HourRow> = BTreeMap::new();
    let traffic = outcomes.iter().filter(|o| o.handed.kind != DeliveryKind::Test);
    for (outcome, attempt) in traffic.filter_map(|o| Some((o, o.attempt.as_ref()?))) {
        let handed = &outcome.handed;
        let minute = ended(attempt).step(MINUTES);
        let key = (handed.webhook, handed.endpoint, minute, handed.bu);
        let row = minutes
            .entry(key)
            .or_insert_with(|| HourRow::empty(handed.webhook, handed.endpoint, handed.bu, minute));
        row.delivered += i64::from(outcome.verdict == Verdict::Delivered);
        row.exhausted += i64::from(matches!(outcome.verdict, Verdict::Exhausted | Verdict::Gone));
        row.failed_attempts += i64::from(attempt.cause.is_some());
        let first = is_first(handed, attempt);
        row.begun += i64::from(first);
        row.failed_first += i64::from(first && attempt.cause.is_some());
        if attempt.status.is_some() {
            row.answered(attempt.duration_ms);
        }
    }
    minutes.into_values().collect()
}

/// Whether this is the first attempt of its delivery that counts.
fn is_first(handed: &Handed, attempt: &Attempt) -> bool {
    handed.attempts == 0 && !attempt.cause.is_some_and(Cause::is_ours)
}

/// What outcomes say of each webhook. Only what the receiver did wrong is held against it, and a test that
/// fails is not: somebody is at work on it.
fn sent_of_each(outcomes: &[&Outcome]) -> BTreeMap<WebhookId, Sent> {
    let mut ends: Vec<(Ts, &Outcome, Option<Cause>)> = outcomes
        .iter()
        .filter_map(|outcome| Some((*outcome, outcome.attempt.as_ref()?)))
        .map(|(outcome, attempt)| (ended(attempt), outcome, attempt.cause))
        .collect();
    ends.sort_by_key(|(at, ..)| *at);
    told(ends.into_iter().map(|(at, outcome, cause)| {
        let is_theirs = cause.is_some_and(|cause| !cause.is_ours() && cause != Cause::WorkerCrash);
        let counts = is_theirs && outcome.handed.kind != DeliveryKind::Test;
        (outcome.handed.webhook, at, cause.is_none(), counts)
    }))
}

/// What attempts in the order of their ends say of each webhook: when each ended, whether it succeeded, and
/// whether it failed by the receiver's doing.
pub fn told(ends: impl Iterator<Item = (WebhookId, Ts, bool, bool)>) -> BTreeMap<WebhookId, Sent> {
    let mut told = BTreeMap::new();
    for (webhook, at, ok, failed) in ends {
        let sent = told.entry(webhook).or_insert(Sent { at, ok, succeeded_at: None, failed_since: None });
        (sent.at, sent.ok) = (at, ok);
        if ok {
            (sent.succeeded_at, sent.failed_since) = (Some(at), None);
        } else if failed {
            sent.failed_since.get_or_insert(at);
        }
    }
    told
}

fn ended(attempt: &Attempt) -> Ts {
    attempt.started_at + Duration::from_millis(u64::try_from(attempt.duration_ms).unwrap_or(0))
}
