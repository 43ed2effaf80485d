//! Publishing: an event and everything that follows from it, stored in one transaction.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::domain::access::permission::Permission;
use crate::domain::events::event::{IdempotencyKey, envelope};
use crate::domain::events::payload::SoundJson;
use crate::domain::id::{BuId, EventId, ProgrammeId, TokenId};
use crate::domain::problem::FieldErrors;
use crate::domain::time::Ts;
use crate::domain::webhooks::trigger::is_event_type;
use crate::ops::access::tokens;
use crate::ops::cx::{Actor, Cx};
use crate::ops::events::gather::GatherTools;
use crate::ops::events::handoff::Handed;
use crate::ops::events::route::{self, Routes, Subject};
use crate::ops::webhooks::catalogue::{self, Publishing};
use crate::ops::{Error, Refusal};
use crate::store::access::{programmes, users};
use crate::store::events::events::EventRow;
use crate::store::events::idempotency_keys::{self, KeyRow};
use crate::store::events::{deliveries, events};
use crate::store::pool::Conn;

/// For how long a key answers with its first result.
pub const KEYS_LIVE: std::time::Duration = std::time::Duration::from_hours(24);

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
    bu: BuId,
    event_type: String,
    data: Box<[u8]>,
    subject: Option<SubjectRef>,
    programme: Option<ProgrammeId>,
    created: Option<Ts>,
    source: &'static str,
    repeat: Option<Repeat>,
    /// The token it came with: looked at again in the transaction that stores it.
    token: Option<TokenId>,
}

impl Publish {
    /// The event's type.
    pub fn event_type(&self) -> &str {
        &self.event_type
    }

    /// When it happened, if its producer says.
    pub const fn created(&self) -> Option<Ts> {
        self.created
    }
}

