//! What is published, and what is checked of it before anything is stored.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::own::Own;
use crate::domain::events::event::IdempotencyKey;
use crate::domain::events::payload::SoundJson;
use crate::domain::id::{BuId, EventId, ProgrammeId, TokenId, UserId};
use crate::domain::problem::{FieldErrors, READ_ONLY_FIELD};
use crate::domain::time::Ts;
use crate::domain::webhooks::trigger::is_event_type;
use crate::ops::Error;
use crate::ops::cx::{Actor, Cx};
use crate::ops::events::gather::Answer;
use crate::ops::webhooks::catalogue::{self, Publishing};

/// How a stored event says that Bellwire itself published it.
const OWN_SOURCE: &str = "system";

/// An event as its producer sends it.
#[derive(Debug, Deserialize)]
pub struct PublishBody<'a> {
    /// The event type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The payload: a JSON object, kept byte for byte.
    #[serde(borrow)]
    pub data: &'a RawValue,
    /// The login it is about: its id or its number.
    #[serde(default)]
    pub subject: Option<SubjectRef>,
    /// The programme it happened in.
    #[serde(default)]
    pub programme: Option<String>,
    /// The producer's own id: a repeat with the same id stores nothing.
    #[serde(default)]
    pub id: Option<String>,
    /// When it happened, by the producer's clock.
    #[serde(default)]
    pub created: Option<String>,
    // What no producer sets: told apart from what nobody knows, which is ignored.
    #[serde(default)]
    bu_id: Option<IgnoredAny>,
    #[serde(default)]
    created_by: Option<IgnoredAny>,
    #[serde(default)]
    created_at: Option<IgnoredAny>,
    #[serde(default)]
    role: Option<IgnoredAny>,
    #[serde(default)]
    secret_ciphertext: Option<IgnoredAny>,
}

/// A login, as a producer names it.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum SubjectRef {
    /// By its number: `1042`.
    Number(i64),
    /// By its id or its number as text.
    Text(String),
}

/// An event that passed every check that needs no database.
#[derive(Debug)]
pub struct Publish {
    pub(super) bu: BuId,
    pub(super) event_type: String,
    pub(super) data: Box<[u8]>,
    pub(super) subject: Option<SubjectRef>,
    /// The login it is about, where that is known already.
    pub(super) about: Option<UserId>,
    pub(super) programme: Option<ProgrammeId>,
    pub(super) created: Option<Ts>,
    pub(super) source: &'static str,
    pub(super) repeat: Option<Repeat>,
    /// The token it came with: looked at again in the transaction that stores it.
    pub(super) token: Option<TokenId>,
}

impl Publish {
    /// The business unit it happens in.
    pub const fn bu(&self) -> BuId {
        self.bu
    }

    /// The event's type.
    pub fn event_type(&self) -> &str {
        &self.event_type
    }

    /// An event of Bellwire's own.
    pub fn own(own: Own) -> Self {
        let Own { bu, event_type, data, subject, programme } = own;
        Self {
            bu,
            event_type: event_type.to_owned(),
            data: data.to_string().into_bytes().into(),
            subject: None,
            about: subject,
            programme,
            created: None,
            source: OWN_SOURCE,
            repeat: None,
            token: None,
        }
    }

    /// When it happened, if its producer says.
    pub const fn created(&self) -> Option<Ts> {
        self.created
    }
}

/// How a repeat of the same request is recognised.
#[derive(Debug, Clone)]
pub(super) struct Repeat {
    pub(super) key: String,
    pub(super) digest: [u8; 32],
}

/// What a publish made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// The event.
    pub id: EventId,
    /// When it was stored, or when the first request stored it.
    pub received_at: Ts,
    /// Whether the first request with this key had stored it before.
    pub repeated: bool,
}

/// What is decided about one event of a batch: an error is its producer's.
pub type Decided = Result<Published, Error>;

/// Checks a received body and gives a publish that can be put forward. `key` is the request's
/// `Idempotency-Key`, which goes before the event's own id. Blocks when a type added at run time is looked up.
pub fn check(cx: &Cx, bu: BuId, body: SoundJson<'_>, key: Option<&str>) -> Result<Publish, Error> {
    checked(cx, bu, body, |own| {
        let own = own_id(own)?;
        match key {
            Some(key) => IdempotencyKey::parse(key).map(|key| Some(format!("key:{}", key.as_str()))),
            None => Ok(own),
        }
    })
}

/// The same for the event at place `at` of a batch. One without an id of its own is known by its place in
/// the request with this `Idempotency-Key`.
pub fn check_in_batch(
    cx: &Cx,
    bu: BuId,
    body: SoundJson<'_>,
    key: Option<&str>,
    at: usize,
) -> Result<Publish, Error> {
    checked(cx, bu, body, |own| match (own, key) {
        (None, Some(key)) => Ok(Some(format!("batch:{at}:{key}"))),
        (own, _) => own_id(own),
    })
}

fn own_id(id: Option<&str>) -> Result<Option<String>, FieldErrors> {
    let Some(id) = id else { return Ok(None) };
    let key = IdempotencyKey::parse(id).map_err(|_| {
        FieldErrors::one("id", "own_id", "Use 1 to 255 visible ASCII characters as the event's own id.")
    })?;
    Ok(Some(format!("id:{}", key.as_str())))
}

