//! Whose events a webhook gets: the login or the team that was named, looked up in the business unit.

use crate::domain::access::permission::Permission;
use crate::domain::id::{BuId, TeamId, UserId};
use crate::domain::webhooks::draft::ScopeDraft;
use crate::ops::Error;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::store::access::{teams, users};
use crate::store::pool::Conn;

/// Passes when the login or the team that is meant exists in `bu`; refuses as making the webhook would.
pub fn check(cx: &Cx, bu: BuId, scope: ScopeDraft) -> Result<(), Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksWrite)?;
        resolve(conn, bu, scope).map(drop)
    })
}

/// The login or the team of `bu` that is meant. `unknown_reference` in `for_login` or `for_team`, for those of
/// other units as for none.
pub(super) fn resolve(
    conn: &mut Conn,
    bu: BuId,
    scope: ScopeDraft,
) -> Result<(Option<UserId>, Option<TeamId>), Error> {
    let unknown =
        |field: &'static str, message: &'static str| Error::field(field, "unknown_reference", message);
    match scope {
        ScopeDraft::Everyone => Ok((None, None)),
        ScopeDraft::Login(number) => {
            let nobody = || unknown("for_login", "No login of this business unit has this number.");
            let user = users::of_unit_by_number(conn, bu, number)?.ok_or_else(nobody)?;
            Ok((Some(user), None))
        }
        ScopeDraft::Team(id) => {
            let none = || unknown("for_team", "No team of this business unit has this id.");
            let team = teams::find(conn, bu, id)?.ok_or_else(none)?;
            Ok((None, Some(team.id)))
        }
    }
}
