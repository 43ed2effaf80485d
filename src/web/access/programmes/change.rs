//! Creating, renaming and deleting programmes.

use actix_web::HttpResponse;

use crate::domain::id::ProgrammeKind;
use crate::ops::access::programmes::{self, ProgrammeView};
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

/// Asks for the name of a new programme.
pub async fn open_new(here: Here) -> Result<HttpResponse, Fault> {
    may_change(&here)?;
    Ok(here.answer(&creating(&here)))
}

/// Makes a programme, and goes back to the list.
pub async fn create(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let typed = form.text("name").to_owned();
    let name = typed.clone();
    match here.try_run(move |cx, bu| programmes::create(cx, bu, &name)).await? {
        Ok(_) => Ok(here.done(&routes::programmes(here.bu()), Flash::ProgrammeCreated)),
        Err(error) => creating(&here).refused(&here, &typed, error),
    }
}

/// Asks for another name.
pub async fn open_rename(here: Here) -> Result<HttpResponse, Fault> {
    let programme = whole(&here).await?;
    may_change(&here)?;
    Ok(here.answer(&renaming(&here, &programme)))
}

/// Renames a programme, and goes back to the list.
pub async fn rename(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let programme = whole(&here).await?;
    let (id, typed) = (programme.row.id, form.text("name").to_owned());
    let name = typed.clone();
    match here.try_run(move |cx, bu| programmes::rename(cx, bu, id, &name)).await? {
        Ok(()) => Ok(here.done(&routes::programmes(here.bu()), Flash::ProgrammeRenamed)),
        Err(error) => renaming(&here, &programme).refused(&here, &typed, error),
    }
}

/// Asks before a programme is deleted.
pub async fn ask_delete(here: Here) -> Result<HttpResponse, Fault> {
    let programme = whole(&here).await?;
    may_change(&here)?;
    Ok(here.answer(&deleting(&here, &programme)))
}

/// Deletes a programme, and goes back to the list.
pub async fn delete(Checked { by: here, .. }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let programme = whole(&here).await?;
    let id = programme.row.id;
    match here.try_run(move |cx, bu| programmes::remove(cx, bu, id)).await? {
        Ok(()) => Ok(here.done(&routes::programmes(here.bu()), Flash::ProgrammeDeleted)),
        Err(error) => deleting(&here, &programme).refused(&here, error),
    }
}

/// Passes admins; the operation asks again.
pub(super) fn may_change(here: &Here) -> Result<(), Fault> {
    if here.is_admin() { Ok(()) } else { Err(Error::Forbidden(Refusal::Caller).into()) }
}

/// The programme in the path.
pub(super) async fn whole(here: &Here) -> Result<ProgrammeView, Fault> {
    let id = here.id::<ProgrammeKind>("prg")?;
    here.run(move |cx, bu| programmes::find(cx, bu, id)).await
}

fn creating(here: &Here) -> Naming {
    Naming {
        shell: here.shell("Create programme", Place::Programmes),
        heading: "Programmes",
        href: routes::programme_new(here.bu()),
        back: routes::programmes(here.bu()),
        title: "Create programme",
        lede: "A programme has webhooks of its own, which hear only what happens in it.",
        hint: "As the people who run it call it.",
        name: Field::default(),
        act: "Create",
    }
}

fn renaming(here: &Here, programme: &ProgrammeView) -> Naming {
    Naming {
        shell: here.shell("Rename programme", Place::Programmes),
        heading: "Programmes",
        href: routes::programme_edit(here.bu(), programme.row.id),
        back: routes::programmes(here.bu()),
        title: "Rename programme",
        lede: "Its webhooks stay as they are.",
        hint: "Shown wherever its webhooks are listed.",
        name: Field { value: programme.row.name.clone(), errors: Vec::new() },
        act: "Save",
    }
}

fn deleting(here: &Here, programme: &ProgrammeView) -> Ask {
    let texts = if programme.webhooks == 0 {
        vec!["It has no webhooks, so nothing stops.".to_owned()]
    } else {
        let count = u64::try_from(programme.webhooks).unwrap_or(0);
        vec![format!("It has {}. Delete them first.", format::count(count, "webhook", "webhooks"))]
    };
    Ask {
        shell: here.shell("Delete programme", Place::Programmes),
        heading: "Programmes",
        href: routes::programme_delete(here.bu(), programme.row.id),
        back: routes::programmes(here.bu()),
        title: format!("Delete “{}”?", programme.row.name),
        texts,
        pick: None,
        notice: None,
        keep: "Keep programme",
        act: "Delete programme",
    }
}
