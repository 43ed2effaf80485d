//! Finding webhooks as the list of saved ones does: by words and by how they are doing.

use crate::domain::access::permission::Permission;
use crate::domain::id::{BuId, TeamId, WebhookId};
use crate::domain::page::Page;
use crate::domain::search::sought;
use crate::domain::webhooks::webhook::WebhookStatus;
use crate::ops::Error;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::ops::webhooks::read::{WebhookView, views};
use crate::store::access::users;
use crate::store::pool::Conn;
use crate::store::webhooks::webhooks::{self, WebhookFilter, WebhookPart};

/// Which webhooks are looked for.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// A part of the name or of an address, whatever case and accents, or of the id; empty for all.
    pub text: String,
    /// Only of this status.
    pub status: Option<WebhookStatus>,
    /// Only those whose last attempt failed, or that were switched off for failing.
    pub failing: bool,
    /// Only with a trigger for this event type.
    pub event: Option<String>,
    /// Only those for the login with this number.
    pub login: Option<i64>,
    /// Only those for this team.
    pub team: Option<TeamId>,
    /// Only after this one in the list: older ones.
    pub after: Option<WebhookId>,
    /// Only before this one: the newer ones next to it.
    pub before: Option<WebhookId>,
    /// How many stand on a page.
    pub limit: usize,
}

/// What a search found.
#[derive(Debug, Clone)]
pub struct Found {
    /// A page of them, newest first; whether there are more the way it was asked for.
    pub page: Page<WebhookView>,
    /// How many webhooks the unit has.
    pub total: i64,
    /// How many of those are active.
    pub active: i64,
}

/// Webhooks of `bu`, newest first.
pub fn search(cx: &Cx, bu: BuId, wanted: &Search) -> Result<Found, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksRead)?;
        let text = sought(&wanted.text);
        if wanted.event.as_ref().is_some_and(|event| event.contains(char::is_control)) {
            // No type has such a name, and not every database takes one.
            return none(conn, bu);
        }
        let for_login = match wanted.login {
            None => None,
            // A number that nobody has is nobody's.
            Some(number) => match users::of_unit_by_number(conn, bu, number)? {
                Some(login) => Some(login),
                None => return none(conn, bu),
            },
        };
        let part = WebhookPart {
            status: wanted.status,
            failing: wanted.failing,
            event: wanted.event.clone(),
            for_login,
            for_team: wanted.team,
            after: wanted.after,
            before: wanted.before,
            text: (!text.is_empty()).then_some(text),
            ..WebhookPart::default()
        };
        let mut page = Page::cut(webhooks::part(conn, bu, &part, most(wanted.limit))?, wanted.limit);
        if wanted.before.is_some() {
            page.rows.reverse();
        }
        Ok(Found { page: Page { more: page.more, rows: views(conn, bu, page.rows)? }, ..none(conn, bu)? })
    })
}

/// What is found when nothing fits.
fn none(conn: &mut Conn, bu: BuId) -> Result<Found, Error> {
    let active = WebhookFilter { status: Some(WebhookStatus::Active), event: None };
    Ok(Found {
        page: Page { more: false, rows: Vec::new() },
        total: webhooks::count(conn, bu, &WebhookFilter::default())?,
        active: webhooks::count(conn, bu, &active)?,
    })
}

/// How many webhooks `bu` has.
pub fn total(cx: &Cx, bu: BuId) -> Result<i64, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksRead)?;
        Ok(webhooks::count(conn, bu, &WebhookFilter::default())?)
    })
}

/// Ids and names of the webhooks of `bu`, newest first, at most `limit`.
pub fn names(cx: &Cx, bu: BuId, limit: i64) -> Result<Vec<(WebhookId, String)>, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksRead)?;
        Ok(webhooks::named(conn, bu, limit)?)
    })
}

fn most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}