/// How a repeat of the same request is recognised.
#[derive(Debug, Clone)]
struct Repeat {
    key: String,
    digest: [u8; 32],
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
/// `Idempotency-Key`. Blocks when a type added at run time is looked up.
pub fn check(cx: &Cx, bu: BuId, body: SoundJson<'_>, key: Option<&str>) -> Result<Publish, Error> {
    let bytes = body.bytes();
    let body: PublishBody<'_> = serde_json::from_slice(bytes).map_err(|e| misshapen(&e))?;
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
    let key = match (key, body.id.as_deref()) {
        (Some(key), _) => errors.keep(IdempotencyKey::parse(key)).map(|k| format!("key:{}", k.as_str())),
        (None, Some(id)) => errors
            .keep(IdempotencyKey::parse(id).map_err(|_| {
                FieldErrors::one(
                    "id",
                    "own_id",
                    "Use 1 to 255 visible ASCII characters as the event's own id.",
                )
            }))
            .map(|k| format!("id:{}", k.as_str())),
        (None, None) => None,
    };
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

/// An event that Bellwire sends of itself, such as a test. `data` must be a JSON object.
pub fn own(bu: BuId, event_type: &str, data: &serde_json::Value, source: &'static str) -> Publish {
    Publish {
        bu,
        event_type: event_type.to_owned(),
        data: data.to_string().into_bytes().into(),
        subject: None,
        programme: None,
        created: None,
        source,
        repeat: None,
        token: None,
    }
}

/// Publishes: answers after the event and all its deliveries are stored for good.
pub async fn publish(cx: &Cx, draft: Publish) -> Result<Published, Error> {
    let tools = &cx.tools;
    let answer = tools.gatherer.publish(draft).await;
    let answer = answer.unwrap_or_else(|_| Err(Error::Unavailable("the process is stopping".into())));
    if let (Err(Error::Forbidden(_)), Actor::Token(token)) = (&answer, &cx.actor) {
        tools.known.tokens.forget(|_, known| known.token == token.token);
    }
    answer
}

/// Stores a batch of events with their deliveries. Deliveries that this node will send at once are
/// leased to it and put into `handed`.
pub fn store(
    tools: &GatherTools,
    conn: &mut Conn,
    drafts: &[Publish],
    handed: &mut Vec<Handed>,
) -> Result<Vec<Decided>, Error> {
    if drafts.is_empty() {
        return Ok(Vec::new());
    }
    let now = tools.clock.now();
    let mut answers: Vec<Option<Decided>> = drafts.iter().map(|_| None).collect();
    let mut by_unit: HashMap<BuId, Vec<usize>> = HashMap::new();
    let mut callers: HashMap<TokenId, Result<(), Refusal>> = HashMap::new();
    for ((at, draft), answer) in drafts.iter().enumerate().zip(&mut answers) {
        match caller(conn, draft, now, &mut callers)? {
            Ok(()) => by_unit.entry(draft.bu).or_default().push(at),
            Err(refusal) => *answer = Some(Err(Error::Forbidden(refusal))),
        }
    }
    // Units in one order everywhere, so that two nodes never wait for each other in a circle.
    let mut units: Vec<_> = by_unit.into_iter().collect();
    units.sort_unstable_by_key(|(bu, _)| *bu);
    let mut room = tools.handoff.room();
    for (bu, places) in units {
        let mut unit = Unit {
            tools,
            conn,
            bu,
            now,
            routes: Routes::default(),
            events: Vec::new(),
            keys: HashMap::new(),
        };
        for (at, answer) in unit.store(drafts, &places, &mut room, handed)? {
            if let Some(slot) = answers.get_mut(at) {
                *slot = Some(answer);
            }
        }
    }
    Ok(answers
        .into_iter()
        .map(|answer| answer.unwrap_or_else(|| Err(Error::Internal("an event was passed over".into()))))
        .collect())
}

/// Whether who publishes still may, asked once for each token of a batch.
fn caller(
    conn: &mut Conn,
    draft: &Publish,
    now: Ts,
    known: &mut HashMap<TokenId, Result<(), Refusal>>,
) -> Result<Result<(), Refusal>, Error> {
    let Some(token) = draft.token else { return Ok(Ok(())) };
    if let Some(answer) = known.get(&token) {
        return Ok(*answer);
    }
    let answer = match tokens::still(conn, token, Permission::EventsWrite, now) {
        Ok(()) => Ok(()),
        Err(Error::Forbidden(refusal)) => Err(refusal),
        Err(other) => return Err(other),
    };
    known.insert(token, answer);
    Ok(answer)
}

/// The events of one business unit in a batch.
struct Unit<'a> {
    tools: &'a GatherTools,
    conn: &'a mut Conn,
    bu: BuId,
    now: Ts,
    routes: Routes,
    events: Vec<EventRow>,
    keys: HashMap<String, KeyRow>,
}

impl Unit<'_> {
    fn store(
        &mut self,
        drafts: &[Publish],
        places: &[usize],
        room: &mut usize,
        handed: &mut Vec<Handed>,
    ) -> Result<Vec<(usize, Decided)>, Error> {
        let mine: Vec<(usize, &Publish)> =
            places.iter().filter_map(|at| Some((*at, drafts.get(*at)?))).collect();
        let used = self.used_keys(&mine)?;
        let mut answers = Vec::with_capacity(mine.len());
        for (at, draft) in mine {
            answers.push((at, self.one(draft, &used)?));
        }
        if self.events.is_empty() {
            return Ok(answers);
        }
        let count = i64::try_from(self.events.len()).unwrap_or(i64::MAX);
        let last = events::take_places(self.conn, self.bu, count)?;
        for (event, seq) in self.events.iter_mut().zip(last - count + 1..) {
            event.seq = seq;
        }
        let lease = route::Lease { node: self.tools.node, clock: &self.tools.clock, now: self.now };
        let rows = self.routes.deliveries(&self.events, lease, room, handed);
        events::insert(self.conn, &self.events)?;
        let keys: Vec<KeyRow> = self.keys.drain().map(|(_, row)| row).collect();
        idempotency_keys::insert(self.conn, &keys)?;
        deliveries::insert(self.conn, &rows)?;
        Ok(answers)
    }

