//! One-time links: the very first partner and owner, and new logins that choose a password.

use std::sync::Arc;

use serde_json::json;
use zeroize::Zeroizing;

use crate::domain::access::name::Name;
use crate::domain::access::partner::PartnerKind;
use crate::domain::access::password::Password;
use crate::domain::access::session::{LINK_LIFE, LinkPurpose};
use crate::domain::access::user::Role;
use crate::domain::problem::FieldErrors;
use crate::ops::Error;
use crate::ops::access::bearer::{self, LinkSecret};
use crate::ops::access::sign_in::{NewSession, begin};
use crate::ops::access::users::{self as logins, NewUser};
use crate::ops::access::{operators, partners, password};
use crate::ops::cx::{Actor, Cx, Source, Tools};
use crate::ops::events::publish::{News, write_and_tell};
use crate::ops::system::audit::{Entry, record};
use crate::store::access::links::{self, LinkRow};
use crate::store::access::units;
use crate::store::access::users::{self, UserRow};
use crate::store::pool::Conn;

/// What a person who opened a link is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupLink {
    /// The partner the login belongs to, when there is one.
    pub partner_name: Option<String>,
    /// The login's e-mail address, when it is known; then it is not asked for.
    pub email: Option<String>,
    /// The login's name, when it is known.
    pub name: Option<String>,
    /// Whether the link makes the first partner, so that its name is asked for.
    pub needs_partner: bool,
}

/// What the person answers.
pub struct SetupDraft {
    /// The first partner's name; not read otherwise.
    pub partner_name: String,
    /// The person's name; an invited person may leave it empty to keep the name they were invited by.
    pub name: String,
    /// The e-mail address; not read when the link knows it.
    pub email: String,
    /// The password.
    pub password: Zeroizing<String>,
    /// The password once more.
    pub password_again: Zeroizing<String>,
}

/// A link for making the first partner and its owner, as long as there is no login at all. It opens for half
/// an hour, and not once there is one. Each node that starts may give one.
pub fn first_owner_link(tools: &Arc<Tools>) -> Result<Option<LinkSecret>, Error> {
    let cx = Cx::new(tools, Actor::System, Source::default());
    cx.write(|conn| {
        users::take_turns(conn)?;
        if users::any(conn)? {
            return Ok(None);
        }
        let secret = LinkSecret::fresh();
        let row = LinkRow {
            digest: bearer::digest(secret.expose()),
            purpose: LinkPurpose::Setup,
            partner_id: None,
            user_id: None,
            email: None,
            role: Role::Owner,
            created_at: cx.now,
            expires_at: cx.now + LINK_LIFE,
            used_at: None,
        };
        links::insert(conn, &row)?;
        Ok(Some(secret))
    })
}

/// What the link asks; `NotFound` when it is unknown, over or used.
pub fn look_up(tools: &Tools, link: &str) -> Result<SetupLink, Error> {
    tools.db.read(|conn| open(tools, conn, link).map(|opened| opened.asks))
}

/// Uses the link, and signs the person in. All field errors are told at once: `partner_name`, `name`,
/// `email`, `password`, `password_again`. A link opens once, also when two people use it together.
pub fn accept(
    tools: &Arc<Tools>,
    link: &str,
    draft: &SetupDraft,
    source: &Source,
) -> Result<NewSession, Error> {
    let opened = tools.db.read(|conn| open(tools, conn, link))?;
    let checked = check(&opened, draft)?;
    let hash = password::hash(&checked.password)?;
    write_and_tell(tools, |conn, news| {
        let cx = Cx::new(tools, Actor::System, source.clone());
        if !links::use_up(conn, &opened.row.digest, cx.now)? {
            return Err(Error::NotFound);
        }
        let user = match opened.user {
            Some(user) => choose(&cx, conn, news, (user, &opened.row), &checked, hash)?,
            None => found(&cx, conn, news, &checked, hash)?,
        };
        begin(tools, conn, &user, (false, None), source)
    })
}

struct Opened {
    row: LinkRow,
    user: Option<UserRow>,
    asks: SetupLink,
}

