//! The Webhooks Dashboard and a programme's Integrations Dashboard: webhooks by where they were made.

use crate::domain::access::permission::Permission;
use crate::domain::id::{BuId, EventId, ProgrammeId, WebhookId};
use crate::domain::page::Page;
use crate::domain::time::Ts;
use crate::domain::webhooks::webhook::Origin;
use crate::ops::Error;
use crate::ops::access::tokens;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::ops::events::inspect::{Outcome, outcome};
use crate::ops::webhooks::reach;
use crate::ops::webhooks::read::{WebhookView, view, views};
use crate::store::access::programmes::{self, ProgrammeRow};
use crate::store::events::{deliveries, events};
use crate::store::webhooks::webhooks::{self, WebhookPart};

/// Among how many of the last events of a unit those of a programme are looked for.
const MOST_LOOKED_AT: i64 = 2_000;

/// Among how many troubled webhooks the one is looked for that a notice names.
const MOST_FAILING: i64 = 10;

/// Which webhooks are shown together.
#[derive(Debug, Clone, Copy)]
pub struct Made {
    /// For the unit, or in programmes.
    pub origin: Origin,
    /// In this programme alone.
    pub programme: Option<ProgrammeId>,
    /// Only after this one in the list: older ones.
    pub after: Option<WebhookId>,
    /// How many stand on a page.
    pub limit: usize,
}

/// One of them.
#[derive(Debug, Clone)]
pub struct Line {
    /// The webhook.
    pub webhook: WebhookView,
    /// Whether the caller may change it, as far as its reach goes.
    pub managed: bool,
}

/// A page of webhooks that were made in one way.
#[derive(Debug, Clone)]
pub struct Section {
    /// Newest first.
    pub page: Page<Line>,
    /// How many there are in all.
    pub total: i64,
}

/// A page of the webhooks of `bu` that were made in one way, newest first.
pub fn section(cx: &Cx, bu: BuId, made: Made) -> Result<Section, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksRead)?;
        let part = WebhookPart {
            origin: Some(made.origin),
            programme: made.programme,
            after: made.after,
            ..WebhookPart::default()
        };
        let limit = i64::try_from(made.limit + 1).unwrap_or(i64::MAX);
        let page = Page::cut(webhooks::part(conn, bu, &part, limit)?, made.limit);
        let managed =
            page.rows.iter().map(|row| reach::is_managed(cx, conn, row)).collect::<Result<Vec<_>, _>>()?;
        let rows = views(conn, bu, page.rows)?
            .into_iter()
            .zip(managed)
            .map(|(webhook, managed)| Line { webhook, managed })
            .collect();
        let total = webhooks::count_made(conn, bu, made.origin, made.programme)?;
        Ok(Section { page: Page { rows, more: page.more }, total })
    })
}

/// One webhook of `bu`, for who may change its events.
pub fn managed(cx: &Cx, bu: BuId, id: WebhookId) -> Result<WebhookView, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksWrite)?;
        let row = webhooks::find(conn, bu, id)?.ok_or(Error::NotFound)?;
        reach::guard(cx, conn, &row)?;
        view(conn, row)
    })
}

/// The newest webhooks of `bu` whose last attempt failed, or that were switched off for failing; a few.
pub fn failing(cx: &Cx, bu: BuId) -> Result<Vec<WebhookView>, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksRead)?;
        let part = WebhookPart { failing: true, ..WebhookPart::default() };
        let rows = webhooks::part(conn, bu, &part, MOST_FAILING)?;
        views(conn, bu, rows)
    })
}

/// One programme of `bu`.
pub fn programme(cx: &Cx, bu: BuId, id: ProgrammeId) -> Result<ProgrammeRow, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksRead)?;
        programmes::find(conn, bu, id)?.ok_or(Error::NotFound)
    })
}

/// An event of a programme, in a word.
#[derive(Debug, Clone)]
pub struct Latest {
    /// The event.
    pub event: EventId,
    /// Its type.
    pub event_type: String,
    /// When it was stored.
    pub at: Ts,
    /// What became of it.
    pub outcome: Outcome,
}

/// The last events of a programme of `bu` among the last two thousand of the unit, newest first.
pub fn latest(cx: &Cx, bu: BuId, id: ProgrammeId, most: i64) -> Result<Vec<Latest>, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::EventsRead)?;
        let from = events::last_place(conn, bu)?.saturating_sub(MOST_LOOKED_AT);
        let heads = events::latest_of_programme(conn, bu, from, id, most)?;
        let ids: Vec<EventId> = heads.iter().map(|head| head.id).collect();
        let sent = deliveries::by_event(conn, bu, &ids)?;
        let line = |head: events::EventHead| Latest {
            outcome: outcome(sent.get(&head.id).map(Vec::as_slice).unwrap_or_default()),
            event: head.id,
            event_type: head.event_type,
            at: head.received_at,
        };
        Ok(heads.into_iter().map(line).collect())
    })
}

/// How many tokens of `bu` work at this moment; `None` for who may not know.
pub fn live_tokens(cx: &Cx, bu: BuId) -> Result<Option<usize>, Error> {
    match tokens::list(cx, bu) {
        Ok(all) => {
            let works = |at: Option<Ts>| at.is_none_or(|at| at > cx.now);
            Ok(Some(all.iter().filter(|t| t.revoked_at.is_none() && works(t.expires_at)).count()))
        }
        Err(Error::Forbidden(_)) => Ok(None),
        Err(other) => Err(other),
    }
}
