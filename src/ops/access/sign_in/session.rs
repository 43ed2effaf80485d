//! Sessions: from a right password until sign-out, four idle hours or a day.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use zeroize::Zeroizing;

use super::device;
use crate::domain::access::session::{ABSOLUTE, IDLE, MOST_SESSIONS, SessionLevel};
use crate::domain::time::Ts;
use crate::ops::access::bearer;
use crate::ops::access::partners::{Landing, landing_of};
use crate::ops::cx::{Actor, Cx, Login, Source, Tools};
use crate::ops::system::audit::{Entry, record};
use crate::ops::{Error, Refusal};
use crate::store::access::memberships;
use crate::store::access::people;
use crate::store::access::second_factors;
use crate::store::access::sessions::{self, SessionRow, Signed};
use crate::store::access::users::UserRow;
use crate::store::pool::Conn;

/// No cookie of ours is longer.
const LONGEST_COOKIE: usize = 64;
/// How late the moment of the last request may be stored.
const TOUCH_EVERY: Duration = Duration::from_mins(1);

/// A session that began.
pub struct NewSession {
    /// The value of the session cookie: told once, stored nowhere.
    pub cookie: Zeroizing<String>,
    /// The value of the cookie by which this device is known next time; not while the second factor is asked.
    pub device: Option<String>,
    /// Who signed in.
    pub login: Login,
    /// Where they start.
    pub landing: Landing,
    /// Whether the browser should keep the cookie when it closes, up to the session's absolute limit.
    pub remember: bool,
    /// Whether the person is in, or is asked for the second factor.
    pub level: SessionLevel,
}

/// Begins a session of `user`, whose password was right, in a transaction of the caller's. It only leads to
/// the second factor when there is one. `device` is the cookie of a device that is known already.
pub fn begin(
    tools: &Arc<Tools>,
    conn: &mut Conn,
    user: &UserRow,
    (remember, device): (bool, Option<&str>),
    source: &Source,
) -> Result<NewSession, Error> {
    if second_factors::sealed(conn, user.id)?.is_none() {
        return enter(tools, conn, user, (remember, device), source, None);
    }
    let level = SessionLevel::Password;
    let (login, cookie) = store(tools, conn, user, (level, remember), source)?;
    let cx = Cx::new(tools, Actor::Login(login.clone()), source.clone());
    record(&cx, conn, None, entry("session.challenged", &login, None))?;
    Ok(NewSession { cookie, device: None, login, landing: Landing::Nowhere, remember, level })
}

/// Begins a session of `user`, who has proved everything that is asked; `factor` says by what, when there
/// is a second factor. The oldest session beyond [`MOST_SESSIONS`] ends.
pub(super) fn enter(
    tools: &Arc<Tools>,
    conn: &mut Conn,
    user: &UserRow,
    (remember, device): (bool, Option<&str>),
    source: &Source,
    factor: Option<&'static str>,
) -> Result<NewSession, Error> {
    let level = SessionLevel::Full;
    let (login, cookie) = store(tools, conn, user, (level, remember), source)?;
    let landing = landing_of(conn, user.id)?;
    let cx = Cx::new(tools, Actor::Login(login.clone()), source.clone());
    record(&cx, conn, None, entry("session.started", &login, factor))?;
    let device = Some(device.map_or_else(|| device::make(tools, user.id), str::to_owned));
    Ok(NewSession { cookie, device, login, landing, remember, level })
}

fn store(
    tools: &Tools,
    conn: &mut Conn,
    user: &UserRow,
    (level, remember): (SessionLevel, bool),
    source: &Source,
) -> Result<(Login, Zeroizing<String>), Error> {
    let cookie = bearer::fresh();
    let now = tools.clock.now();
    let login = Login {
        user: user.id,
        number: user.number,
        name: user.name.clone(),
        email: user.email.clone(),
        session: tools.clock.id(),
        reauth_at: now,
        owes_factor: false,
        is_operator: false,
    };
    let row = SessionRow {
        id: login.session,
        digest: bearer::digest(&cookie),
        user_id: user.id,
        level,
        created_at: now,
        last_seen_at: now,
        reauth_at: now,
        remember,
        ip: source.ip.clone(),
        agent: source.agent.clone(),
    };
    sessions::insert(conn, &row)?;
    sessions::keep_newest(conn, user.id, level, MOST_SESSIONS)?;
    if level == SessionLevel::Full {
        people::signed_in(conn, user.id, now)?;
    }
    Ok((login, cookie))
}

fn entry(action: &'static str, login: &Login, factor: Option<&'static str>) -> Entry {
    let mut after = json!({"user": login.user});
    if let (Some(factor), Some(told)) = (factor, after.as_object_mut()) {
        told.insert("second_factor".to_owned(), factor.into());
    }
    Entry {
        action,
        target_kind: "session",
        target_id: login.session.to_string(),
        before: None,
        after: Some(after),
    }
}

