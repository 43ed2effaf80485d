//! Programmes: sub-accounts of a business unit with their own integrations.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::domain::access::name::Name;
use crate::domain::access::permission::Permission;
use crate::domain::id::{BuId, ProgrammeId};
use crate::domain::page::Page;
use crate::domain::problem::FieldErrors;
use crate::domain::search::{folded, sought};
use crate::ops::Error;
use crate::ops::authorize::{authorize, authorize_admin};
use crate::ops::cx::Cx;
use crate::ops::events::publish::{News, Own, by, write_and_tell};
use crate::ops::system::audit::{Entry, record};
use crate::store::access::programmes::{self, ProgrammeRow};
use crate::store::pool::Conn;
use crate::store::webhooks::owners;

/// Which programmes a page shows.
#[derive(Debug, Clone, Default)]
pub struct ProgrammeQuery {
    /// A part of the name, whatever case and accents; empty for all.
    pub text: String,
    /// Only those made before this one.
    pub after: Option<ProgrammeId>,
    /// How many stand on a page.
    pub limit: usize,
}

/// A programme with how much hangs on it.
#[derive(Debug, Clone)]
pub struct ProgrammeView {
    /// The programme.
    pub row: ProgrammeRow,
    /// How many webhooks were made in it.
    pub webhooks: i64,
}

/// A page of the list.
#[derive(Debug, Clone)]
pub struct ProgrammePage {
    /// The programmes, newest first.
    pub page: Page<ProgrammeView>,
    /// How many there are in all.
    pub total: usize,
}

/// Makes a programme of `bu`. For the operator and admins. Field: `name` (`taken` by another programme).
pub fn create(cx: &Cx, bu: BuId, name: &str) -> Result<ProgrammeRow, Error> {
    write_and_tell(&cx.tools, |conn, news| {
        authorize_admin(cx, conn, bu)?;
        let name = free_name(conn, bu, name, None)?;
        let row = ProgrammeRow { id: cx.id(), bu_id: bu, name, created_at: cx.now };
        programmes::insert(conn, &row)?;
        publish(cx, conn, news, &row, ("programme.created", json!({"created_by": by(cx)})))?;
        let after = json!({"name": row.name});
        record(cx, conn, Some(bu), entry("programme.created", row.id, None, Some(after)))?;
        Ok(row)
    })
}

/// Gives a programme of `bu` another name; nothing happens when it is the same. For the operator and admins.
/// Field: `name`.
pub fn rename(cx: &Cx, bu: BuId, id: ProgrammeId, name: &str) -> Result<(), Error> {
    write_and_tell(&cx.tools, |conn, news| {
        authorize_admin(cx, conn, bu)?;
        let old = programmes::find(conn, bu, id)?.ok_or(Error::NotFound)?;
        let name = free_name(conn, bu, name, Some(id))?;
        if name == old.name {
            return Ok(());
        }
        programmes::rename(conn, bu, id, &name)?;
        let new = ProgrammeRow { name, ..old.clone() };
        let more = json!({"updated_at": cx.now.to_string(), "changed": ["name"], "updated_by": by(cx)});
        publish(cx, conn, news, &new, ("programme.updated", more))?;
        let (before, after) = (json!({"name": old.name}), json!({"name": new.name}));
        record(cx, conn, Some(bu), entry("programme.updated", id, Some(before), Some(after)))
    })
}

/// Deletes a programme of `bu`. For the operator and admins. `programme_in_use` while it has a webhook.
pub fn remove(cx: &Cx, bu: BuId, id: ProgrammeId) -> Result<(), Error> {
    write_and_tell(&cx.tools, |conn, news| {
        authorize_admin(cx, conn, bu)?;
        let row = programmes::find(conn, bu, id)?.ok_or(Error::NotFound)?;
        if let Some((_, name)) = owners::of_programme(conn, bu, id)?.first() {
            let text = format!("The webhook “{name}” belongs to this programme. Delete it first.");
            return Err(Error::conflict("programme_in_use", text));
        }
        let more = json!({"deleted_at": cx.now.to_string(), "deleted_by": by(cx)});
        publish(cx, conn, news, &row, ("programme.deleted", more))?;
        owners::forget_programme(conn, bu, id)?;
        programmes::remove(conn, bu, id)?;
        let before = json!({"name": row.name});
        record(cx, conn, Some(bu), entry("programme.deleted", id, Some(before), None))
    })
}

/// A name that no other programme of `bu` has.
fn free_name(conn: &mut Conn, bu: BuId, name: &str, but: Option<ProgrammeId>) -> Result<String, Error> {
    let name = Name::parse("name", name)?.into_string();
    if programmes::is_name_taken(conn, bu, &name, but)? {
        let message = "A programme of this business unit has this name. Choose another.";
        return Err(FieldErrors::one("name", "taken", message).into());
    }
    Ok(name)
}

fn publish(
    cx: &Cx,
    conn: &mut Conn,
    news: &mut News,
    row: &ProgrammeRow,
    (event_type, more): (&'static str, Value),
) -> Result<(), Error> {
    let mut data = json!({
        "id": row.id,
        "name": row.name,
        "business_unit": row.bu_id,
        "created_at": row.created_at.to_string(),
    });
    if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
        data.extend(more);
    }
    let own = Own { programme: Some(row.id), ..Own::new(row.bu_id, event_type, data) };
    news.add(&cx.tools, conn, own)
}

fn entry(action: &'static str, id: ProgrammeId, before: Option<Value>, after: Option<Value>) -> Entry {
    Entry { action, target_kind: "programme", target_id: id.to_string(), before, after }
}

/// The programmes of `bu`, oldest first.
pub fn list(cx: &Cx, bu: BuId) -> Result<Vec<ProgrammeRow>, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksRead)?;
        Ok(programmes::list(conn, bu)?)
    })
}

/// A page of the programmes of `bu`. A unit has dozens of them.
pub fn page(cx: &Cx, bu: BuId, query: &ProgrammeQuery) -> Result<ProgrammePage, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksRead)?;
        let text = sought(&query.text);
        let mut rows = programmes::list(conn, bu)?;
        let total = rows.len();
        rows.retain(|row| {
            query.after.is_none_or(|after| row.id < after) && folded(&row.name).contains(&text)
        });
        rows.reverse();
        let page = Page::cut(rows, query.limit);
        let ids: Vec<ProgrammeId> = page.rows.iter().map(|row| row.id).collect();
        let mut made: HashMap<ProgrammeId, i64> = HashMap::new();
        for programme in owners::programmes_of_all(conn, bu, &ids)?.into_iter().flatten() {
            *made.entry(programme).or_default() += 1;
        }
        let view = |row: ProgrammeRow| ProgrammeView {
            webhooks: made.get(&row.id).copied().unwrap_or_default(),
            row,
        };
        Ok(ProgrammePage { page: page.map(view), total })
    })
}

/// One programme of `bu`.
pub fn find(cx: &Cx, bu: BuId, id: ProgrammeId) -> Result<ProgrammeView, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksRead)?;
        let row = programmes::find(conn, bu, id)?.ok_or(Error::NotFound)?;
        let webhooks = owners::of_programme(conn, bu, id)?.len();
        Ok(ProgrammeView { row, webhooks: i64::try_from(webhooks).unwrap_or(i64::MAX) })
    })
}
