//! Changing a webhook: any part of it, the rest stays.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::domain::access::name::Name;
use crate::domain::access::permission::Permission;
use crate::domain::id::{BuId, TriggerId, WebhookId};
use crate::domain::problem::FieldErrors;
use crate::domain::time::Ts;
use crate::domain::webhooks::draft::{
    CheckedTrigger, FieldName, ScopeDraft, TriggerDraft, check_description, check_triggers,
};
use crate::domain::webhooks::target_url::TargetUrl;
use crate::domain::webhooks::webhook::{InactiveReason, Origin, Reach, WebhookStatus};
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::ops::events::publish::{take_order, write_and_tell};
use crate::ops::system::audit::{self, Entry};
use crate::ops::webhooks::create::trigger_rows;
use crate::ops::webhooks::read::{WebhookView, view};
use crate::ops::webhooks::told::publish_updated;
use crate::ops::webhooks::{catalogue, reach, scope, version};
use crate::ops::{Error, Refusal};
use crate::store::pool::Conn;
use crate::store::webhooks::webhooks::{self, WebhookEdit};
use crate::store::webhooks::{endpoints, triggers};

/// What to change; `None` stays.
#[derive(Debug, Default)]
pub struct WebhookChange {
    /// A new name.
    pub name: Option<String>,
    /// A new description.
    pub description: Option<String>,
    /// On or off.
    pub status: Option<WebhookStatus>,
    /// A new address of its first endpoint. Credentials that were sent to another host are dropped.
    pub url: Option<String>,
    /// All it wants from now on. A trigger given in short keeps its filter and its note.
    pub triggers: Option<Vec<TriggerDraft>>,
    /// Whose events it gets from now on.
    pub scope: Option<ScopeDraft>,
    /// The version that this is a change of; whatever is stored when `None`.
    pub seen: Option<Ts>,
    /// How far it hears from now on.
    pub reach: Option<Reach>,
}

/// Changes a webhook of `bu`. Without API access in the plan, none is switched on. `changed_meanwhile` when it is not
/// as it was seen.
pub fn edit(cx: &Cx, bu: BuId, id: WebhookId, change: WebhookChange) -> Result<WebhookView, Error> {
    let in_short = change.triggers.as_ref().is_some_and(|t| t.iter().all(|t| t.field == FieldName::InShort));
    let seen = change.seen;
    let checked = check(cx, change);
    let edited = write_and_tell(&cx.tools, |conn, news| {
        let access = authorize(cx, conn, bu, Permission::WebhooksWrite)?;
        take_order(conn, bu)?;
        let row = version::hold(cx, conn, bu, id, seen)?;
        let checked = checked?;
        let far = checked.reach.map(|wanted| reach::widen(cx, conn, &row, wanted)).transpose()?;
        let before = view(conn, row)?;
        if checked.status == Some(WebhookStatus::Active) && !access.api_access {
            return Err(Error::Forbidden(Refusal::NoApiAccess));
        }
        let scope = checked.scope.map(|wanted| scope::resolve(conn, bu, wanted)).transpose()?;
        let columns = WebhookEdit {
            for_login: scope.map(|(login, _)| login),
            for_team: scope.map(|(_, team)| team),
            reach_partner_id: far,
            ..columns(cx, &checked)
        };
        webhooks::edit(conn, bu, id, &columns)?;
        if let Some(url) = &checked.url {
            redirect(cx, conn, &before, url)?;
        }
        if let Some(wanted) = checked.triggers {
            retarget(cx, conn, &before, wanted, in_short)?;
        }
        let changed = webhooks::find(conn, bu, id)?.ok_or(Error::NotFound)?;
        let after = view(conn, changed)?;
        let entry = Entry {
            action: "webhook.updated",
            target_kind: "webhook",
            target_id: id.to_string(),
            before: Some(told(&before)),
            after: Some(told(&after)),
        };
        publish_updated(cx, conn, news, &after, &differing(&before, &after))?;
        audit::record(cx, conn, Some(bu), entry)?;
        Ok(after)
    })?;
    cx.tools.handoff.changed(id);
    Ok(edited)
}

/// Switches a webhook of `bu` on.
pub fn activate(cx: &Cx, bu: BuId, id: WebhookId) -> Result<WebhookView, Error> {
    let on = WebhookChange { status: Some(WebhookStatus::Active), ..WebhookChange::default() };
    edit(cx, bu, id, on)
}

/// Switches a webhook of `bu` off: matching events are recorded as skipped.
pub fn pause(cx: &Cx, bu: BuId, id: WebhookId) -> Result<WebhookView, Error> {
    let off = WebhookChange { status: Some(WebhookStatus::Inactive), ..WebhookChange::default() };
    edit(cx, bu, id, off)
}

