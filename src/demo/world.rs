//! The demo's partners, units and people, made through the same operations as everybody else's.

use std::fmt;

use url::Url;

use crate::app::App;
use crate::demo::Receiver;
use crate::demo::chance::Chance;
use crate::demo::seeds::{GLOBAL, OTHERS, UNITS, UnitSeed};
use crate::demo::webhooks::{self, Hook};
use crate::domain::access::partner::{PartnerKind, PartnerNumber};
use crate::domain::access::password::Password;
use crate::domain::access::permission::Scopes;
use crate::domain::access::user::Role;
use crate::domain::id::{BuId, EventId, ProgrammeId, TeamId, UserId};
use crate::domain::time::Ts;
use crate::ops::Error;
use crate::ops::access::operators;
use crate::ops::access::partners::{self, Grant, PartnerDraft};
use crate::ops::access::tokens::{self, TokenDraft};
use crate::ops::access::users::{self, UserDraft};
use crate::ops::access::{password, programmes, teams};
use crate::ops::cx::{Actor, Cx, Login, Source};

const HOUR: std::time::Duration = std::time::Duration::from_hours(1);
/// How many days ago the first partner came.
const FIRST_DAY: u32 = 40;

/// A login that a newcomer can use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// What it may do.
    pub role: Role,
    /// The partner's name.
    pub partner: &'static str,
    /// The partner's number.
    pub number: PartnerNumber,
    /// Its e-mail address.
    pub email: String,
}

/// What there is to see. Its `Display` is what a newcomer reads at the start.
pub struct World {
    /// The address to open.
    pub address: Url,
    /// The password of every login.
    pub password: String,
    /// The logins.
    pub seats: Vec<Seat>,
    /// An API token with every scope.
    pub token: String,
    /// The name of the token's unit.
    pub token_unit: &'static str,
    pub(super) units: Vec<Unit>,
}

/// A business unit that is alive.
pub(super) struct Unit {
    pub(super) bu: BuId,
    pub(super) seed: &'static UnitSeed,
    pub(super) people: Vec<Person>,
    pub(super) teams: Vec<TeamId>,
    pub(super) programmes: Vec<ProgrammeId>,
    pub(super) hooks: Vec<Hook>,
}

pub(super) struct Person {
    pub(super) role: Role,
    pub(super) login: Login,
}

impl Unit {
    /// Its login with this role.
    pub(super) fn person(&self, role: Role) -> Option<&Login> {
        self.people.iter().find(|person| person.role == role).map(|person| &person.login)
    }

    /// Whom and what an event of this type is about, now and then.
    pub(super) fn place(
        &self,
        event_type: &str,
        chance: &mut Chance,
    ) -> (Option<UserId>, Option<ProgrammeId>) {
        let about_people = ["user.", "enrollment.", "data."].iter().any(|kind| event_type.starts_with(kind));
        let subject = (about_people && chance.percent(60))
            .then(|| chance.pick(&self.people).map(|person| person.login.user));
        let in_programme = event_type.starts_with("order.") && chance.percent(70);
        let programme = in_programme.then(|| chance.pick(&self.programmes).copied());
        (subject.flatten(), programme.flatten())
    }
}

