//! Teams as the Teams page and the page of one team show them.

use std::collections::HashMap;

use crate::domain::access::permission::Permission;
use crate::domain::id::{BuId, TeamId};
use crate::domain::page::Page;
use crate::domain::search::{folded, sought};
use crate::ops::Error;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::store::access::people::{self, PersonRow};
use crate::store::access::teams::{self, TeamRow};
use crate::store::webhooks::owners::{self, Named};

/// Which teams a page shows.
#[derive(Debug, Clone, Default)]
pub struct TeamQuery {
    /// A part of the name, whatever case and accents; empty for all.
    pub text: String,
    /// Only those made before this one.
    pub after: Option<TeamId>,
    /// How many stand on a page.
    pub limit: usize,
}

/// A team with how much hangs on it.
#[derive(Debug, Clone)]
pub struct TeamView {
    /// The team.
    pub row: TeamRow,
    /// How many logins are in it.
    pub members: i64,
    /// How many webhooks are limited to it.
    pub webhooks: i64,
}

/// A page of the list.
#[derive(Debug, Clone)]
pub struct TeamPage {
    /// The teams, newest first.
    pub page: Page<TeamView>,
    /// How many there are in all.
    pub total: usize,
}

/// One team with everybody in it.
#[derive(Debug, Clone)]
pub struct MemberView {
    /// The team.
    pub row: TeamRow,
    /// Who is in it, lowest number first.
    pub members: Vec<PersonRow>,
    /// Who of the partner is not.
    pub others: Vec<PersonRow>,
    /// The webhooks that are limited to it.
    pub webhooks: Vec<Named>,
}

/// A page of the teams of `bu`. A unit has dozens of them.
pub fn page(cx: &Cx, bu: BuId, query: &TeamQuery) -> Result<TeamPage, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksRead)?;
        let text = sought(&query.text);
        let mut rows = teams::list(conn, bu)?;
        let total = rows.len();
        rows.retain(|row| {
            query.after.is_none_or(|after| row.id < after) && folded(&row.name).contains(&text)
        });
        rows.reverse();
        let page = Page::cut(rows, query.limit);
        let ids: Vec<TeamId> = page.rows.iter().map(|row| row.id).collect();
        let sizes: HashMap<TeamId, i64> = teams::sizes(conn, bu, &ids)?.into_iter().collect();
        let mut limited: HashMap<TeamId, i64> = HashMap::new();
        for team in owners::teams_of_all(conn, bu, &ids)?.into_iter().flatten() {
            *limited.entry(team).or_default() += 1;
        }
        let view = |row: TeamRow| TeamView {
            members: sizes.get(&row.id).copied().unwrap_or_default(),
            webhooks: limited.get(&row.id).copied().unwrap_or_default(),
            row,
        };
        Ok(TeamPage { page: page.map(view), total })
    })
}

/// One team of `bu` with everybody in it.
pub fn whole(cx: &Cx, bu: BuId, id: TeamId) -> Result<MemberView, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksRead)?;
        let row = teams::find(conn, bu, id)?.ok_or(Error::NotFound)?;
        let inside = teams::members(conn, bu, id)?;
        let mut all = people::list(conn, bu, None, i64::MAX)?;
        all.reverse();
        let (members, others) = all.into_iter().partition(|person| inside.contains(&person.id));
        Ok(MemberView { row, members, others, webhooks: owners::of_team(conn, bu, id)? })
    })
}
