//! The endpoints of a webhook one by one: adding one, changing how it is sent to, and removing it.

use serde_json::{Value, json};

use crate::domain::access::permission::Permission;
use crate::domain::events::retry::RetryPolicy;
use crate::domain::id::{BuId, EndpointId, WebhookId};
use crate::domain::problem::FieldErrors;
use crate::domain::time::Ts;
use crate::domain::webhooks::draft::{EndpointDraft, check_manner};
use crate::domain::webhooks::endpoint::MOST_ENDPOINTS;
use crate::ops::Error;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::ops::events::publish::{News, take_order, write_and_tell};
use crate::ops::system::audit::{self, Entry};
use crate::ops::webhooks::create::endpoint_row;
use crate::ops::webhooks::read::{WebhookView, view};
use crate::ops::webhooks::told::publish_updated;
use crate::ops::webhooks::{reach, secrets, version};
use crate::store::events::under_way;
use crate::store::pool::Conn;
use crate::store::webhooks::endpoints::{self, EndpointRow};
use crate::store::webhooks::secrets as secret_rows;
use crate::store::webhooks::webhooks::{self, WebhookEdit};

/// How an endpoint is called and sent to; where is another matter.
#[derive(Debug, Default)]
pub struct Manner {
    /// Its name; may be empty.
    pub name: String,
    /// How long an attempt may take, in milliseconds.
    pub timeout_ms: Option<i32>,
    /// How failed attempts are repeated.
    pub retry: RetryPolicy,
    /// Deliveries a second at the most.
    pub rate_per_second: Option<i32>,
}

/// What removing an endpoint would stop.
pub struct Stops {
    /// Its webhook.
    pub webhook: WebhookView,
    /// The endpoint.
    pub endpoint: EndpointRow,
    /// How many deliveries to it are under way and would be cancelled.
    pub under_way: i64,
}

/// Adds an endpoint to a webhook of `bu`, behind its others. Fields as of `endpoints[0]`; `limit_endpoints` when it has
/// as many as it may.
pub fn add(
    cx: &Cx,
    bu: BuId,
    id: WebhookId,
    draft: EndpointDraft,
    seen: Option<Ts>,
) -> Result<WebhookView, Error> {
    let checked = draft.check(0, &cx.tools.egress);
    let changed = write_and_tell(&cx.tools, |conn, news| {
        authorize(cx, conn, bu, Permission::WebhooksWrite)?;
        take_order(conn, bu)?;
        let webhook = version::hold(cx, conn, bu, id, seen)?;
        let checked = checked?;
        let others = endpoints::of_webhooks(conn, bu, &[id])?;
        if others.len() >= MOST_ENDPOINTS {
            return Err(Error::conflict("limit_endpoints", "A webhook has at most 20 endpoints."));
        }
        if let Some((_, value)) = &checked.static_header {
            secrets::refuse_signing(cx, conn, id, value.expose(), "endpoints[0].static_secret")?;
        }
        let position = others.last().map_or(0, |last| last.position + 1);
        let row = endpoint_row(cx, bu, id, &checked, position)?;
        endpoints::insert(conn, std::slice::from_ref(&row))?;
        if let Some(own) = &checked.secret {
            secrets::store(cx, conn, &webhook, Some(row.id), own)?;
        }
        noted(cx, conn, news, (bu, id), ("webhook.endpoint_added", "endpoints"), None, Some(told(&row)))
    })?;
    cx.tools.handoff.changed(id);
    Ok(changed)
}

/// Changes how an endpoint of a webhook of `bu` is called and sent to. Fields as of `endpoints[0]`.
pub fn configure(
    cx: &Cx,
    bu: BuId,
    (id, endpoint): (WebhookId, EndpointId),
    manner: &Manner,
    seen: Option<Ts>,
) -> Result<WebhookView, Error> {
    let checked = check_manner(&manner.name, manner.timeout_ms, manner.rate_per_second);
    let changed = write_and_tell(&cx.tools, |conn, news| {
        authorize(cx, conn, bu, Permission::WebhooksWrite)?;
        take_order(conn, bu)?;
        let old = find(cx, conn, bu, (id, endpoint))?;
        version::hold(cx, conn, bu, id, seen)?;
        let (name, timeout_ms) = checked.map_err(|errors| errors.under("endpoints[0]"))?;
        let row = EndpointRow {
            name,
            timeout_ms,
            retry: manner.retry.to_string(),
            rate_per_second: manner.rate_per_second,
            ..old.clone()
        };
        endpoints::set_manner(conn, &row)?;
        let (before, after) = (Some(told(&old)), Some(told(&row)));
        noted(cx, conn, news, (bu, id), ("webhook.endpoint_updated", "endpoints"), before, after)
    })?;
    cx.tools.handoff.changed(id);
    Ok(changed)
}

