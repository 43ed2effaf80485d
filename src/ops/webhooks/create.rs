//! Making a webhook: all of it in one transaction, its secret shown once.

use serde_json::json;

use crate::domain::access::permission::Permission;
use crate::domain::id::{BuId, WebhookId};
use crate::domain::problem::FieldErrors;
use crate::domain::webhooks::draft::{CheckedEndpoint, CheckedTrigger, CheckedWebhook, WebhookDraft};
use crate::domain::webhooks::secret::SigningSecret;
use crate::domain::webhooks::webhook::{InactiveReason, Origin, Reach, WebhookStatus};
use crate::keys::random_bytes;
use crate::ops::authorize::authorize;
use crate::ops::cx::{Actor, Cx};
use crate::ops::events::publish::{News, write_and_tell};
use crate::ops::events::queue::sealing_place;
use crate::ops::system::audit::{self, Entry};
use crate::ops::webhooks::read::{WebhookView, view};
use crate::ops::webhooks::{catalogue, reach, scope, secrets, told};
use crate::ops::{Error, Refusal};
use crate::store::access::programmes;
use crate::store::pool::Conn;
use crate::store::webhooks::endpoints::{self, EndpointRow};
use crate::store::webhooks::triggers::{self, TriggerRow};
use crate::store::webhooks::webhooks::{self, WebhookFilter, WebhookRow};

/// How many webhooks a business unit may have.
pub const MOST_WEBHOOKS: i64 = 10_000;

/// A webhook that was made, with its secret in the clear: the only time it is shown unasked.
pub struct Created {
    /// The webhook.
    pub webhook: WebhookView,
    /// Its signing secret.
    pub secret: SigningSecret,
}

/// Makes a webhook of `bu`.
pub fn create(cx: &Cx, bu: BuId, draft: WebhookDraft) -> Result<Created, Error> {
    make(cx, bu, cx.id(), draft, false)
}

/// The same through a form, which makes one webhook only: `id` is the form's, and `already_created` is answered
/// when it is sent again.
pub fn create_with_form(cx: &Cx, bu: BuId, id: WebhookId, draft: WebhookDraft) -> Result<Created, Error> {
    make(cx, bu, id, draft, false)
}

/// The same; `rest_hook` when a tool subscribes it for itself.
pub(super) fn make(
    cx: &Cx,
    bu: BuId,
    id: WebhookId,
    draft: WebhookDraft,
    rest_hook: bool,
) -> Result<Created, Error> {
    let checked = draft.check(&cx.tools.egress);
    write_and_tell(&cx.tools, |conn, news| store(cx, conn, news, bu, id, (checked, rest_hook)))
}

/// The same in a transaction of the caller's.
pub(super) fn store(
    cx: &Cx,
    conn: &mut Conn,
    news: &mut News,
    bu: BuId,
    id: WebhookId,
    (checked, rest_hook): (Result<CheckedWebhook, FieldErrors>, bool),
) -> Result<Created, Error> {
    let access = authorize(cx, conn, bu, Permission::WebhooksWrite)?;
    if matches!(cx.actor, Actor::Login(_)) && !access.api_access {
        return Err(Error::Forbidden(Refusal::NoApiAccess));
    }
    let id = match webhooks::unit_of(conn, id)? {
        None => id,
        Some(taken) if taken == bu => {
            let text =
                "This form has made its webhook already. The secret was shown then, and is not shown again.";
            return Err(Error::conflict("already_created", text));
        }
        // Which ids there are elsewhere is not to be found out.
        Some(_) => cx.id(),
    };
    let checked = checked?;
    let types: Vec<(&str, &str)> =
        checked.triggers.iter().map(|t| (t.field.as_str(), t.event.as_str())).collect();
    catalogue::check_subscribable(conn, bu, &types)?;
    if let Some(programme) = checked.programme {
        programmes::find(conn, bu, programme)?.ok_or(Error::NotFound)?;
        catalogue::refuse_partner_only(&types)?;
    }
    let wanted = if checked.programme.is_some() { Reach::BusinessUnit } else { checked.reach };
    let reach_partner_id = reach::resolve(cx, conn, bu, wanted)?;
    if webhooks::count(conn, bu, &WebhookFilter::default())? >= MOST_WEBHOOKS {
        return Err(Error::conflict("limit_webhooks", "A business unit has at most 10,000 webhooks."));
    }
    let (for_login, for_team) = scope::resolve(conn, bu, checked.scope)?;
    let row = WebhookRow {
        for_login,
        for_team,
        rest_hook,
        reach: wanted,
        reach_partner_id,
        ..webhook_row(cx, bu, id, &checked)
    };
    webhooks::insert(conn, &row)?;
    let endpoint_rows = endpoint_rows(cx, bu, row.id, &checked.endpoints)?;
    endpoints::insert(conn, &endpoint_rows)?;
    let trigger_rows = trigger_rows(cx, bu, row.id, checked.triggers, 0)?;
    triggers::insert(conn, &trigger_rows)?;
    let secret = checked.secret.unwrap_or_else(|| SigningSecret::generate(random_bytes()));
    secrets::store(cx, conn, &row, None, &secret)?;
    for (endpoint, checked) in endpoint_rows.iter().zip(&checked.endpoints) {
        if let Some(own) = &checked.secret {
            secrets::store(cx, conn, &row, Some(endpoint.id), own)?;
        }
    }
    let after = json!({
        "name": row.name,
        "status": row.status,
        "rest_hook": row.rest_hook,
        "urls": endpoint_rows.iter().map(|e| e.url.as_str()).collect::<Vec<_>>(),
        "events": trigger_rows.iter().map(|t| t.event_type.as_str()).collect::<Vec<_>>(),
        "for_login": row.for_login,
        "for_team": row.for_team,
        "reach": row.reach,
        "programme": row.programme_id,
    });
    let entry = Entry {
        action: "webhook.created",
        target_kind: "webhook",
        target_id: row.id.to_string(),
        before: None,
        after: Some(after),
    };
    let webhook = view(conn, row)?;
    told::publish_created(cx, conn, news, &webhook)?;
    audit::record(cx, conn, Some(bu), entry)?;
    Ok(Created { webhook, secret })
}