/// Makes everything but the past.
pub(super) fn build(app: &App, receiver: &Receiver) -> Result<World, Error> {
    let now = app.tools.clock.now();
    let started = now - HOUR * 24 * FIRST_DAY;
    let operator = |hours: u32| at(app, Actor::Operator, started + HOUR * hours);
    let secret = readable_password(&mut Chance::new());
    let mut seats = Vec::new();
    let (number, name, domain, people) = GLOBAL;
    let draft = PartnerDraft { name: name.into(), kind: PartnerKind::Global, id: Some(number) };
    partners::create(&operator(0), draft)?;
    // So that its owner sees what operators see.
    operators::set_operator(&operator(0), number, true)?;
    join(&operator(1), (number, name, domain), &people, &mut seats)?;
    for (number, name, granted) in OTHERS {
        let bu = channel(&operator(2), number, name)?;
        if granted {
            partners::grant(&operator(3), GLOBAL.0, Grant::Unit(bu))?;
        }
    }
    let mut units = Vec::new();
    for seed in &UNITS {
        let bu = channel(&operator(4), seed.number, seed.name)?;
        partners::grant(&operator(5), GLOBAL.0, Grant::Unit(bu))?;
        let cx = operator(6);
        let people = join(&cx, (seed.number, seed.name, seed.domain), &seed.people, &mut seats)?;
        units.push(furnish(&operator(7), bu, seed, people)?);
    }
    share_password(&operator(8), &secret, &seats)?;
    for unit in &mut units {
        unit.hooks = webhooks::build(app, unit, receiver, now)?;
    }
    let token = tokens(app, &units, now)?;
    forget_making(&operator(9), &units)?;
    let token_unit = UNITS.first().map_or("", |unit| unit.name);
    Ok(World { address: app.tools.public_url.clone(), password: secret, seats, token, token_unit, units })
}

/// A context at a moment of the past.
pub(super) fn at(app: &App, actor: Actor, moment: Ts) -> Cx {
    Cx { now: moment, ..app.cx(actor, Source::default()) }
}

fn channel(cx: &Cx, number: PartnerNumber, name: &str) -> Result<BuId, Error> {
    let draft = PartnerDraft { name: name.into(), kind: PartnerKind::Channel, id: Some(number) };
    let made = partners::create(cx, draft)?;
    made.bu.ok_or_else(|| Error::Internal("a channel partner has no business unit".into()))
}

