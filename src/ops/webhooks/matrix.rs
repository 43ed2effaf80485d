//! The event matrix: which webhooks want which event types, changed for many of them in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::domain::access::permission::Permission;
use crate::domain::id::{BuId, TriggerId, WebhookId};
use crate::domain::page::Page;
use crate::domain::problem::FieldErrors;
use crate::domain::webhooks::catalogue as builtin;
use crate::domain::webhooks::draft::{CheckedTrigger, EndpointDraft, FieldName, TriggerDraft, WebhookDraft};
use crate::domain::webhooks::trigger::{MOST_TRIGGERS, is_event_type};
use crate::domain::webhooks::webhook::Origin;
use crate::ops::Error;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::ops::events::publish::{News, take_order, write_and_tell};
use crate::ops::system::audit::{self, Entry};
use crate::ops::webhooks::catalogue::{self, TypeView};
use crate::ops::webhooks::create::{Created, store, trigger_rows};
use crate::ops::webhooks::edit::told;
use crate::ops::webhooks::reach;
use crate::ops::webhooks::read::{WebhookView, view, views};
use crate::ops::webhooks::told::publish_updated;
use crate::store::pool::Conn;
use crate::store::webhooks::triggers;
use crate::store::webhooks::webhooks::{self, WebhookEdit, WebhookPart};

/// How many webhooks stand beside each other.
pub const MOST_COLUMNS: usize = 20;

/// What the matrix shows.
#[derive(Debug, Clone)]
pub struct Matrix {
    /// The types that can be subscribed to. Deprecated ones only where a webhook of this page wants them.
    pub types: Vec<TypeView>,
    /// The webhooks of this page, newest first. Endpoints of one webhook get the same events.
    pub columns: Page<WebhookView>,
    /// Those of them that a partner of several units manages, which is not the caller's.
    pub locked: BTreeSet<WebhookId>,
    /// How many webhooks the unit has.
    pub total: i64,
}

/// What is to change; nothing else does.
#[derive(Debug, Clone, Default)]
pub struct MatrixChange {
    /// By webhook.
    pub columns: BTreeMap<WebhookId, ColumnChange>,
    /// A webhook that is to be made.
    pub new: Option<NewColumn>,
}

/// What is to change at one webhook.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnChange {
    /// What [`version`] said when somebody looked.
    pub version: String,
    /// Event types it is to get from now on.
    pub add: BTreeSet<String>,
    /// Event types it gets no more.
    pub remove: BTreeSet<String>,
}

/// A webhook as the matrix makes it.
#[derive(Debug, Clone)]
pub struct NewColumn {
    /// Its id, which is the form's, so that it is made once.
    pub id: WebhookId,
    /// Where it sends.
    pub url: String,
    /// What it wants.
    pub events: BTreeSet<String>,
}

/// What a change would do to one webhook.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The webhook as it is.
    pub webhook: WebhookView,
    /// What it will get.
    pub add: BTreeSet<String>,
    /// What it will get no more.
    pub remove: BTreeSet<String>,
}

/// What was done.
pub struct Applied {
    /// The webhook that was made, with its secret.
    pub created: Option<Created>,
}

/// The types, and the webhooks of `bu` after `after`, newest first, at most [`MOST_COLUMNS`].
pub fn read(cx: &Cx, bu: BuId, after: Option<WebhookId>) -> Result<Matrix, Error> {
    let types = catalogue::list(cx, bu)?;
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksRead)?;
        let part = WebhookPart { after, ..WebhookPart::default() };
        let most = i64::try_from(MOST_COLUMNS).unwrap_or(i64::MAX).saturating_add(1);
        let rows = Page::cut(webhooks::part(conn, bu, &part, most)?, MOST_COLUMNS);
        let mut locked = BTreeSet::new();
        for row in &rows.rows {
            if !reach::is_managed(cx, conn, row)? {
                locked.insert(row.id);
            }
        }
        let columns = Page { more: rows.more, rows: views(conn, bu, rows.rows)? };
        let wanted: BTreeSet<&str> = columns.rows.iter().flat_map(WebhookView::events).collect();
        let stands = |found: &TypeView| {
            builtin::find(&found.name).is_none_or(|known| known.subscribable)
                && (!found.deprecated || wanted.contains(found.name.as_str()))
        };
        let types = types.into_iter().filter(stands).collect();
        let total = webhooks::count(conn, bu, &webhooks::WebhookFilter::default())?;
        Ok(Matrix { types, columns, locked, total })
    })
}

