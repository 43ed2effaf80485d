//! Logins: making them, changing them, letting them go, and who may.

mod change;
mod invite;
mod leave;
mod page;
mod told;

use serde_json::json;

use crate::domain::access::name::Name;
use crate::domain::access::partner::PartnerNumber;
use crate::domain::access::password::Password;
use crate::domain::access::permission::Permission;
use crate::domain::access::session::{INVITATION_LIFE, LINK_LIFE, LinkPurpose};
use crate::domain::access::user::{Role, canonical_email};
use crate::domain::id::{BuId, UserId};
use crate::domain::problem::FieldErrors;
use crate::ops::Error;
use crate::ops::access::bearer::{self, LinkSecret};
use crate::ops::access::operators::authorize_operator;
use crate::ops::access::password;
use crate::ops::authorize::{Access, authorize, authorize_admin, over_owners};
use crate::ops::cx::Cx;
use crate::ops::events::publish::{News, write_and_tell};
use crate::ops::system::audit::{Entry, record};
use crate::store::access::links::{self, LinkRow};
use crate::store::access::memberships::{self, MembershipRow};
use crate::store::access::users::{self, MemberRow, UserRow};
use crate::store::access::{partners, units};
use crate::store::pool::Conn;

pub use change::{UserEdit, disable, edit, enable, end_sessions};
pub(super) use invite::renew_link;
pub use invite::{InviteDraft, invite, invite_again};
pub use leave::{Leaving, leaving, remove};
pub use page::{PeoplePage, PeopleQuery, PersonView, page, person};

/// A login as someone asks for it.
#[derive(Clone)]
pub struct UserDraft {
    /// The e-mail address, in any spelling.
    pub email: String,
    /// The person's name.
    pub name: String,
    /// What it may do at the partner.
    pub role: Role,
    /// The partner.
    pub partner: PartnerNumber,
    /// Its password; without one the person chooses it through a one-time link.
    pub password: Option<String>,
}

/// A login that was made.
#[derive(Debug)]
pub struct UserCreated {
    /// Its id.
    pub user: UserId,
    /// The number by which people know it.
    pub number: i64,
    /// The secret of the link for choosing a password: `/setup?link=…`.
    pub link: Option<LinkSecret>,
}

/// A login that may be stored.
pub(super) struct NewUser {
    pub(super) email: String,
    pub(super) name: Name,
    pub(super) password_hash: Option<String>,
}

/// Makes a login with a role at a partner. For the operator, and for that partner's admins; only owners make
/// owners. Fields: `email`, `name`, `password`.
pub fn create(cx: &Cx, draft: UserDraft) -> Result<UserCreated, Error> {
    let UserDraft { email, name, role, partner, password } = draft;
    let place = (partner, role);
    cx.read(|conn| may_add(cx, conn, place))?;
    let mut errors = FieldErrors::default();
    let chosen = password.map(|text| Password::choose("password", &text, &email, &name));
    let email = errors.keep(check_email(&email));
    let name = errors.keep(Name::parse("name", &name));
    let password = errors.keep(chosen.transpose()).flatten();
    let (Some(email), Some(name)) = (email, name) else { return Err(errors.into()) };
    errors.or(())?;
    let password_hash = password.map(|p| password::hash(&p)).transpose()?;
    let new = NewUser { email, name, password_hash };
    write_and_tell(&cx.tools, |conn, news| {
        may_add(cx, conn, place)?;
        let user = insert(cx, conn, new, place)?;
        let link = match user.password_hash {
            Some(_) => None,
            None => Some(link(cx, conn, &user, place)?),
        };
        tell_created(cx, conn, news, &user, place)?;
        Ok(UserCreated { user: user.id, number: user.number, link })
    })
}

/// The one spelling of the address in `email`.
pub(super) fn check_email(text: &str) -> Result<String, FieldErrors> {
    let message = "This is no e-mail address. Write it as name@company.example.";
    canonical_email(text).ok_or_else(|| FieldErrors::one("email", "format", message))
}

fn may_add(cx: &Cx, conn: &mut Conn, (partner, new): (PartnerNumber, Role)) -> Result<(), Error> {
    match authorize_operator(cx, conn) {
        Ok(()) => return partners::find(conn, partner)?.map(drop).ok_or(Error::NotFound),
        // An operator whose sign-in is old is still an admin of its own partner.
        Err(Error::NotFound | Error::Forbidden(_)) => {}
        Err(other) => return Err(other),
    }
    let unit = units::of_partner(conn, partner)?.ok_or(Error::NotFound)?;
    let access = authorize_admin(cx, conn, unit.id)?;
    may_decide_on(cx, conn, &access, new)
}

/// Passes those admins who may give the role `wanted`, or change who has it: each decides on logins that are no
/// owners.
fn may_decide_on(cx: &Cx, conn: &mut Conn, admin: &Access, wanted: Role) -> Result<(), Error> {
    if wanted < Role::Owner {
        return Ok(());
    }
    over_owners(cx, conn, admin)?.map_err(Error::Forbidden)
}

