//! The list of users, and the one showing of an invitation link.

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderName, HeaderValue};
use askama::Template;

use super::Row;
use super::factor::Policy;
use crate::domain::id::UserKind;
use crate::ops::access::bearer::LinkSecret;
use crate::ops::access::users::{self, PeopleQuery};
use crate::ops::cx::Cx;
use crate::web::access::fresh_link::FreshLink;
use crate::web::fault::Fault;
use crate::web::flash::Flash;
use crate::web::form::{Checked, Fields};
use crate::web::format;
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::Pager;
use crate::web::routes;
use crate::web::shell::{Place, Shell};

/// Tells htmx which address the page has now.
const HX_REPLACE_URL: HeaderName = HeaderName::from_static("hx-replace-url");
/// How many users stand on a page.
const ON_A_PAGE: usize = 25;

/// The page `/bu/{bu}/admin/users`; its table for htmx.
#[derive(Debug, Template)]
#[template(path = "access/users/list.html", blocks = ["tab", "rows"])]
pub struct UserList {
    /// The frame.
    pub shell: Shell,
    /// The address of this list without a search.
    pub href: String,
    /// Where Invite user leads, for who may.
    pub invite: Option<String>,
    /// The login's role, when it may change nobody.
    pub reads_as: Option<&'static str>,
    /// Whether every login needs a second factor.
    pub factor: Policy,
    /// What is searched for.
    pub q: String,
    /// The link that this answer shows, once.
    pub fresh: Option<FreshLink>,
    /// The rows of this page.
    pub rows: Vec<Row>,
    /// Where the list goes on.
    pub pager: Pager,
}

impl Page for UserList {
    fn fragment(&self) -> askama::Result<String> {
        if self.fresh.is_some() { self.as_tab().render() } else { self.as_rows().render() }
    }
}

/// The list, searched as its address says.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let page = UserList::load(&here, &here.query()).await?;
    Ok(here.answer(&page))
}

/// Makes a new link for somebody who has not signed in yet, and shows it.
pub async fn link(Checked { by: here, .. }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let id = here.id::<UserKind>("usr")?;
    let (person, secret) = here
        .run(move |cx, bu| {
            let secret = users::invite_again(cx, bu, id)?;
            Ok((users::person(cx, bu, id)?, secret))
        })
        .await?;
    shown(&here, person.name, person.email, secret).await
}

/// The list with a link that is shown this once.
pub(super) async fn shown(
    here: &Here,
    name: String,
    email: String,
    secret: LinkSecret,
) -> Result<HttpResponse, Fault> {
    let fresh = FreshLink::at(here.absolute(routes::SETUP), (name, email), secret);
    let list = UserList::load(here, &Fields::default()).await?;
    let page = UserList { fresh: Some(fresh), ..list };
    let mut answer = here.answer(&page);
    // The next page takes the cookie away, and a browser does not go back to a page across such a change.
    here.tell(&mut answer, Flash::LinkShown);
    if let Ok(address) = HeaderValue::from_str(&page.href) {
        answer.headers_mut().insert(HX_REPLACE_URL, address);
    }
    Ok(answer)
}

impl UserList {
    async fn load(here: &Here, asked: &Fields) -> Result<Self, Fault> {
        let q = asked.text("q").to_owned();
        let query =
            PeopleQuery { text: q.clone(), below: asked.text("after").parse().ok(), limit: ON_A_PAGE };
        let (is_later, searched) = (query.below.is_some(), !q.trim().is_empty());
        let work = move |cx: &Cx, bu| Ok((users::page(cx, bu, &query)?, Policy::read(cx, bu)?, cx.now));
        let (found, factor, now) = here.run(work).await?;
        let href = routes::users(here.bu());
        let total = format::count(u64::try_from(found.total).unwrap_or(0), "user", "users");
        let last = found.page.rows.last().filter(|_| found.page.more);
        let shown = found.page.rows.len();
        let at = |after: &str| routes::with_query(&href, &[("q", q.as_str()), ("after", after)]);
        Ok(Self {
            shell: here.shell("Users", Place::Users),
            invite: here.is_admin().then(|| routes::user_new(here.bu())),
            reads_as: (!here.is_admin()).then(|| here.role()),
            factor: Policy::of(here, factor),
            fresh: None,
            rows: found.page.rows.iter().map(|person| Row::of(here, person, now)).collect(),
            pager: Pager {
                summary: if searched { format!("Showing {shown} of {total}") } else { total },
                newer: is_later.then(|| at("")),
                older: last.map(|person| at(&person.row.number.to_string())),
            },
            href,
            q,
        })
    }
}
