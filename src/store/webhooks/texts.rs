//! Table `webhook_texts`: what each webhook that is not deleted is found by, in one text: its id, name and addresses, a
//! line each, folded as what people look for is. The tables it is taken from renew it.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use crate::domain::id::{BuId, WebhookId};
use crate::domain::search::folded;
use crate::store::dialect::{Holds, holds, write_transaction};
use crate::store::pool::Conn;
use crate::store::schema::{endpoints, webhook_texts, webhooks};
use crate::store::system::settings;

/// The setting that tells that every webhook has its text.
const FILLED: &str = "webhook_texts";
/// How many texts one transaction writes.
const STEP: i64 = 500;

/// Whether `text` stands in a row.
pub(super) fn standing(conn: &Conn, text: &str) -> Holds {
    holds(conn, "webhook_texts.folded", text)
}

/// Writes anew what one webhook of `bu` is found by; nothing once it is deleted.
pub(super) fn renew(conn: &mut Conn, bu: BuId, id: WebhookId) -> QueryResult<()> {
    diesel::delete(webhook_texts::table.find((bu, id))).execute(conn)?;
    let name: Option<String> = webhooks::table
        .find(id)
        .filter(webhooks::bu_id.eq(bu).and(webhooks::deleted_at.is_null()))
        .select(webhooks::name)
        .first(conn)
        .optional()?;
    let Some(name) = name else { return Ok(()) };
    let urls: Vec<String> = endpoints::table
        .filter(endpoints::webhook_id.eq(id).and(endpoints::bu_id.eq(bu)))
        .select(endpoints::url)
        .order(endpoints::position)
        .load(conn)?;
    let lines: Vec<String> =
        [id.to_string(), name].into_iter().chain(urls).map(|line| folded(&line)).collect();
    let row = (
        webhook_texts::bu_id.eq(bu),
        webhook_texts::webhook_id.eq(id),
        webhook_texts::folded.eq(lines.join("\n")),
    );
    diesel::insert_into(webhook_texts::table).values(row).execute(conn).map(drop)
}

/// Writes what is missing in a database whose webhooks are older than this table: once, in transactions of its own, and
/// again from where it was interrupted.
pub fn fill(conn: &mut Conn) -> QueryResult<()> {
    if settings::get(conn, FILLED)?.is_some() {
        return Ok(());
    }
    let mut last = None;
    while let Some(end) = write_transaction(conn, |conn| fill_after(conn, last))? {
        last = Some(end);
    }
    settings::set(conn, FILLED, "yes")
}

/// Writes what is missing of some webhooks after `last`; gives the last of those, `None` when there are no more.
fn fill_after(conn: &mut Conn, last: Option<WebhookId>) -> QueryResult<Option<WebhookId>> {
    let this = webhook_texts::webhook_id.eq(webhooks::id).and(webhook_texts::bu_id.eq(webhooks::bu_id));
    let mut query = webhooks::table
        .filter(webhooks::deleted_at.is_null().and(not(exists(webhook_texts::table.filter(this)))))
        .select((webhooks::bu_id, webhooks::id))
        .order(webhooks::id)
        .limit(STEP)
        .into_boxed();
    if let Some(last) = last {
        query = query.filter(webhooks::id.gt(last));
    }
    let missing: Vec<(BuId, WebhookId)> = query.load(conn)?;
    for (bu, id) in &missing {
        renew(conn, *bu, *id)?;
    }
    Ok(missing.last().map(|(_, id)| *id))
}
