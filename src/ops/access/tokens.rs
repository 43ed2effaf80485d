//! API tokens: making, recognising, listing, rotating, revoking.

mod narrow;
mod page;
mod rotate;
mod told;
mod uses;
mod watch;

use std::time::Duration;

use serde_json::json;
use subtle::ConstantTimeEq;

use crate::domain::access::name::Name;
use crate::domain::access::permission::{Permission, Scopes};
use crate::domain::access::token::TokenSecret;
use crate::domain::id::{BuId, TokenId};
use crate::domain::problem::FieldErrors;
use crate::domain::time::Ts;
use crate::keys::{Purpose, random};
use crate::ops::access::bearer;
use crate::ops::access::sign_in::require_recent;
use crate::ops::authorize::{Access, authorize, authorize_token};
use crate::ops::cx::{Actor, Cx, Source, TokenActor, Tools};
use crate::ops::events::publish::write_and_tell;
use crate::ops::system::audit::{Entry, record};
use crate::ops::{Error, Refusal};
use crate::store::access::memberships;
use crate::store::access::tokens::{self, NewToken, Presented};
use crate::store::pool::Conn;

pub use crate::store::access::tokens::TokenRow;
pub use narrow::narrow;
pub use page::{TokenPage, TokenView, page};
pub use rotate::{LONGEST_OVERLAP, rotate, rotate_with_form};
pub use uses::{SCOPE_IDLE, store_uses};
pub use watch::{ENDS_SOON, Mind, UNUSED_AFTER, Watched, watch, watch_one};

/// How late the moment of the last use may be stored.
const TOUCH_EVERY: Duration = Duration::from_mins(1);

/// A token as someone asks for it.
#[derive(Debug, Clone)]
pub struct TokenDraft {
    /// Its name.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// When it stops working; never when `None`.
    pub expires_at: Option<Ts>,
}

/// A new id for a form that makes a token.
pub fn form_id() -> String {
    bearer::fresh().to_string()
}

/// Makes a token of `bu`, and gives its secret: this once. For the operator, and for people who have signed in
/// a moment ago where API access is part of the plan; they grant only what they hold. Fields: `name` (`taken`
/// by a token that still works), `scopes` (`required`, `not_held`), `expires_at` (`past`).
pub fn create(cx: &Cx, bu: BuId, draft: TokenDraft) -> Result<(TokenRow, TokenSecret), Error> {
    make(cx, bu, draft, None)
}

/// The same through a form, which makes one token only: `already_created` when it is sent again.
pub fn create_with_form(
    cx: &Cx,
    bu: BuId,
    draft: TokenDraft,
    form_id: &str,
) -> Result<(TokenRow, TokenSecret), Error> {
    make(cx, bu, draft, Some(of_form(bu, form_id)))
}

fn make(
    cx: &Cx,
    bu: BuId,
    draft: TokenDraft,
    form_id: Option<String>,
) -> Result<(TokenRow, TokenSecret), Error> {
    require_person(cx)?;
    let TokenDraft { name, scopes, expires_at } = draft;
    let secret = TokenSecret::generate(&mut random);
    let row = write_and_tell(&cx.tools, |conn, news| {
        let access = may_make(cx, conn, bu, form_id.as_deref())?;
        let mut errors = FieldErrors::default();
        let name = errors.keep(Name::parse("name", &name));
        if let Some(name) = &name
            && tokens::is_name_taken(conn, bu, name.as_str(), cx.now)?
        {
            errors.push("name", "taken", "A token of this business unit has this name. Choose another.");
        }
        errors.keep(check_scopes(&access, scopes));
        if expires_at.is_some_and(|at| at <= cx.now) {
            errors.push("expires_at", "past", "This moment is over. Choose a later one.");
        }
        let Some(name) = name else { return Err(errors.into()) };
        errors.or(())?;
        let new = NewToken {
            id: cx.id(),
            bu_id: bu,
            name: name.into_string(),
            digest: cx.tools.keys.mac(Purpose::Tokens, secret.expose().as_bytes()).to_vec(),
            last_four: secret.last_four().to_owned(),
            scopes: scopes.to_text(),
            created_by: cx.user(),
            created_at: cx.now,
            expires_at,
            replaces: None,
            form_id,
        };
        tokens::insert(conn, &new)?;
        let after = json!({
            "name": new.name, "scopes": scopes, "expires_at": new.expires_at, "secret": "created",
        });
        let row = tokens::find(conn, bu, new.id)?.ok_or(Error::NotFound)?;
        told::publish_created(cx, conn, news, &row)?;
        record(cx, conn, Some(bu), entry("token.created", new.id, None, Some(after)))?;
        Ok(row)
    })?;
    Ok((row, secret))
}

