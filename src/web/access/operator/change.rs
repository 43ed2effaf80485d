//! What operators change about a partner with a form of its page.

use actix_web::HttpResponse;

use super::one::OnePartner;
use crate::domain::access::partner::PartnerNumber;
use crate::domain::id::UserKind;
use crate::ops::access::partner_desk::{self, OwnerDraft};
use crate::ops::access::partners::{self, Grant};
use crate::ops::access::second_factor;
use crate::ops::{Error, Refusal};
use crate::web::access::account::Desk;
use crate::web::fault::{Fault, see};
use crate::web::flash::Flash;
use crate::web::form::{Checked, Fields};
use crate::web::routes::{self, operator};

/// Gives the partner another name.
pub async fn rename(Checked { by: desk, form }: Checked<Desk>) -> Result<HttpResponse, Fault> {
    let (number, name) = (desk.number("number")?, form.text("name").to_owned());
    let done = desk.try_run(move |cx| partner_desk::rename(cx, number, &name)).await?;
    answer(&desk, number, &form, done.map(|()| Flash::PartnerRenamed)).await
}

/// Grants the units whose numbers were typed.
pub async fn grant(Checked { by: desk, form }: Checked<Desk>) -> Result<HttpResponse, Fault> {
    let (number, text) = (desk.number("number")?, form.text("units").to_owned());
    let done = desk.try_run(move |cx| partner_desk::grant_units(cx, number, &text)).await?;
    answer(&desk, number, &form, done.map(|_| Flash::UnitsGranted)).await
}

/// Grants every unit, or withdraws that.
pub async fn grant_all(Checked { by: desk, form }: Checked<Desk>) -> Result<HttpResponse, Fault> {
    let (number, on) = (desk.number("number")?, form.text("all") == "on");
    let work = move |cx: &_| {
        if on { partners::grant(cx, number, Grant::All) } else { partners::withdraw(cx, number, Grant::All) }
    };
    let done = desk.try_run(work).await?;
    let flash = if on { Flash::UnitsGranted } else { Flash::UnitsWithdrawn };
    answer(&desk, number, &form, done.map(|()| flash)).await
}

/// Withdraws one unit.
pub async fn withdraw(Checked { by: desk, form }: Checked<Desk>) -> Result<HttpResponse, Fault> {
    let (number, of) = (desk.number("number")?, desk.number("of")?);
    let work = move |cx: &_| {
        let unit = partners::unit_of(cx, of)?.ok_or(Error::NotFound)?;
        partners::withdraw(cx, number, Grant::Unit(unit))
    };
    let done = desk.try_run(work).await?;
    answer(&desk, number, &form, done.map(|()| Flash::UnitsWithdrawn)).await
}

/// Has every login need a second factor, or leaves it to each.
pub async fn factor(Checked { by: desk, form }: Checked<Desk>) -> Result<HttpResponse, Fault> {
    let (number, on) = (desk.number("number")?, form.text("required") == "on");
    let done = desk.try_run(move |cx| second_factor::require_of(cx, number, on)).await?;
    let flash = if on { Flash::FactorRequired } else { Flash::FactorFree };
    answer(&desk, number, &form, done.map(|()| flash)).await
}

/// Invites another owner, and shows the link.
pub async fn invite(Checked { by: desk, form }: Checked<Desk>) -> Result<HttpResponse, Fault> {
    let number = desk.number("number")?;
    let owner =
        OwnerDraft { email: form.text("owner_email").to_owned(), name: form.text("owner_name").to_owned() };
    let told = owner.clone();
    match desk.try_run(move |cx| partner_desk::invite_owner(cx, number, &owner)).await? {
        Ok(made) => {
            let secret = made.link.ok_or_else(|| Fault::Internal("a new owner has no link".to_owned()))?;
            OnePartner::shown(&desk, number, (told.name, told.email), secret).await
        }
        Err(error) => answer(&desk, number, &form, Err(error)).await,
    }
}

/// Makes a new invitation link for an owner, and shows it.
pub async fn link(Checked { by: desk, form }: Checked<Desk>) -> Result<HttpResponse, Fault> {
    let (number, id) = (desk.number("number")?, desk.id::<UserKind>("usr")?);
    match desk.try_run(move |cx| partner_desk::renew_link(cx, number, id)).await? {
        Ok((owner, secret)) => OnePartner::shown(&desk, number, owner, secret).await,
        Err(error) => answer(&desk, number, &form, Err(error)).await,
    }
}

/// Back to the page of the partner; with what was wrong when something was.
async fn answer(
    desk: &Desk,
    number: PartnerNumber,
    form: &Fields,
    done: Result<Flash, Error>,
) -> Result<HttpResponse, Fault> {
    let page = operator::partner(number);
    match done {
        Ok(flash) => Ok(desk.done(&page, flash)),
        Err(Error::Invalid(errors)) => {
            Ok(OnePartner::load(desk, number, 0).await?.refused(desk, form, &errors))
        }
        // The forms stand on that page: it is where one goes on with a fresh sign-in.
        Err(Error::Forbidden(Refusal::OldSignIn)) => {
            Ok(see(&routes::with_query(routes::CONFIRM, &[("next", page.as_str())])))
        }
        Err(other) => Err(other.into()),
    }
}
