//! The catalogue of event types: the built-in ones, and those added at run time.

mod change;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::domain::access::permission::Permission;
use crate::domain::id::BuId;
use crate::domain::problem::FieldErrors;
use crate::domain::search::{folded, sought};
use crate::domain::time::Ts;
use crate::domain::webhooks::catalogue::{self, EventTypeDraft, Validator};
use crate::domain::webhooks::trigger::{is_event_type, resource_and_event};
use crate::ops::Error;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::ops::system::audit::{self, Entry};
use crate::store::pool::Conn;
use crate::store::webhooks::event_types::{self, EventTypeRow};

pub use change::{EventTypeChange, change, remove};

/// An event type as the catalogue shows it.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "four independent facts about a type")]
pub struct TypeView {
    /// Its name: `order.completed`.
    pub name: String,
    /// All before the last dot.
    pub resource: String,
    /// The part after it.
    pub event: String,
    /// Its name for people.
    pub label: String,
    /// What it says.
    pub description: String,
    /// The heading it stands under.
    pub group: String,
    /// Offered to global webhooks only.
    pub partner_only: bool,
    /// Still delivered, no longer offered.
    pub deprecated: bool,
    /// Whether it ships with Bellwire.
    pub built_in: bool,
    /// Whether the business unit added it itself, and so may change it.
    pub own: bool,
    /// A JSON Schema of its payloads.
    pub schema: Option<Value>,
    /// A sample payload: the value of `data`.
    pub sample: Option<Value>,
    /// When it was added, if it does not ship with Bellwire.
    pub created_at: Option<Ts>,
}

/// Whether an event of a type may be published, and what its payload must fit.
#[derive(Clone)]
pub enum Publishing {
    /// Any object will do.
    Free,
    /// It must fit this schema.
    Checked(Arc<Validator>),
}

/// Types that only Bellwire itself publishes.
const OWN_RESOURCES: [&str; 2] = ["webhook", "token"];

/// Every type that `bu` sees, the built-in ones first.
pub fn list(cx: &Cx, bu: BuId) -> Result<Vec<TypeView>, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::EventTypesRead)?;
        let added = event_types::list(conn, bu)?;
        Ok(catalogue::builtin().iter().map(built_in).chain(added.into_iter().map(added_type)).collect())
    })
}

/// Those of `types` in whose name, label, group or description `text` stands, under their groups as people read them.
pub fn found<'a>(types: &'a [TypeView], text: &str) -> Vec<&'a TypeView> {
    let wanted = sought(text);
    let fits = |one: &&TypeView| {
        let texts = [&one.name, &one.label, &one.group, &one.description];
        texts.into_iter().any(|text| folded(text).contains(&wanted))
    };
    let mut found: Vec<&TypeView> = types.iter().filter(fits).collect();
    found.sort_by_cached_key(|one| (catalogue::group_order(&one.group), one.group.clone()));
    found
}

/// The types that a new trigger of `bu` may name: those that can be subscribed to and are still offered.
pub fn offered(cx: &Cx, bu: BuId) -> Result<Vec<TypeView>, Error> {
    offered_beside(cx, bu, &[])
}

/// The same with those that are `used` already, deprecated or not.
pub fn offered_beside(cx: &Cx, bu: BuId, used: &[String]) -> Result<Vec<TypeView>, Error> {
    let subscribable = |name: &str| catalogue::find(name).is_none_or(|found| found.subscribable);
    let wanted = |found: &TypeView| !found.deprecated || used.contains(&found.name);
    let all = list(cx, bu)?;
    Ok(all.into_iter().filter(|found| wanted(found) && subscribable(&found.name)).collect())
}

/// One type that `bu` sees.
pub fn get(cx: &Cx, bu: BuId, name: &str) -> Result<TypeView, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::EventTypesRead)?;
        find(conn, bu, name)?.ok_or(Error::NotFound)
    })
}

/// Adds a type to the catalogue of `bu`.
pub fn add(cx: &Cx, bu: BuId, draft: EventTypeDraft) -> Result<TypeView, Error> {
    let draft = draft.check();
    cx.write(|conn| {
        authorize(cx, conn, bu, Permission::EventTypesWrite)?;
        let new = draft?;
        let row = EventTypeRow {
            bu_id: bu.to_string(),
            name: new.name,
            label: new.label,
            description: new.description,
            group_name: new.group,
            partner_only: false,
            deprecated: false,
            schema: new.schema.map(|v| v.to_string()),
            sample: new.sample.map(|v| v.to_string()),
            created_at: cx.now,
            updated_at: None,
        };
        if event_types::find(conn, bu, &row.name)?.is_some() || !event_types::insert(conn, &row)? {
            return Err(Error::conflict("event_type_exists", "An event type of this name exists already."));
        }
        let entry = Entry {
            action: "event_type.created",
            target_kind: "event_type",
            target_id: row.name.clone(),
            before: None,
            after: Some(json!({"name": row.name, "description": row.description})),
        };
        audit::record(cx, conn, Some(bu), entry)?;
        Ok(added_type(row))
    })
}

