//! Finding something of a business unit by a few letters: webhooks by name, address and id, events by id and type,
//! logins by name, e-mail address and number, teams by name.

use std::collections::BTreeMap;

use crate::domain::access::permission::Permission;
use crate::domain::id::{BuId, EventId, TeamId, WebhookId};
use crate::domain::search::{folded, sought};
use crate::domain::time::Ts;
use crate::ops::Error;
use crate::ops::access::teams::{self, TeamQuery, TeamView};
use crate::ops::access::users::{self, PeopleQuery};
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::ops::events::log::{self, LogQuery};
use crate::store::access::people::PersonRow;
use crate::store::events::events;
use crate::store::pool::Conn;
use crate::store::webhooks::endpoints;
use crate::store::webhooks::webhooks::{self, WebhookPart, WebhookRow};

/// How many of a kind are found at the most.
const MOST: usize = 6;
/// How many events are found by their type at the most.
const MOST_OF_TYPE: usize = 3;
/// How many of the latest events are looked at for their type.
const LATEST: i64 = 200;
/// How many characters of an id without `evt_` are enough to look for it.
const LEAST_OF_ID: usize = 6;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Webhooks, newest first.
    pub webhooks: Vec<WebhookHit>,
    /// Events, newest first.
    pub events: Vec<EventHit>,
    /// Logins of the unit's partner, highest number first.
    pub logins: Vec<LoginHit>,
    /// Teams, newest first.
    pub teams: Vec<TeamHit>,
}

/// A webhook that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookHit {
    /// Its id.
    pub id: WebhookId,
    /// Its name.
    pub name: String,
    /// The address that fits, where the name does not.
    pub url: Option<String>,
}

/// An event that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventHit {
    /// Its id.
    pub id: EventId,
    /// Its type.
    pub event_type: String,
    /// When it was stored.
    pub at: Ts,
}

/// A login that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginHit {
    /// The number by which people know it.
    pub number: i64,
    /// The person's name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
}

/// A team that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamHit {
    /// Its id.
    pub id: TeamId,
    /// Its name.
    pub name: String,
    /// How many logins are in it.
    pub members: i64,
}

/// What `text` fits in `bu`: a part of a webhook's name, address or id, whatever case and accents; the beginning
/// of an event's id, or a part of the type of one of the latest; a part of a login's name or e-mail address, or its
/// number; a part of a team's name. Nothing for an empty text.
pub fn search(cx: &Cx, bu: BuId, text: &str) -> Result<Found, Error> {
    let text = sought(text);
    if text.is_empty() {
        return Ok(Found::default());
    }
    let webhooks = cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksRead)?;
        fitting(conn, bu, &text)
    })?;
    let mut events = by_id(cx, bu, &text)?;
    if events.is_empty() {
        events = cx.read(|conn| {
            authorize(cx, conn, bu, Permission::EventsRead)?;
            by_type(conn, bu, &text)
        })?;
    }
    Ok(Found { webhooks, events, logins: logins(cx, bu, &text)?, teams: named_teams(cx, bu, &text)? })
}

fn logins(cx: &Cx, bu: BuId, text: &str) -> Result<Vec<LoginHit>, Error> {
    let query = PeopleQuery { text: text.to_owned(), below: None, limit: MOST };
    let found = users::page(cx, bu, &query)?.page.rows.into_iter().map(|person| person.row);
    let hit = |row: PersonRow| LoginHit { number: row.number, name: row.name, email: row.email };
    Ok(found.map(hit).collect())
}

fn named_teams(cx: &Cx, bu: BuId, text: &str) -> Result<Vec<TeamHit>, Error> {
    let query = TeamQuery { text: text.to_owned(), after: None, limit: MOST };
    let found = teams::page(cx, bu, &query)?.page.rows;
    let hit = |team: TeamView| TeamHit { id: team.row.id, name: team.row.name, members: team.members };
    Ok(found.into_iter().map(hit).collect())
}

/// The newest webhooks that fit, by their name or id or else by an address.
fn fitting(conn: &mut Conn, bu: BuId, text: &str) -> Result<Vec<WebhookHit>, Error> {
    let part = WebhookPart { text: Some(text.to_owned()), ..WebhookPart::default() };
    let rows = webhooks::part(conn, bu, &part, i64::try_from(MOST).unwrap_or(i64::MAX))?;
    let ids: Vec<WebhookId> = rows.iter().map(|row| row.id).collect();
    let mut urls: BTreeMap<WebhookId, String> = endpoints::of_webhooks(conn, bu, &ids)?
        .into_iter()
        .rev()
        .filter(|endpoint| folded(&endpoint.url).contains(text))
        .map(|endpoint| (endpoint.webhook_id, endpoint.url))
        .collect();
    let by_name = |row: &WebhookRow| row.id.as_str().contains(text) || folded(&row.name).contains(text);
    let hit = |row: WebhookRow| WebhookHit {
        url: if by_name(&row) { None } else { urls.remove(&row.id) },
        id: row.id,
        name: row.name,
    };
    Ok(rows.into_iter().map(hit).collect())
}

fn by_id(cx: &Cx, bu: BuId, text: &str) -> Result<Vec<EventHit>, Error> {
    if !text.starts_with("evt_") && text.len() < LEAST_OF_ID {
        return Ok(Vec::new());
    }
    let query = LogQuery { id: Some(text.to_owned()), limit: MOST, ..LogQuery::default() };
    let lines = log::log(cx, bu, &query)?.lines;
    Ok(lines
        .into_iter()
        .map(|line| EventHit { id: line.event, event_type: line.event_type, at: line.at })
        .collect())
}

fn by_type(conn: &mut Conn, bu: BuId, text: &str) -> Result<Vec<EventHit>, Error> {
    let end = events::last_place(conn, bu)?.saturating_add(1);
    let heads = events::heads(conn, bu, end, LATEST)?;
    let fit = heads.into_iter().filter(|head| head.event_type.contains(text)).take(MOST_OF_TYPE);
    Ok(fit.map(|head| EventHit { id: head.id, event_type: head.event_type, at: head.received_at }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::user::Role;
    use crate::ops::testing::World;

    #[test]
    fn nothing_typed_finds_nothing_and_nothing_of_another_unit_is_found() {
        let world = World::new();
        let (ours, theirs) = (world.channel("Ours"), world.channel("Theirs"));
        let login = world.login(ours.partner, Role::Viewer);
        let bu = ours.bu.unwrap();
        for nothing in ["", "  ", "\0", "desk", "evt_", "evt_zzz", "%"] {
            assert_eq!(search(&login, bu, nothing).unwrap(), Found::default(), "{nothing}");
        }
        assert!(crate::ops::testing::is_not_found(&search(&login, theirs.bu.unwrap(), "desk")));
    }
}