/// By which a token knows its form: forms of two business units have nothing to do with each other.
fn of_form(bu: BuId, form_id: &str) -> String {
    format!("{bu}/{form_id}")
}

/// A token makes no tokens, and nobody does who left a session open.
fn require_person(cx: &Cx) -> Result<(), Error> {
    if matches!(cx.actor, Actor::Token(_)) {
        return Err(Error::Forbidden(Refusal::Caller));
    }
    require_recent(cx)
}

/// Passes who may make a token of `bu` with a form that was not used yet.
fn may_make(cx: &Cx, conn: &mut Conn, bu: BuId, form_id: Option<&str>) -> Result<Access, Error> {
    let access = authorize(cx, conn, bu, Permission::TokensWrite)?;
    if matches!(cx.actor, Actor::Login(_)) && !access.api_access {
        return Err(Error::Forbidden(Refusal::NoApiAccess));
    }
    let used = form_id.map(|form_id| tokens::is_form_used(conn, form_id)).transpose()?;
    if used == Some(true) {
        let text = "This form has made its token already. The secret was shown then, and is not shown again.";
        return Err(Error::conflict("already_created", text));
    }
    Ok(access)
}

fn check_scopes(access: &Access, scopes: Scopes) -> Result<(), FieldErrors> {
    let held = access.role.map_or_else(Scopes::all, Scopes::of_role);
    let (code, message) = if scopes.is_empty() {
        ("required", "A token needs at least one scope.")
    } else if !held.contains_all(scopes) {
        ("not_held", "Your role does not hold all of these scopes, so it cannot grant them.")
    } else {
        return Ok(());
    };
    Err(FieldErrors::one("scopes", code, message))
}

fn entry(
    action: &'static str,
    token: TokenId,
    before: Option<serde_json::Value>,
    after: Option<serde_json::Value>,
) -> Entry {
    Entry { action, target_kind: "token", target_id: token.to_string(), before, after }
}

/// Who presents this secret: nobody when it is malformed, unknown, expired or revoked, or when the person
/// who made the token is switched off or has no role in its unit any more. What it may do is what it was
/// made for, as far as that person still holds it. Notes the use at most once a minute.
pub fn authenticate(tools: &Tools, secret: &str, source: &Source) -> Result<Option<TokenActor>, Error> {
    let Some(secret) = TokenSecret::parse(secret) else { return Ok(None) };
    let now = tools.clock.now();
    let macs: Vec<[u8; 32]> = tools.keys.macs(Purpose::Tokens, secret.expose().as_bytes()).collect();
    let digests: Vec<Vec<u8>> = macs.iter().map(|mac| mac.to_vec()).collect();
    let found = tools.db.read(|conn| {
        let Some(found) = tokens::by_digest(conn, &digests)? else { return Ok(None) };
        let same = digests.iter().any(|digest| bool::from(digest.as_slice().ct_eq(&found.digest)));
        if !same {
            return Ok(None);
        }
        let actor = actor(conn, &found, now)?;
        Ok::<_, Error>(actor.map(|actor| (found.token, actor)))
    })?;
    let Some((token, actor)) = found else { return Ok(None) };
    touch(tools, &token, now, source);
    if let Some(mac) = macs.first() {
        tools.known.tokens.note(*mac, actor.clone(), now);
    }
    Ok(Some(actor))
}

/// Who presented this secret within the last minute. The token may have been deleted since: whatever relies
/// on this looks again with [`still`], in its own transaction. Reads nothing.
pub fn recall(tools: &Tools, secret: &str) -> Option<TokenActor> {
    let secret = TokenSecret::parse(secret)?;
    let mac = tools.keys.mac(Purpose::Tokens, secret.expose().as_bytes());
    tools.known.tokens.recall(&mac, tools.clock.now())
}

