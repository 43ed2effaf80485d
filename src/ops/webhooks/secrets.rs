//! Signing secrets: storing one, and rotating it with an overlap in which the old one signs beside the new.

use std::time::Duration;

use serde_json::json;

use crate::domain::access::permission::Permission;
use crate::domain::id::{BuId, EndpointId, SecretId, WebhookId};
use crate::domain::problem::FieldErrors;
use crate::domain::time::Ts;
use crate::domain::webhooks::secret::SigningSecret;
use crate::keys::random_bytes;
use crate::ops::Error;
use crate::ops::access::sign_in::require_recent;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::ops::events::publish::{take_order, write_and_tell};
use crate::ops::events::queue::open;
use crate::ops::system::audit::{self, Entry};
use crate::ops::webhooks::reach;
use crate::ops::webhooks::read::view;
use crate::ops::webhooks::told::publish_updated;
use crate::store::pool::Conn;
use crate::store::webhooks::secrets::{self, SecretRow};
use crate::store::webhooks::webhooks::{self, WebhookEdit, WebhookRow};

/// For how long the old secret signs when nothing is said.
pub const DEFAULT_OVERLAP: Duration = Duration::from_hours(24);
/// The longest time for which it may.
pub const LONGEST_OVERLAP: Duration = Duration::from_hours(7 * 24);
/// How many secrets of a webhook may sign at once: each makes the signature header longer.
pub const MOST_LIVE: usize = 10;

/// A rotation as it is asked for.
#[derive(Debug)]
pub struct Rotation {
    /// A secret of one's own; one is made when there is none.
    pub secret: Option<String>,
    /// For how long the old secret signs too; with none, every older one stops at once.
    pub overlap: Duration,
    /// The newest secret that whoever asks knows of; whatever signs when `None`.
    pub from: Option<SecretId>,
}

/// A secret that was rotated, the new one in the clear: the only time it is shown unasked.
pub struct Rotated {
    /// The new secret.
    pub secret: SigningSecret,
    /// Until when the one before signs beside it; `None` when it stopped.
    pub previous_until: Option<Ts>,
}

/// Gives a webhook of `bu` a new signing secret. Secrets of earlier rotations keep their own overlaps.
/// Fields: `secret`, `overlap_seconds` (`range`); `rotation_limit` when too many sign already,
/// `rotation_conflict` when somebody else rotates it at the same time. Refused to people who gave their password too
/// long ago.
pub fn rotate(cx: &Cx, bu: BuId, id: WebhookId, rotation: Rotation) -> Result<Rotated, Error> {
    let (overlap, from) = (rotation.overlap, rotation.from);
    let checked = check(rotation);
    let newest = |live: &[SecretRow]| live.iter().map(|secret| secret.id).max();
    let before = match from {
        Some(from) => Some(from),
        None => cx.read(|conn| Ok(newest(&of_whole(cx, conn, id)?)))?,
    };
    let rotated = write_and_tell(&cx.tools, |conn, news| {
        authorize(cx, conn, bu, Permission::WebhooksWrite)?;
        take_order(conn, bu)?;
        let row = webhooks::hold(conn, bu, id)?.ok_or(Error::NotFound)?;
        reach::guard(cx, conn, &row)?;
        require_recent(cx)?;
        let secret = checked?.unwrap_or_else(|| SigningSecret::generate(random_bytes()));
        let until = cx.now + overlap;
        let live = of_whole(cx, conn, id)?;
        if newest(&live) != before {
            let text = "Somebody else has just rotated this secret. Look at the webhook, then decide again.";
            return Err(Error::conflict("rotation_conflict", text));
        }
        if !overlap.is_zero() && live.len() >= MOST_LIVE {
            let first = live.iter().filter_map(|secret| secret.retires_at).min();
            let until = first.map_or_else(String::new, |at| format!(" until {at}, when one ends"));
            let text =
                format!("Ten secrets of this webhook sign already. Wait{until}, or rotate without overlap.");
            return Err(Error::conflict("rotation_limit", text));
        }
        for old in live.iter().filter(|old| overlap.is_zero() || old.retires_at.is_none()) {
            secrets::retire(conn, bu, old.id, until)?;
        }
        secrets::remove_retired(conn, bu, id, cx.now)?;
        store(cx, conn, &row, None, &secret)?;
        let changed = WebhookEdit { updated_at: Some(cx.now), ..WebhookEdit::default() };
        webhooks::edit(conn, bu, id, &changed)?;
        let now = view(conn, row)?;
        publish_updated(cx, conn, news, &now, &["secret".to_owned()])?;
        let entry = Entry {
            action: "webhook.secret_rotated",
            target_kind: "webhook",
            target_id: id.to_string(),
            before: Some(json!({"live_secrets": live.len()})),
            after: Some(json!({"secret": "changed", "overlap_seconds": overlap.as_secs()})),
        };
        audit::record(cx, conn, Some(bu), entry)?;
        Ok(Rotated { secret, previous_until: (!overlap.is_zero()).then_some(until) })
    })?;
    cx.tools.handoff.changed(id);
    Ok(rotated)
}

