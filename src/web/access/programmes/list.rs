//! The list of programmes.

use actix_web::HttpResponse;
use askama::Template;

use crate::domain::id::ProgrammeId;
use crate::domain::time::Ts;
use crate::ops::access::programmes::{self, ProgrammeQuery, ProgrammeView};
use crate::web::access::teams::list::Menu;
use crate::web::fault::Fault;
use crate::web::form::Fields;
use crate::web::format::{self, Moment};
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::Pager;
use crate::web::routes;
use crate::web::shell::{Place, Shell};

/// How many programmes stand on a page.
const ON_A_PAGE: usize = 25;

/// The page `/bu/{bu}/programmes`; its table for htmx.
#[derive(Debug, Template)]
#[template(path = "access/programmes/list.html", blocks = ["rows"])]
pub struct ProgrammeList {
    /// The frame.
    pub shell: Shell,
    /// The address of this list without a search.
    pub href: String,
    /// Where Create programme leads, for who may.
    pub create: Option<String>,
    /// The login's role, when it may change none.
    pub reads_as: Option<&'static str>,
    /// What is searched for.
    pub q: String,
    /// Whether the business unit has no programme at all.
    pub none_made: bool,
    /// The rows of this page.
    pub rows: Vec<Row>,
    /// Where the list goes on.
    pub pager: Pager,
}

/// One programme.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its whole id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How many webhooks were made in it.
    pub webhooks: String,
    /// When it was made.
    pub created: Moment,
    /// Where it is renamed and deleted, for who may.
    pub menu: Option<Menu>,
}

impl Page for ProgrammeList {
    fn fragment(&self) -> askama::Result<String> {
        self.as_rows().render()
    }
}

/// The list, searched as its address says.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let page = ProgrammeList::load(&here, &here.query()).await?;
    Ok(here.answer(&page))
}

impl ProgrammeList {
    async fn load(here: &Here, asked: &Fields) -> Result<Self, Fault> {
        let q = asked.text("q").to_owned();
        let after = asked.text("after").parse::<ProgrammeId>().ok();
        let query = ProgrammeQuery { text: q.clone(), after, limit: ON_A_PAGE };
        let (found, now) = here.run(move |cx, bu| Ok((programmes::page(cx, bu, &query)?, cx.now))).await?;
        let href = routes::programmes(here.bu());
        let total = format::count(found.total as u64, "programme", "programmes");
        let last = found.page.rows.last().filter(|_| found.page.more);
        let at = |after: &str| routes::with_query(&href, &[("q", q.as_str()), ("after", after)]);
        let summary = match q.trim() {
            "" => total,
            _ => format!("Showing {} of {total}", found.page.rows.len()),
        };
        Ok(Self {
            shell: here.shell("Programmes", Place::Programmes),
            create: here.is_admin().then(|| routes::programme_new(here.bu())),
            reads_as: (!here.is_admin()).then(|| here.role()),
            none_made: found.total == 0,
            rows: found.page.rows.iter().map(|programme| Row::of(here, programme, now)).collect(),
            pager: Pager {
                summary,
                newer: after.map(|_| at("")),
                older: last.map(|programme| at(programme.row.id.as_str())),
            },
            href,
            q,
        })
    }
}

impl Row {
    fn of(here: &Here, programme: &ProgrammeView, now: Ts) -> Self {
        let (row, bu) = (&programme.row, here.bu());
        let number = |n: i64| format::thousands(u64::try_from(n).unwrap_or(0));
        Self {
            id: row.id.to_string(),
            name: row.name.clone(),
            webhooks: number(programme.webhooks),
            created: Moment { word: format::day(row.created_at, now), ..Moment::full(row.created_at) },
            menu: here.is_admin().then(|| Menu {
                id: format!("menu-{}", row.id),
                rename: routes::programme_edit(bu, row.id),
                delete: routes::programme_delete(bu, row.id),
            }),
        }
    }
}
