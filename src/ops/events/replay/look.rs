//! Looking at replays: the list, and what became of what one sent.

use std::collections::HashMap;
use std::time::Duration;

use super::manage::{ReplayView, view};
use crate::domain::access::permission::Permission;
use crate::domain::events::delivery::{DeliveryKind, DeliveryState};
use crate::domain::id::{BuId, DeliveryId, ReplayId, WebhookId};
use crate::domain::page::Page;
use crate::ops::Error;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::store::events::deliveries::{self, DeliveryRow};
use crate::store::events::replays::{self, ReplayRow};
use crate::store::pool::Conn;
use crate::store::webhooks::webhooks;

/// Of how many deliveries it is told what became of them: the last ones.
pub const MOST_LOOKED_AT: i64 = 1_000;
/// How long after its moment the last step of a replay may still make deliveries.
const LAST_STEP: Duration = Duration::from_mins(1);
/// How many of those that failed again are listed.
const MOST_FAILED: usize = 20;

/// A replay with the name of its webhook.
#[derive(Debug, Clone)]
pub struct NamedReplay {
    /// The replay.
    pub replay: ReplayView,
    /// The webhook's name; it may have been deleted since.
    pub webhook: String,
}

/// What became of what a replay sent.
#[derive(Debug, Clone)]
pub struct Progress {
    /// The replay.
    pub named: NamedReplay,
    /// How many of the deliveries looked at arrived.
    pub delivered: i64,
    /// How many failed again, at least once.
    pub failed: i64,
    /// How many are on their way.
    pub under_way: i64,
    /// Whether there may be more than were looked at.
    pub more: bool,
    /// Those that failed again, the last one first; the first of them only.
    pub failed_again: Vec<DeliveryRow>,
}

/// The replays of `bu` from before `before`, newest first, at most `limit`.
pub fn list(cx: &Cx, bu: BuId, before: Option<ReplayId>, limit: usize) -> Result<Page<NamedReplay>, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::DeliveriesRead)?;
        let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let page = Page::cut(replays::list(conn, bu, before, most)?, limit);
        Ok(Page { more: page.more, rows: named(conn, bu, &page.rows)? })
    })
}

/// One replay of `bu`, and what became of what it sent.
pub fn progress(cx: &Cx, bu: BuId, id: ReplayId) -> Result<Progress, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::DeliveriesRead)?;
        let row = replays::find(conn, bu, id)?.ok_or(Error::NotFound)?;
        let webhook = row.webhook_id;
        // One replay of a webhook runs at a time, so that what was sent again while it ran is what it sent.
        let begin: DeliveryId = id.alike();
        let next = replays::next_of_webhook(conn, bu, webhook, id)?.map(|next| next.alike());
        let ended = row.finished_at.map(|at| DeliveryId::first_at(at + LAST_STEP));
        let end = [next, ended].into_iter().flatten().min();
        let looked_at = deliveries::of_webhook(conn, bu, webhook, end, MOST_LOOKED_AT)?;
        let more = looked_at.len() == usize::try_from(MOST_LOOKED_AT).unwrap_or(usize::MAX)
            && looked_at.last().is_some_and(|last| last.id > begin);
        let mut sent = looked_at;
        sent.retain(|row| row.id > begin && row.kind == DeliveryKind::Replay);
        let count = |of: fn(&DeliveryRow) -> bool| {
            i64::try_from(sent.iter().filter(|row| of(row)).count()).unwrap_or(i64::MAX)
        };
        let (delivered, failed) = (count(|row| row.state == DeliveryState::Delivered), count(has_failed));
        let under_way = count(|row| !row.state.is_final() && !has_failed(row));
        let named = named(conn, bu, &[row])?.pop().ok_or(Error::NotFound)?;
        sent.retain(has_failed);
        sent.truncate(MOST_FAILED);
        Ok(Progress { named, delivered, failed, under_way, more, failed_again: sent })
    })
}

fn has_failed(row: &DeliveryRow) -> bool {
    row.state == DeliveryState::Exhausted || (row.state == DeliveryState::Ready && row.attempts > 0)
}

fn named(conn: &mut Conn, bu: BuId, rows: &[ReplayRow]) -> Result<Vec<NamedReplay>, Error> {
    let ids: Vec<WebhookId> = rows.iter().map(|row| row.webhook_id).collect();
    let names: HashMap<WebhookId, String> = webhooks::names(conn, bu, &ids)?.into_iter().collect();
    rows.iter()
        .map(|row| {
            let webhook = names.get(&row.webhook_id).cloned().unwrap_or_default();
            Ok(NamedReplay { replay: view(row)?, webhook })
        })
        .collect()
}
