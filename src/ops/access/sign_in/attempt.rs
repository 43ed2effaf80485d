//! One attempt to sign in: throttled before the password is hashed, the same work for every account.

use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::device;
use super::session::{NewSession, begin};
use crate::domain::access::password::Password;
use crate::domain::access::user::canonical_email;
use crate::domain::time::Ts;
use crate::ops::Error;
use crate::ops::access::password::{self, HashError, Verdict};
use crate::ops::cx::{Actor, Cx, Source, Tools};
use crate::ops::system::audit::{Entry, record};
use crate::ops::system::denials::Denial;
use crate::store::access::throttles::{self, Limit};
use crate::store::access::users::{self, UserRow};
use crate::store::pool::{Conn, OpenError};
use crate::store::storage::{Tells, Trouble};

/// Guesses on one account, or from one known device of it.
const ACCOUNT: Limit = Limit { most: 10, window: Duration::from_mins(10) };
/// Guesses from one address: an IPv4 address or an IPv6 network of 64 bits.
const ADDRESS: Limit = Limit { most: 60, window: Duration::from_hours(1) };
/// After this time no guess counts any more.
pub const LONGEST_WINDOW: Duration = ADDRESS.window;

/// What a person types to sign in.
pub struct SignInDraft {
    /// The e-mail address, in any spelling.
    pub email: String,
    /// The password.
    pub password: Zeroizing<String>,
    /// Whether the browser should stay signed in when it closes.
    pub remember: bool,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Unknown address, wrong password or a login that is switched off: the three cannot be told apart.
    #[error("wrong e-mail address or password")]
    Wrong,
    /// Too many guesses; the password was not looked at.
    #[error("too many attempts; the next one is allowed in {seconds} seconds")]
    Throttled {
        /// In how many seconds another attempt is allowed; at least 1.
        seconds: u64,
    },
    /// Too many people sign in at this moment.
    #[error("too many people sign in at this moment")]
    Busy,
    /// Something else went wrong.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<diesel::result::Error> for SignInError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<OpenError> for SignInError {
    fn from(error: OpenError) -> Self {
        Self::Failed(error.into())
    }
}

impl Tells for SignInError {
    fn trouble(&self) -> Option<Trouble> {
        match self {
            Self::Failed(error) => error.trouble(),
            _ => None,
        }
    }
}

/// Signs a person in. `device` is the cookie by which the device is known, when the request has one.
pub fn sign_in(
    tools: &Arc<Tools>,
    draft: &SignInDraft,
    device: Option<&str>,
    source: &Source,
) -> Result<NewSession, SignInError> {
    let cx = Cx::new(tools, Actor::System, source.clone());
    let (Some(email), Some(password)) = (canonical_email(&draft.email), Password::typed(&draft.password))
    else {
        return Err(SignInError::Wrong);
    };
    let user = tools.db.read(|conn| Ok::<_, SignInError>(users::by_email(conn, &email)?))?;
    let device =
        device.zip(user.as_ref()).filter(|(text, user)| device::known(tools, text, user.id).is_some());
    let device = device.map(|(text, _)| text);
    let buckets = Buckets::of_password(&email, device, source);
    tools.db.write(|conn| buckets.take(&cx, conn))?;
    let stored = user.as_ref().filter(|user| user.disabled_at.is_none());
    let stored_hash = stored.and_then(|user| user.password_hash.as_deref());
    match (password::verify(&password, stored_hash), stored) {
        (Ok(Verdict::Right { better }), Some(user)) => tools.db.write(|conn| {
            buckets.settle(conn)?;
            if let Some(better) = better {
                users::set_password(conn, user.id, &better)?;
            }
            Ok(begin(tools, conn, user, (draft.remember, device), source)?)
        }),
        (Ok(_), _) => {
            tools.db.write(|conn| buckets.refused(&cx, conn))?;
            Err(SignInError::Wrong)
        }
        (Err(HashError::Busy), _) => {
            tools.db.write(|conn| buckets.give_back(conn))?;
            Err(SignInError::Busy)
        }
        (Err(error @ HashError::Failed(_)), _) => Err(SignInError::Failed(error.into())),
    }
}