fn checked(
    cx: &Cx,
    bu: BuId,
    body: SoundJson<'_>,
    known_by: impl FnOnce(Option<&str>) -> Result<Option<String>, FieldErrors>,
) -> Result<Publish, Error> {
    let bytes = body.bytes();
    let body: PublishBody<'_> = serde_json::from_slice(bytes).map_err(|_| misshapen(bytes))?;
    refuse_read_only(&body)?;
    let mut errors = FieldErrors::default();
    if !body.data.get().starts_with('{') {
        errors.push("data", "not_an_object", "data must be a JSON object.");
    }
    if !is_event_type(&body.event_type) {
        errors.push("type", "unknown_event_type", "This event type is not in the catalogue.");
    }
    let created = body.created.as_deref().map(|text| {
        errors.keep(Ts::parse(text).ok_or_else(|| {
            FieldErrors::one(
                "created",
                "not_a_time",
                "Use ISO 8601 with a zone, such as 2026-01-31T09:15:30Z.",
            )
        }))
    });
    let programme =
        body.programme.as_deref().map(|text| errors.keep(text.parse().map_err(|_| unknown("programme"))));
    let key = errors.keep(known_by(body.id.as_deref())).flatten();
    errors.or(())?;
    match catalogue::publishing(cx, bu, &body.event_type)? {
        Publishing::Free => {}
        Publishing::Checked(validator) => {
            let data = serde_json::from_str(body.data.get()).map_err(|e| Error::Internal(e.to_string()))?;
            validator.check(&data)?;
        }
    }
    Ok(Publish {
        bu,
        event_type: body.event_type,
        data: body.data.get().as_bytes().into(),
        subject: body.subject,
        about: None,
        programme: programme.flatten(),
        created: created.flatten(),
        source: "api",
        repeat: key.map(|key| Repeat { key, digest: Sha256::digest(bytes).into() }),
        token: match &cx.actor {
            Actor::Token(token) => Some(token.token),
            Actor::Login(_) | Actor::Operator | Actor::System => None,
        },
    })
}

fn refuse_read_only(body: &PublishBody<'_>) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    for (name, given) in [
        ("bu_id", body.bu_id),
        ("created_by", body.created_by),
        ("created_at", body.created_at),
        ("role", body.role),
        ("secret_ciphertext", body.secret_ciphertext),
    ] {
        if given.is_some() {
            errors.push(name, READ_ONLY_FIELD, "This field cannot be set. Leave it out.");
        }
    }
    errors.or(())
}

/// Publishes: answers after the event and all its deliveries are stored for good.
pub async fn publish(cx: &Cx, draft: Publish) -> Result<Published, Error> {
    answered(cx, cx.tools.gatherer.publish(draft)).await
}

/// Publishes several events, in their order: they share as few commits as they can, and each is answered for
/// itself. What is `None` stays so.
pub async fn publish_all(cx: &Cx, drafts: Vec<Option<Publish>>) -> Vec<Option<Decided>> {
    let put = |draft: Publish| cx.tools.gatherer.publish(draft);
    let waiting: Vec<Option<Answer>> = drafts.into_iter().map(|draft| draft.map(put)).collect();
    let mut decided = Vec::with_capacity(waiting.len());
    for answer in waiting {
        decided.push(match answer {
            Some(answer) => Some(answered(cx, answer).await),
            None => None,
        });
    }
    decided
}

async fn answered(cx: &Cx, answer: Answer) -> Decided {
    let answer = answer.await.unwrap_or_else(|_| Err(Error::Unavailable("the process is stopping".into())));
    if let (Err(Error::Forbidden(_)), Actor::Token(token)) = (&answer, &cx.actor) {
        cx.tools.known.tokens.forget(|_, known| known.token == token.token);
    }
    answer
}

/// A reference that leads nowhere in the unit.
pub(super) fn unknown(field: &'static str) -> FieldErrors {
    FieldErrors::one(field, "unknown_reference", "Nothing in this business unit has this id.")
}

/// What is wrong with sound JSON that is no event, field by field.
fn misshapen(bytes: &[u8]) -> FieldErrors {
    let Ok(Value::Object(fields)) = serde_json::from_slice(bytes) else {
        return FieldErrors::one("body", "wrong_type", "Send a JSON object.");
    };
    let mut errors = FieldErrors::default();
    for name in ["type", "data"] {
        if !fields.contains_key(name) {
            errors.push(name, "required", "This field is required.");
        }
    }
    if fields.get("type").is_some_and(|value| !value.is_string()) {
        errors.push("type", "wrong_type", "Send a text.");
    }
    if fields.get("subject").is_some_and(|value| !(value.is_null() || value.is_string() || value.is_i64())) {
        errors.push("subject", "wrong_type", "Send the id or the number of a login.");
    }
    for name in ["programme", "id", "created"] {
        if fields.get(name).is_some_and(|value| !(value.is_null() || value.is_string())) {
            errors.push(name, "wrong_type", "Send a text.");
        }
    }
    if errors.is_empty() {
        errors.push("body", "wrong_type", "Send an object with the text `type` and the object `data`.");
    }
    errors
}
