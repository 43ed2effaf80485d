//! Showing a signing secret again, to people who gave their password a moment ago; each showing is in the audit log.

use serde_json::json;

use crate::domain::access::permission::Permission;
use crate::domain::id::{BuId, EndpointId, WebhookId};
use crate::domain::time::Ts;
use crate::domain::webhooks::secret::SigningSecret;
use crate::ops::Error;
use crate::ops::access::sign_in::require_recent;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::ops::events::queue::open;
use crate::ops::system::audit::{self, Entry};
use crate::ops::webhooks::endpoints::find;
use crate::ops::webhooks::read::{WebhookView, read};
use crate::ops::webhooks::version;
use crate::store::webhooks::secrets;

/// One version of a secret that signs now.
#[derive(Debug)]
pub struct Shown {
    /// The secret.
    pub secret: SigningSecret,
    /// When it stops signing; never when `None`.
    pub until: Option<Ts>,
}

/// The secrets that sign for a webhook of `bu`, newest first, or for one of its endpoints that has its own. Not found for
/// one that has none.
pub fn reveal(cx: &Cx, bu: BuId, id: WebhookId, endpoint: Option<EndpointId>) -> Result<Vec<Shown>, Error> {
    cx.write(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksWrite)?;
        match endpoint {
            Some(endpoint) => drop(find(cx, conn, bu, (id, endpoint))?),
            None => drop(version::hold(cx, conn, bu, id, None)?),
        }
        require_recent(cx)?;
        let live = secrets::live(conn, &[id], cx.now)?;
        let live: Vec<_> = live.iter().filter(|row| row.endpoint_id == endpoint).collect();
        if live.is_empty() {
            return Err(Error::NotFound);
        }
        let mut shown = Vec::with_capacity(live.len());
        for row in live {
            let secret = open(&cx.tools, row);
            let secret = secret.ok_or_else(|| Error::Internal("a secret cannot be opened".to_owned()))?;
            shown.push(Shown { secret, until: row.retires_at });
        }
        let entry = Entry {
            action: "webhook.secret_revealed",
            target_kind: "webhook",
            target_id: id.to_string(),
            before: None,
            after: Some(json!({"endpoint": endpoint, "secrets": shown.len()})),
        };
        audit::record(cx, conn, Some(bu), entry)?;
        Ok(shown)
    })
}

/// A webhook of `bu`, and those of its endpoints that sign with a secret of their own.
pub fn own(cx: &Cx, bu: BuId, id: WebhookId) -> Result<(WebhookView, Vec<EndpointId>), Error> {
    let webhook = read(cx, bu, id)?;
    let live = cx.read(|conn| Ok(secrets::live(conn, &[id], cx.now)?))?;
    let mut owners: Vec<EndpointId> = live.iter().filter_map(|row| row.endpoint_id).collect();
    owners.dedup();
    Ok((webhook, owners))
}
