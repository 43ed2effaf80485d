//! What the audit log is told of people who were denied something in the browser.

use actix_web::{HttpMessage, HttpRequest};

use crate::domain::id::BuId;
use crate::ops::system::denials::Denial;
use crate::web::here::Here;
use crate::web::session::SignedIn;

const ACTION: &str = "access.denied";

/// Somebody asked for a unit, or for an operator's page, that is not theirs. It stands in no unit's log: that
/// would tell its people of others.
pub fn at_the_door(request: &HttpRequest) {
    let known = request.extensions().get::<SignedIn>().cloned();
    let Some(signed) = known else { return };
    let mut parts = request.path().trim_start_matches('/').split('/');
    let (target_kind, target_id) = match (parts.next(), parts.next()) {
        // Theirs, but there is no such partner.
        (Some("operator"), _) if signed.login.is_operator => return,
        (Some("bu"), Some(unit)) => ("unit", unit.to_owned()),
        (Some("operator"), _) => ("page", asked(request)),
        // There is nothing there for anybody.
        _ => return,
    };
    note(&signed, Denial { action: ACTION, bu: None, target_kind, target_id });
}

/// Somebody's role does not allow what they asked for in a unit of theirs; its log tells so.
pub fn inside(request: &HttpRequest, here: &Here) {
    let bu: Option<BuId> = Some(here.bu());
    note(&here.signed, Denial { action: ACTION, bu, target_kind: "page", target_id: asked(request) });
}

fn note(signed: &SignedIn, denial: Denial) {
    let cx = signed.cx();
    cx.tools.known.denials.note(&cx.actor, &cx.source, denial);
}

/// What was asked for: `POST /admin/users/new`
fn asked(request: &HttpRequest) -> String {
    let pattern = request.match_pattern().unwrap_or_else(|| request.path().to_owned());
    format!("{} {}", request.method(), pattern.trim_start_matches("/bu/{bu}"))
}