/// What removing an endpoint of a webhook of `bu` would stop.
pub fn stops(cx: &Cx, bu: BuId, id: WebhookId, endpoint: EndpointId) -> Result<Stops, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksWrite)?;
        let found = find(cx, conn, bu, (id, endpoint))?;
        let row = webhooks::find(conn, bu, id)?.ok_or(Error::NotFound)?;
        let waiting = under_way::count_to(conn, bu, id, endpoint)?;
        Ok(Stops { webhook: view(conn, row)?, endpoint: found, under_way: waiting })
    })
}

/// Removes an endpoint from a webhook of `bu`, with its credentials; gives how many deliveries were cancelled.
/// `last_endpoint` when it is the only one.
pub fn remove(cx: &Cx, bu: BuId, id: WebhookId, endpoint: EndpointId) -> Result<usize, Error> {
    let cancelled = write_and_tell(&cx.tools, |conn, news| {
        authorize(cx, conn, bu, Permission::WebhooksWrite)?;
        take_order(conn, bu)?;
        version::hold(cx, conn, bu, id, None)?;
        let old = find(cx, conn, bu, (id, endpoint))?;
        if endpoints::of_webhooks(conn, bu, &[id])?.len() < 2 {
            let text = "A webhook needs at least one endpoint. Add another first, or delete the webhook.";
            return Err(Error::conflict("last_endpoint", text));
        }
        let cancelled = under_way::cancel_of_endpoint(conn, bu, id, endpoint, cx.now)?;
        secret_rows::remove_of_endpoint(conn, bu, endpoint)?;
        endpoints::remove(conn, &old)?;
        let after = json!({"cancelled_deliveries": cancelled});
        noted(
            cx,
            conn,
            news,
            (bu, id),
            ("webhook.endpoint_removed", "endpoints"),
            Some(told(&old)),
            Some(after),
        )?;
        Ok(cancelled)
    })?;
    cx.tools.handoff.changed(id);
    Ok(cancelled)
}

/// One endpoint of a webhook of `bu` that is not deleted, for who may change it.
pub(super) fn find(
    cx: &Cx,
    conn: &mut Conn,
    bu: BuId,
    (id, endpoint): (WebhookId, EndpointId),
) -> Result<EndpointRow, Error> {
    let row = webhooks::find(conn, bu, id)?.ok_or(Error::NotFound)?;
    reach::guard(cx, conn, &row)?;
    let all = endpoints::of_webhooks(conn, bu, &[id])?;
    all.into_iter().find(|row| row.id == endpoint).ok_or(Error::NotFound)
}

/// Notes that a webhook was changed, and gives it as it is now.
pub(super) fn noted(
    cx: &Cx,
    conn: &mut Conn,
    news: &mut News,
    (bu, id): (BuId, WebhookId),
    (action, changed): (&'static str, &str),
    before: Option<Value>,
    after: Option<Value>,
) -> Result<WebhookView, Error> {
    let edit = WebhookEdit { updated_at: Some(cx.now), ..WebhookEdit::default() };
    webhooks::edit(conn, bu, id, &edit)?;
    let row = webhooks::find(conn, bu, id)?.ok_or(Error::NotFound)?;
    let now = view(conn, row)?;
    let entry = Entry { action, target_kind: "webhook", target_id: id.to_string(), before, after };
    publish_updated(cx, conn, news, &now, &[changed.to_owned()])?;
    audit::record(cx, conn, Some(bu), entry)?;
    Ok(now)
}

/// What the audit log keeps of an endpoint: no credential.
fn told(row: &EndpointRow) -> Value {
    json!({
        "endpoint": row.id,
        "url": row.url,
        "name": row.name,
        "timeout_ms": row.timeout_ms,
        "retry": row.retry,
        "rate_per_second": row.rate_per_second,
    })
}

/// Every error of an endpoint that stands alone, named as if it were the first of a list.
pub(super) fn of_the_first(errors: FieldErrors) -> FieldErrors {
    errors.under("endpoints[0]")
}
