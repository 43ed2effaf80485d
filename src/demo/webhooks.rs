//! The demo's webhooks, each made by a person of its unit some days ago.

use std::time::Duration;

use crate::app::App;
use crate::demo::Receiver;
use crate::demo::seeds::{About, EndpointSeed, HookSeed};
use crate::demo::world::{Unit, at};
use crate::domain::events::retry::RetryPolicy;
use crate::domain::id::{TeamId, UserId, WebhookId};
use crate::domain::time::Ts;
use crate::domain::webhooks::draft::{EndpointDraft, TriggerDraft, WebhookDraft};
use crate::domain::webhooks::webhook::{InactiveReason, WebhookStatus};
use crate::ops::Error;
use crate::ops::cx::{Actor, Cx};
use crate::ops::webhooks::create;
use crate::store::webhooks::webhooks::{self, WebhookEdit};

const DAY: Duration = Duration::from_hours(24);
/// What an endpoint's path starts with that leads to the port where nothing listens.
const REFUSING: &str = "refusing/";

/// A webhook that was made.
pub struct Hook {
    /// Its id.
    pub id: WebhookId,
    /// Since when it is switched off.
    pub stopped: Option<Ts>,
}

/// Makes the webhooks of `unit`.
pub fn build(app: &App, unit: &Unit, receiver: &Receiver, now: Ts) -> Result<Vec<Hook>, Error> {
    unit.seed.hooks.iter().map(|seed| one(app, unit, receiver, now, seed)).collect()
}

fn one(app: &App, unit: &Unit, receiver: &Receiver, now: Ts, seed: &HookSeed) -> Result<Hook, Error> {
    let maker = unit.person(seed.by).ok_or_else(|| Error::Internal("the demo lacks a role".into()))?;
    let cx = at(app, Actor::Login(maker.clone()), now - DAY * u32::try_from(seed.days).unwrap_or(1));
    let draft = WebhookDraft {
        name: Some(seed.name.into()),
        description: seed.description.into(),
        endpoints: seed.endpoints.iter().map(|e| endpoint(e, receiver)).collect::<Result<_, _>>()?,
        triggers: seed.events.iter().map(|event| trigger(event, seed)).collect::<Result<_, _>>()?,
        secret: seed.secret.map(str::to_owned),
        programme: seed.programme.and_then(|at| unit.programmes.get(at).copied()),
        ..WebhookDraft::default()
    };
    let id = create::create(&cx, unit.bu, draft)?.webhook.row.id;
    let stopped = seed.stopped_hours.map(|hours| now - Duration::from_hours(hours));
    finish(&cx, unit, id, seed.about, stopped)?;
    Ok(Hook { id, stopped })
}

fn endpoint(seed: &EndpointSeed, receiver: &Receiver) -> Result<EndpointDraft, Error> {
    let url = match seed.path.strip_prefix(REFUSING) {
        Some(path) => receiver.refusing_url(path).map_err(|e| Error::Internal(e.to_string()))?,
        None => receiver.url(seed.path),
    };
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Ok(EndpointDraft {
        name: seed.name.into(),
        url,
        headers: seed.headers.iter().map(owned).collect(),
        static_header: seed.static_header.as_ref().map(owned),
        timeout_ms: seed.timeout_ms,
        retry: seed.retry.parse::<RetryPolicy>().map_err(|e| Error::Internal(e.to_string()))?,
        ..EndpointDraft::default()
    })
}

fn trigger(event: &str, seed: &HookSeed) -> Result<TriggerDraft, Error> {
    let filter = seed.filter.map(serde_json::from_str).transpose();
    Ok(TriggerDraft {
        event: event.to_owned(),
        filter: filter.map_err(|e| Error::Internal(e.to_string()))?,
        ..TriggerDraft::default()
    })
}

/// Sets what drafts cannot say: whom it is about, and that it was switched off later.
fn finish(cx: &Cx, unit: &Unit, id: WebhookId, about: About, stopped: Option<Ts>) -> Result<(), Error> {
    let (for_login, for_team): (Option<UserId>, Option<TeamId>) = match about {
        About::Everyone => (None, None),
        About::Login(role) => (unit.person(role).map(|login| login.user), None),
        About::Team(at) => (None, unit.teams.get(at).copied()),
    };
    if for_login.is_none() && for_team.is_none() && stopped.is_none() {
        return Ok(());
    }
    let edit = WebhookEdit {
        for_login: for_login.map(Some),
        for_team: for_team.map(Some),
        status: stopped.map(|_| WebhookStatus::Inactive),
        inactive_reason: stopped.map(|_| Some(InactiveReason::User)),
        updated_at: stopped,
        ..WebhookEdit::default()
    };
    cx.write(|conn| webhooks::edit(conn, unit.bu, id, &edit).map(drop).map_err(Error::from))
}
