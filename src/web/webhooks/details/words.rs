//! What a webhook's page says of its state, in words.

use crate::domain::time::Ts;
use crate::domain::webhooks::webhook::{Health, InactiveReason, WebhookStatus};
use crate::ops::webhooks::read::WebhookView;
use crate::web::format;
use crate::web::parts::{Notice, Tone};

/// What is wrong with a webhook, and what to do; nothing when it is well.
pub fn notice(webhook: &WebhookView, now: Ts) -> Option<Notice> {
    let said =
        |tone, title: &str, text: &str| Some(Notice { tone, title: title.to_owned(), text: text.to_owned() });
    if webhook.row.status == WebhookStatus::Inactive {
        let title = "This webhook is inactive.";
        return match webhook.row.inactive_reason {
            None | Some(InactiveReason::User) => said(
                Tone::Off,
                title,
                "Matching events are recorded as skipped. Switch it on to deliver again; what was skipped can be replayed.",
            ),
            Some(InactiveReason::Failing) => said(
                Tone::Bad,
                "Switched off after failing for days.",
                "Nothing arrived, so nothing more is sent. Put the receiver right, then send a test event: when it \
                 passes, the webhook is active again, and what waited can be replayed.",
            ),
            Some(InactiveReason::Gone) => said(
                Tone::Bad,
                "Switched off: the receiver answered 410 Gone.",
                "It says that its address is no longer in use. Enter another address, or switch the webhook on if the \
                 answer was a mistake.",
            ),
            Some(InactiveReason::NoApiAccess) => said(
                Tone::Wait,
                "Stopped: API access is not part of the plan.",
                "Nothing was deleted. Deliveries begin again once the plan includes API access.",
            ),
            Some(InactiveReason::OwnerRemoved) => said(
                Tone::Wait,
                "Stopped: the login it belonged to was removed.",
                "Check that it is still wanted, then switch it on.",
            ),
        };
    }
    let since = webhook.row.failing_since.map(|since| format::relative(since, now));
    match (webhook.health(), since) {
        (Health::Failing, Some(since)) => said(
            Tone::Bad,
            &format!("Nothing has arrived since the first failure {since}."),
            "Open the newest delivery below to see what came back. Failed deliveries are tried again for about three \
             days; after five days without a success the webhook is switched off.",
        ),
        (Health::Degraded, _) => said(
            Tone::Wait,
            "The last attempt failed.",
            "It is tried again. The newest delivery below tells what came back.",
        ),
        _ => None,
    }
}
