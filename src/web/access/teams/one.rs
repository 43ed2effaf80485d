//! One team: who is in it, adding and taking out.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use super::change::whole;
use crate::domain::id::{TeamKind, UserKind};
use crate::ops::Error;
use crate::ops::access::teams::{self, MemberView};
use crate::store::access::people::PersonRow;
use crate::web::access::users::label;
use crate::web::fault::Fault;
use crate::web::flash::Flash;
use crate::web::form::Checked;
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::{Choice, Mark, Tone};
use crate::web::shell::{Place, Shell};
use crate::web::{format, routes};

/// How many logins can be chosen from; others are added by their numbers.
const MOST_CHOICES: usize = 200;

/// The page `/bu/{bu}/admin/teams/{team}`.
#[derive(Debug, Template)]
#[template(path = "access/teams/one.html", blocks = ["members"])]
pub struct Team {
    /// The frame.
    pub shell: Shell,
    /// The list of teams.
    pub back: String,
    /// Its name.
    pub name: String,
    /// Its whole id.
    pub id: String,
    /// Where it is renamed, for who may.
    pub rename: Option<String>,
    /// Where it is deleted, for who may.
    pub delete: Option<String>,
    /// Where members are added to, for who may.
    pub add: Option<String>,
    /// Who can be added, beside an empty choice.
    pub others: Vec<Choice>,
    /// Whether there are more than can be chosen from, so that a number is typed.
    pub by_number: bool,
    /// What is wrong with who was to be added.
    pub add_errors: Vec<String>,
    /// Who is in it.
    pub members: Vec<Member>,
    /// How many they are: `14 members`.
    pub summary: String,
    /// The webhooks that are limited to it, with their addresses.
    pub webhooks: Vec<(String, String)>,
}

/// A login in a team.
#[derive(Debug, Clone)]
pub struct Member {
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
    /// That it is switched off.
    pub off: Option<Mark>,
    /// POST takes it out, for who may.
    pub remove: Option<String>,
}

impl Page for Team {
    fn fragment(&self) -> askama::Result<String> {
        self.as_members().render()
    }
}

/// Shows a team.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let team = whole(&here).await?;
    Ok(here.answer(&Team::of(&here, &team)))
}

/// Adds a login, and goes back to the team.
pub async fn add(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let id = here.id::<TeamKind>("team")?;
    // What is no number is that of nobody.
    let number = form.text("login").trim().parse().unwrap_or(0);
    match here.try_run(move |cx, bu| teams::add_numbered(cx, bu, id, number)).await? {
        Ok(()) => Ok(here.done(&routes::team(here.bu(), id), Flash::MemberAdded)),
        Err(Error::Invalid(errors)) => {
            let mut page = Team::of(&here, &whole(&here).await?);
            page.add_errors = errors.iter().map(|e| e.message.to_string()).collect();
            page.shell.title = format!("Error: {}", page.shell.title);
            Ok(here.answer_with(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(other) => Err(other.into()),
    }
}

/// Takes a login out, and goes back to the team.
pub async fn remove(Checked { by: here, .. }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let (team, user) = (here.id::<TeamKind>("team")?, here.id::<UserKind>("usr")?);
    here.run(move |cx, bu| teams::remove_member(cx, bu, team, user)).await?;
    Ok(here.done(&routes::team(here.bu(), team), Flash::MemberRemoved))
}

impl Team {
    fn of(here: &Here, team: &MemberView) -> Self {
        let (row, bu, may) = (&team.row, here.bu(), here.is_admin());
        let free: Vec<(String, String)> = team
            .others
            .iter()
            .filter(|person| person.disabled_at.is_none())
            .take(MOST_CHOICES)
            .map(|person| (person.number.to_string(), format!("{} ({})", person.name, person.number)))
            .collect();
        let choices = free.iter().map(|(number, name)| (number.as_str(), name.as_str()));
        let webhook = |(id, name): &(crate::domain::id::WebhookId, String)| {
            let href = routes::with_query(&routes::webhooks(bu), &[("q", id.as_str())]);
            (name.clone(), href)
        };
        Self {
            shell: here.shell(&row.name, Place::Teams),
            back: routes::teams(bu),
            name: row.name.clone(),
            id: row.id.to_string(),
            rename: may.then(|| routes::team_edit(bu, row.id)),
            delete: may.then(|| routes::team_delete(bu, row.id)),
            add: may.then(|| routes::team_members(bu, row.id)),
            others: Choice::list(std::iter::once(("", "Choose a user")).chain(choices), ""),
            by_number: team.others.len() > MOST_CHOICES,
            add_errors: Vec::new(),
            members: team.members.iter().map(|person| Member::of(here, team, person)).collect(),
            summary: format::count(team.members.len() as u64, "member", "members"),
            webhooks: team.webhooks.iter().map(webhook).collect(),
        }
    }
}

impl Member {
    fn of(here: &Here, team: &MemberView, person: &PersonRow) -> Self {
        Self {
            number: person.number.to_string(),
            name: person.name.clone(),
            initials: format::initials(&person.name),
            email: person.email.clone(),
            role: label(person.role),
            off: person.disabled_at.map(|_| Mark::new(Tone::Off, "Switched off")),
            remove: here.is_admin().then(|| routes::team_member_remove(here.bu(), team.row.id, person.id)),
        }
    }
}
