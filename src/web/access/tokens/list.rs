//! The API tab: base URL, tokens with what is to be minded about them, and how to keep them safe.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use super::{Fresh, Row};
use crate::domain::access::permission::Permission;
use crate::domain::id::{TokenId, TokenKind};
use crate::domain::time::Ts;
use crate::ops::access::tokens::{self, Mind, Watched};
use crate::ops::webhooks::search::total;
use crate::web::fault::Fault;
use crate::web::flash::Flash;
use crate::web::form::{Checked, Fields};
use crate::web::format;
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::{Choice, Notice, Pager, Toast, Tone};
use crate::web::routes;
use crate::web::shell::{Place, Shell};

/// How many tokens stand on a page.
const ON_A_PAGE: usize = 25;
/// The choices of the filter: value and label; the first one filters nothing.
pub const MINDS: [(&str, &str); 4] =
    [("", "All tokens"), ("unused", "Unused"), ("wide", "Unused permissions"), ("ending", "Expiring soon")];

/// The page `/bu/{bu}/admin/api`; what stands under its tabs for htmx.
#[derive(Debug, Template)]
#[template(path = "access/tokens/list.html", blocks = ["tab"])]
pub struct ApiTab {
    /// The frame.
    pub shell: Shell,
    /// The address of this page without a filter.
    pub href: String,
    /// How many webhooks the business unit has.
    pub webhooks: String,
    /// The root of the API, with host.
    pub base_url: String,
    /// Whether API access is part of the plan.
    pub open: bool,
    /// How the operator is reached, where that is known.
    pub contact: Option<String>,
    /// The secret that this answer shows, once.
    pub fresh: Option<Fresh>,
    /// What was refused.
    pub notice: Option<Notice>,
    /// Where Create Token leads, for who may make one.
    pub create: Option<String>,
    /// The login's role, when it may make none.
    pub reads_as: Option<&'static str>,
    /// The filter's choices.
    pub minds: Vec<Choice>,
    /// The filter; empty for none.
    pub mind: String,
    /// The place in the list this page starts after; empty for the beginning.
    pub after: String,
    /// Whether the business unit has no token at all.
    pub none_made: bool,
    /// The rows of this page.
    pub rows: Vec<Row>,
    /// Where the list goes on.
    pub pager: Pager,
}

/// What the page is made of.
pub(super) struct Found {
    tokens: Vec<Watched>,
    now: Ts,
}

impl Page for ApiTab {
    fn fragment(&self) -> askama::Result<String> {
        self.as_tab().render()
    }
}

/// The page, filtered as its address says.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let page = ApiTab::load(&here, &here.query()).await?;
    Ok(here.answer(&page))
}

/// Takes the scopes from a token that it does not use, and goes back to the list.
pub async fn narrow(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let id = here.id::<TokenKind>("tok")?;
    here.run(move |cx, bu| tokens::narrow(cx, bu, id)).await?;
    Ok(here.done(&address(&here, form.text("show"), form.text("after")), Flash::TokenNarrowed))
}

/// The address of the list with this filter, from the place after `after` on.
fn address(here: &Here, show: &str, after: &str) -> String {
    routes::with_query(&routes::api(here.bu()), &[("show", show), ("after", after)])
}

/// How many webhooks the business unit has, as the tab says it.
pub(super) async fn webhooks(here: &Here) -> Result<String, Fault> {
    let total = here.run(total).await?;
    Ok(format::thousands(u64::try_from(total).unwrap_or(0)))
}

/// The root of the API as programs reach it.
pub(super) fn base_url(here: &Here) -> String {
    here.absolute(routes::API)
}

impl ApiTab {
    /// The page without filters or refusals.
    pub(super) async fn plain(here: &Here) -> Result<Self, Fault> {
        Self::load(here, &Fields::default()).await
    }

    async fn load(here: &Here, asked: &Fields) -> Result<Self, Fault> {
        let found = here.run(|cx, bu| Ok(Found { tokens: tokens::watch(cx, bu)?, now: cx.now })).await?;
        Ok(Self::of(here, webhooks(here).await?, asked, &found))
    }

    fn of(here: &Here, webhooks: String, asked: &Fields, found: &Found) -> Self {
        let mind = asked.text("show").parse::<Mind>().ok();
        let after = asked.text("after").parse::<TokenId>().ok();
        let wanted = |token: &&Watched| {
            mind.is_none_or(|mind| token.is(mind, found.now))
                && after.is_none_or(|after| token.view.row.id < after)
        };
        let chosen: Vec<&Watched> = found.tokens.iter().filter(wanted).collect();
        let shown: Vec<&Watched> = chosen.iter().copied().take(ON_A_PAGE).collect();
        let last = shown.last().filter(|_| chosen.len() > shown.len());
        let show = mind.map(Mind::as_str).unwrap_or_default();
        let all = u64::try_from(found.tokens.len()).unwrap_or(0);
        let all = format::count(all, "token", "tokens");
        let may = here.may(Permission::TokensWrite);
        Self {
            shell: here.shell("API", Place::Api),
            href: routes::api(here.bu()),
            webhooks,
            base_url: base_url(here),
            open: here.api_access(),
            contact: here.contact().map(|contact| contact.href().to_owned()),
            fresh: None,
            notice: None,
            create: (may && here.api_access()).then(|| routes::token_new(here.bu())),
            reads_as: (!may).then(|| here.role()),
            minds: Choice::list(MINDS, show),
            mind: show.to_owned(),
            after: after.map(|id| id.to_string()).unwrap_or_default(),
            none_made: found.tokens.is_empty(),
            rows: shown.iter().map(|token| Row::of(here, token, found.now)).collect(),
            pager: Pager {
                summary: if mind.is_some() { format!("{} of {all}", chosen.len()) } else { all },
                newer: after.map(|_| address(here, show, "")),
                older: last.map(|token| address(here, show, token.view.row.id.as_str())),
            },
        }
    }

    /// The same with a secret on top.
    #[must_use]
    pub(super) fn showing(mut self, fresh: Fresh) -> Self {
        self.shell.toasts.push(Toast {
            bad: false,
            title: "Token created".to_owned(),
            text: format!("{} can now call the API.", fresh.name),
        });
        Self { fresh: Some(fresh), ..self }
    }
}

/// The page after a form that has made its token already.
pub(super) async fn already_created(here: &Here) -> Result<HttpResponse, Fault> {
    let mut page = ApiTab::plain(here).await?;
    "Error: API".clone_into(&mut page.shell.title);
    page.notice = Some(Notice {
        tone: Tone::Bad,
        title: "This form has made its token already (already_created).".to_owned(),
        text: "The secret was shown once, in the first answer, and cannot be shown again. If it is lost, delete \
               that token and create another."
            .to_owned(),
    });
    Ok(here.answer_with(StatusCode::CONFLICT, &page))
}