#[derive(Default)]
struct Checked {
    name: Option<String>,
    description: Option<String>,
    status: Option<WebhookStatus>,
    url: Option<TargetUrl>,
    triggers: Option<Vec<CheckedTrigger>>,
    scope: Option<ScopeDraft>,
    reach: Option<Reach>,
}

fn check(cx: &Cx, change: WebhookChange) -> Result<Checked, FieldErrors> {
    let mut errors = FieldErrors::default();
    let checked = Checked {
        name: change.name.and_then(|n| errors.keep(Name::parse("name", &n))).map(Name::into_string),
        description: change.description.and_then(|d| errors.keep(check_description(&d))),
        status: change.status,
        url: change.url.and_then(|url| {
            let parsed = TargetUrl::parse(&url, &cx.tools.egress);
            errors.keep(parsed.map_err(|f| FieldErrors::one("url", f.code(), f.message())))
        }),
        triggers: change.triggers.and_then(|t| errors.keep(check_triggers(t))),
        scope: change.scope,
        reach: change.reach,
    };
    errors.or(checked)
}

fn columns(cx: &Cx, checked: &Checked) -> WebhookEdit {
    WebhookEdit {
        name: checked.name.clone(),
        description: checked.description.clone(),
        status: checked.status,
        reach: checked.reach,
        inactive_reason: checked.status.map(|status| match status {
            WebhookStatus::Active => None,
            WebhookStatus::Inactive => Some(InactiveReason::User),
        }),
        // Who switches it on gives it another chance.
        failing_since: (checked.status == Some(WebhookStatus::Active)).then_some(None),
        updated_at: Some(cx.now),
        ..WebhookEdit::default()
    }
}

fn redirect(cx: &Cx, conn: &mut Conn, before: &WebhookView, url: &TargetUrl) -> Result<(), Error> {
    let Some(first) = before.endpoints.first() else { return Err(Error::NotFound) };
    let elsewhere = TargetUrl::parse(&first.url, &cx.tools.egress).map_or(true, |old| !old.same_origin(url));
    Ok(endpoints::redirect(conn, first, url.as_str(), elsewhere)?)
}

fn retarget(
    cx: &Cx,
    conn: &mut Conn,
    before: &WebhookView,
    wanted: Vec<CheckedTrigger>,
    in_short: bool,
) -> Result<(), Error> {
    let (bu, id) = (before.row.bu_id, before.row.id);
    let types: Vec<(&str, &str)> = wanted.iter().map(|t| (t.field.as_str(), t.event.as_str())).collect();
    catalogue::check_subscribable(conn, bu, &types)?;
    if before.row.origin == Origin::Programme {
        catalogue::refuse_partner_only(&types)?;
    }
    let mut old: HashMap<&str, TriggerId> =
        before.triggers.iter().map(|t| (t.event_type.as_str(), t.id)).collect();
    let mut added = Vec::new();
    for (trigger, position) in wanted.into_iter().zip(0..) {
        match old.remove(trigger.event.as_str()) {
            Some(kept) if in_short => triggers::place(conn, bu, kept, position)?,
            Some(replaced) => {
                triggers::remove(conn, bu, id, &[replaced])?;
                added.push((trigger, position));
            }
            None => added.push((trigger, position)),
        }
    }
    let dropped: Vec<TriggerId> = old.into_values().collect();
    triggers::remove(conn, bu, id, &dropped)?;
    for (trigger, position) in added {
        triggers::insert(conn, &trigger_rows(cx, bu, id, vec![trigger], position)?)?;
    }
    Ok(())
}

/// The names of what differs.
fn differing(before: &WebhookView, after: &WebhookView) -> Vec<String> {
    let (Value::Object(before), Value::Object(after)) = (told(before), told(after)) else {
        return Vec::new();
    };
    after.into_iter().filter(|(name, value)| before.get(name) != Some(value)).map(|(name, _)| name).collect()
}

/// What the audit log keeps of a webhook.
pub(super) fn told(webhook: &WebhookView) -> Value {
    json!({
        "name": webhook.row.name,
        "description": webhook.row.description,
        "status": webhook.row.status,
        "urls": webhook.endpoints.iter().map(|e| e.url.as_str()).collect::<Vec<_>>(),
        "events": webhook.events().collect::<Vec<_>>(),
        "for_login": webhook.row.for_login,
        "for_team": webhook.row.for_team,
        "reach": webhook.row.reach,
    })
}