/// Whether a token may do what needs `need` at this moment; for transactions that rely on [`recall`].
pub fn still(conn: &mut Conn, token: TokenId, need: Permission, now: Ts) -> Result<(), Error> {
    let ended = || Error::Forbidden(Refusal::TokenEnded);
    let found = tokens::presented(conn, token)?.ok_or_else(ended)?;
    let actor = actor(conn, &found, now)?.ok_or_else(ended)?;
    authorize_token(&actor, need)
}

/// The token as it may act at `now`; `None` when it may not act at all.
fn actor(conn: &mut Conn, found: &Presented, now: Ts) -> Result<Option<TokenActor>, Error> {
    let token = &found.token;
    if token.revoked_at.is_some() || token.expires_at.is_some_and(|at| at <= now) {
        return Ok(None);
    }
    let held = match token.created_by {
        None => Some(Scopes::all()),
        Some(user) => memberships::standing(conn, user, token.bu_id)?.map(|s| Scopes::of_role(s.role)),
    };
    Ok(held.map(|held| TokenActor {
        token: token.id,
        name: token.name.clone(),
        bu: token.bu_id,
        partner: found.partner,
        scopes: token.scopes.intersect(held),
        created_by: token.created_by,
        api_access: found.api_access,
    }))
}

/// A use that cannot be noted is no reason to refuse the request.
fn touch(tools: &Tools, token: &TokenRow, now: Ts, source: &Source) {
    if token.last_used_at.is_some_and(|at| at + TOUCH_EVERY > now) {
        return;
    }
    let noted = tools.db.write(|conn| {
        let place = (token.bu_id, token.id);
        let (ip, agent) = (source.ip.as_deref(), source.agent.as_deref());
        Ok::<_, Error>(tokens::touch(conn, place, (now, now - TOUCH_EVERY), ip, agent)?)
    });
    if let Err(error) = noted {
        tracing::warn!(token = %token.id, %error, "the last use of a token was not noted");
    }
}

/// The tokens of `bu` that were not revoked, newest first; expired ones among them.
pub fn list(cx: &Cx, bu: BuId) -> Result<Vec<TokenRow>, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::TokensRead)?;
        Ok(tokens::list(conn, bu)?)
    })
}

