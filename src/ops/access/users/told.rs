//! What events say of a login.

use serde_json::{Value, json};

use crate::domain::id::{BuId, UserId};
use crate::ops::Error;
use crate::ops::cx::Cx;
use crate::ops::events::publish::{News, Own, by};
use crate::store::access::people::{self, PersonRow};
use crate::store::pool::Conn;

/// Publishes an event about a login as it stands now; nothing when it has no role at the unit's partner.
/// `changed` names the fields that an update changed.
pub(super) fn publish(
    cx: &Cx,
    conn: &mut Conn,
    news: &mut News,
    (bu, user): (BuId, UserId),
    event_type: &'static str,
    changed: &[&str],
) -> Result<(), Error> {
    let Some(person) = people::find(conn, bu, user)? else { return Ok(()) };
    let data = data(cx, bu, &person, event_type, changed);
    news.add(&cx.tools, conn, Own { subject: Some(user), ..Own::new(bu, event_type, data) })
}

/// Whether a login can be used: `pending` until a password is chosen.
pub(super) const fn status(person: &PersonRow) -> &'static str {
    match (person.disabled_at, person.has_password) {
        (Some(_), _) => "disabled",
        (None, false) => "pending",
        (None, true) => "active",
    }
}

fn data(cx: &Cx, bu: BuId, person: &PersonRow, event_type: &str, changed: &[&str]) -> Value {
    let is_deleted = event_type == "user.deleted";
    let mut data = json!({
        "id": person.id,
        "number": person.number,
        "email": person.email,
        "name": person.name,
        "role": person.role,
        "status": if is_deleted { "deleted" } else { status(person) },
        "business_unit": bu,
        "created_at": person.created_at.to_string(),
    });
    let more = match event_type {
        "user.created" => json!({"created_by": by(cx)}),
        "user.deleted" => json!({"deleted_at": cx.now.to_string(), "deleted_by": by(cx)}),
        _ => json!({"updated_at": cx.now.to_string(), "changed": changed, "updated_by": by(cx)}),
    };
    if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
        data.extend(more);
    }
    data
}
