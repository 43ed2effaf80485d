//! Creating, renaming and deleting teams.

use actix_web::HttpResponse;

use crate::domain::id::TeamKind;
use crate::ops::access::teams::{self, MemberView};
use crate::ops::{Error, Refusal};
use crate::web::access::ask::Ask;
use crate::web::access::naming::Naming;
use crate::web::fault::Fault;
use crate::web::flash::Flash;
use crate::web::form::Checked;
use crate::web::here::Here;
use crate::web::parts::Field;
use crate::web::shell::Place;
use crate::web::{format, routes};

/// Asks for the name of a new team.
pub async fn open_new(here: Here) -> Result<HttpResponse, Fault> {
    may_change(&here)?;
    Ok(here.answer(&creating(&here)))
}

/// Makes a team, and goes to its page, where members are added.
pub async fn create(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let typed = form.text("name").to_owned();
    let name = typed.clone();
    match here.try_run(move |cx, bu| teams::create(cx, bu, &name)).await? {
        Ok(team) => Ok(here.done(&routes::team(here.bu(), team.id), Flash::TeamCreated)),
        Err(error) => creating(&here).refused(&here, &typed, error),
    }
}

/// Asks for another name.
pub async fn open_rename(here: Here) -> Result<HttpResponse, Fault> {
    let team = whole(&here).await?;
    may_change(&here)?;
    Ok(here.answer(&renaming(&here, &team)))
}

/// Renames a team, and goes to its page.
pub async fn rename(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let team = whole(&here).await?;
    let (id, typed) = (team.row.id, form.text("name").to_owned());
    let name = typed.clone();
    match here.try_run(move |cx, bu| teams::rename(cx, bu, id, &name)).await? {
        Ok(()) => Ok(here.done(&routes::team(here.bu(), id), Flash::TeamRenamed)),
        Err(error) => renaming(&here, &team).refused(&here, &typed, error),
    }
}

/// Asks before a team is deleted.
pub async fn ask_delete(here: Here) -> Result<HttpResponse, Fault> {
    let team = whole(&here).await?;
    may_change(&here)?;
    Ok(here.answer(&deleting(&here, &team)))
}

/// Deletes a team, and goes back to the list.
pub async fn delete(Checked { by: here, .. }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let team = whole(&here).await?;
    let id = team.row.id;
    match here.try_run(move |cx, bu| teams::remove(cx, bu, id)).await? {
        Ok(()) => Ok(here.done(&routes::teams(here.bu()), Flash::TeamDeleted)),
        Err(error) => deleting(&here, &team).refused(&here, error),
    }
}

/// Passes admins; the operation asks again.
pub(super) fn may_change(here: &Here) -> Result<(), Fault> {
    if here.is_admin() { Ok(()) } else { Err(Error::Forbidden(Refusal::Caller).into()) }
}

/// The team in the path.
pub(super) async fn whole(here: &Here) -> Result<MemberView, Fault> {
    let id = here.id::<TeamKind>("team")?;
    here.run(move |cx, bu| teams::whole(cx, bu, id)).await
}

fn creating(here: &Here) -> Naming {
    Naming {
        shell: here.shell("Create team", Place::Teams),
        heading: "Teams",
        href: routes::team_new(here.bu()),
        back: routes::teams(here.bu()),
        title: "Create team",
        lede: "A webhook that is limited to a team hears events about its members only.",
        hint: "You add members next.",
        name: Field::default(),
        act: "Create",
    }
}

fn renaming(here: &Here, team: &MemberView) -> Naming {
    Naming {
        shell: here.shell("Rename team", Place::Teams),
        heading: "Teams",
        href: routes::team_edit(here.bu(), team.row.id),
        back: routes::team(here.bu(), team.row.id),
        title: "Rename team",
        lede: "Members and webhooks stay as they are.",
        hint: "Shown wherever a webhook is limited to this team.",
        name: Field { value: team.row.name.clone(), errors: Vec::new() },
        act: "Save",
    }
}

fn deleting(here: &Here, team: &MemberView) -> Ask {
    let members = format::count(team.members.len() as u64, "member", "members");
    let mut texts = vec![format!("Its {members} stay what they are, and only leave this team.")];
    if team.members.is_empty() {
        texts = vec!["Nobody is in it.".to_owned()];
    }
    if !team.webhooks.is_empty() {
        let webhooks = format::count(team.webhooks.len() as u64, "webhook is", "webhooks are");
        texts.push(format!("{webhooks} limited to it. Change or delete them first."));
    }
    Ask {
        shell: here.shell("Delete team", Place::Teams),
        heading: "Teams",
        href: routes::team_delete(here.bu(), team.row.id),
        back: routes::teams(here.bu()),
        title: format!("Delete “{}”?", team.row.name),
        texts,
        pick: None,
        notice: None,
        keep: "Keep team",
        act: "Delete team",
    }
}
