//! Programmes: sub-accounts of a business unit with their own integrations.

use serde_json::json;

use crate::domain::access::name::Name;
use crate::domain::access::permission::Permission;
use crate::domain::id::BuId;
use crate::ops::Error;
use crate::ops::authorize::{authorize, authorize_admin};
use crate::ops::cx::Cx;
use crate::ops::system::audit::{Entry, record};
use crate::store::access::programmes::{self, ProgrammeRow};

/// Makes a programme of `bu`. For the operator and admins. Field: `name`.
pub fn create(cx: &Cx, bu: BuId, name: &str) -> Result<ProgrammeRow, Error> {
    cx.write(|conn| {
        authorize_admin(cx, conn, bu)?;
        let name = Name::parse("name", name)?.into_string();
        let row = ProgrammeRow { id: cx.id(), bu_id: bu, name, created_at: cx.now };
        programmes::insert(conn, &row)?;
        let entry = Entry {
            action: "programme.created",
            target_kind: "programme",
            target_id: row.id.to_string(),
            before: None,
            after: Some(json!({"name": row.name})),
        };
        record(cx, conn, Some(bu), entry)?;
        Ok(row)
    })
}

/// The programmes of `bu`, oldest first.
pub fn list(cx: &Cx, bu: BuId) -> Result<Vec<ProgrammeRow>, Error> {
    cx.read(|conn| {
        authorize(cx, conn, bu, Permission::WebhooksRead)?;
        Ok(programmes::list(conn, bu)?)
    })
}
