//! Rotating a token: a successor that may do the same, and an overlap in which both work.

use std::time::Duration;

use serde_json::json;

use super::{TokenRow, check_scopes, entry, may_make, of_form, require_person, told};
use crate::domain::access::token::TokenSecret;
use crate::domain::id::{BuId, TokenId};
use crate::keys::{Purpose, random};
use crate::ops::Error;
use crate::ops::cx::Cx;
use crate::ops::events::publish::write_and_tell;
use crate::ops::system::audit::record;
use crate::store::access::tokens::{self, NewToken};
use crate::store::pool::Conn;

/// The longest time that a token may go on beside its successor.
pub const LONGEST_OVERLAP: Duration = Duration::from_hours(30 * 24);

/// Makes a successor of a token of `bu`, with its name and its scopes, and gives the secret: this once. The
/// old one works for `overlap` more, or is revoked at once when that is nothing. The successor lives as long
/// as the old one was meant to. For whoever may make a token, within what they hold. `token_expired` and
/// `already_rotated` when there is nothing to rotate; the field is `overlap` (`range`).
pub fn rotate(cx: &Cx, bu: BuId, id: TokenId, overlap: Duration) -> Result<(TokenRow, TokenSecret), Error> {
    make(cx, bu, id, overlap, None)
}

/// The same through a form, which makes one token only: `already_created` when it is sent again.
pub fn rotate_with_form(
    cx: &Cx,
    bu: BuId,
    id: TokenId,
    overlap: Duration,
    form_id: &str,
) -> Result<(TokenRow, TokenSecret), Error> {
    make(cx, bu, id, overlap, Some(of_form(bu, form_id)))
}

fn make(
    cx: &Cx,
    bu: BuId,
    id: TokenId,
    overlap: Duration,
    form_id: Option<String>,
) -> Result<(TokenRow, TokenSecret), Error> {
    require_person(cx)?;
    let secret = TokenSecret::generate(&mut random);
    let row = write_and_tell(&cx.tools, |conn, news| {
        let access = may_make(cx, conn, bu, form_id.as_deref())?;
        if overlap > LONGEST_OVERLAP {
            return Err(Error::field("overlap", "range", "The old token can go on for 30 days at the most."));
        }
        let has_successor = tokens::has_successor(conn, bu, id)?;
        let old = tokens::find(conn, bu, id)?.filter(|t| t.revoked_at.is_none()).ok_or(Error::NotFound)?;
        if old.expires_at.is_some_and(|at| at <= cx.now) {
            let text = "This token has expired, so nothing uses it. Create a new one.";
            return Err(Error::conflict("token_expired", text));
        }
        if has_successor {
            let text = "This token has a successor already. Rotate that one, or revoke it first.";
            return Err(Error::conflict("already_rotated", text));
        }
        check_scopes(&access, old.scopes)?;
        let lifetime = lifetime(conn, &old)?;
        let new = NewToken {
            id: cx.id(),
            bu_id: bu,
            name: old.name.clone(),
            digest: cx.tools.keys.mac(Purpose::Tokens, secret.expose().as_bytes()).to_vec(),
            last_four: secret.last_four().to_owned(),
            scopes: old.scopes.to_text(),
            created_by: cx.user().or(old.created_by),
            created_at: cx.now,
            expires_at: lifetime.map(|lifetime| cx.now + lifetime),
            replaces: Some(id),
            form_id,
        };
        tokens::insert(conn, &new)?;
        let meant = lifetime.map(|lifetime| old.created_at + lifetime);
        let overlapped = cx.now + overlap;
        let ends_at = meant.map_or(overlapped, |meant| meant.min(overlapped));
        if overlap.is_zero() {
            tokens::revoke(conn, bu, id, cx.now)?;
            told::publish_revoked(cx, conn, news, &old)?;
        } else {
            tokens::end_at(conn, bu, id, ends_at)?;
        }
        let before = json!({"name": old.name, "scopes": old.scopes, "expires_at": old.expires_at});
        let after = json!({"successor": new.id, "old_ends_at": ends_at, "secret": "created"});
        let row = tokens::find(conn, bu, new.id)?.ok_or(Error::NotFound)?;
        told::publish_created(cx, conn, news, &row)?;
        record(cx, conn, Some(bu), entry("token.rotated", id, Some(before), Some(after)))?;
        Ok(row)
    })?;
    cx.tools.known.tokens.forget(|_, known| known.token == id);
    Ok((row, secret))
}

/// How long a token was meant to live: for ever when `None`.
fn lifetime(conn: &mut Conn, token: &TokenRow) -> Result<Option<Duration>, Error> {
    let mut last = token.clone();
    // A rotation cuts the life of the old one short; its successor was given the whole.
    while let Some(successor) = tokens::first_successor(conn, last.bu_id, last.id)? {
        last = successor;
    }
    Ok(last.expires_at.map(|at| at.since(last.created_at)))
}