fn webhook_row(cx: &Cx, bu: BuId, id: WebhookId, checked: &CheckedWebhook) -> WebhookRow {
    WebhookRow {
        id,
        bu_id: bu,
        name: checked.name.clone(),
        description: checked.description.clone(),
        status: checked.status,
        inactive_reason: (checked.status == WebhookStatus::Inactive).then_some(InactiveReason::User),
        origin: if checked.programme.is_some() { Origin::Programme } else { Origin::Global },
        programme_id: checked.programme,
        reach: Reach::BusinessUnit,
        reach_partner_id: None,
        for_login: None,
        for_team: None,
        created_by: cx.user(),
        owner: cx.user(),
        created_at: cx.now,
        updated_at: None,
        deleted_at: None,
        last_sent_at: None,
        last_sent_ok: None,
        failing_since: None,
        rest_hook: false,
    }
}

fn endpoint_rows(
    cx: &Cx,
    bu: BuId,
    webhook: WebhookId,
    checked: &[CheckedEndpoint],
) -> Result<Vec<EndpointRow>, Error> {
    checked
        .iter()
        .zip(0..)
        .map(|(endpoint, position)| endpoint_row(cx, bu, webhook, endpoint, position))
        .collect()
}

/// The row of an endpoint, with its credentials sealed.
pub(super) fn endpoint_row(
    cx: &Cx,
    bu: BuId,
    webhook: WebhookId,
    endpoint: &CheckedEndpoint,
    position: i32,
) -> Result<EndpointRow, Error> {
    let mut row = EndpointRow {
        id: cx.id(),
        webhook_id: webhook,
        bu_id: bu,
        position,
        name: endpoint.name.clone(),
        url: endpoint.url.as_str().to_owned(),
        headers_sealed: None,
        static_header: None,
        static_secret_sealed: None,
        timeout_ms: endpoint.timeout_ms,
        retry: endpoint.retry.to_string(),
        rate_per_second: endpoint.rate_per_second,
        created_at: cx.now,
    };
    seal_credentials(cx, &mut row, endpoint)?;
    Ok(row)
}

/// Puts the credentials that are sent to an endpoint into its row, sealed, in place of any others.
pub(super) fn seal_credentials(
    cx: &Cx,
    row: &mut EndpointRow,
    endpoint: &CheckedEndpoint,
) -> Result<(), Error> {
    row.headers_sealed = None;
    if !endpoint.headers.is_empty() {
        let lines: Vec<(&str, &str)> =
            endpoint.headers.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
        let json = serde_json::to_vec(&lines).map_err(|e| Error::Internal(e.to_string()))?;
        row.headers_sealed = Some(cx.tools.keys.seal(&sealing_place("headers_sealed", row), &json));
    }
    row.static_header = endpoint.static_header.as_ref().map(|(name, _)| name.as_str().to_owned());
    let place = sealing_place("static_secret_sealed", row);
    let value = endpoint.static_header.as_ref().map(|(_, value)| value.expose().as_bytes());
    row.static_secret_sealed = value.map(|value| cx.tools.keys.seal(&place, value));
    Ok(())
}

/// The rows of triggers, numbered from `first` on.
pub(super) fn trigger_rows(
    cx: &Cx,
    bu: BuId,
    webhook: WebhookId,
    checked: Vec<CheckedTrigger>,
    first: i32,
) -> Result<Vec<TriggerRow>, Error> {
    checked
        .into_iter()
        .zip(first..)
        .map(|(trigger, position)| {
            let filter = trigger.filter.map(|filter| serde_json::to_string(&filter)).transpose();
            Ok(TriggerRow {
                id: cx.id(),
                webhook_id: webhook,
                bu_id: bu,
                position,
                event_type: trigger.event,
                filter: filter.map_err(|e| Error::Internal(e.to_string()))?,
                note: trigger.note,
            })
        })
        .collect()
}