    fn used_keys(&mut self, mine: &[(usize, &Publish)]) -> Result<HashMap<String, KeyRow>, Error> {
        let keys: Vec<&str> =
            mine.iter().filter_map(|(_, d)| d.repeat.as_ref()).map(|r| r.key.as_str()).collect();
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        // Taking no place holds the unit's order all the same: no other node can use a key of this unit
        // between this look and the commit.
        events::take_places(self.conn, self.bu, 0)?;
        let rows = idempotency_keys::used(self.conn, self.bu, &keys, self.now - KEYS_LIVE)?;
        Ok(rows.into_iter().map(|row| (row.key.clone(), row)).collect())
    }

    /// Decides one event: an error here is the producer's and leaves the others of the batch alone.
    fn one(&mut self, draft: &Publish, used: &HashMap<String, KeyRow>) -> Result<Decided, Error> {
        if let Some(repeat) = &draft.repeat {
            let in_batch = self.keys.get(&repeat.key);
            if let Some(first) = used.get(&repeat.key).or(in_batch) {
                return Ok(if first.digest == repeat.digest {
                    Ok(Published { id: first.event_id, received_at: first.created_at, repeated: true })
                } else {
                    Err(Error::conflict(
                        "idempotency_key_reused",
                        "This key was used within the last 24 hours with another body.",
                    ))
                });
            }
        }
        let subject = match self.subject(draft)? {
            Ok(subject) => subject,
            Err(error) => return Ok(Err(error)),
        };
        if let Some(programme) = draft.programme
            && programmes::find(self.conn, self.bu, programme)?.is_none()
        {
            return Ok(Err(unknown("programme").into()));
        }
        self.routes.load(self.conn, self.bu, &draft.event_type)?;
        let id = self.tools.clock.id();
        let body = envelope(id, &draft.event_type, draft.created.unwrap_or(self.now), &draft.data);
        self.routes.about(id, subject.as_ref());
        self.events.push(EventRow {
            id,
            bu_id: self.bu,
            seq: 0,
            event_type: draft.event_type.clone(),
            subject: subject.map(|s| s.user),
            programme_id: draft.programme,
            source: draft.source.to_owned(),
            created_at: draft.created.unwrap_or(self.now),
            received_at: self.now,
            data_at: i32::try_from(body.data_at).unwrap_or(i32::MAX),
            body: body.bytes,
        });
        if let Some(repeat) = &draft.repeat {
            let row = KeyRow {
                bu_id: self.bu,
                key: repeat.key.clone(),
                digest: repeat.digest.to_vec(),
                event_id: id,
                created_at: self.now,
            };
            self.keys.insert(repeat.key.clone(), row);
        }
        Ok(Ok(Published { id, received_at: self.now, repeated: false }))
    }

    fn subject(&mut self, draft: &Publish) -> Result<Result<Option<Subject>, Error>, Error> {
        let Some(given) = &draft.subject else { return Ok(Ok(None)) };
        let found = match given {
            SubjectRef::Number(number) => users::of_unit_by_number(self.conn, self.bu, *number)?,
            SubjectRef::Text(text) => match (text.parse(), text.parse::<i64>()) {
                (Ok(id), _) => users::of_unit(self.conn, self.bu, id)?,
                (_, Ok(number)) => users::of_unit_by_number(self.conn, self.bu, number)?,
                _ => None,
            },
        };
        let Some(user) = found else { return Ok(Err(unknown("subject").into())) };
        let teams = crate::store::webhooks::routes::teams_of(self.conn, user)?;
        Ok(Ok(Some(Subject { user, teams })))
    }
}

fn unknown(field: &'static str) -> FieldErrors {
    FieldErrors::one(field, "unknown_reference", "Nothing in this business unit has this id.")
}

/// What `serde_json` says of a document that is sound JSON but not an event: it never repeats values.
fn misshapen(error: &serde_json::Error) -> Error {
    let text = error.to_string();
    let field = ["type", "data", "subject", "programme", "id", "created"]
        .into_iter()
        .find(|name| text.contains(&format!("`{name}`")));
    match field {
        Some(name) if text.starts_with("missing field") => {
            Error::field(name, "required", "This field is required.")
        }
        _ => Error::field(
            field.unwrap_or("body"),
            "wrong_type",
            "Send an object with the text `type` and the object `data`; subject, programme, id and created are texts.",
        ),
    }
}
