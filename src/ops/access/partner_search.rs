//! Partner search: finding partners, those opened lately, and noting whose unit was entered.

use std::collections::HashMap;

use serde_json::json;

use crate::domain::id::{BuId, UserId};
use crate::domain::search::sought;
use crate::ops::Error;
use crate::ops::authorize::find_unit;
use crate::ops::cx::{Actor, Cx};
use crate::ops::system::audit::{Entry, record};
use crate::store::access::recent_units::{self, RecentUnitRow};
use crate::store::access::{memberships, partner_search, programmes};
use crate::store::pool::Conn;
use crate::store::webhooks::webhooks;

pub use crate::store::access::partner_search::PartnerHit;

/// How many partners a search shows.
pub const MOST_HITS: usize = 20;
/// How many partners that were opened lately are offered.
const MOST_RECENT: usize = 5;

/// A partner that was found, with what is in its unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The partner and its unit.
    pub partner: PartnerHit,
    /// How many programmes the unit has.
    pub programmes: i64,
    /// How many webhooks it has.
    pub webhooks: i64,
}

/// The partners that fit `text` among those granted to the login's global partners, at most
/// [`MOST_HITS`]: the exact number first, then numbers, then names that start with it, then names that hold
/// it, whatever case and accents. An empty text fits all. Other callers find nothing.
pub fn search(cx: &Cx, text: &str) -> Result<Vec<Hit>, Error> {
    let Actor::Login(login) = &cx.actor else { return Ok(Vec::new()) };
    let text = sought(text);
    cx.read(|conn| {
        let found = partner_search::search(conn, login.user, &text, MOST_HITS)?;
        with_facts(conn, found)
    })
}

/// The partners whose units the login entered last and may still enter, the last one first. Other callers have
/// none.
pub fn recent(cx: &Cx) -> Result<Vec<Hit>, Error> {
    let Actor::Login(login) = &cx.actor else { return Ok(Vec::new()) };
    cx.read(|conn| {
        let mut open = Vec::new();
        for hit in recent_units::of_user(conn, login.user)? {
            let is_granted = memberships::standing(conn, login.user, hit.bu)?.is_some_and(|s| s.by_grant);
            if is_granted && open.len() < MOST_RECENT {
                open.push(hit);
            }
        }
        with_facts(conn, open)
    })
}

/// Notes that a login of a global partner is in a unit of another one: once in a session, with an audit row there.
pub fn enter(cx: &Cx, bu: BuId) -> Result<(), Error> {
    let Actor::Login(login) = &cx.actor else { return Ok(()) };
    let key = (login.session, bu);
    if cx.tools.known.entered.recall(&key, cx.now).is_some() {
        return Ok(());
    }
    let (user, session_id) = (login.user, login.session);
    cx.write(|conn| {
        let access = find_unit(cx, conn, bu)?;
        let is_new = access.by_grant && recent_units::session(conn, user, bu)? != Some(session_id);
        if is_new {
            let row = RecentUnitRow { user_id: user, bu_id: bu, session_id, opened_at: cx.now };
            recent_units::note(conn, &row)?;
            record(cx, conn, Some(bu), entry(access.partner, user))?;
        }
        Ok(())
    })?;
    cx.tools.known.entered.note(key, (), cx.now);
    Ok(())
}

fn entry(partner: i64, user: UserId) -> Entry {
    Entry {
        action: "unit.entered",
        target_kind: "partner",
        target_id: partner.to_string(),
        before: None,
        after: Some(json!({"login": user})),
    }
}

fn with_facts(conn: &mut Conn, found: Vec<PartnerHit>) -> Result<Vec<Hit>, Error> {
    let units: Vec<BuId> = found.iter().map(|hit| hit.bu).collect();
    let programmes: HashMap<BuId, i64> = programmes::counts(conn, &units)?.into_iter().collect();
    let webhooks: HashMap<BuId, i64> = webhooks::counts(conn, &units)?.into_iter().collect();
    let count = |of: &HashMap<BuId, i64>, bu| of.get(&bu).copied().unwrap_or(0);
    let hit = |partner: PartnerHit| Hit {
        programmes: count(&programmes, partner.bu),
        webhooks: count(&webhooks, partner.bu),
        partner,
    };
    Ok(found.into_iter().map(hit).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::partner::{PartnerKind, PartnerNumber};
    use crate::domain::access::user::Role;
    use crate::ops::access::partners::{Grant, PartnerDraft, create, grant};
    use crate::ops::testing::World;

    fn made(world: &World, name: &str, id: PartnerNumber) -> BuId {
        let draft = PartnerDraft { name: name.into(), kind: PartnerKind::Channel, id: Some(id) };
        create(&world.operator(), draft).unwrap().bu.unwrap()
    }

    #[test]
    fn a_search_finds_the_exact_number_first_and_only_what_is_granted() {
        let world = World::new();
        let exact = made(&world, "Énergie 100% Nord", 123);
        let longer = made(&world, "Nordwind", 12_345);
        let holds = made(&world, "Grüne 123 Nordsee", 777);
        made(&world, "Nordkap", 1_239);
        let global = world.partner("Global", PartnerKind::Global).partner;
        for bu in [exact, longer, holds] {
            grant(&world.operator(), global, Grant::Unit(bu)).unwrap();
        }
        let login = world.login(global, Role::Viewer);
        let found = |text: &str| {
            search(&login, text).unwrap().into_iter().map(|h| h.partner.number).collect::<Vec<_>>()
        };
        assert_eq!(found("123"), [123, 12_345, 777]);
        assert_eq!(found("NORD"), [12_345, 123, 777]);
        assert_eq!(found("energie"), [123]);
        assert_eq!(found("100%"), [123]);
        assert_eq!(found("_"), Vec::<PartnerNumber>::new());
        assert_eq!(found(""), [123, 777, 12_345]);
        let own = world.login(12_345, Role::Owner);
        assert_eq!(search(&own, "123").unwrap(), []);
    }

    #[test]
    fn a_search_among_all_partners_ranks_as_one_among_a_few() {
        let world = World::new();
        for (name, id) in [
            ("Énergie 100% Nord", 123),
            ("Nordwind", 12_345),
            ("Grüne 123 Nordsee", 777),
            ("Say \"Nord\"", 9),
        ] {
            made(&world, name, id);
        }
        let global = world.partner("Global", PartnerKind::Global).partner;
        grant(&world.operator(), global, Grant::All).unwrap();
        let login = world.login(global, Role::Viewer);
        let found = |text: &str| {
            search(&login, text).unwrap().into_iter().map(|h| h.partner.number).collect::<Vec<_>>()
        };
        assert_eq!(found("123"), [123, 12_345, 777]);
        assert_eq!(found("NORD"), [12_345, 123, 777, 9]);
        assert_eq!(found("rd"), [123, 777, 12_345, 9]);
        assert_eq!(found("\"nord\""), [9]);
        assert_eq!(found("100%"), [123]);
        assert_eq!(found("'; --"), Vec::<PartnerNumber>::new());
        assert_eq!(found(""), [123, 777, 12_345, 9]);
    }
}
