//! Who wants an event: the question every publish asks, answered in its own transaction.

use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::domain::access::partner::PartnerNumber;
use crate::domain::id::{BuId, EndpointId, ProgrammeId, TeamId, UserId, WebhookId};
use crate::domain::webhooks::webhook::{Origin, Reach, WebhookStatus};
use crate::store::pool::Conn;
use crate::store::schema::{endpoints, grants, partners, team_members, triggers, webhooks};

/// One endpoint that is subscribed to an event type, with what decides whether an event goes there.
#[derive(Debug, Clone, Queryable)]
pub struct Route {
    /// The webhook.
    pub webhook: WebhookId,
    /// The business unit that the webhook stands in.
    pub home: BuId,
    /// The endpoint.
    pub endpoint: EndpointId,
    /// Whether the webhook takes part.
    pub status: WebhookStatus,
    /// Where it was made.
    pub origin: Origin,
    /// In which programme.
    pub programme: Option<ProgrammeId>,
    /// How far it hears.
    pub reach: Reach,
    /// The partner whose business units it hears, when its reach goes beyond its own.
    pub partner: Option<PartnerNumber>,
    /// The one login whose events trigger it.
    pub for_login: Option<UserId>,
    /// The team whose events trigger it.
    pub for_team: Option<TeamId>,
    /// Conditions on the payload.
    pub filter: Option<String>,
}

/// What a [`Route`] is read from.
macro_rules! route {
    () => {
        (
            webhooks::id,
            webhooks::bu_id,
            endpoints::id,
            webhooks::status,
            webhooks::origin,
            webhooks::programme_id,
            webhooks::reach,
            webhooks::reach_partner_id,
            webhooks::for_login,
            webhooks::for_team,
            triggers::filter,
        )
    };
}

/// The endpoints of `bu` that are subscribed to `event_type`, in a stable order.
pub fn of_type(conn: &mut Conn, bu: BuId, event_type: &str) -> QueryResult<Vec<Route>> {
    triggers::table
        .inner_join(webhooks::table.on(webhooks::id.eq(triggers::webhook_id)))
        .inner_join(endpoints::table.on(endpoints::webhook_id.eq(webhooks::id)))
        .filter(triggers::event_type.eq(event_type).and(triggers::bu_id.eq(bu)))
        .filter(webhooks::deleted_at.is_null())
        .order((webhooks::id, endpoints::position))
        .select(route!())
        .load(conn)
}

/// The webhooks in other business units than `bu` that hear whatever one of these partners may access. A partner
/// that cannot reach the webhook's own unit any more hears nothing through it.
pub fn from_afar(conn: &mut Conn, bu: BuId, partners: &[PartnerNumber]) -> QueryResult<Vec<WebhookId>> {
    let of_all = partners::table.filter(partners::grants_all.eq(true)).select(partners::id.nullable());
    let granted = grants::table
        .filter(grants::bu_id.eq(webhooks::bu_id))
        .filter(grants::partner_id.nullable().eq(webhooks::reach_partner_id));
    webhooks::table
        .filter(webhooks::reach_partner_id.eq_any(partners.iter().copied().map(Some)))
        // Written out, so that both databases know that the partial index fits.
        .filter(sql::<Bool>("reach = 'partner'").and(webhooks::deleted_at.is_null()))
        .filter(webhooks::bu_id.ne(bu))
        .filter(exists(granted).or(webhooks::reach_partner_id.eq_any(of_all)))
        .order(webhooks::id)
        .select(webhooks::id)
        .load(conn)
}

/// The endpoints of these webhooks that are subscribed to `event_type`, in a stable order. For routing, which has
/// found out that these webhooks hear the unit.
pub fn of_type_at(conn: &mut Conn, event_type: &str, ids: &[WebhookId]) -> QueryResult<Vec<Route>> {
    triggers::table
        .inner_join(webhooks::table.on(webhooks::id.eq(triggers::webhook_id)))
        .inner_join(endpoints::table.on(endpoints::webhook_id.eq(webhooks::id)))
        .filter(triggers::webhook_id.eq_any(ids).and(triggers::event_type.eq(event_type)))
        .filter(webhooks::deleted_at.is_null())
        .order((webhooks::id, endpoints::position))
        .select(route!())
        .load(conn)
}

/// The teams that `user` is in at this moment.
pub fn teams_of(conn: &mut Conn, user: UserId) -> QueryResult<Vec<TeamId>> {
    team_members::table.filter(team_members::user_id.eq(user)).select(team_members::team_id).load(conn)
}
