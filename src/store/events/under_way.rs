//! What of table `deliveries` is under way: counted, shown and ended, for a webhook or one endpoint of it.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use crate::domain::events::cause::Cause;
use crate::domain::events::delivery::DeliveryState;
use crate::domain::id::{BuId, EndpointId, NodeId, WebhookId};
use crate::domain::time::Ts;
use crate::store::pool::{Conn, MultiBackend};
use crate::store::schema::deliveries;
use crate::store::webhooks::endpoints;

/// How many deliveries of `webhook` are still under way.
pub fn count(conn: &mut Conn, bu: BuId, webhook: WebhookId) -> QueryResult<i64> {
    let mut count = 0;
    for under_way in under_way(conn, bu, webhook)? {
        let these = deliveries::table.filter(deliveries::bu_id.eq(bu)).filter(under_way);
        count += these.count().get_result::<i64>(conn)?;
    }
    Ok(count)
}

/// The first deliveries that wait for one endpoint of `bu`, the one due first in front, at most `limit`: how often
/// each was tried, and when it is due.
pub fn waiting(
    conn: &mut Conn,
    bu: BuId,
    endpoint: EndpointId,
    limit: i64,
) -> QueryResult<Vec<(i32, Option<Ts>)>> {
    deliveries::table
        .filter(sql::<Bool>("state = 'ready'"))
        .filter(deliveries::endpoint_id.eq(endpoint).and(deliveries::bu_id.eq(bu)))
        .select((deliveries::attempts, deliveries::next_at))
        .order(deliveries::next_at)
        .limit(limit)
        .load(conn)
}

/// How many deliveries to one endpoint of `webhook` are still under way.
pub fn count_to(conn: &mut Conn, bu: BuId, webhook: WebhookId, endpoint: EndpointId) -> QueryResult<i64> {
    let mut count = 0;
    for one in under_way_to(webhook, endpoint) {
        let these = deliveries::table.filter(deliveries::bu_id.eq(bu)).filter(one);
        count += these.count().get_result::<i64>(conn)?;
    }
    Ok(count)
}

/// Ends every delivery of `webhook` that is still under way; gives how many.
pub fn cancel_of_webhook(
    conn: &mut Conn,
    bu: BuId,
    webhook: WebhookId,
    cause: Cause,
    now: Ts,
) -> QueryResult<usize> {
    let under_way = under_way(conn, bu, webhook)?;
    cancel(conn, bu, under_way, cause, now)
}

/// Ends every delivery to one endpoint of `webhook` that is still under way; gives how many.
pub fn cancel_of_endpoint(
    conn: &mut Conn,
    bu: BuId,
    webhook: WebhookId,
    endpoint: EndpointId,
    now: Ts,
) -> QueryResult<usize> {
    let under_way = under_way_to(webhook, endpoint);
    cancel(conn, bu, under_way, Cause::EndpointDeleted, now)
}

fn cancel(conn: &mut Conn, bu: BuId, under_way: [Condition; 2], cause: Cause, now: Ts) -> QueryResult<usize> {
    let mut done = 0;
    for one in under_way {
        let these = deliveries::table.filter(deliveries::bu_id.eq(bu)).filter(one);
        done += diesel::update(these)
            .set((
                deliveries::state.eq(DeliveryState::Cancelled),
                deliveries::cause.eq(Some(cause)),
                deliveries::next_at.eq(None::<Ts>),
                deliveries::lease_owner.eq(None::<NodeId>),
                deliveries::lease_until.eq(None::<Ts>),
                deliveries::lease_no.eq(deliveries::lease_no + 1),
                deliveries::settled_at.eq(Some(now)),
            ))
            .execute(conn)?;
    }
    Ok(done)
}

type Condition = Box<dyn diesel::BoxableExpression<deliveries::table, MultiBackend, SqlType = Bool>>;

/// What is under way of a webhook: the waiting ones through its endpoints, which the partial index goes by;
/// the held ones through theirs (the operator keeps the planner from walking the webhook's whole history
/// instead).
fn under_way(conn: &mut Conn, bu: BuId, webhook: WebhookId) -> QueryResult<[Condition; 2]> {
    let endpoints: Vec<EndpointId> =
        endpoints::of_webhooks(conn, bu, &[webhook])?.iter().map(|e| e.id).collect();
    let waiting = sql::<Bool>("state = 'ready'").and(deliveries::endpoint_id.eq_any(endpoints));
    Ok([
        Box::new(waiting),
        Box::new(sql::<Bool>("state = 'leased' AND webhook_id || '' = ").bind::<Text, _>(webhook)),
    ])
}

/// The same for one of its endpoints.
fn under_way_to(webhook: WebhookId, endpoint: EndpointId) -> [Condition; 2] {
    let held = sql::<Bool>("state = 'leased' AND webhook_id || '' = ").bind::<Text, _>(webhook);
    [
        Box::new(sql::<Bool>("state = 'ready'").and(deliveries::endpoint_id.eq(endpoint))),
        Box::new(held.and(deliveries::endpoint_id.eq(endpoint))),
    ]
}
