//! One line of the tokens table, as data with ready words.

use std::time::Duration;

use crate::domain::access::permission::Permission;
use crate::domain::access::token::PREFIX;
use crate::domain::time::Ts;
use crate::ops::access::tokens::{Mind, TokenRow, Watched};
use crate::web::format::{self, Moment};
use crate::web::here::Here;
use crate::web::parts::{Mark, Tone};
use crate::web::routes;

/// Seconds of a day.
const DAY_S: u64 = 24 * 60 * 60;

/// One token.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// What is known of its secret: `bwl_…MjDM`.
    pub masked: String,
    /// Its whole id.
    pub id: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// What it was granted in vain: `2 not used in 30 days`; empty for nothing.
    pub idle: String,
    /// Where Narrow posts to, for who may.
    pub narrow: Option<String>,
    /// When it was made.
    pub created: Moment,
    /// Who made it: `Login 1042`; empty for the operator.
    pub creator: String,
    /// When it was last used.
    pub last_used: Option<Moment>,
    /// Where from and with what: `from 203.0.113.9 by curl/8.5.0`; may be empty.
    pub used_from: String,
    /// What is to be done about a token that nothing uses; empty for others.
    pub unused: String,
    /// When it stops working.
    pub expires: Option<Expiry>,
    /// Where Rotate leads, for who may.
    pub rotate: Option<String>,
    /// Where the bin leads, for who may.
    pub delete: Option<String>,
}

/// A permission of a token.
#[derive(Debug, Clone)]
pub struct Scope {
    /// Its name.
    pub name: &'static str,
    /// Whether the token has not used it for long.
    pub idle: bool,
}

/// When a token stops working.
#[derive(Debug, Clone)]
pub struct Expiry {
    /// When.
    pub at: Moment,
    /// How near that is: `Ends 3 Dec`; none while it is far away.
    pub mark: Option<Mark>,
    /// What to know about it; may be empty.
    pub note: &'static str,
}

impl Row {
    /// The line of a token, as it is at `now`.
    pub fn of(here: &Here, token: &Watched, now: Ts) -> Self {
        let (row, bu) = (&token.view.row, here.bu());
        let may = here.may(Permission::TokensWrite);
        let idle = token.idle_scopes;
        let ended = row.expires_at.is_some_and(|at| at <= now);
        let rotates = may && !ended && token.successor.is_none() && here.api_access();
        Self {
            name: row.name.clone(),
            masked: masked(row),
            id: row.id.to_string(),
            scopes: row.scopes.iter().map(|p| Scope { name: p.as_str(), idle: idle.contains(p) }).collect(),
            idle: match idle.iter().count() {
                0 => String::new(),
                n => format!("{n} not used in 30 days"),
            },
            narrow: (may && !idle.is_empty()).then(|| routes::token_narrow(bu, row.id)),
            created: Moment { word: format::day(row.created_at, now), ..Moment::full(row.created_at) },
            creator: token.view.creator.map(|number| format!("Login {number}")).unwrap_or_default(),
            last_used: row.last_used_at.map(|at| Moment::relative(at, now)),
            used_from: used_from(row),
            unused: if token.is(Mind::Unused, now) && !ended { unused(row, now) } else { String::new() },
            expires: row.expires_at.map(|at| Expiry::of(token, at, now)),
            rotate: rotates.then(|| routes::token_rotate(bu, row.id)),
            delete: may.then(|| routes::token_delete(bu, row.id)),
        }
    }
}

impl Expiry {
    fn of(token: &Watched, at: Ts, now: Ts) -> Self {
        let moment = Moment::relative(at, now);
        let word = &moment.word;
        let mark = if at <= now {
            Some(Mark::new(Tone::Off, format!("Expired {word}")))
        } else if token.is(Mind::Ending, now) {
            Some(Mark::new(Tone::Wait, format!("Ends {word}")))
        } else {
            None
        };
        let note = match (token.successor.is_some(), at <= now) {
            (true, false) => "A newer token takes its place.",
            (false, false) if mark.is_some() => "Rotate it before then.",
            _ => "",
        };
        Self { at: moment, mark, note }
    }
}

/// What is known of a token's secret: `bwl_…MjDM`.
pub fn masked(row: &TokenRow) -> String {
    format!("{PREFIX}…{}", row.last_four)
}

/// Where a token was last used from; empty when that is not known.
pub fn used_from(row: &TokenRow) -> String {
    let from = row.last_used_ip.as_deref().map(|ip| format!("from {ip}"));
    let by = row.last_used_agent.as_deref().map(|agent| format!("by {agent}"));
    [from, by].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn unused(row: &TokenRow, now: Ts) -> String {
    let since = row.last_used_at.unwrap_or(row.created_at);
    format!("Unused for {} days. Consider deleting it.", days(now.since(since)))
}

/// Whole days.
pub const fn days(time: Duration) -> u64 {
    time.as_secs() / DAY_S
}
