//! The time in which an old signing secret signs beside a new one: what signs, and how the receivers are moved on.

use serde_json::json;

use crate::domain::access::permission::Permission;
use crate::domain::id::{BuId, SecretId, WebhookId};
use crate::domain::time::Ts;
use crate::ops::Error;
use crate::ops::access::sign_in::require_recent;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::ops::events::publish::{take_order, write_and_tell};
use crate::ops::webhooks::endpoints::noted;
use crate::ops::webhooks::secrets::of_whole;
use crate::ops::webhooks::{reach, version};
use crate::store::webhooks::secrets::{self, SecretRow};
use crate::store::webhooks::webhooks::{self, WebhookRow};

/// The versions of a webhook's secret that sign now, without their values.
#[derive(Debug)]
pub struct Signing {
    /// The webhook.
    pub webhook: WebhookRow,
    /// When each was made and until when it signs, newest first; at least one.
    pub versions: Vec<Version>,
}

/// One version.
#[derive(Debug)]
pub struct Version {
    /// Its id.
    pub id: SecretId,
    /// When it was made.
    pub made: Ts,
    /// When it stops signing; never when `None`.
    pub until: Option<Ts>,
    /// Whether the single-valued hex header is made with it.
    pub hex: bool,
}

/// What signs for a webhook of `bu`.
pub fn signing(cx: &Cx, bu: BuId, id: WebhookId) -> Result<Signing, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksWrite)?;
        let webhook = webhooks::find(conn, bu, id)?.ok_or(Error::NotFound)?;
        reach::guard(cx, conn, &webhook)?;
        let live = of_whole(cx, conn, id)?;
        let hex = secrets::hex_of(&live.iter().collect::<Vec<&SecretRow>>());
        let version = |(i, row): (usize, &SecretRow)| Version {
            id: row.id,
            made: row.created_at,
            until: row.retires_at,
            hex: i == hex,
        };
        Ok(Signing { webhook, versions: live.iter().enumerate().map(version).collect() })
    })
}

/// Has the hex header made with the newest secret of a webhook of `bu` from now on; the older ones go on in the list.
pub fn switch(cx: &Cx, bu: BuId, id: WebhookId) -> Result<(), Error> {
    write_and_tell(&cx.tools, |conn, news| {
        authorize(cx, conn, bu, Permission::WebhooksWrite)?;
        take_order(conn, bu)?;
        version::hold(cx, conn, bu, id, None)?;
        require_recent(cx)?;
        let live = of_whole(cx, conn, id)?;
        let newest = live.first().ok_or(Error::NotFound)?;
        secrets::use_for_hex(conn, bu, newest.id, cx.now)?;
        let after = json!({"hex_header": "newest secret"});
        noted(cx, conn, news, (bu, id), ("webhook.secret_switched", "secret"), None, Some(after)).map(drop)
    })?;
    cx.tools.handoff.changed(id);
    Ok(())
}

/// Ends the overlap of a webhook of `bu`: only its newest secret signs from now on.
pub fn end(cx: &Cx, bu: BuId, id: WebhookId) -> Result<(), Error> {
    write_and_tell(&cx.tools, |conn, news| {
        authorize(cx, conn, bu, Permission::WebhooksWrite)?;
        take_order(conn, bu)?;
        version::hold(cx, conn, bu, id, None)?;
        require_recent(cx)?;
        let live = of_whole(cx, conn, id)?;
        for old in live.iter().skip(1) {
            secrets::retire(conn, bu, old.id, cx.now)?;
        }
        let (before, after) = (json!({"live_secrets": live.len()}), json!({"live_secrets": 1}));
        noted(cx, conn, news, (bu, id), ("webhook.overlap_ended", "secret"), Some(before), Some(after))
            .map(drop)
    })?;
    cx.tools.handoff.changed(id);
    Ok(())
}
