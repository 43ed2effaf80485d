//! One line of the users table, as data with ready words.

use crate::domain::access::user::Role;
use crate::domain::time::Ts;
use crate::ops::Refusal;
use crate::ops::access::users::PersonView;
use crate::web::format::{self, Moment};
use crate::web::here::Here;
use crate::web::parts::{Mark, Tone};
use crate::web::routes;

/// One login.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its whole id.
    pub id: String,
    /// The number by which people know it.
    pub number: String,
    /// The person's name.
    pub name: String,
    /// Two letters of it.
    pub initials: String,
    /// The e-mail address.
    pub email: String,
    /// What it may do, in a word.
    pub role: &'static str,
    /// Its teams in one line; `–` for none.
    pub teams: String,
    /// When the person last signed in.
    pub last: Option<Moment>,
    /// What stands there instead.
    pub note: &'static str,
    /// That it is switched off.
    pub off: Option<Mark>,
    /// What can be done with it, for who may.
    pub menu: Option<Menu>,
}

/// What can be done with a login; a missing address is not offered.
#[derive(Debug, Clone)]
pub struct Menu {
    /// Unique in the page.
    pub id: String,
    /// Where its name and role are changed.
    pub edit: String,
    /// POST makes a new invitation link.
    pub link: Option<String>,
    /// POST ends its sessions.
    pub sign_out: Option<String>,
    /// Where it is switched off.
    pub disable: Option<String>,
    /// POST switches it on.
    pub enable: Option<String>,
    /// Where it is removed.
    pub remove: Option<String>,
}

/// A role as people read it.
pub const fn label(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Viewer",
        Role::Developer => "Developer",
        Role::Admin => "Admin",
        Role::Owner => "Owner",
    }
}

/// Passes those who decide on logins with the role `on`.
pub fn decides_on(here: &Here, on: Role) -> Result<(), Refusal> {
    match on {
        Role::Owner => here.over_owners(),
        _ if here.is_admin() => Ok(()),
        _ => Err(Refusal::Caller),
    }
}

impl Row {
    /// The line of a login, as it is at `now`.
    pub fn of(here: &Here, person: &PersonView, now: Ts) -> Self {
        let row = &person.row;
        let off = row.disabled_at.is_some();
        let note = if row.has_password { "Never" } else { "Invited, not yet signed in" };
        Self {
            id: row.id.to_string(),
            number: row.number.to_string(),
            name: row.name.clone(),
            initials: format::initials(&row.name),
            email: row.email.clone(),
            role: label(row.role),
            teams: if person.teams.is_empty() { "–".to_owned() } else { person.teams.join(", ") },
            last: row.last_signed_in_at.map(|at| Moment::relative(at, now)),
            note,
            off: off.then(|| Mark::new(Tone::Off, "Switched off")),
            menu: decides_on(here, row.role).is_ok().then(|| {
                let (bu, id) = (here.bu(), row.id);
                let other = here.signed.login.user != id;
                Menu {
                    id: format!("menu-{id}"),
                    edit: routes::user_edit(bu, id),
                    link: (!row.has_password && !off).then(|| routes::user_link(bu, id)),
                    sign_out: (row.has_password && !off).then(|| routes::user_sign_out(bu, id)),
                    disable: (other && !off).then(|| routes::user_disable(bu, id)),
                    enable: off.then(|| routes::user_enable(bu, id)),
                    remove: other.then(|| routes::user_remove(bu, id)),
                }
            }),
        }
    }
}