/// What tells whether somebody changed the events of a webhook since it was looked at.
pub fn version(webhook: &WebhookView) -> String {
    let events: BTreeSet<&str> = webhook.events().collect();
    let all = events.into_iter().collect::<Vec<_>>().join("\n");
    URL_SAFE_NO_PAD.encode(Sha256::digest(all.as_bytes()).get(..9).unwrap_or_default())
}

/// What `change` would do to each webhook, by id. Changes nothing; refuses what [`apply`] refuses.
pub fn preview(cx: &Cx, bu: BuId, change: &MatrixChange) -> Result<Vec<Planned>, Error> {
    let new = change.new.as_ref().map(|new| draft(new).check(&cx.tools.egress));
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksWrite)?;
        let mut errors = FieldErrors::default();
        let planned = plan(cx, conn, bu, change, &mut errors)?;
        if let Some(new) = new {
            errors.keep(new);
        }
        Ok(errors.or(planned)?)
    })
}

/// Does all of `change` in one transaction, or nothing. `matrix_changed` when somebody changed the events of one
/// of these webhooks since its [`version`] was read, or deleted it. Fields: `url`, `events` of the new webhook;
/// the id of a webhook that would be left without events (`last_event`), may not have one (`partner_only`),
/// would have too many (`limit_triggers`), or is another partner's (`other_partner`).
pub fn apply(cx: &Cx, bu: BuId, change: &MatrixChange) -> Result<Applied, Error> {
    let ids: Vec<WebhookId> = change.columns.keys().copied().collect();
    let applied = write_and_tell(&cx.tools, |conn, news| {
        authorize(cx, conn, bu, Permission::WebhooksWrite)?;
        take_order(conn, bu)?;
        for id in &ids {
            webhooks::hold(conn, bu, *id)?;
        }
        let mut errors = FieldErrors::default();
        let planned = plan(cx, conn, bu, change, &mut errors)?;
        errors.or(())?;
        let mut entries = Vec::new();
        for one in planned {
            entries.push(change_one(cx, conn, news, bu, one)?);
        }
        let created = change.new.as_ref().map(|new| {
            let checked = draft(new).check(&cx.tools.egress);
            store(cx, conn, news, bu, new.id, (checked, false))
        });
        let created = created.transpose()?;
        for entry in entries {
            audit::record(cx, conn, Some(bu), entry)?;
        }
        Ok(Applied { created })
    })?;
    for id in ids {
        cx.tools.handoff.changed(id);
    }
    Ok(applied)
}

/// The part of `change` that is still to be done, as of now: for who was told `matrix_changed`.
pub fn rebase(cx: &Cx, bu: BuId, change: MatrixChange) -> Result<MatrixChange, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksRead)?;
        let mut columns = BTreeMap::new();
        for (id, wanted) in change.columns {
            let Some(row) = webhooks::find(conn, bu, id)? else { continue };
            let webhook = view(conn, row)?;
            let now: BTreeSet<String> = webhook.events().map(str::to_owned).collect();
            let left = ColumnChange {
                version: version(&webhook),
                add: wanted.add.difference(&now).cloned().collect(),
                remove: wanted.remove.intersection(&now).cloned().collect(),
            };
            if !left.add.is_empty() || !left.remove.is_empty() {
                columns.insert(id, left);
            }
        }
        let new = match change.new {
            Some(new) if webhooks::unit_of(conn, new.id)? == Some(bu) => None,
            other => other,
        };
        Ok(MatrixChange { columns, new })
    })
}

