//! Who wants an event: the question every publish asks, answered in its own transaction.

use diesel::prelude::*;

use crate::domain::id::{BuId, EndpointId, ProgrammeId, TeamId, UserId, WebhookId};
use crate::domain::webhooks::webhook::{Origin, WebhookStatus};
use crate::store::pool::Conn;
use crate::store::schema::{endpoints, team_members, triggers, webhooks};

/// One endpoint that is subscribed to an event type, with what decides whether an event goes there.
#[derive(Debug, Clone, Queryable)]
pub struct Route {
    /// The webhook.
    pub webhook: WebhookId,
    /// The endpoint.
    pub endpoint: EndpointId,
    /// Whether the webhook takes part.
    pub status: WebhookStatus,
    /// Where it was made.
    pub origin: Origin,
    /// In which programme.
    pub programme: Option<ProgrammeId>,
    /// The one login whose events trigger it.
    pub for_login: Option<UserId>,
    /// The team whose events trigger it.
    pub for_team: Option<TeamId>,
    /// Conditions on the payload.
    pub filter: Option<String>,
}

/// The endpoints of `bu` that are subscribed to `event_type`, in a stable order.
pub fn of_type(conn: &mut Conn, bu: BuId, event_type: &str) -> QueryResult<Vec<Route>> {
    triggers::table
        .inner_join(webhooks::table.on(webhooks::id.eq(triggers::webhook_id)))
        .inner_join(endpoints::table.on(endpoints::webhook_id.eq(webhooks::id)))
        .filter(triggers::event_type.eq(event_type).and(triggers::bu_id.eq(bu)))
        .filter(webhooks::deleted_at.is_null())
        .order((webhooks::id, endpoints::position))
        .select((
            webhooks::id,
            endpoints::id,
            webhooks::status,
            webhooks::origin,
            webhooks::programme_id,
            webhooks::for_login,
            webhooks::for_team,
            triggers::filter,
        ))
        .load(conn)
}

/// The teams that `user` is in at this moment.
pub fn teams_of(conn: &mut Conn, user: UserId) -> QueryResult<Vec<TeamId>> {
    team_members::table.filter(team_members::user_id.eq(user)).select(team_members::team_id).load(conn)
}
