//! What events say of a webhook. Of addresses only the host is told.

use serde_json::{Value, json};
use url::Url;

use crate::domain::id::{BuId, WebhookId};
use crate::domain::time::Ts;
use crate::ops::Error;
use crate::ops::cx::Cx;
use crate::ops::events::publish::{News, Own, by};
use crate::ops::webhooks::read::{WebhookView, view};
use crate::store::access::programmes;
use crate::store::pool::Conn;
use crate::store::webhooks::webhooks;

/// Publishes that a webhook was made.
pub(super) fn publish_created(
    cx: &Cx,
    conn: &mut Conn,
    news: &mut News,
    made: &WebhookView,
) -> Result<(), Error> {
    let more = json!({"created_by": by(cx)});
    let event = own(data(conn, made)?, made.row.bu_id, "webhook.created", more);
    news.add(&cx.tools, conn, event)
}

/// Publishes that a webhook was changed, unless `changed` names nothing.
pub(super) fn publish_updated(
    cx: &Cx,
    conn: &mut Conn,
    news: &mut News,
    after: &WebhookView,
    changed: &[String],
) -> Result<(), Error> {
    if changed.is_empty() {
        return Ok(());
    }
    let more = json!({"updated_at": cx.now.to_string(), "changed": changed, "updated_by": by(cx)});
    let event = own(data(conn, after)?, after.row.bu_id, "webhook.updated", more);
    news.add(&cx.tools, conn, event)
}

/// Publishes that a webhook was deleted, as it was before.
pub(super) fn publish_deleted(
    cx: &Cx,
    conn: &mut Conn,
    news: &mut News,
    before: &WebhookView,
) -> Result<(), Error> {
    let more = json!({"deleted_at": cx.now.to_string(), "deleted_by": by(cx)});
    let event = own(data(conn, before)?, before.row.bu_id, "webhook.deleted", more);
    news.add(&cx.tools, conn, event)
}

/// Publishes that a webhook was switched off, as it stands now: by something other than a person's wish.
pub(crate) fn publish_disabled(
    cx: &Cx,
    conn: &mut Conn,
    news: &mut News,
    (bu, id): (BuId, WebhookId),
) -> Result<(), Error> {
    let Some(row) = webhooks::find(conn, bu, id)? else { return Ok(()) };
    let webhook = view(conn, row)?;
    let event = disabled(conn, &webhook, None, cx.now)?;
    news.add(&cx.tools, conn, event)
}

/// The event that a webhook was switched off, for which `attempts` failed where it was for failing.
pub(crate) fn disabled(
    conn: &mut Conn,
    webhook: &WebhookView,
    attempts: Option<i64>,
    now: Ts,
) -> Result<Own, Error> {
    let mut more = json!({"disabled_at": now.to_string()});
    if let (Some(attempts), Value::Object(more)) = (attempts, &mut more) {
        more.insert("failed_attempts".to_owned(), attempts.into());
    }
    Ok(own(data(conn, webhook)?, webhook.row.bu_id, "webhook.disabled", more))
}

/// The event that a webhook was switched on again by something other than a person's wish.
pub(crate) fn switched_on(conn: &mut Conn, webhook: &WebhookView, now: Ts) -> Result<Own, Error> {
    let more = json!({"updated_at": now.to_string(), "changed": ["status"], "updated_by": null});
    Ok(own(data(conn, webhook)?, webhook.row.bu_id, "webhook.updated", more))
}

fn own(mut data: Value, bu: BuId, event_type: &'static str, more: Value) -> Own {
    if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
        data.extend(more);
    }
    Own::new(bu, event_type, data)
}

fn data(conn: &mut Conn, webhook: &WebhookView) -> Result<Value, Error> {
    let row = &webhook.row;
    let programme = match row.programme_id {
        Some(id) => programmes::find(conn, row.bu_id, id)?,
        None => None,
    };
    let host = |url: &str| Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let endpoints: Vec<Value> =
        webhook.endpoints.iter().map(|e| json!({"id": e.id, "host": host(&e.url)})).collect();
    Ok(json!({
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "status": row.status,
        "inactive_reason": row.inactive_reason,
        "origin": row.origin,
        "programme": programme.map(|p| json!({"id": p.id, "name": p.name})),
        "business_unit": row.bu_id,
        "events": webhook.events().collect::<Vec<_>>(),
        "endpoints": endpoints,
        "created_at": row.created_at.to_string(),
    }))
}
