//! A login leaves its partner: what goes with it, and who answers for its webhooks from then on.

use serde_json::json;

use super::change::{entry, forget_tokens, held, keep_an_owner, not_oneself};
use super::told;
use crate::domain::id::{BuId, UserId, WebhookId};
use crate::ops::Error;
use crate::ops::cx::Cx;
use crate::ops::events::publish::{News, take_order, write_and_tell};
use crate::ops::system::audit::record;
use crate::ops::webhooks::told as webhook_told;
use crate::store::access::people::{self, PersonEdit, PersonRow};
use crate::store::access::users::MemberRow;
use crate::store::access::{links, memberships, sessions, teams, users};
use crate::store::pool::Conn;
use crate::store::webhooks::owners::{self, Named};

/// What goes when a login leaves.
#[derive(Debug)]
pub struct Leaving {
    /// The login.
    pub person: PersonRow,
    /// The webhooks it owns.
    pub webhooks: Vec<Named>,
    /// The webhooks that hear its events only, and will hear nothing more.
    pub deaf: Vec<Named>,
    /// Who could own the webhooks: the other logins of the partner that can be used.
    pub heirs: Vec<MemberRow>,
}

/// What goes when a login leaves. For whoever may remove it.
pub fn leaving(cx: &Cx, bu: BuId, id: UserId) -> Result<Leaving, Error> {
    cx.read(|conn| {
        let person = held(cx, conn, bu, id)?.person;
        let mut heirs = users::list(conn, bu)?;
        heirs.retain(|member| member.id != id && member.disabled_at.is_none());
        Ok(Leaving {
            webhooks: owners::of_owner(conn, bu, id)?,
            deaf: owners::of_login(conn, bu, id)?,
            person,
            heirs,
        })
    })
}

/// Takes a login's role at the partner of `bu` away: it is signed out, leaves its teams, and its tokens are
/// refused. Its webhooks go to the login with the number `heir`; without one the active ones stop with the reason
/// `owner_removed`. A login that has no partner left keeps its name for the logs and loses everything by which
/// somebody could sign in; its address can be invited anew. For admins who have signed in a moment ago; only
/// owners remove owners. Field: `heir` (`unknown_reference`). `last_owner`, `own_login`.
pub fn remove(cx: &Cx, bu: BuId, id: UserId, heir: Option<i64>) -> Result<(), Error> {
    let stopped = write_and_tell(&cx.tools, |conn, news| {
        let person = held(cx, conn, bu, id)?.person;
        keep_an_owner(conn, &person)?;
        not_oneself(cx, id)?;
        let heir = heir.map(|number| find_heir(conn, bu, id, number)).transpose()?;
        take_order(conn, bu)?;
        let owned = owners::of_owner(conn, bu, id)?;
        // Before it leaves its teams, so that their webhooks hear of it.
        told::publish(cx, conn, news, (bu, id), "user.deleted", &[])?;
        let left = teams::leave_all(conn, bu, id)?;
        let stopped = match heir {
            Some(_) => Vec::new(),
            None => stop(cx, conn, news, (bu, id))?,
        };
        owners::hand_over(conn, bu, id, heir, cx.now)?;
        memberships::remove(conn, id, person.partner)?;
        sessions::remove_of_user(conn, id)?;
        links::close_of_user(conn, id, cx.now)?;
        if memberships::of_user(conn, id)?.is_empty() {
            people::edit(conn, id, &unusable(cx, id))?;
        }
        let before = json!({
            "number": person.number, "email": person.email, "name": person.name, "role": person.role,
            "teams": left,
        });
        let webhooks: Vec<WebhookId> = owned.into_iter().map(|(webhook, _)| webhook).collect();
        let after = json!({"webhooks": webhooks, "webhooks_to": heir, "webhooks_stopped": stopped.len()});
        record(cx, conn, Some(bu), entry("user.deleted", id, Some(before), Some(after)))?;
        Ok(stopped)
    })?;
    forget_tokens(cx, id);
    for webhook in stopped {
        cx.tools.handoff.changed(webhook);
    }
    Ok(())
}

fn find_heir(conn: &mut Conn, bu: BuId, leaving: UserId, number: i64) -> Result<UserId, Error> {
    let heir = users::of_unit_by_number(conn, bu, number)?.filter(|heir| *heir != leaving);
    let live = match heir {
        Some(heir) => people::find(conn, bu, heir)?.filter(|person| person.disabled_at.is_none()),
        None => None,
    };
    let message = "No login that can be used has this number here. Choose another.";
    live.map(|person| person.id).ok_or_else(|| Error::field("heir", "unknown_reference", message))
}

/// Stops the active webhooks that nobody answers for any more, and says so.
fn stop(
    cx: &Cx,
    conn: &mut Conn,
    news: &mut News,
    (bu, id): (BuId, UserId),
) -> Result<Vec<WebhookId>, Error> {
    let stopped = owners::stop_of_owner(conn, bu, id, cx.now)?;
    webhook_told::publish_switched(cx, conn, news, (bu, &stopped), false)?;
    Ok(stopped)
}

/// A login that nobody can sign in as, and whose e-mail address is free.
fn unusable(cx: &Cx, id: UserId) -> PersonEdit {
    PersonEdit {
        name: None,
        email: Some(format!("{id}@removed.invalid")),
        password_hash: Some(None),
        totp_sealed: Some(None),
        disabled_at: Some(Some(cx.now)),
    }
}
