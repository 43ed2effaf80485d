//! Whether every login of the partner needs a second factor: shown in Users, and decided by owners.

use actix_web::HttpResponse;

use crate::domain::id::BuId;
use crate::ops::access::second_factor;
use crate::ops::cx::Cx;
use crate::ops::{Error, Refusal};
use crate::web::fault::{Fault, see};
use crate::web::flash::Flash;
use crate::web::form::Checked;
use crate::web::here::Here;
use crate::web::routes;

/// What the page says of it.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Whether it is required.
    pub required: bool,
    /// Where an owner changes that.
    pub to: Option<String>,
    /// Where an owner who has none sets it up first.
    pub set_up: Option<&'static str>,
}

impl Policy {
    /// As it stands, and whether the person who asks has a second factor.
    pub(super) fn read(cx: &Cx, bu: BuId) -> Result<(bool, bool), Error> {
        Ok((second_factor::is_required(cx, bu)?, second_factor::has_one(cx)?))
    }

    /// What that means for the person.
    pub(super) fn of(here: &Here, (required, has_own): (bool, bool)) -> Self {
        let decides = here.over_owners().is_ok();
        let may = decides && (required || has_own);
        Self {
            required,
            to: may.then(|| routes::users_factor(here.bu())),
            set_up: (decides && !may).then_some(routes::ACCOUNT_FACTOR),
        }
    }
}

/// Requires it, or leaves it to each.
pub async fn send(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let (on, page) = (form.text("required") == "on", routes::users(here.bu()));
    match here.try_run(move |cx, bu| second_factor::require(cx, bu, on)).await? {
        Ok(()) => Ok(here.done(&page, if on { Flash::FactorRequired } else { Flash::FactorFree })),
        Err(Error::Conflict { code: "second_factor_missing", .. }) => Ok(see(routes::ACCOUNT_FACTOR)),
        // The form stands on that page: it is where one goes on with a fresh sign-in.
        Err(Error::Forbidden(Refusal::OldSignIn)) => {
            Ok(see(&routes::with_query(routes::CONFIRM, &[("next", page.as_str())])))
        }
        Err(other) => Err(other.into()),
    }
}
