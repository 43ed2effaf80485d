//! The list of teams.

use actix_web::HttpResponse;
use askama::Template;

use crate::domain::id::TeamId;
use crate::domain::time::Ts;
use crate::ops::access::teams::{self, TeamQuery, TeamView};
use crate::web::fault::Fault;
use crate::web::form::Fields;
use crate::web::format::{self, Moment};
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::Pager;
use crate::web::routes;
use crate::web::shell::{Place, Shell};

/// How many teams stand on a page.
const ON_A_PAGE: usize = 25;

/// The page `/bu/{bu}/admin/teams`; its table for htmx.
#[derive(Debug, Template)]
#[template(path = "access/teams/list.html", blocks = ["rows"])]
pub struct TeamList {
    /// The frame.
    pub shell: Shell,
    /// The address of this list without a search.
    pub href: String,
    /// Where Create team leads, for who may.
    pub create: Option<String>,
    /// The login's role, when it may change none.
    pub reads_as: Option<&'static str>,
    /// What is searched for.
    pub q: String,
    /// Whether the business unit has no team at all.
    pub none_made: bool,
    /// The rows of this page.
    pub rows: Vec<Row>,
    /// Where the list goes on.
    pub pager: Pager,
}

/// One team.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its whole id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its page.
    pub href: String,
    /// How many logins are in it.
    pub members: String,
    /// How many webhooks are limited to it.
    pub webhooks: String,
    /// When it was made.
    pub created: Moment,
    /// Where it is renamed and deleted, for who may.
    pub menu: Option<Menu>,
}

/// What can be done with a team or programme.
#[derive(Debug, Clone)]
pub struct Menu {
    /// Unique in the page.
    pub id: String,
    /// Where it is renamed.
    pub rename: String,
    /// Where it is deleted.
    pub delete: String,
}

impl Page for TeamList {
    fn fragment(&self) -> askama::Result<String> {
        self.as_rows().render()
    }
}

/// The list, searched as its address says.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let page = TeamList::load(&here, &here.query()).await?;
    Ok(here.answer(&page))
}

impl TeamList {
    async fn load(here: &Here, asked: &Fields) -> Result<Self, Fault> {
        let q = asked.text("q").to_owned();
        let after = asked.text("after").parse::<TeamId>().ok();
        let query = TeamQuery { text: q.clone(), after, limit: ON_A_PAGE };
        let (found, now) = here.run(move |cx, bu| Ok((teams::page(cx, bu, &query)?, cx.now))).await?;
        let href = routes::teams(here.bu());
        let total = format::count(found.total as u64, "team", "teams");
        let last = found.page.rows.last().filter(|_| found.page.more);
        let at = |after: &str| routes::with_query(&href, &[("q", q.as_str()), ("after", after)]);
        let summary = match q.trim() {
            "" => total,
            _ => format!("Showing {} of {total}", found.page.rows.len()),
        };
        Ok(Self {
            shell: here.shell("Teams", Place::Teams),
            create: here.is_admin().then(|| routes::team_new(here.bu())),
            reads_as: (!here.is_admin()).then(|| here.role()),
            none_made: found.total == 0,
            rows: found.page.rows.iter().map(|team| Row::of(here, team, now)).collect(),
            pager: Pager {
                summary,
                newer: after.map(|_| at("")),
                older: last.map(|team| at(team.row.id.as_str())),
            },
            href,
            q,
        })
    }
}

impl Row {
    fn of(here: &Here, team: &TeamView, now: Ts) -> Self {
        let (row, bu) = (&team.row, here.bu());
        let number = |n: i64| format::thousands(u64::try_from(n).unwrap_or(0));
        Self {
            id: row.id.to_string(),
            name: row.name.clone(),
            href: routes::team(bu, row.id),
            members: number(team.members),
            webhooks: number(team.webhooks),
            created: Moment { word: format::day(row.created_at, now), ..Moment::full(row.created_at) },
            menu: here.is_admin().then(|| Menu {
                id: format!("menu-{}", row.id),
                rename: routes::team_edit(bu, row.id),
                delete: routes::team_delete(bu, row.id),
            }),
        }
    }
}
