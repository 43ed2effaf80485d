//! REST hooks: a tool subscribes an address of its own to one event type, and unsubscribes it by id.

use crate::domain::id::{BuId, WebhookId};
use crate::domain::problem::FieldErrors;
use crate::domain::webhooks::catalogue;
use crate::domain::webhooks::draft::{EndpointDraft, FieldName, TriggerDraft, WebhookDraft};
use crate::ops::Error;
use crate::ops::cx::Cx;
use crate::ops::webhooks::create::{self, Created};
use crate::ops::webhooks::remove;

/// A subscription as a tool asks for it.
#[derive(Debug)]
pub struct HookDraft {
    /// Where to send.
    pub target_url: String,
    /// What to send.
    pub event: String,
}

/// Subscribes: an ordinary webhook of `bu` with one endpoint and one trigger. Fields: `target_url` with the
/// codes of addresses, `event` (`required`, `unknown_event_type`, `partner_only`).
pub fn subscribe(cx: &Cx, bu: BuId, draft: HookDraft) -> Result<Created, Error> {
    if catalogue::find(&draft.event).is_some_and(|found| found.partner_only) {
        let text = "This event type is not offered through the API. Choose another.";
        return Err(Error::field("event", "partner_only", text));
    }
    let draft = WebhookDraft {
        description: "Subscribed as a REST hook by the tool that receives it.".to_owned(),
        endpoints: vec![EndpointDraft {
            field: FieldName::InShort,
            url: draft.target_url,
            ..EndpointDraft::default()
        }],
        triggers: vec![TriggerDraft {
            field: FieldName::InShort,
            event: draft.event,
            ..TriggerDraft::default()
        }],
        ..WebhookDraft::default()
    };
    create::make(cx, bu, cx.id(), draft, true).map_err(|error| match error {
        Error::Invalid(errors) => Error::Invalid(as_asked(errors)),
        other => other,
    })
}

/// Deletes a webhook of `bu` that was made by [`subscribe`]; any other is not found here.
pub fn unsubscribe(cx: &Cx, bu: BuId, id: WebhookId) -> Result<(), Error> {
    remove::remove_one(cx, bu, id, |row| row.rest_hook).map(drop)
}

/// The errors under the names that the tool used.
fn as_asked(errors: FieldErrors) -> FieldErrors {
    let mut renamed = FieldErrors::default();
    for error in errors {
        let field = match error.field.as_ref() {
            "url" => "target_url".into(),
            name if name.starts_with("events") => "event".into(),
            _ => error.field,
        };
        renamed.push(field, error.code, error.message);
    }
    renamed
}
