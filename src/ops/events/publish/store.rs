//! Storing a batch of events, each with everything that follows from it, in one transaction.

use std::collections::HashMap;

use super::check::{Decided, Publish, Published, SubjectRef, unknown};
use crate::domain::access::permission::Permission;
use crate::domain::events::event::envelope;
use crate::domain::id::{BuId, TokenId, UserId};
use crate::domain::time::Ts;
use crate::ops::access::tokens;
use crate::ops::events::gather::GatherTools;
use crate::ops::events::handoff::{Handed, Room};
use crate::ops::events::queue::due_moment;
use crate::ops::events::route::{self, Routes, Subject};
use crate::ops::{Error, Refusal};
use crate::store::access::{programmes, users};
use crate::store::events::events::EventRow;
use crate::store::events::idempotency_keys::{self, KeyRow};
use crate::store::events::{deliveries, events};
use crate::store::pool::Conn;

/// For how long a key answers with its first result.
pub const KEYS_LIVE: std::time::Duration = std::time::Duration::from_hours(24);

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
    let mut room = Room::of(&*tools.handoff);
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
        room: &mut Room<'_>,
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
        let (db, clock) = (&self.tools.db, &self.tools.clock);
        let lease = route::Lease { node: self.tools.node, clock, now: self.now, due: due_moment(db, clock) };
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
        let found = match &draft.subject {
            None => draft.about,
            Some(given) => match self.login(given)? {
                Some(user) => Some(user),
                None => return Ok(Err(unknown("subject").into())),
            },
        };
        let Some(user) = found else { return Ok(Ok(None)) };
        let teams = crate::store::webhooks::routes::teams_of(self.conn, user)?;
        Ok(Ok(Some(Subject { user, teams })))
    }

    /// The login of the unit that is meant.
    fn login(&mut self, given: &SubjectRef) -> Result<Option<UserId>, Error> {
        Ok(match given {
            SubjectRef::Number(number) => users::of_unit_by_number(self.conn, self.bu, *number)?,
            SubjectRef::Text(text) => match (text.parse(), text.parse::<i64>()) {
                (Ok(id), _) => users::of_unit(self.conn, self.bu, id)?,
                (_, Ok(number)) => users::of_unit_by_number(self.conn, self.bu, number)?,
                _ => None,
            },
        })
    }
}