/// Where a guess counts. A known device counts alone: whoever guesses elsewhere, or behind the same
/// address, cannot lock it out.
pub struct Buckets {
    email: String,
    account: String,
    /// The address, or the network of it that one client has to itself.
    network: Option<String>,
}

impl Buckets {
    /// Where a guess of the password of this e-mail address counts. `device` is the cookie of a known device.
    pub fn of_password(email: &str, device: Option<&str>, source: &Source) -> Self {
        let email = email.to_owned();
        if let Some(name) = device.and_then(|text| text.split('.').next()) {
            return Self { email, account: format!("device:{name}"), network: None };
        }
        Self { account: format!("account:{email}"), email, network: source.network() }
    }

    /// Where a guess of the second factor of this login counts: by itself, because a right password must
    /// not forget it.
    pub fn of_factor(tools: &Tools, user: &UserRow, device: Option<&str>, source: &Source) -> Self {
        let device = device.filter(|text| device::known(tools, text, user.id).is_some());
        let of_password = Self::of_password(&user.email, device, source);
        Self { account: format!("factor:{}", of_password.account), ..of_password }
    }

    /// Counts a guess; counts nothing when one of the buckets is full, of which the audit log tells.
    pub fn take(&self, cx: &Cx, conn: &mut Conn) -> Result<(), SignInError> {
        let full = |until: Ts, target_kind, target_id: &str| {
            let target_id = target_id.to_owned();
            let denial = Denial { action: "sign_in.throttled", bu: None, target_kind, target_id };
            cx.tools.known.denials.note(&cx.actor, &cx.source, denial);
            let seconds = u64::try_from(until.millis_since(cx.now)).unwrap_or(0).div_ceil(1_000).max(1);
            SignInError::Throttled { seconds }
        };
        throttles::take(conn, &self.account, ACCOUNT, cx.now)?
            .map_err(|until| full(until, "email", &self.email))?;
        let Some(network) = &self.network else { return Ok(()) };
        throttles::take(conn, &address(network), ADDRESS, cx.now)?
            .map_err(|until| full(until, "address", network))
    }

    /// After a right guess: the account's guesses are forgotten, and the address made none.
    pub fn settle(&self, conn: &mut Conn) -> Result<(), SignInError> {
        throttles::clear(conn, &self.account)?;
        self.give_back_address(conn)
    }

    /// A guess was not looked at.
    pub fn give_back(&self, conn: &mut Conn) -> Result<(), SignInError> {
        throttles::give_back(conn, &self.account)?;
        self.give_back_address(conn)
    }

    fn give_back_address(&self, conn: &mut Conn) -> Result<(), SignInError> {
        let Some(network) = &self.network else { return Ok(()) };
        Ok(throttles::give_back(conn, &address(network))?)
    }

    /// Has the audit log tell that a guess was wrong. Known and unknown accounts leave the same trace, so that both
    /// take the same time.
    pub fn refused(&self, cx: &Cx, conn: &mut Conn) -> Result<(), SignInError> {
        let (action, target_kind, target_id) = ("sign_in.refused", "email", self.email.clone());
        if !cx.tools.known.denials.admit(action, cx.now) {
            return Ok(());
        }
        Ok(record(cx, conn, None, Entry { action, target_kind, target_id, before: None, after: None })?)
    }
}

