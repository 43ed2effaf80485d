//! Webhooks in which a text may stand. The databases know upper and lower case of plain letters only, so that
//! every name with others, or with spaces to fold, is among what they give: whoever asks compares once more.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use crate::domain::id::{BuId, WebhookId};
use crate::store::dialect::one_by_one;
use crate::store::pool::Conn;
use crate::store::schema::{endpoints, webhooks};

/// Ids and names of the webhooks of `bu` in whose id or name `text`, in lower case, may stand; newest first,
/// at most `limit`.
pub fn named(conn: &mut Conn, bu: BuId, text: &str, limit: i64) -> QueryResult<Vec<(WebhookId, String)>> {
    let text = || text.to_owned();
    let all = webhooks::table
        .filter(webhooks::bu_id.eq(bu).and(webhooks::deleted_at.is_null()))
        .select((webhooks::id, webhooks::name))
        .order(webhooks::id.desc())
        .limit(limit)
        .into_boxed();
    let query = one_by_one!(
        conn,
        _c => all.filter(
            sql::<Bool>("(instr(lower(webhooks.name), ").bind::<Text, _>(text())
                .sql(") > 0 OR instr(webhooks.id, ").bind::<Text, _>(text())
                .sql(") > 0 OR length(CAST(webhooks.name AS BLOB)) <> length(webhooks.name)")
                .sql(" OR instr(webhooks.name, '  ') > 0)"),
        ),
        _c => all.filter(
            sql::<Bool>("(strpos(lower(webhooks.name), ").bind::<Text, _>(text())
                .sql(") > 0 OR strpos(webhooks.id, ").bind::<Text, _>(text())
                .sql(") > 0 OR octet_length(webhooks.name) <> length(webhooks.name)")
                .sql(" OR strpos(webhooks.name, '  ') > 0)"),
        )
    );
    query.load(conn)
}

/// The webhooks of `bu` with those of their addresses in which `text`, in lower case, may stand; newest first, at
/// most `limit` addresses.
pub fn addressed(conn: &mut Conn, bu: BuId, text: &str, limit: i64) -> QueryResult<Vec<(WebhookId, String)>> {
    let text = text.to_owned();
    let all = endpoints::table
        .inner_join(webhooks::table.on(webhooks::id.eq(endpoints::webhook_id)))
        .filter(webhooks::bu_id.eq(bu).and(webhooks::deleted_at.is_null()))
        .select((endpoints::webhook_id, endpoints::url))
        .order((webhooks::id.desc(), endpoints::position))
        .limit(limit)
        .into_boxed();
    let query = one_by_one!(
        conn,
        _c => all.filter(sql::<Bool>("instr(lower(endpoints.url), ").bind::<Text, _>(text).sql(") > 0")),
        _c => all.filter(sql::<Bool>("strpos(lower(endpoints.url), ").bind::<Text, _>(text).sql(") > 0"))
    );
    query.load(conn)
}