/// Revokes a token of `bu`: the next request with it is refused, on every node. `NotFound` when it is not
/// there or was revoked before.
pub fn revoke(cx: &Cx, bu: BuId, id: TokenId) -> Result<(), Error> {
    write_and_tell(&cx.tools, |conn, news| {
        authorize(cx, conn, bu, Permission::TokensWrite)?;
        let token = tokens::find(conn, bu, id)?.ok_or(Error::NotFound)?;
        if !tokens::revoke(conn, bu, id, cx.now)? {
            return Err(Error::NotFound);
        }
        told::publish_revoked(cx, conn, news, &token)?;
        let before = json!({"name": token.name, "scopes": token.scopes});
        record(cx, conn, Some(bu), entry("token.revoked", id, Some(before), None))
    })?;
    cx.tools.known.tokens.forget(|_, known| known.token == id);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::user::Role;
    use crate::ops::testing::{World, is_not_found};
    use crate::store::access::users;

    fn draft(name: &str, scopes: &str) -> TokenDraft {
        TokenDraft { name: name.into(), scopes: Scopes::parse(scopes).unwrap(), expires_at: None }
    }

    fn presented(world: &World, secret: &TokenSecret) -> Option<TokenActor> {
        authenticate(&world.tools, secret.expose(), &Source::default()).unwrap()
    }

    fn codes(result: Result<(TokenRow, TokenSecret), Error>) -> Vec<&'static str> {
        let Err(Error::Invalid(errors)) = result else { panic!("not refused for its fields") };
        errors.iter().map(|e| e.code).collect()
    }

    #[test]
    fn a_secret_is_recognised_until_it_is_revoked() {
        let world = World::new();
        let ours = world.channel("Ours");
        let bu = ours.bu.unwrap();
        let login = world.login(ours.partner, Role::Developer);
        let (row, secret) = create(&login, bu, draft("Shop", "events:write")).unwrap();
        assert_eq!(row.last_four, secret.last_four());
        let actor = presented(&world, &secret).unwrap();
        assert_eq!(
            (actor.bu, actor.partner, actor.scopes),
            (bu, ours.partner, draft("", "events:write").scopes)
        );
        let other = TokenSecret::generate(&mut random);
        assert!(presented(&world, &other).is_none());
        assert!(authenticate(&world.tools, "bwl_x", &Source::default()).unwrap().is_none());
        revoke(&login, bu, row.id).unwrap();
        assert!(presented(&world, &secret).is_none());
        assert!(is_not_found(&revoke(&login, bu, row.id)));
        assert!(list(&login, bu).unwrap().is_empty());
    }

    #[test]
    fn a_token_dies_at_its_expiry_and_with_its_maker() {
        let world = World::new();
        let ours = world.channel("Ours");
        let bu = ours.bu.unwrap();
        let login = world.login(ours.partner, Role::Developer);
        let soon = TokenDraft { expires_at: Some(login.now + TOUCH_EVERY), ..draft("Soon", "events:write") };
        let (_, expiring) = create(&login, bu, soon).unwrap();
        let (_, lasting) = create(&login, bu, draft("Lasting", "events:write")).unwrap();
        assert!(presented(&world, &expiring).is_some());
        world.tools.clock.advance(TOUCH_EVERY);
        assert!(presented(&world, &expiring).is_none());
        assert!(presented(&world, &lasting).is_some());
        let user = login.user().unwrap();
        login.write(|conn| Ok(users::set_disabled(conn, user, Some(login.now))?)).unwrap();
        assert!(presented(&world, &lasting).is_none());
    }

    #[test]
    fn a_token_may_do_no_more_than_its_maker_still_may() {
        let world = World::new();
        let ours = world.channel("Ours");
        let login = world.login(ours.partner, Role::Developer);
        let wide = draft("Wide", "events:read events:write");
        let (_, secret) = create(&login, ours.bu.unwrap(), wide).unwrap();
        let user = login.user().unwrap();
        let lower = |conn: &mut _| Ok(memberships::set_role(conn, user, ours.partner, Role::Viewer)?);
        login.write(lower).unwrap();
        assert_eq!(presented(&world, &secret).unwrap().scopes.to_text(), "events:read");
    }

    #[test]
    fn nobody_makes_a_token_they_may_not_make() {
        let world = World::new();
        let (ours, theirs) = (world.channel("Ours"), world.channel("Theirs"));
        let bu = ours.bu.unwrap();
        let owner = world.login(ours.partner, Role::Owner);
        let past = TokenDraft { expires_at: Some(owner.now), ..draft(" ", "") };
        assert_eq!(codes(create(&owner, bu, past)), ["required", "required", "past"]);
        let (first, _) = create(&owner, bu, draft("Shop", "events:write")).unwrap();
        assert_eq!(codes(create(&owner, bu, draft("Shop", "events:write"))), ["taken"]);
        revoke(&owner, bu, first.id).unwrap();
        assert!(create(&owner, bu, draft("Shop", "events:write")).is_ok());
        let token = world.token(bu, Scopes::all());
        assert!(matches!(
            create(&token, bu, draft("More", "events:write")),
            Err(Error::Forbidden(Refusal::Caller))
        ));
        let viewer = world.login(ours.partner, Role::Viewer);
        assert!(matches!(create(&viewer, bu, draft("V", "events:read")), Err(Error::Forbidden(_))));
        assert!(is_not_found(&create(&owner, theirs.bu.unwrap(), draft("X", "events:read"))));
        assert!(is_not_found(&revoke(&world.login(theirs.partner, Role::Owner), bu, first.id)));
    }

    #[test]
    fn the_last_use_is_noted_at_most_once_a_minute() {
        let world = World::new();
        let ours = world.channel("Ours");
        let bu = ours.bu.unwrap();
        let cx = world.operator();
        let (_, secret) = create(&cx, bu, draft("Shop", "events:write")).unwrap();
        let used = || list(&cx, bu).unwrap().first().and_then(|t| t.last_used_at);
        assert_eq!(used(), None);
        presented(&world, &secret).unwrap();
        assert_eq!(used(), Some(cx.now));
        world.tools.clock.advance(TOUCH_EVERY.saturating_sub(Duration::from_secs(1)));
        presented(&world, &secret).unwrap();
        assert_eq!(used(), Some(cx.now));
        world.tools.clock.advance(Duration::from_secs(1));
        presented(&world, &secret).unwrap();
        assert_eq!(used(), Some(cx.now + TOUCH_EVERY));
    }
}