/// Who the cookie belongs to: nobody when it is unknown or malformed, when the session has ended or when
/// the login is switched off. Writes at most once a minute.
pub fn session(tools: &Tools, cookie: &str) -> Result<Option<Login>, Error> {
    let now = tools.clock.now();
    let Some(signed) = stored(tools, cookie)? else { return Ok(None) };
    let row = signed.session;
    if !counts(&row, now) {
        return Ok(None);
    }
    if now >= row.last_seen_at + TOUCH_EVERY {
        tools.db.write(|conn| Ok::<_, Error>(sessions::touch(conn, row.id, now)?))?;
    }
    Ok(Some(Login {
        user: row.user_id,
        number: signed.number,
        name: signed.name,
        email: signed.email,
        session: row.id,
        reauth_at: row.reauth_at,
        owes_factor: signed.owes_factor,
        is_operator: signed.is_operator,
    }))
}

/// The session with this cookie, be it over or not, unless its login is switched off.
pub(super) fn stored(tools: &Tools, cookie: &str) -> Result<Option<Signed>, Error> {
    if cookie.is_empty() || cookie.len() > LONGEST_COOKIE {
        return Ok(None);
    }
    tools.db.read(|conn| Ok(sessions::by_digest(conn, &bearer::digest(cookie))?))
}

fn counts(row: &SessionRow, now: Ts) -> bool {
    row.level == SessionLevel::Full && now < row.created_at + ABSOLUTE && now < row.last_seen_at + IDLE
}

/// Whether the session that the request came with goes on. Asking does not keep it alive: what a page asks by
/// itself is no sign of a person.
pub fn is_live(cx: &Cx) -> Result<bool, Error> {
    let Actor::Login(login) = &cx.actor else { return Ok(false) };
    cx.read(|conn| {
        let Some(row) = sessions::find(conn, login.session)? else { return Ok(false) };
        Ok(counts(&row, cx.now) && !memberships::owes_second_factor(conn, login.user)?)
    })
}

/// Ends the session that the request came with. Ending it twice changes nothing.
pub fn sign_out(cx: &Cx) -> Result<(), Error> {
    let Actor::Login(login) = &cx.actor else { return Err(Error::Forbidden(Refusal::Caller)) };
    cx.write(|conn| {
        if sessions::remove(conn, login.session)? {
            record(cx, conn, None, entry("session.ended", login, None))?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::user::Role;
    use crate::ops::testing::World;
    use crate::store::access::users;

    fn begun(world: &World, login: &Cx) -> NewSession {
        let user = login.user().unwrap();
        let source = Source::default();
        login
            .write(|conn| {
                let user = users::find(conn, user)?.unwrap();
                begin(&world.tools, conn, &user, (false, None), &source)
            })
            .unwrap()
    }

    fn is_live(world: &World, cookie: &str) -> bool {
        session(&world.tools, cookie).unwrap().is_some()
    }

    #[test]
    fn a_session_ends_when_it_should() {
        let world = World::new();
        let cx = world.login(world.channel("Ours").partner, Role::Viewer);
        let idle = begun(&world, &cx);
        world.tools.clock.advance(IDLE.saturating_sub(Duration::from_secs(1)));
        assert_eq!(session(&world.tools, &idle.cookie).unwrap().unwrap().user, idle.login.user);
        world.tools.clock.advance(IDLE);
        assert!(!is_live(&world, &idle.cookie), "idle");

        let long = begun(&world, &cx);
        for _ in 0..8 {
            world.tools.clock.advance(Duration::from_hours(3).saturating_sub(Duration::from_micros(1)));
            assert!(is_live(&world, &long.cookie));
        }
        world.tools.clock.advance(Duration::from_micros(8));
        assert!(!is_live(&world, &long.cookie), "absolute");

        let left = begun(&world, &cx);
        let request = Cx::new(&world.tools, Actor::Login(left.login.clone()), Source::default());
        sign_out(&request).unwrap();
        assert!(!is_live(&world, &left.cookie), "signed out");
        sign_out(&request).unwrap();

        let off = begun(&world, &cx);
        let now = world.tools.clock.now();
        cx.write(|conn| Ok(users::set_disabled(conn, off.login.user, Some(now))?)).unwrap();
        assert!(!is_live(&world, &off.cookie), "disabled");
    }

    #[test]
    fn cookies_that_were_never_given_are_nobodys() {
        let world = World::new();
        let cx = world.login(world.channel("Ours").partner, Role::Viewer);
        let given = begun(&world, &cx).cookie;
        assert!(is_live(&world, &given));
        for bad in ["", &given[1..], &format!("{}A", given.as_str()), &"x".repeat(10_000)] {
            assert!(!is_live(&world, bad));
        }
    }

    #[test]
    fn the_eleventh_session_ends_the_first() {
        let world = World::new();
        let cx = world.login(world.channel("Ours").partner, Role::Viewer);
        let all: Vec<_> = (0..=MOST_SESSIONS).map(|_| begun(&world, &cx)).collect();
        let live: Vec<_> = all.iter().map(|s| is_live(&world, &s.cookie)).collect();
        assert!(!live[0] && live[1..].iter().all(|l| *l), "{live:?}");
    }
}