/// Stores a login with its role at a partner, in a transaction of the caller's.
pub(super) fn insert(
    cx: &Cx,
    conn: &mut Conn,
    new: NewUser,
    (partner, role): (PartnerNumber, Role),
) -> Result<UserRow, Error> {
    let number = users::next_number(conn)?;
    if users::by_email(conn, &new.email)?.is_some() {
        let message = "A login with this e-mail address exists already.";
        return Err(Error::field("email", "taken", message));
    }
    let row = UserRow {
        id: cx.id(),
        number,
        email: new.email,
        name: new.name.into_string(),
        password_hash: new.password_hash,
        disabled_at: None,
        created_at: cx.now,
    };
    users::insert(conn, &row)?;
    let member = MembershipRow { user_id: row.id, partner_id: partner, role, created_at: cx.now };
    memberships::insert(conn, &member)?;
    Ok(row)
}

/// A link by which a login chooses its password.
pub(super) fn link(
    cx: &Cx,
    conn: &mut Conn,
    user: &UserRow,
    (partner, role): (PartnerNumber, Role),
) -> Result<LinkSecret, Error> {
    let secret = LinkSecret::fresh();
    let row = LinkRow {
        digest: bearer::digest(secret.expose()),
        purpose: LinkPurpose::Invitation,
        partner_id: Some(partner),
        user_id: Some(user.id),
        email: Some(user.email.clone()),
        role,
        created_at: cx.now,
        expires_at: cx.now + if cx.user().is_some() { INVITATION_LIFE } else { LINK_LIFE },
        used_at: None,
    };
    links::insert(conn, &row)?;
    Ok(secret)
}

/// Tells the partner's unit that a login was made: with an event and in its audit log.
pub(super) fn tell_created(
    cx: &Cx,
    conn: &mut Conn,
    news: &mut News,
    user: &UserRow,
    (partner, role): (PartnerNumber, Role),
) -> Result<(), Error> {
    let bu = units::of_partner(conn, partner)?.map(|unit| unit.id);
    if let Some(bu) = bu {
        told::publish(cx, conn, news, (bu, user.id), "user.created", &[])?;
    }
    let after = json!({
        "number": user.number, "email": user.email, "name": user.name, "partner": partner, "role": role,
    });
    let entry = Entry {
        action: "user.created",
        target_kind: "user",
        target_id: user.id.to_string(),
        before: None,
        after: Some(after),
    };
    record(cx, conn, bu, entry)
}

/// Tells the unit with an event that an invited login has chosen its password.
pub(super) fn tell_accepted(
    cx: &Cx,
    conn: &mut Conn,
    news: &mut News,
    place: (BuId, UserId),
) -> Result<(), Error> {
    told::publish(cx, conn, news, place, "user.updated", &["status"])
}

/// The logins with a role at the partner of `bu`, in the order of their numbers.
pub fn list(cx: &Cx, bu: BuId) -> Result<Vec<MemberRow>, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksRead)?;
        Ok(users::list(conn, bu)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{World, is_not_found};

    fn draft(partner: PartnerNumber, email: &str, role: Role) -> UserDraft {
        UserDraft { email: email.into(), name: "Jo".into(), role, partner, password: None }
    }

    #[test]
    fn logins_are_numbered_from_1001_and_an_address_is_used_once() {
        let world = World::new();
        let partner = world.channel("Ours").partner;
        let first = create(&world.operator(), draft(partner, "A@x.example", Role::Owner)).unwrap();
        let second = create(&world.operator(), draft(partner, "b@x.example", Role::Viewer)).unwrap();
        assert_eq!((first.number, second.number), (1_001, 1_002));
        assert!(first.link.is_some());
        let again = create(&world.operator(), draft(partner, " a@X.example ", Role::Viewer));
        let Err(Error::Invalid(errors)) = again else { panic!("made twice") };
        assert_eq!(errors.of("email").next().unwrap().code, "taken");
    }

    #[test]
    fn logins_that_are_made_together_get_different_numbers() {
        let world = World::new();
        let partner = world.channel("Ours").partner;
        let made = &|i: usize| {
            create(&world.operator(), draft(partner, &format!("u{i}@x.example"), Role::Viewer))
                .unwrap()
                .number
        };
        let mut numbers: Vec<_> = std::thread::scope(|scope| {
            let all: Vec<_> = (0..8).map(|i| scope.spawn(move || made(i))).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        numbers.sort_unstable();
        assert_eq!(numbers, (1_001..1_009).collect::<Vec<_>>());
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let world = World::new();
        let partner = world.channel("Ours").partner;
        let mut bad = draft(partner, "nobody", Role::Viewer);
        bad.name = String::new();
        bad.password = Some("short".into());
        let Err(Error::Invalid(errors)) = create(&world.operator(), bad) else { panic!("made") };
        let fields: Vec<_> = errors.iter().map(|e| e.field.as_ref()).collect();
        assert_eq!(fields, ["email", "name", "password"]);
    }

    #[test]
    fn admins_add_logins_to_their_own_partner_but_no_owners() {
        let world = World::new();
        let (ours, theirs) = (world.channel("Ours").partner, world.channel("Theirs").partner);
        let admin = world.login(ours, Role::Admin);
        assert!(create(&admin, draft(ours, "a@x.example", Role::Admin)).is_ok());
        assert!(matches!(create(&admin, draft(ours, "b@x.example", Role::Owner)), Err(Error::Forbidden(_))));
        assert!(is_not_found(&create(&admin, draft(theirs, "c@x.example", Role::Viewer))));
        let developer = world.login(ours, Role::Developer);
        let refused = create(&developer, draft(ours, "d@x.example", Role::Viewer));
        assert!(matches!(refused, Err(Error::Forbidden(_))));
    }
}