/// The versions that sign for the whole webhook.
pub(super) fn of_whole(cx: &Cx, conn: &mut Conn, id: WebhookId) -> Result<Vec<SecretRow>, Error> {
    let live = secrets::live(conn, &[id], cx.now)?;
    Ok(live.into_iter().filter(|secret| secret.endpoint_id.is_none()).collect())
}

fn check(rotation: Rotation) -> Result<Option<SigningSecret>, FieldErrors> {
    let mut errors = FieldErrors::default();
    if rotation.overlap > LONGEST_OVERLAP {
        let text = "Use 0 to 604800 seconds: the old secret can sign for seven days at the most.";
        errors.push("overlap_seconds", "range", text);
    }
    let secret = rotation.secret.and_then(|text| errors.keep(SigningSecret::parse(&text)));
    errors.or(secret)
}

/// Stores a new version of the secret that signs for a whole webhook, or for one endpoint of it.
pub(super) fn store(
    cx: &Cx,
    conn: &mut Conn,
    webhook: &WebhookRow,
    endpoint_id: Option<EndpointId>,
    secret: &SigningSecret,
) -> Result<(), Error> {
    let id = cx.id();
    let place = SecretRow::sealing_place(id, webhook.bu_id);
    let row = SecretRow {
        id,
        webhook_id: webhook.id,
        endpoint_id,
        bu_id: webhook.bu_id,
        sealed: cx.tools.keys.seal(&place, secret.expose().as_bytes()),
        created_at: cx.now,
        retires_at: None,
        hex_since: None,
    };
    Ok(secrets::insert(conn, &row)?)
}

/// Refuses to send, in a header in the clear, what signs for a webhook.
pub(super) fn refuse_signing(
    cx: &Cx,
    conn: &mut Conn,
    id: WebhookId,
    sent: &str,
    field: &'static str,
) -> Result<(), Error> {
    let live = secrets::live(conn, &[id], cx.now)?;
    if live.iter().filter_map(|row| open(&cx.tools, row)).any(|secret| secret.expose() == sent) {
        let text = "This text signs what is sent, so it cannot be sent itself. Use another.";
        return Err(Error::field(field, "secret_reuse", text));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::webhooks::draft::{EndpointDraft, TriggerDraft, WebhookDraft};
    use crate::ops::testing::World;
    use crate::ops::webhooks::create::create;

    #[test]
    fn a_secret_of_one_endpoint_is_no_rotation_of_the_webhook() {
        let world = World::new();
        let (bu, cx) = (world.channel("Ours").bu.unwrap(), world.operator());
        let endpoint = EndpointDraft { url: "https://example.com/in".into(), ..EndpointDraft::default() };
        let trigger = TriggerDraft { event: "order.completed".into(), ..TriggerDraft::default() };
        let draft =
            WebhookDraft { endpoints: vec![endpoint], triggers: vec![trigger], ..WebhookDraft::default() };
        let made = create(&cx, bu, draft).unwrap().webhook;
        let mut own = cx.read(|conn| of_whole(&cx, conn, made.row.id)).unwrap().remove(0);
        own.id = cx.id();
        own.endpoint_id = Some(made.endpoints[0].id);
        cx.write(|conn| Ok(secrets::insert(conn, &own)?)).unwrap();
        assert!(
            rotate(&cx, bu, made.row.id, Rotation { secret: None, overlap: DEFAULT_OVERLAP, from: None })
                .is_ok()
        );
        let live = cx.read(|conn| Ok(secrets::live(conn, &[made.row.id], cx.now)?)).unwrap();
        assert_eq!(live.iter().filter(|secret| secret.retires_at.is_none()).count(), 2);
    }
}
