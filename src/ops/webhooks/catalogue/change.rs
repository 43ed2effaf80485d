//! Changing and removing event types that were added at run time.

use serde_json::{Value, json};

use super::{TypeView, added_type};
use crate::domain::access::permission::Permission;
use crate::domain::id::BuId;
use crate::domain::webhooks::catalogue::{self, EventTypeDraft};
use crate::ops::Error;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::ops::system::audit::{self, Entry};
use crate::store::pool::Conn;
use crate::store::webhooks::event_types::{self, EventTypeRow};
use crate::store::webhooks::triggers;

/// What to change; `None` stays.
#[derive(Debug, Default)]
pub struct EventTypeChange {
    /// When it happens.
    pub description: Option<String>,
    /// Its name for people; made from the name when empty.
    pub label: Option<String>,
    /// The heading it stands under; that of the resource when empty.
    pub group: Option<String>,
    /// Whether new webhooks should do without it.
    pub deprecated: Option<bool>,
    /// A JSON Schema of its payloads; `null` removes it.
    pub schema: Option<Value>,
    /// A sample payload; `null` removes it.
    pub sample: Option<Value>,
}

/// Changes a type of `bu`. Fields and codes are those of adding one; `built_in_event_type` and
/// `shared_event_type` when it is not the unit's to change.
pub fn change(cx: &Cx, bu: BuId, name: &str, change: EventTypeChange) -> Result<TypeView, Error> {
    let row = cx.write(|conn| {
        authorize(cx, conn, bu, Permission::EventTypesWrite)?;
        let old = own(conn, bu, name)?;
        let json = |text: &Option<String>| text.as_deref().and_then(|t| serde_json::from_str(t).ok());
        let draft = EventTypeDraft {
            name: old.name.clone(),
            description: change.description.unwrap_or_else(|| old.description.clone()),
            label: Some(change.label.unwrap_or_else(|| old.label.clone())),
            group: Some(change.group.unwrap_or_else(|| old.group_name.clone())),
            schema: change.schema.or_else(|| json(&old.schema)).filter(|v| !v.is_null()),
            sample: change.sample.or_else(|| json(&old.sample)).filter(|v| !v.is_null()),
        };
        let new = draft.check()?;
        let row = EventTypeRow {
            label: new.label,
            description: new.description,
            group_name: new.group,
            deprecated: change.deprecated.unwrap_or(old.deprecated),
            schema: new.schema.map(|v| v.to_string()),
            sample: new.sample.map(|v| v.to_string()),
            updated_at: Some(cx.now),
            ..old.clone()
        };
        event_types::update(conn, &row)?;
        let entry = entry("event_type.updated", name, Some(told(&old)), Some(told(&row)));
        audit::record(cx, conn, Some(bu), entry)?;
        Ok(row)
    })?;
    forget(cx, bu, name);
    Ok(added_type(row))
}

/// Removes a type of `bu` from the catalogue: no more events of it are taken. `event_type_in_use` while webhooks
/// want it; `built_in_event_type` and `shared_event_type` when it is not the unit's to remove.
pub fn remove(cx: &Cx, bu: BuId, name: &str) -> Result<(), Error> {
    cx.write(|conn| {
        authorize(cx, conn, bu, Permission::EventTypesWrite)?;
        let old = own(conn, bu, name)?;
        let wanted_by = triggers::count_of_type(conn, bu, name)?;
        if wanted_by > 0 {
            let text = format!(
                "Webhooks want this event type: {wanted_by} in all. Change them first, or mark it as deprecated."
            );
            return Err(Error::conflict("event_type_in_use", text));
        }
        event_types::remove(conn, bu, name)?;
        audit::record(cx, conn, Some(bu), entry("event_type.deleted", name, Some(told(&old)), None))
    })?;
    forget(cx, bu, name);
    Ok(())
}

/// The unit's own type of this name, held until the transaction ends.
fn own(conn: &mut Conn, bu: BuId, name: &str) -> Result<EventTypeRow, Error> {
    if catalogue::find(name).is_some() {
        let text = "This event type ships with Bellwire and stays as it is. Add one of your own instead.";
        return Err(Error::conflict("built_in_event_type", text));
    }
    if let Some(row) = event_types::hold(conn, bu, name)? {
        return Ok(row);
    }
    match event_types::find(conn, bu, name)? {
        Some(_) => {
            let text = "All business units share this event type. Ask the operator to change it.";
            Err(Error::conflict("shared_event_type", text))
        }
        None => Err(Error::NotFound),
    }
}

/// This process applies the change at once, others within a second.
fn forget(cx: &Cx, bu: BuId, name: &str) {
    cx.tools.known.types.forget(|(unit, known), _| *unit == bu && known == name);
}

/// What the audit log keeps of a type.
fn told(row: &EventTypeRow) -> Value {
    json!({
        "label": row.label,
        "description": row.description,
        "group": row.group_name,
        "deprecated": row.deprecated,
        "schema": row.schema.is_some(),
        "sample": row.sample.is_some(),
    })
}

fn entry(action: &'static str, name: &str, before: Option<Value>, after: Option<Value>) -> Entry {
    Entry { action, target_kind: "event_type", target_id: name.to_owned(), before, after }
}
