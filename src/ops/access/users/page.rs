//! The logins of a unit's partner as the Users page shows them.

use std::collections::HashMap;

use crate::domain::access::permission::Permission;
use crate::domain::id::{BuId, UserId};
use crate::domain::page::Page;
use crate::domain::search::{folded, sought};
use crate::ops::Error;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::store::access::people::{self, PersonRow};
use crate::store::access::teams;
use crate::store::pool::Conn;

/// Which logins a page shows.
#[derive(Debug, Clone, Default)]
pub struct PeopleQuery {
    /// A part of the name or the e-mail address, whatever case and accents, or the number; empty for all.
    pub text: String,
    /// Only those with a lower number.
    pub below: Option<i64>,
    /// How many stand on a page.
    pub limit: usize,
}

/// A login with the names of its teams here.
#[derive(Debug, Clone)]
pub struct PersonView {
    /// The login.
    pub row: PersonRow,
    /// Its teams in the unit, by name.
    pub teams: Vec<String>,
}

/// A page of the list.
#[derive(Debug, Clone)]
pub struct PeoplePage {
    /// The logins, highest number first.
    pub page: Page<PersonView>,
    /// How many there are in all.
    pub total: i64,
}

/// A page of the logins of the partner of `bu`.
pub fn page(cx: &Cx, bu: BuId, query: &PeopleQuery) -> Result<PeoplePage, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksRead)?;
        let text = sought(&query.text);
        let most = i64::try_from(query.limit).unwrap_or(i64::MAX).saturating_add(1);
        let rows = if text.is_empty() {
            people::list(conn, bu, query.below, most)?
        } else {
            // A partner has hundreds of logins, and the databases know nothing of accents.
            let mut rows = people::list(conn, bu, query.below, i64::MAX)?;
            rows.retain(|row| fits(row, &text));
            rows
        };
        let page = Page::cut(rows, query.limit);
        let total = people::count(conn, bu)?;
        Ok(PeoplePage { page: Page { more: page.more, rows: views(conn, bu, page.rows)? }, total })
    })
}

fn fits(row: &PersonRow, text: &str) -> bool {
    folded(&row.name).contains(text)
        || row.email.contains(text)
        || row.number.to_string() == text
        || row.id.as_str() == text
}

fn views(conn: &mut Conn, bu: BuId, rows: Vec<PersonRow>) -> Result<Vec<PersonView>, Error> {
    let ids: Vec<UserId> = rows.iter().map(|row| row.id).collect();
    let mut names: HashMap<UserId, Vec<String>> = HashMap::new();
    for (user, team) in teams::names_by_member(conn, bu, &ids)? {
        names.entry(user).or_default().push(team);
    }
    let view = |row: PersonRow| PersonView { teams: names.remove(&row.id).unwrap_or_default(), row };
    Ok(rows.into_iter().map(view).collect())
}

/// One login of the partner of `bu`.
pub fn person(cx: &Cx, bu: BuId, id: UserId) -> Result<PersonRow, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksRead)?;
        people::find(conn, bu, id)?.ok_or(Error::NotFound)
    })
}
