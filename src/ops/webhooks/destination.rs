//! Where an endpoint sends, and with which credentials: changed by an operation of its own, for which people give their
//! password again.

use serde_json::{Value, json};

use crate::domain::access::permission::Permission;
use crate::domain::id::{BuId, EndpointId, WebhookId};
use crate::domain::problem::FieldErrors;
use crate::domain::time::Ts;
use crate::domain::webhooks::draft::{CheckedEndpoint, EndpointDraft, FieldName};
use crate::domain::webhooks::target_url::TargetUrl;
use crate::ops::Error;
use crate::ops::access::sign_in::require_recent;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::ops::events::publish::{take_order, write_and_tell};
use crate::ops::events::queue::{opened_text, sealing_place};
use crate::ops::webhooks::create::seal_credentials;
use crate::ops::webhooks::endpoints::{find, noted, of_the_first};
use crate::ops::webhooks::read::{WebhookView, view};
use crate::ops::webhooks::{secrets, version};
use crate::store::webhooks::endpoints::{self, EndpointRow};
use crate::store::webhooks::secrets as secret_rows;
use crate::store::webhooks::webhooks;

/// A destination as it is asked for.
#[derive(Debug, Default)]
pub struct DestinationDraft {
    /// The address.
    pub url: String,
    /// Names and values of custom headers. Without a value, the stored one of that name stays while the host does.
    pub headers: Vec<(String, Option<String>)>,
    /// Name and value of the static secret header, likewise.
    pub static_header: Option<(String, Option<String>)>,
    /// Whose secret signs.
    pub secret: OwnSecret,
}

/// Whose secret signs what is sent to an endpoint.
#[derive(Debug, Default)]
pub enum OwnSecret {
    /// That which signs now.
    #[default]
    Keep,
    /// The webhook's.
    Webhooks,
    /// This one, its own, from now on.
    New(String),
}

/// What is stored of a destination, without its values.
#[derive(Debug)]
pub struct Stored {
    /// The webhook.
    pub webhook: WebhookView,
    /// The endpoint.
    pub endpoint: EndpointRow,
    /// The names of its custom headers.
    pub headers: Vec<String>,
    /// Whether it signs with a secret of its own.
    pub own_secret: bool,
}

/// A destination that was changed.
#[derive(Debug)]
pub struct Changed {
    /// The webhook as it is now.
    pub webhook: WebhookView,
    /// How many credentials were dropped because the host changed and they were not entered again.
    pub dropped: usize,
}

/// What stands in the form that changes the destination of an endpoint of `bu`.
pub fn stored(cx: &Cx, bu: BuId, id: WebhookId, endpoint: EndpointId) -> Result<Stored, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksWrite)?;
        let found = find(cx, conn, bu, (id, endpoint))?;
        let row = webhooks::find(conn, bu, id)?.ok_or(Error::NotFound)?;
        let own = secret_rows::live(conn, &[id], cx.now)?;
        Ok(Stored {
            webhook: view(conn, row)?,
            headers: headers(cx, &found).into_iter().map(|(name, _)| name).collect(),
            own_secret: own.iter().any(|secret| secret.endpoint_id == Some(endpoint)),
            endpoint: found,
        })
    })
}

/// Changes the destination of an endpoint of a webhook of `bu`. Fields as of `endpoints[0]`; refused to people who gave
/// their password too long ago.
pub fn change(
    cx: &Cx,
    bu: BuId,
    (id, endpoint): (WebhookId, EndpointId),
    draft: DestinationDraft,
    seen: Option<Ts>,
) -> Result<Changed, Error> {
    let changed = write_and_tell(&cx.tools, |conn, news| {
        authorize(cx, conn, bu, Permission::WebhooksWrite)?;
        take_order(conn, bu)?;
        let old = find(cx, conn, bu, (id, endpoint))?;
        require_recent(cx)?;
        let webhook = version::hold(cx, conn, bu, id, seen)?;
        let (wanted, dropped) = resolved(cx, &old, draft).map_err(of_the_first)?;
        let (secret, checked) = check(cx, &old, wanted)?;
        if let Some((_, value)) = &checked.static_header {
            secrets::refuse_signing(cx, conn, id, value.expose(), "endpoints[0].static_secret")?;
        }
        let mut row = EndpointRow { url: checked.url.as_str().to_owned(), ..old.clone() };
        seal_credentials(cx, &mut row, &checked)?;
        endpoints::set_destination(conn, &row)?;
        if !matches!(secret, OwnSecret::Keep) {
            secret_rows::remove_of_endpoint(conn, bu, endpoint)?;
        }
        if let Some(own) = &checked.secret {
            secrets::store(cx, conn, &webhook, Some(endpoint), own)?;
        }
        let mut after = told(cx, &row);
        if let Some(after) = after.as_object_mut() {
            after.insert("dropped_credentials".to_owned(), dropped.into());
            if !matches!(secret, OwnSecret::Keep) {
                after.insert("own_secret".to_owned(), "changed".into());
            }
        }
        let before = Some(told(cx, &old));
        let webhook = noted(
            cx,
            conn,
            news,
            (bu, id),
            ("webhook.destination_changed", "endpoints"),
            before,
            Some(after),
        )?;
        Ok(Changed { webhook, dropped })
    })?;
    cx.tools.handoff.changed(id);
    Ok(changed)
}