fn plan(
    cx: &Cx,
    conn: &mut Conn,
    bu: BuId,
    change: &MatrixChange,
    errors: &mut FieldErrors,
) -> Result<Vec<Planned>, Error> {
    let mut planned = Vec::new();
    for (id, wanted) in &change.columns {
        let Some(row) = webhooks::find(conn, bu, *id)? else {
            return Err(changed("A webhook that was to be changed"));
        };
        if !reach::is_managed(cx, conn, &row)? {
            let text =
                format!("“{}” hears several business units. The partner that made it changes it.", row.name);
            errors.push(id.to_string(), "other_partner", text);
        }
        let webhook = view(conn, row)?;
        if version(&webhook) != wanted.version {
            return Err(changed(&format!("“{}”", webhook.row.name)));
        }
        let now: BTreeSet<&str> = webhook.events().collect();
        let add: BTreeSet<String> =
            wanted.add.iter().filter(|event| !now.contains(event.as_str())).cloned().collect();
        let remove: BTreeSet<String> =
            wanted.remove.iter().filter(|event| now.contains(event.as_str())).cloned().collect();
        check_added(conn, bu, &webhook, &add, errors)?;
        let left = now.len() + add.len() - remove.len();
        let name = &webhook.row.name;
        if left == 0 {
            let text = format!(
                "“{name}” would be left without events. Keep at least one of them, or delete the webhook."
            );
            errors.push(id.to_string(), "last_event", text);
        }
        if left > MOST_TRIGGERS {
            let text = format!("“{name}” would have more than 200 events. Choose fewer.");
            errors.push(id.to_string(), "limit_triggers", text);
        }
        planned.push(Planned { webhook, add, remove });
    }
    Ok(planned)
}

fn changed(what: &str) -> Error {
    let text = format!(
        "{what} was changed by somebody else in the meantime. Nothing was saved. What you ticked is kept below: look \
         at it again, then apply."
    );
    Error::conflict("matrix_changed", text)
}

fn check_added(
    conn: &mut Conn,
    bu: BuId,
    webhook: &WebhookView,
    add: &BTreeSet<String>,
    errors: &mut FieldErrors,
) -> Result<(), Error> {
    let (id, name) = (webhook.row.id, &webhook.row.name);
    for event in add {
        let known = if is_event_type(event) { catalogue::find(conn, bu, event)? } else { None };
        let subscribable = builtin::find(event).is_none_or(|found| found.subscribable);
        match known.filter(|_| subscribable) {
            None => errors.push(
                id.to_string(),
                "unknown_event_type",
                "An event type was removed from the catalogue in the meantime. Untick it.",
            ),
            Some(found) if found.partner_only && webhook.row.origin == Origin::Programme => {
                let text =
                    format!("“{name}” belongs to a programme, and {event} is for global webhooks only.");
                errors.push(id.to_string(), "partner_only", text);
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// Changes the triggers of one webhook; those that stay keep filter, note and place.
fn change_one(cx: &Cx, conn: &mut Conn, news: &mut News, bu: BuId, planned: Planned) -> Result<Entry, Error> {
    let Planned { webhook, add, remove } = planned;
    let id = webhook.row.id;
    let gone: Vec<TriggerId> =
        webhook.triggers.iter().filter(|t| remove.contains(&t.event_type)).map(|t| t.id).collect();
    triggers::remove(conn, bu, id, &gone)?;
    let last = webhook.triggers.iter().map(|trigger| trigger.position).max().unwrap_or(-1);
    let checked: Vec<CheckedTrigger> = add
        .into_iter()
        .map(|event| CheckedTrigger { field: String::new(), event, filter: None, note: String::new() })
        .collect();
    let rows = trigger_rows(cx, bu, id, checked, last + 1)?;
    if !rows.is_empty() {
        triggers::insert(conn, &rows)?;
    }
    webhooks::edit(conn, bu, id, &WebhookEdit { updated_at: Some(cx.now), ..WebhookEdit::default() })?;
    let row = webhooks::find(conn, bu, id)?.ok_or(Error::NotFound)?;
    let after = view(conn, row)?;
    publish_updated(cx, conn, news, &after, &["events".to_owned()])?;
    Ok(Entry {
        action: "webhook.updated",
        target_kind: "webhook",
        target_id: id.to_string(),
        before: Some(told(&webhook)),
        after: Some(told(&after)),
    })
}

fn draft(new: &NewColumn) -> WebhookDraft {
    let trigger = |event: &String| TriggerDraft {
        field: FieldName::InShort,
        event: event.clone(),
        ..TriggerDraft::default()
    };
    WebhookDraft {
        endpoints: vec![EndpointDraft {
            field: FieldName::InShort,
            url: new.url.clone(),
            ..EndpointDraft::default()
        }],
        triggers: new.events.iter().map(trigger).collect(),
        ..WebhookDraft::default()
    }
}