fn open(tools: &Tools, conn: &mut Conn, link: &str) -> Result<Opened, Error> {
    let row = links::live(conn, &bearer::digest(link), tools.clock.now())?.ok_or(Error::NotFound)?;
    let user = match row.user_id {
        Some(id) => {
            let user = users::find(conn, id)?.filter(|user| user.disabled_at.is_none());
            Some(user.ok_or(Error::NotFound)?)
        }
        None if users::any(conn)? => return Err(Error::NotFound),
        None => None,
    };
    let partner = match row.partner_id {
        Some(number) => crate::store::access::partners::find(conn, number)?,
        None => None,
    };
    let asks = SetupLink {
        partner_name: partner.map(|p| p.name),
        email: user.as_ref().map(|u| u.email.clone()),
        name: user.as_ref().map(|u| u.name.clone()),
        needs_partner: row.partner_id.is_none(),
    };
    Ok(Opened { row, user, asks })
}

struct Checked {
    partner_name: Option<Name>,
    name: Name,
    email: String,
    password: Password,
}

fn check(opened: &Opened, draft: &SetupDraft) -> Result<Checked, FieldErrors> {
    let mut errors = FieldErrors::default();
    let partner = opened.asks.needs_partner.then(|| Name::parse("partner_name", &draft.partner_name));
    let partner_name = errors.keep(partner.transpose()).flatten();
    let name = match &opened.asks.name {
        Some(known) if draft.name.trim().is_empty() => known,
        _ => &draft.name,
    };
    let email = opened.asks.email.as_ref().unwrap_or(&draft.email);
    let chosen = Password::choose("password", &draft.password, email, name);
    let name = errors.keep(Name::parse("name", name));
    let email = errors.keep(logins::check_email(email));
    let password = errors.keep(chosen);
    if draft.password != draft.password_again {
        errors.push("password_again", "different", "The two passwords differ. Type the same one twice.");
    }
    let (Some(name), Some(email), Some(password)) = (name, email, password) else { return Err(errors) };
    errors.or(Checked { partner_name, name, email, password })
}

/// An invited login chooses its password; whoever was signed in as it no longer is.
fn choose(
    cx: &Cx,
    conn: &mut Conn,
    news: &mut News,
    (mut user, link): (UserRow, &LinkRow),
    checked: &Checked,
    hash: String,
) -> Result<UserRow, Error> {
    users::set_password(conn, user.id, &hash)?;
    users::set_name(conn, user.id, checked.name.as_str())?;
    crate::store::access::sessions::remove_of_user(conn, user.id)?;
    links::close_of_user(conn, user.id, cx.now)?;
    let before = json!({"name": user.name});
    user.name = checked.name.to_string();
    user.password_hash = Some(hash);
    let entry = Entry {
        action: "user.password_set",
        target_kind: "user",
        target_id: user.id.to_string(),
        before: Some(before),
        after: Some(json!({"name": user.name, "password": "changed"})),
    };
    let unit = match link.partner_id {
        Some(partner) => units::of_partner(conn, partner)?.map(|unit| unit.id),
        None => None,
    };
    if let Some(bu) = unit {
        logins::tell_accepted(cx, conn, news, (bu, user.id))?;
    }
    record(cx, conn, unit, entry)?;
    Ok(user)
}

