//! Switching a login off and on, signing it out, and removing it.

use actix_web::HttpResponse;

use super::edit::held;
use crate::domain::id::UserKind;
use crate::ops::access::users::{self, Leaving};
use crate::store::access::people::PersonRow;
use crate::web::access::ask::{Ask, Pick};
use crate::web::fault::Fault;
use crate::web::flash::Flash;
use crate::web::form::Checked;
use crate::web::here::Here;
use crate::web::parts::{Choice, Field};
use crate::web::shell::Place;
use crate::web::{format, routes};

/// How many logins can be chosen from.
const MOST_CHOICES: usize = 200;

/// Asks before a login is switched off.
pub async fn ask_disable(here: Here) -> Result<HttpResponse, Fault> {
    let person = held(&here).await?;
    Ok(here.answer(&disabling(&here, &person)))
}

/// Switches a login off, and goes back to the list.
pub async fn disable(Checked { by: here, .. }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let person = held(&here).await?;
    let id = person.id;
    match here.try_run(move |cx, bu| users::disable(cx, bu, id)).await? {
        Ok(()) => Ok(here.done(&routes::users(here.bu()), Flash::UserDisabled)),
        Err(error) => disabling(&here, &person).refused(&here, error),
    }
}

/// Switches a login on, and goes back to the list.
pub async fn enable(Checked { by: here, .. }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let id = here.id::<UserKind>("usr")?;
    here.run(move |cx, bu| users::enable(cx, bu, id)).await?;
    Ok(here.done(&routes::users(here.bu()), Flash::UserEnabled))
}

/// Ends the sessions of a login, and goes back to the list.
pub async fn sign_out(Checked { by: here, .. }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let id = here.id::<UserKind>("usr")?;
    here.run(move |cx, bu| users::end_sessions(cx, bu, id)).await?;
    Ok(here.done(&routes::users(here.bu()), Flash::UserSignedOut))
}

/// Asks before a login is removed, and who gets its webhooks.
pub async fn ask_remove(here: Here) -> Result<HttpResponse, Fault> {
    let leaving = leaving(&here).await?;
    Ok(here.answer(&removing(&here, &leaving, "")))
}

/// Removes a login, and goes back to the list.
pub async fn remove(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let leaving = leaving(&here).await?;
    let (id, typed) = (leaving.person.id, form.text("heir").to_owned());
    // What is no number is that of nobody.
    let heir = Some(typed.as_str()).filter(|text| !text.is_empty()).map(|text| text.parse().unwrap_or(0));
    match here.try_run(move |cx, bu| users::remove(cx, bu, id, heir)).await? {
        Ok(()) => Ok(here.done(&routes::users(here.bu()), Flash::UserRemoved)),
        Err(error) => removing(&here, &leaving, &typed).refused(&here, error),
    }
}

async fn leaving(here: &Here) -> Result<Leaving, Fault> {
    let id = here.id::<UserKind>("usr")?;
    here.run(move |cx, bu| users::leaving(cx, bu, id)).await
}

fn disabling(here: &Here, person: &PersonRow) -> Ask {
    Ask {
        shell: here.shell("Switch user off", Place::Users),
        heading: "Users",
        href: routes::user_disable(here.bu(), person.id),
        back: routes::users(here.bu()),
        title: format!("Switch “{}” off?", person.name),
        texts: vec![
            format!("Login {} is signed out everywhere and cannot sign in again.", person.number),
            "Tokens it made are refused from the next request on. Its webhooks go on, and it can be switched \
             on again at any time."
                .to_owned(),
        ],
        pick: None,
        notice: None,
        keep: "Keep on",
        act: "Switch off",
    }
}

fn removing(here: &Here, leaving: &Leaving, chosen: &str) -> Ask {
    let person = &leaving.person;
    let count = |named: &[_]| format::count(named.len() as u64, "webhook", "webhooks");
    let mut texts = vec![format!(
        "Login {} leaves this partner and its teams for good. Tokens it made are refused from the next request \
         on. What it did stays in the logs.",
        person.number
    )];
    if !leaving.deaf.is_empty() {
        texts.push(format!("{} for this login only will hear nothing more.", count(&leaving.deaf)));
    }
    let pick = (!leaving.webhooks.is_empty()).then(|| {
        texts.push(format!("It owns {}.", count(&leaving.webhooks)));
        let nobody = ("", "Nobody: they stop".to_owned());
        let numbers: Vec<(String, String)> = leaving
            .heirs
            .iter()
            .take(MOST_CHOICES)
            .map(|heir| (heir.number.to_string(), format!("{} ({})", heir.name, heir.number)))
            .collect();
        let all = std::iter::once((nobody.0, nobody.1.as_str()))
            .chain(numbers.iter().map(|(number, name)| (number.as_str(), name.as_str())));
        Pick {
            name: "heir",
            label: "Webhooks go to",
            hint: "Who answers for them from now on. Nothing else about them changes.",
            choices: Choice::list(all, chosen),
            field: Field::default(),
        }
    });
    Ask {
        shell: here.shell("Remove user", Place::Users),
        heading: "Users",
        href: routes::user_remove(here.bu(), person.id),
        back: routes::users(here.bu()),
        title: format!("Remove “{}”?", person.name),
        texts,
        pick,
        notice: None,
        keep: "Keep user",
        act: "Remove user",
    }
}