#[cfg(test)]
mod tests {
    use super::super::{TokenDraft, authenticate, create, revoke};
    use super::*;
    use crate::domain::access::permission::Scopes;
    use crate::domain::access::user::Role;
    use crate::ops::cx::Source;
    use crate::ops::testing::{World, is_not_found};

    const HOUR: Duration = Duration::from_hours(1);

    fn works(world: &World, secret: &TokenSecret) -> bool {
        authenticate(&world.tools, secret.expose(), &Source::default()).unwrap().is_some()
    }

    fn code(result: Result<(TokenRow, TokenSecret), Error>) -> &'static str {
        match result {
            Err(Error::Conflict { code, .. }) => code,
            Err(Error::Forbidden(_)) => "forbidden",
            other => panic!("not refused as expected: {}", other.is_ok()),
        }
    }

    #[test]
    fn a_rotated_token_works_beside_its_successor_for_the_overlap() {
        let world = World::new();
        let ours = world.channel("Ours");
        let (bu, login) = (ours.bu.unwrap(), world.login(ours.partner, Role::Developer));
        let scopes = Scopes::parse("events:write events:read").unwrap();
        let draft = TokenDraft { name: "Shop".into(), scopes, expires_at: Some(login.now + HOUR * 100) };
        let (old, old_secret) = create(&login, bu, draft).unwrap();
        let (new, new_secret) = rotate(&login, bu, old.id, HOUR).unwrap();
        assert_eq!((new.name.as_str(), new.scopes, new.replaces), ("Shop", scopes, Some(old.id)));
        assert_eq!(new.expires_at, Some(login.now + HOUR * 100));
        assert!(works(&world, &old_secret) && works(&world, &new_secret));
        assert_eq!(code(rotate(&login, bu, old.id, HOUR)), "already_rotated");
        world.tools.clock.advance(HOUR);
        assert!(!works(&world, &old_secret) && works(&world, &new_secret));
        assert_eq!(code(rotate(&world.operator(), bu, old.id, HOUR)), "token_expired");
        let later = Cx::new(&world.tools, login.actor.clone(), Source::default());
        assert_eq!(code(rotate(&later, bu, new.id, HOUR)), "forbidden", "signed in an hour ago");
    }

    #[test]
    fn a_token_that_is_rotated_again_has_the_life_it_was_meant_to_have() {
        let world = World::new();
        let bu = world.channel("Ours").bu.unwrap();
        let cx = world.operator();
        for end in [Some(cx.now + HOUR * 100), None] {
            let draft = TokenDraft { name: format!("{end:?}"), scopes: Scopes::all(), expires_at: end };
            let (old, old_secret) = create(&cx, bu, draft).unwrap();
            let cut = || cx.read(|conn| Ok(tokens::find(conn, bu, old.id)?)).unwrap().unwrap().expires_at;
            let (first, _) = rotate(&cx, bu, old.id, HOUR).unwrap();
            let (next, _) = rotate(&cx, bu, first.id, HOUR).unwrap();
            revoke(&cx, bu, first.id).unwrap();
            let (second, _) = rotate(&cx, bu, old.id, HOUR * 24).unwrap();
            assert_eq!((next.expires_at, second.expires_at), (end, end));
            assert_eq!(cut(), Some(cx.now + HOUR * 24), "as this rotation says");
            revoke(&cx, bu, second.id).unwrap();
            rotate(&cx, bu, old.id, HOUR * 200).unwrap();
            assert!(works(&world, &old_secret));
            assert_eq!(cut(), Some(end.unwrap_or(cx.now + HOUR * 200)), "never longer than its life");
        }
    }

    #[test]
    fn without_an_overlap_the_old_one_is_revoked_at_once() {
        let world = World::new();
        let bu = world.channel("Ours").bu.unwrap();
        let cx = world.operator();
        let draft = TokenDraft { name: "Shop".into(), scopes: Scopes::all(), expires_at: None };
        let (old, old_secret) = create(&cx, bu, draft).unwrap();
        let (new, new_secret) = rotate(&cx, bu, old.id, Duration::ZERO).unwrap();
        assert!(!works(&world, &old_secret) && works(&world, &new_secret));
        assert!(is_not_found(&rotate(&cx, bu, old.id, Duration::ZERO)));
        assert_eq!(code(rotate(&world.token(bu, Scopes::all()), bu, new.id, HOUR)), "forbidden");
        revoke(&cx, bu, new.id).unwrap();
        let other = world.channel("Theirs").bu.unwrap();
        assert!(is_not_found(&rotate(&cx, other, new.id, HOUR)));
    }
}
