//! The tokens of a business unit with what is to be minded about each: unused, wider than needed, about to end.

use std::time::Duration;

use super::uses::Counted;
use super::{TokenRow, TokenView};
use crate::domain::access::permission::{Permission, Scopes};
use crate::domain::id::{BuId, TokenId};
use crate::domain::time::Ts;
use crate::domain::words::words;
use crate::ops::Error;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::store::access::{tokens, users};
use crate::store::pool::Conn;

/// A token that nothing has used for so long is unused.
pub const UNUSED_AFTER: Duration = Duration::from_hours(90 * 24);
/// A token that ends within this time ends soon.
pub const ENDS_SOON: Duration = Duration::from_hours(14 * 24);

words! {
    /// What is to be minded about a token.
    Mind {
        /// Nothing has used it for [`UNUSED_AFTER`].
        Unused = "unused",
        /// It was granted scopes that it does not use.
        Wide = "wide",
        /// It stops working within [`ENDS_SOON`], or has stopped.
        Ending = "ending",
    }
}

/// A token with what it did.
#[derive(Debug, Clone)]
pub struct Watched {
    /// The token, and who made it.
    pub view: TokenView,
    /// How often it was used within the last 30 days, a minute late at the most.
    pub calls: i64,
    /// Scopes it was granted and did not use within the last 30 days.
    pub idle_scopes: Scopes,
    /// The token that is to take its place.
    pub successor: Option<TokenId>,
}

impl Watched {
    /// Whether that is to be minded at `now`.
    pub fn is(&self, mind: Mind, now: Ts) -> bool {
        let row = &self.view.row;
        match mind {
            Mind::Unused => row.last_used_at.unwrap_or(row.created_at) + UNUSED_AFTER <= now,
            Mind::Wide => !self.idle_scopes.is_empty(),
            Mind::Ending => row.expires_at.is_some_and(|at| at <= now + ENDS_SOON),
        }
    }
}

/// The tokens of `bu` that were not revoked, newest first; expired ones among them.
pub fn watch(cx: &Cx, bu: BuId) -> Result<Vec<Watched>, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::TokensRead)?;
        watched(conn, bu, cx.now)
    })
}

/// One of them.
pub fn watch_one(cx: &Cx, bu: BuId, id: TokenId) -> Result<Watched, Error> {
    let all = watch(cx, bu)?;
    all.into_iter().find(|one| one.view.row.id == id).ok_or(Error::NotFound)
}

/// The same in a transaction of the caller's.
pub(super) fn watched(conn: &mut Conn, bu: BuId, now: Ts) -> Result<Vec<Watched>, Error> {
    let rows = tokens::list(conn, bu)?;
    let counted = Counted::of_unit(conn, bu, now)?;
    let people: Vec<_> = rows.iter().filter_map(|row| row.created_by).collect();
    let numbers = users::numbers(conn, &people)?;
    let successor = |id: TokenId| rows.iter().find(|row| row.replaces == Some(id)).map(|row| row.id);
    let one = |row: &TokenRow| Watched {
        calls: counted.calls(row.id),
        idle_scopes: counted.idle(row.id, row.scopes, row.created_at, now),
        successor: successor(row.id),
        view: TokenView {
            creator: numbers.iter().find(|(id, _)| Some(*id) == row.created_by).map(|(_, number)| *number),
            row: row.clone(),
        },
    };
    Ok(rows.iter().map(one).collect())
}

#[cfg(test)]
mod tests {
    use super::super::{TokenDraft, create, narrow, store_uses};
    use super::*;
    use crate::domain::access::user::Role;
    use crate::ops::cx::{Actor, Source};
    use crate::ops::testing::{World, is_not_found};
    use crate::ops::webhooks::catalogue;
    use crate::store::system::audit;

    const DAY: Duration = Duration::from_hours(24);

    /// A token that has used one of its two scopes, made `age` ago and used now.
    fn aged(world: &World, age: Duration) -> (Cx, BuId, TokenId) {
        let ours = world.channel("Ours");
        let (bu, login) = (ours.bu.unwrap(), world.login(ours.partner, Role::Developer));
        let scopes = Scopes::parse("webhooks:read event-types:read").unwrap();
        let draft = TokenDraft { name: "Shop".into(), scopes, expires_at: None };
        let (row, secret) = create(&login, bu, draft).unwrap();
        let call = || {
            let actor = super::super::authenticate(&world.tools, secret.expose(), &Source::default());
            let cx = Cx::new(&world.tools, Actor::Token(actor.unwrap().unwrap()), Source::default());
            catalogue::list(&cx, bu).unwrap();
            store_uses(&world.tools, false);
        };
        call();
        world.tools.clock.advance(age);
        call();
        (Cx::new(&world.tools, login.actor, Source::default()), bu, row.id)
    }

    fn minded(cx: &Cx, bu: BuId, id: TokenId) -> Vec<Mind> {
        let one = watch_one(cx, bu, id).unwrap();
        Mind::ALL.iter().copied().filter(|mind| one.is(*mind, cx.now)).collect()
    }

    #[test]
    fn a_scope_that_was_not_used_for_thirty_days_is_taken_away_in_one_step() {
        let world = World::new();
        let (cx, bu, id) = aged(&world, DAY * 30);
        let one = watch_one(&cx, bu, id).unwrap();
        assert_eq!((one.calls, one.idle_scopes.to_text().as_str()), (2, "webhooks:read"));
        assert_eq!(minded(&cx, bu, id), [Mind::Wide]);
        assert_eq!(narrow(&cx, bu, id).unwrap().to_text(), "webhooks:read");
        let last = cx.read(|conn| Ok(audit::list(conn, bu, None, 1)?)).unwrap();
        assert_eq!((last[0].action.as_str(), last[0].target_id.as_str()), ("token.narrowed", id.as_str()));
        assert_eq!(watch_one(&cx, bu, id).unwrap().view.row.scopes.to_text(), "event-types:read");
        assert!(matches!(narrow(&cx, bu, id), Err(Error::Conflict { code: "nothing_to_narrow", .. })));
        let other = world.channel("Theirs").bu.unwrap();
        assert!(is_not_found(&narrow(&world.operator(), other, id)));
    }

    #[test]
    fn nothing_is_said_of_scopes_before_thirty_days_are_over() {
        let world = World::new();
        let (cx, bu, id) = aged(&world, (DAY * 30).saturating_sub(Duration::from_secs(1)));
        assert_eq!(minded(&cx, bu, id), []);
    }

    #[test]
    fn an_unused_token_is_unused_and_not_too_wide() {
        let world = World::new();
        let (cx, bu, id) = aged(&world, Duration::ZERO);
        world.tools.clock.advance(UNUSED_AFTER);
        let later = Cx::new(&world.tools, cx.actor, Source::default());
        assert_eq!(minded(&later, bu, id), [Mind::Unused]);
        assert_eq!(watch_one(&later, bu, id).unwrap().calls, 0);
    }
}