/// The draft with the values that stay, and how many credentials do not because the host is another one.
fn resolved(cx: &Cx, old: &EndpointRow, draft: DestinationDraft) -> Result<(Resolved, usize), FieldErrors> {
    let target = |url: &str| TargetUrl::parse(url, &cx.tools.egress).ok();
    let moves = match (target(&old.url), target(&draft.url)) {
        (Some(old), Some(new)) => !old.same_origin(&new),
        // What is no address is refused in a moment; from one that is not allowed any more nothing is carried over.
        (_, None) => false,
        (None, Some(_)) => true,
    };
    let mut errors = FieldErrors::default();
    let mut dropped = 0;
    let kept = headers(cx, old);
    let stored = |name: &str| kept.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    let mut wanted = Vec::with_capacity(draft.headers.len());
    for (i, (name, value)) in draft.headers.into_iter().enumerate() {
        match (value, stored(&name)) {
            (Some(value), _) => wanted.push((name, value)),
            (None, Some(_)) if moves => dropped += 1,
            (None, Some((_, value))) => wanted.push((name, value.clone())),
            (None, None) => errors.push(
                format!("headers[{i}].value"),
                "required",
                "Type the value of this header, or clear its name.",
            ),
        }
    }
    let place = sealing_place("static_secret_sealed", old);
    let sent = opened_text(&cx.tools, old.static_secret_sealed.as_deref(), &place).ok().flatten();
    let static_header = match draft.static_header {
        Some((name, Some(value))) => Some((name, value)),
        Some((_, None)) if moves => {
            dropped += usize::from(sent.is_some());
            None
        }
        Some((name, None)) => sent.map(|value| (name, value)),
        None => None,
    };
    let resolved = Resolved { url: draft.url, headers: wanted, static_header, secret: draft.secret };
    errors.or((resolved, dropped))
}

struct Resolved {
    url: String,
    headers: Vec<(String, String)>,
    static_header: Option<(String, String)>,
    secret: OwnSecret,
}

fn check(cx: &Cx, old: &EndpointRow, wanted: Resolved) -> Result<(OwnSecret, CheckedEndpoint), FieldErrors> {
    let secret = match &wanted.secret {
        OwnSecret::New(text) => Some(text.clone()),
        OwnSecret::Keep | OwnSecret::Webhooks => None,
    };
    let draft = EndpointDraft {
        field: FieldName::InFull,
        name: old.name.clone(),
        url: wanted.url,
        headers: wanted.headers,
        static_header: wanted.static_header,
        timeout_ms: Some(old.timeout_ms),
        retry: old.retry.parse().unwrap_or_default(),
        rate_per_second: old.rate_per_second,
        secret,
    };
    Ok((wanted.secret, draft.check(0, &cx.tools.egress)?))
}

/// The custom headers of an endpoint in the clear; none when they cannot be opened.
fn headers(cx: &Cx, row: &EndpointRow) -> Vec<(String, String)> {
    let place = sealing_place("headers_sealed", row);
    let json = opened_text(&cx.tools, row.headers_sealed.as_deref(), &place).ok().flatten();
    json.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default()
}

/// What the audit log keeps of a destination: names of headers, no value.
fn told(cx: &Cx, row: &EndpointRow) -> Value {
    let names: Vec<String> = headers(cx, row).into_iter().map(|(name, _)| name).collect();
    json!({"endpoint": row.id, "url": row.url, "headers": names, "static_header": row.static_header})
}