/// One type that `bu` sees, for operations that checked already who asks.
pub fn find(conn: &mut Conn, bu: BuId, name: &str) -> Result<Option<TypeView>, Error> {
    if let Some(found) = catalogue::find(name) {
        return Ok(Some(built_in(found)));
    }
    // A text that names no type may hold what a database does not take.
    if !is_event_type(name) {
        return Ok(None);
    }
    Ok(event_types::find(conn, bu, name)?.map(added_type))
}

/// Refuses triggers for types that cannot be subscribed to; `fields` names each in errors.
pub fn check_subscribable(conn: &mut Conn, bu: BuId, types: &[(&str, &str)]) -> Result<(), Error> {
    let mut errors = FieldErrors::default();
    for (field, name) in types {
        let known = match catalogue::find(name) {
            Some(found) => found.subscribable,
            None => event_types::find(conn, bu, name)?.is_some(),
        };
        if !known {
            errors.push(
                (*field).to_owned(),
                "unknown_event_type",
                "This event type is not in the catalogue. List the known ones with GET /api/v1/event-types.",
            );
        }
    }
    errors.or(()).map_err(Error::from)
}

/// Refuses triggers for types that only global webhooks may name; `fields` names each in errors. Types added at
/// run time are for all.
pub fn refuse_partner_only(types: &[(&str, &str)]) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    for (field, name) in types {
        if catalogue::find(name).is_some_and(|found| found.partner_only) {
            let text = "Only global webhooks get this event. Choose others, or create a global webhook.";
            errors.push((*field).to_owned(), "partner_only", text);
        }
    }
    errors.or(())
}

/// Whether it is known without asking the database what events of this type must fit.
pub fn is_known(cx: &Cx, bu: BuId, name: &str) -> bool {
    catalogue::find(name).is_some() || cx.tools.known.types.recall(&(bu, name.to_owned()), cx.now).is_some()
}

/// Whether `bu` may publish events of this type, and what their payloads must fit. Blocks unless it
/// [`is_known`].
pub fn publishing(cx: &Cx, bu: BuId, name: &str) -> Result<Publishing, Error> {
    if let Some(found) = catalogue::find(name) {
        if !found.subscribable || OWN_RESOURCES.contains(&found.resource.as_str()) {
            return Err(Error::field(
                "type",
                "reserved_event_type",
                "Only Bellwire itself publishes this event type.",
            ));
        }
        return Ok(Publishing::Free);
    }
    let key = (bu, name.to_owned());
    if let Some(known) = cx.tools.known.types.recall(&key, cx.now) {
        return Ok(known);
    }
    let unknown = || {
        Error::field(
            "type",
            "unknown_event_type",
            "This event type is not in the catalogue. Add it with POST /api/v1/event-types.",
        )
    };
    let row = cx.read(|conn| Ok(event_types::find(conn, bu, name)?))?.ok_or_else(unknown)?;
    let publishing = match row.schema {
        None => Publishing::Free,
        Some(text) => {
            let schema: Value = serde_json::from_str(&text).map_err(|e| Error::Internal(e.to_string()))?;
            Publishing::Checked(Arc::new(Validator::compile(&schema)?))
        }
    };
    cx.tools.known.types.note(key, publishing.clone(), cx.now);
    Ok(publishing)
}

fn built_in(found: &catalogue::EventType) -> TypeView {
    TypeView {
        name: found.name.clone(),
        resource: found.resource.clone(),
        event: found.event.clone(),
        label: found.label.clone(),
        description: found.description.clone(),
        group: found.group.clone(),
        partner_only: found.partner_only,
        deprecated: found.deprecated,
        built_in: true,
        own: false,
        schema: found.schema.clone(),
        sample: Some(found.sample.clone()),
        created_at: None,
    }
}

fn added_type(row: EventTypeRow) -> TypeView {
    let (resource, event) = resource_and_event(&row.name);
    let (resource, event) = (resource.to_owned(), event.to_owned());
    let parse = |text: Option<String>| text.and_then(|t| serde_json::from_str(&t).ok());
    TypeView {
        resource,
        event,
        name: row.name,
        label: row.label,
        description: row.description,
        group: row.group_name,
        partner_only: row.partner_only,
        deprecated: row.deprecated,
        built_in: false,
        own: row.bu_id != event_types::WHOLE_INSTALLATION,
        schema: parse(row.schema),
        sample: parse(row.sample),
        created_at: Some(row.created_at),
    }
}
