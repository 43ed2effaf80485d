//! What events say of a token. Of its secret only what lists show.

use serde_json::{Value, json};

use super::TokenRow;
use crate::domain::access::token::PREFIX;
use crate::ops::Error;
use crate::ops::cx::Cx;
use crate::ops::events::publish::{News, Own, by};
use crate::store::pool::Conn;

/// Publishes that a token was made.
pub(super) fn publish_created(
    cx: &Cx,
    conn: &mut Conn,
    news: &mut News,
    token: &TokenRow,
) -> Result<(), Error> {
    let own = own(token, "token.created", json!({"created_by": by(cx)}));
    news.add(&cx.tools, conn, own)
}

/// Publishes that a token works no more.
pub(super) fn publish_revoked(
    cx: &Cx,
    conn: &mut Conn,
    news: &mut News,
    token: &TokenRow,
) -> Result<(), Error> {
    let more = json!({"revoked_at": cx.now.to_string(), "revoked_by": by(cx)});
    news.add(&cx.tools, conn, own(token, "token.revoked", more))
}

fn own(token: &TokenRow, event_type: &'static str, more: Value) -> Own {
    let mut data = json!({
        "id": token.id,
        "name": token.name,
        "scopes": token.scopes,
        "hint": format!("{PREFIX}…{}", token.last_four),
        "business_unit": token.bu_id,
        "expires_at": token.expires_at.map(|at| at.to_string()),
        "created_at": token.created_at.to_string(),
    });
    if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
        data.extend(more);
    }
    Own::new(token.bu_id, event_type, data)
}