/// Makes the logins of one partner: `owner@…`, `admin@…`, `developer@…`, `viewer@…`.
fn join(
    cx: &Cx,
    (number, partner, domain): (PartnerNumber, &'static str, &str),
    people: &[(Role, &str)],
    seats: &mut Vec<Seat>,
) -> Result<Vec<Person>, Error> {
    let mut joined = Vec::new();
    for (role, name) in people.iter().copied() {
        let email = format!("{role}@{domain}");
        // The password is the same for all and is hashed once, in `share_password`.
        let draft =
            UserDraft { email: email.clone(), name: name.into(), role, partner: number, password: None };
        let made = users::create(cx, draft)?;
        let login = Login {
            user: made.user,
            number: made.number,
            name: name.into(),
            email: email.clone(),
            session: cx.id(),
            reauth_at: cx.now,
            owes_factor: false,
            is_operator: false,
        };
        joined.push(Person { role, login });
        seats.push(Seat { role, partner, number, email });
    }
    Ok(joined)
}

fn furnish(cx: &Cx, bu: BuId, seed: &'static UnitSeed, people: Vec<Person>) -> Result<Unit, Error> {
    let programmes = seed.programmes.iter().map(|name| Ok(programmes::create(cx, bu, name)?.id));
    let programmes = programmes.collect::<Result<_, Error>>()?;
    let mut unit = Unit { bu, seed, people, teams: Vec::new(), programmes, hooks: Vec::new() };
    for (name, roles) in seed.teams {
        let team = teams::create(cx, bu, name)?.id;
        for login in roles.iter().filter_map(|role| unit.person(*role)) {
            teams::add_member(cx, bu, team, login.user)?;
        }
        unit.teams.push(team);
    }
    Ok(unit)
}

/// Gives every login the same password, hashed once: this is a demo that must be ready soon.
fn share_password(cx: &Cx, secret: &str, seats: &[Seat]) -> Result<(), Error> {
    use crate::store::access::users;
    let typed = Password::typed(secret).ok_or_else(|| Error::Internal("the password is too long".into()))?;
    let hash = password::hash(&typed)?;
    cx.write(|conn| {
        for seat in seats {
            if let Some(user) = users::by_email(conn, &seat.email)? {
                users::set_password(conn, user.id, &hash)?;
            }
        }
        Ok(())
    })
}

/// Removes what the making of the units published just now: it happened weeks ago, and is forgotten by now.
fn forget_making(cx: &Cx, units: &[Unit]) -> Result<(), Error> {
    use crate::store::events::{deliveries, events};
    cx.write(|conn| {
        for unit in units {
            let heads = events::heads(conn, unit.bu, i64::MAX, i64::MAX)?;
            let ids: Vec<EventId> = heads.into_iter().map(|head| head.id).collect();
            let sent = deliveries::ids_of_events(conn, &ids, i64::MAX)?;
            deliveries::remove(conn, &sent)?;
            events::remove(conn, &ids)?;
        }
        Ok(())
    })
}

/// Makes a few tokens of the first unit; gives the secret of the one with every scope.
fn tokens(app: &App, units: &[Unit], now: Ts) -> Result<String, Error> {
    let nobody = || Error::Internal("the demo has no developer".into());
    let unit = units.first().ok_or_else(nobody)?;
    let developer = unit.person(Role::Developer).ok_or_else(nobody)?;
    let make = |days: u32, name: &str, scopes: Scopes| {
        let moment = now - HOUR * 24 * days;
        let just_signed_in = Login { reauth_at: moment, ..developer.clone() };
        let cx = at(app, Actor::Login(just_signed_in), moment);
        tokens::create(&cx, unit.bu, TokenDraft { name: name.into(), scopes, expires_at: None })
    };
    make(17, "Order desk importer", Scopes::parse("events:write,webhooks:read")?)?;
    make(6, "Log reader", Scopes::parse("deliveries:read,events:read")?)?;
    let (_, secret) = make(0, "Demo with every scope", Scopes::all())?;
    Ok(secret.expose().to_owned())
}

/// Four words and a number: easy to type, and nobody guesses it while the demo runs.
fn readable_password(chance: &mut Chance) -> String {
    const WORDS: [&str; 64] = [
        "amber", "anchor", "apricot", "badger", "basil", "beacon", "birch", "bramble", "candle", "canyon",
        "cedar", "cobalt", "copper", "coral", "cricket", "dahlia", "delta", "ember", "falcon", "fennel",
        "ferry", "fiddle", "garnet", "ginger", "glacier", "granite", "harbour", "hazel", "heron", "indigo",
        "island", "jasmine", "juniper", "kettle", "lagoon", "lantern", "lemon", "linen", "magnet", "maple",
        "marble", "meadow", "mosaic", "nutmeg", "oboe", "olive", "orchid", "otter", "paddle", "pebble",
        "pepper", "quartz", "raven", "saffron", "sparrow", "thistle", "timber", "tulip", "velvet", "violin",
        "walnut", "willow", "yarrow", "zephyr",
    ];
    let [a, b, c, d] = [(); 4].map(|()| chance.word(&WORDS));
    format!("{a}-{b}-{c}-{d}-{}", chance.between(1_000, 9_999))
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, password, token, token_unit, .. } = self;
        writeln!(f, "Bellwire is ready: {address}\n")?;
        writeln!(f, "Sign in with any of these; the password is the same for all: {password}\n")?;
        let width = self.seats.iter().map(|seat| seat.email.len()).max().unwrap_or_default();
        for Seat { role, partner, number, email } in &self.seats {
            writeln!(f, "  {email:width$}  {role:9}  {partner} ({number})")?;
        }
        writeln!(f, "\nAn API token of {token_unit} with every scope:\n\n  {token}\n")?;
        writeln!(f, "Publish an event of your own:\n")?;
        writeln!(f, "  curl {address}api/v1/events -H 'authorization: Bearer {token}' \\")?;
        writeln!(f, "    -H 'content-type: application/json' \\")?;
        writeln!(
            f,
            "    -d '{{\"type\":\"order.completed\",\"data\":{{\"id\":\"ord_1\",\"total\":\"9.50\"}}}}'\n"
        )?;
        write!(f, "Everything is thrown away when this stops (Ctrl+C).")
    }
}
