//! Account settings: who one is, password, second factor, sessions, and how this browser shows Bellwire.

use actix_web::HttpResponse;
use askama::Template;

use super::{Desk, client, looks};
use crate::domain::time::Ts;
use crate::ops::access::account::{self, OwnSession};
use crate::ops::access::second_factor::{self, State};
use crate::web::access::challenge::left_in_words;
use crate::web::fault::Fault;
use crate::web::format::Moment;
use crate::web::page::Page;
use crate::web::parts::{Choice, Mark, Notice, Tone};
use crate::web::routes;
use crate::web::shell::Solo;

/// With so few recovery codes left it is time for new ones.
const FEW_CODES: usize = 3;

/// The page `/account`.
#[derive(Debug, Template)]
#[template(path = "access/account/settings.html")]
pub struct Account {
    /// The frame.
    pub shell: Solo,
    /// What the last action did.
    pub told: Option<Notice>,
    /// The person's name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// The login's number.
    pub number: i64,
    /// The second factor, when it is on.
    pub factor: Option<Factor>,
    /// Where the person is signed in; the one that asks comes first.
    pub sessions: Vec<Session>,
    /// The themes to choose from.
    pub themes: Vec<Choice>,
    /// Whether `/` opens the search.
    pub shortcuts: bool,
}

/// A second factor that is on.
#[derive(Debug, Clone)]
pub struct Factor {
    /// `On`.
    pub mark: Mark,
    /// `8 recovery codes are left.`
    pub left: String,
    /// What to do when those are few; may be empty.
    pub advice: &'static str,
}

/// One session.
#[derive(Debug, Clone)]
pub struct Session {
    /// `Firefox on Windows`.
    pub client: String,
    /// The whole user agent, for hovering; may be empty.
    pub agent: String,
    /// The address it began from; may be empty.
    pub ip: String,
    /// When it began.
    pub created: Moment,
    /// When it was last used.
    pub seen: Moment,
    /// Where End posts to; none for the one that asks.
    pub end: Option<String>,
}

impl Page for Account {}

/// Shows it.
pub async fn open(desk: Desk) -> Result<HttpResponse, Fault> {
    let work = |cx: &_| Ok((account::list(cx)?, second_factor::state(cx)?));
    let (sessions, factor) = desk.run(work).await?;
    let (login, now) = (&desk.signed.login, desk.signed.cx().now);
    let theme = desk.signed.theme.attribute().unwrap_or("system");
    Ok(desk.answer_told(&Account {
        shell: desk.shell("Account settings"),
        told: desk.told(),
        name: login.name.clone(),
        email: login.email.clone(),
        number: login.number,
        factor: factor.as_ref().map(Factor::of),
        sessions: sessions.into_iter().map(|session| Session::of(session, now)).collect(),
        themes: themes(theme),
        shortcuts: desk.choice(looks::SHORTCUTS).as_deref() != Some("off"),
    }))
}

/// The themes, with the one chosen.
pub fn themes(chosen: &str) -> Vec<Choice> {
    Choice::list([("system", "Match system"), ("light", "Light"), ("dark", "Dark")], chosen)
}

impl Factor {
    /// The second factor as it stands.
    pub fn of(state: &State) -> Self {
        let few = state.codes_left <= FEW_CODES;
        Self {
            mark: Mark::new(Tone::Ok, "On"),
            left: left_in_words(state.codes_left),
            advice: if few {
                "Make new ones now: without the app and without a code you are locked out."
            } else {
                ""
            },
        }
    }
}

impl Session {
    fn of(session: OwnSession, now: Ts) -> Self {
        Self {
            client: client::in_words(session.agent.as_deref()),
            agent: session.agent.unwrap_or_default(),
            ip: session.ip.unwrap_or_default(),
            created: Moment::relative(session.created_at, now),
            seen: Moment::relative(session.last_seen_at, now),
            end: (!session.is_this).then(|| routes::account_session_end(session.id)),
        }
    }
}
