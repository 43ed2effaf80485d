//! What events say of a webhook. Of addresses only the host is told.

use std::collections::HashMap;

use serde_json::{Value, json};
use url::Url;

use crate::domain::id::{BuId, WebhookId};
use crate::domain::time::Ts;
use crate::ops::Error;
use crate::ops::cx::Cx;
use crate::ops::events::publish::{News, Own, by};
use crate::ops::webhooks::read::{WebhookView, views};
use crate::store::pool::Conn;
use crate::store::webhooks::webhooks;

/// How many webhooks are read, and told of, in one go.
const AT_ONCE: usize = 200;

/// Publishes that a webhook was made.
pub(super) fn publish_created(
    cx: &Cx,
    conn: &mut Conn,
    news: &mut News,
    made: &WebhookView,
) -> Result<(), Error> {
    let more = json!({"created_by": by(cx)});
    let event = own(data(made), made.row.bu_id, "webhook.created", more);
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
    let event = own(data(after), after.row.bu_id, "webhook.updated", more);
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
    let event = own(data(before), before.row.bu_id, "webhook.deleted", more);
    news.add(&cx.tools, conn, event)
}

/// Publishes that webhooks of `bu` were switched off, or on again, as they stand now: by something other than a
/// person's wish. In the order of `ids`.
pub(crate) fn publish_switched(
    cx: &Cx,
    conn: &mut Conn,
    news: &mut News,
    (bu, ids): (BuId, &[WebhookId]),
    on: bool,
) -> Result<(), Error> {
    for part in ids.chunks(AT_ONCE) {
        let rows = webhooks::find_each(conn, bu, part)?;
        let mut events: HashMap<WebhookId, Own> = HashMap::new();
        for webhook in views(conn, bu, rows)? {
            let event = if on { switched_on(&webhook, cx.now) } else { disabled(&webhook, None, cx.now) };
            events.insert(webhook.row.id, event);
        }
        news.add_all(&cx.tools, conn, part.iter().filter_map(|id| events.remove(id)).collect())?;
    }
    Ok(())
}

/// The event that a webhook was switched off, for which `attempts` failed where it was for failing.
pub(crate) fn disabled(webhook: &WebhookView, attempts: Option<i64>, now: Ts) -> Own {
    let mut more = json!({"disabled_at": now.to_string()});
    if let (Some(attempts), Value::Object(more)) = (attempts, &mut more) {
        more.insert("failed_attempts".to_owned(), attempts.into());
    }
    own(data(webhook), webhook.row.bu_id, "webhook.disabled", more)
}

/// The event that a webhook was switched on again by something other than a person's wish.
pub(crate) fn switched_on(webhook: &WebhookView, now: Ts) -> Own {
    let more = json!({"updated_at": now.to_string(), "changed": ["status"], "updated_by": null});
    own(data(webhook), webhook.row.bu_id, "webhook.updated", more)
}

fn own(mut data: Value, bu: BuId, event_type: &'static str, more: Value) -> Own {
    if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
        data.extend(more);
    }
    Own::new(bu, event_type, data)
}

fn data(webhook: &WebhookView) -> Value {
    let row = &webhook.row;
    let programme = row.programme_id.zip(webhook.programme.as_deref());
    let host = |url: &str| Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let endpoints: Vec<Value> =
        webhook.endpoints.iter().map(|e| json!({"id": e.id, "host": host(&e.url)})).collect();
    json!({
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "status": row.status,
        "inactive_reason": row.inactive_reason,
        "origin": row.origin,
        "programme": programme.map(|(id, name)| json!({"id": id, "name": name})),
        "business_unit": row.bu_id,
        "events": webhook.events().collect::<Vec<_>>(),
        "endpoints": endpoints,
        "created_at": row.created_at.to_string(),
    })
}