fn address(network: &str) -> String {
    format!("address:{network}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::user::Role;
    use crate::ops::access::partners::Landing;
    use crate::ops::access::users::{UserDraft, create};
    use crate::ops::testing::World;

    const EMAIL: &str = "jo@ours.example";
    const PASSWORD: &str = "violin porch copper";

    fn world() -> World {
        let world = World::new();
        let draft = UserDraft {
            email: EMAIL.into(),
            name: "Jo".into(),
            role: Role::Owner,
            partner: world.channel("Ours").partner,
            password: Some(PASSWORD.into()),
        };
        create(&world.operator(), draft).unwrap();
        world
    }

    fn tried(
        world: &World,
        email: &str,
        password: &str,
        device: Option<&str>,
    ) -> Result<NewSession, SignInError> {
        let draft =
            SignInDraft { email: email.into(), password: Zeroizing::new(password.into()), remember: true };
        let source = Source { ip: Some("203.0.113.9".into()), ..Source::default() };
        sign_in(&world.tools, &draft, device, &source)
    }

    fn fill(world: &World, key: &str, limit: Limit) {
        let cx = world.operator();
        for _ in 0..limit.most {
            cx.write(|conn| Ok(throttles::take(conn, key, limit, cx.now)?)).unwrap().unwrap();
        }
    }

    #[test]
    fn the_right_password_signs_in_and_nothing_else_does() {
        let world = world();
        for (email, password) in [
            (EMAIL, "violin porch coppeR"),
            ("nobody@ours.example", PASSWORD),
            ("no address", PASSWORD),
            (EMAIL, ""),
            (EMAIL, &"x".repeat(1_000_000)),
        ] {
            assert!(matches!(tried(&world, email, password, None), Err(SignInError::Wrong)), "{email}");
        }
        let new = tried(&world, " Jo@Ours.Example", PASSWORD, None).unwrap();
        assert!(new.remember && matches!(new.landing, Landing::Unit(_)));
        let login = super::super::session(&world.tools, &new.cookie).unwrap().unwrap();
        assert_eq!((login.email.as_str(), login.number), (EMAIL, 1_001));

        let now = world.tools.clock.now();
        world.operator().write(|conn| Ok(users::set_disabled(conn, login.user, Some(now))?)).unwrap();
        assert!(matches!(tried(&world, EMAIL, PASSWORD, None), Err(SignInError::Wrong)));
    }

    #[test]
    fn guessing_is_slow_but_a_known_device_is_never_locked_out() {
        let world = world();
        let device = tried(&world, EMAIL, PASSWORD, None).unwrap().device.unwrap();
        fill(&world, &format!("account:{EMAIL}"), ACCOUNT);
        fill(&world, "address:203.0.113.9", ADDRESS);
        let refused = tried(&world, EMAIL, PASSWORD, None);
        assert!(matches!(refused, Err(SignInError::Throttled { seconds: 600 })));
        assert_eq!(tried(&world, EMAIL, PASSWORD, Some(&device)).unwrap().device.unwrap(), device);
        let forged = tried(&world, EMAIL, PASSWORD, Some(&format!("{device}A")));
        assert!(matches!(forged, Err(SignInError::Throttled { .. })));
        let other = tried(&world, "nobody@ours.example", PASSWORD, None);
        assert!(matches!(other, Err(SignInError::Throttled { seconds: 3_600 })));
        world.tools.clock.advance(ADDRESS.window);
        assert!(tried(&world, EMAIL, PASSWORD, None).is_ok());
    }

    #[test]
    fn of_many_guesses_at_once_no_more_than_the_limit_pass() {
        let world = World::new();
        let cx = world.operator();
        let guess = || cx.write(|conn| Ok(throttles::take(conn, "x", ACCOUNT, cx.now)?)).unwrap().is_ok();
        let passed = std::thread::scope(|scope| {
            let all: Vec<_> = (0..20).map(|_| scope.spawn(guess)).collect();
            all.into_iter().filter_map(|one| one.join().ok()).filter(|passed| *passed).count()
        });
        assert_eq!(passed, 10);
    }

    #[test]
    fn a_right_password_forgets_the_wrong_ones() {
        let world = world();
        let cx = world.operator();
        let key = format!("account:{EMAIL}");
        for _ in 1..ACCOUNT.most {
            cx.write(|conn| Ok(throttles::take(conn, &key, ACCOUNT, cx.now)?)).unwrap().unwrap();
        }
        tried(&world, EMAIL, PASSWORD, None).unwrap();
        fill(&world, &key, ACCOUNT);
    }
}