/// The first partner and its owner.
fn found(
    cx: &Cx,
    conn: &mut Conn,
    news: &mut News,
    checked: &Checked,
    hash: String,
) -> Result<UserRow, Error> {
    users::take_turns(conn)?;
    let partner_name = checked.partner_name.as_ref().ok_or(Error::NotFound)?;
    if users::any(conn)? {
        return Err(Error::NotFound);
    }
    let partner = partners::insert(cx, conn, partner_name, PartnerKind::Channel, None)?.partner;
    // Whoever sets the installation up runs it.
    operators::set(cx, conn, partner, true)?;
    let new = NewUser { email: checked.email.clone(), name: checked.name.clone(), password_hash: Some(hash) };
    let user = logins::insert(cx, conn, new, (partner, Role::Owner))?;
    logins::tell_created(cx, conn, news, &user, (partner, Role::Owner))?;
    Ok(user)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::user::Role;
    use crate::ops::access::partners::Landing;
    use crate::ops::access::users::{UserDraft, create};
    use crate::ops::testing::{World, is_not_found};

    fn draft() -> SetupDraft {
        SetupDraft {
            partner_name: "Northwind".into(),
            name: "Jo Meyer".into(),
            email: "jo@northwind.example".into(),
            password: Zeroizing::new("violin porch copper".into()),
            password_again: Zeroizing::new("violin porch copper".into()),
        }
    }

    #[test]
    fn the_first_link_makes_partner_and_owner_and_opens_once() {
        let world = World::new();
        let tools = &world.tools;
        let other = first_owner_link(tools).unwrap().unwrap();
        let link = first_owner_link(tools).unwrap().unwrap();
        assert!(look_up(tools, other.expose()).is_ok());
        assert!(look_up(tools, link.expose()).unwrap().needs_partner);
        let new = accept(tools, link.expose(), &draft(), &Source::default()).unwrap();
        let Landing::Unit(bu) = new.landing else { panic!("landed elsewhere") };
        let cx = Cx::new(tools, Actor::Login(new.login), Source::default());
        let unit = partners::unit(&cx, bu).unwrap();
        assert_eq!((unit.name.as_str(), unit.partner, unit.role), ("Northwind", 10_001, Some(Role::Owner)));
        assert!(is_not_found(&accept(tools, link.expose(), &draft(), &Source::default())));
        assert!(is_not_found(&accept(tools, other.expose(), &draft(), &Source::default())));
        assert!(first_owner_link(tools).unwrap().is_none());
    }

    #[test]
    fn of_two_who_use_a_link_together_one_wins() {
        let world = World::new();
        let link = first_owner_link(&world.tools).unwrap().unwrap();
        let won = std::thread::scope(|scope| {
            let each = || accept(&world.tools, link.expose(), &draft(), &Source::default()).is_ok();
            let both = [scope.spawn(each), scope.spawn(each)];
            both.into_iter().filter_map(|one| one.join().ok()).filter(|won| *won).count()
        });
        assert_eq!(won, 1);
    }

    #[test]
    fn all_that_is_wrong_is_told_and_the_link_still_opens() {
        let world = World::new();
        let link = first_owner_link(&world.tools).unwrap().unwrap();
        let empty = SetupDraft {
            partner_name: String::new(),
            name: String::new(),
            email: String::new(),
            password: Zeroizing::default(),
            password_again: Zeroizing::new("x".into()),
        };
        let Err(Error::Invalid(errors)) = accept(&world.tools, link.expose(), &empty, &Source::default())
        else {
            panic!("accepted")
        };
        let fields: Vec<_> = errors.iter().map(|e| e.field.as_ref()).collect();
        assert_eq!(fields, ["partner_name", "name", "email", "password", "password_again"]);
        assert!(look_up(&world.tools, link.expose()).is_ok());
        world.tools.clock.advance(LINK_LIFE);
        assert!(is_not_found(&look_up(&world.tools, link.expose())));
    }

    #[test]
    fn an_invited_login_chooses_its_password_and_keeps_its_role() {
        let world = World::new();
        let partner = world.channel("Ours");
        let invited = UserDraft {
            email: "ann@ours.example".into(),
            name: "Ann".into(),
            role: Role::Viewer,
            partner: partner.partner,
            password: None,
        };
        let link = create(&world.operator(), invited).unwrap().link.unwrap();
        let asks = look_up(&world.tools, link.expose()).unwrap();
        assert_eq!(asks.email.as_deref(), Some("ann@ours.example"));
        assert!(!asks.needs_partner && asks.partner_name.as_deref() == Some("Ours"));
        let new = accept(&world.tools, link.expose(), &draft(), &Source::default()).unwrap();
        assert_eq!((new.login.email.as_str(), new.login.name.as_str()), ("ann@ours.example", "Jo Meyer"));
        let cx = Cx::new(&world.tools, Actor::Login(new.login), Source::default());
        let role = partners::unit(&cx, partner.bu.unwrap()).unwrap().role;
        assert_eq!(role, Some(Role::Viewer));
    }
}
