//! Where to start: the right place for who signed in.

use actix_web::HttpResponse;

use crate::ops::access::partners::{Landing, landing};
use crate::web::fault::{Fault, see};
use crate::web::routes;
use crate::web::session::{SignedIn, blocking};

/// `/`: the unit of a channel partner, the search of a global one.
pub async fn open(signed: SignedIn) -> Result<HttpResponse, Fault> {
    let cx = signed.cx();
    match blocking(move || landing(&cx)).await? {
        Landing::Nowhere => Err(Fault::Forbidden(
            "Your login belongs to no business unit. Ask the operator of this installation for one."
                .to_owned(),
        )),
        place @ (Landing::Unit(_) | Landing::Partners) => Ok(see(&start(place))),
    }
}

/// The address of the place where a login starts.
pub fn start(landing: Landing) -> String {
    match landing {
        Landing::Unit(bu) => routes::overview(bu),
        Landing::Partners => routes::PARTNERS.to_owned(),
        Landing::Nowhere => routes::HOME.to_owned(),
    }
}
