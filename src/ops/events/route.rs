//! Routing: which endpoints get an event, and the recorded reason for each that does not.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::clock::Clock;
use crate::domain::access::partner::PartnerNumber;
use crate::domain::events::cause::Cause;
use crate::domain::events::delivery::{DeliveryKind, DeliveryState};
use crate::domain::events::event::data_of;
use crate::domain::id::{BuId, EndpointId, EventId, NodeId, TeamId, UserId, WebhookId};
use crate::domain::time::Ts;
use crate::domain::webhooks::filter::Filter;
use crate::domain::webhooks::webhook::{Origin, Reach, WebhookStatus};
use crate::ops::Error;
use crate::ops::events::handoff::{Handed, Room};
use crate::store::access::{grants, units};
use crate::store::events::deliveries::DeliveryRow;
use crate::store::events::events::EventRow;
use crate::store::pool::Conn;
use crate::store::webhooks::routes::{self, Route};

/// For how long a node may hold a delivery before another takes it: twice the longest attempt.
pub const LEASE: Duration = Duration::from_mins(1);

/// The login an event is about, and the teams it is in at this moment.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The login.
    pub user: UserId,
    /// Its teams.
    pub teams: Vec<TeamId>,
}

/// The lease that deliveries sent at once are born with.
#[derive(Clone, Copy)]
pub struct Lease<'a> {
    /// Who sends them.
    pub node: NodeId,
    /// Where their ids come from.
    pub clock: &'a Clock,
    /// When they are made.
    pub now: Ts,
    /// The same moment by the clock that says what is due.
    pub due: Ts,
}

/// The routes of the event types of a batch of one business unit, each read once.
#[derive(Default)]
pub struct Routes {
    by_type: HashMap<String, Vec<(Route, Option<Filter>)>>,
    over: Option<Over>,
    subjects: HashMap<EventId, Subject>,
}

/// Who hears a business unit from above.
struct Over {
    /// The global partners that may access it.
    partners: Vec<PartnerNumber>,
    /// Their webhooks in other units that hear this one.
    webhooks: Vec<WebhookId>,
}

impl Over {
    fn of(conn: &mut Conn, bu: BuId) -> Result<Self, Error> {
        let partners = grants::partners_over(conn, bu)?;
        // Events leave a unit through its own webhooks only while its plan has API access; through others' too.
        let may_leave = !partners.is_empty() && units::find(conn, bu)?.is_some_and(|unit| unit.api_access);
        let webhooks = if may_leave { routes::from_afar(conn, bu, &partners)? } else { Vec::new() };
        Ok(Self { partners, webhooks })
    }
}

impl Routes {
    /// Reads the routes of `event_type`, once.
    pub fn load(&mut self, conn: &mut Conn, bu: BuId, event_type: &str) -> Result<(), Error> {
        if self.by_type.contains_key(event_type) {
            return Ok(());
        }
        let mut found = routes::of_type(conn, bu, event_type)?;
        let over = match &self.over {
            Some(over) => over,
            None => &*self.over.insert(Over::of(conn, bu)?),
        };
        if !over.webhooks.is_empty() {
            found.extend(routes::of_type_at(conn, event_type, &over.webhooks)?);
        }
        let routes = found
            .into_iter()
            .map(|route| {
                let filter = route.filter.as_deref().map(serde_json::from_str::<Filter>).transpose();
                filter.map(|filter| (route, filter)).map_err(|e| Error::Internal(e.to_string()))
            })
            .collect::<Result<_, _>>()?;
        self.by_type.insert(event_type.to_owned(), routes);
        Ok(())
    }

    /// Notes whom an event is about.
    pub fn about(&mut self, event: EventId, subject: Option<&Subject>) {
        if let Some(subject) = subject {
            self.subjects.insert(event, subject.clone());
        }
    }

    /// One delivery for each event and each endpoint subscribed to its type. While there is `room`,
    /// those to be sent are leased to this node and put into `handed`.
    pub fn deliveries(
        &self,
        events: &[EventRow],
        lease: Lease<'_>,
        room: &mut Room<'_>,
        handed: &mut Vec<Handed>,
    ) -> Vec<DeliveryRow> {
        let mut rows = Vec::new();
        for event in events {
            let routes = self.by_type.get(&event.event_type).map(Vec::as_slice).unwrap_or_default();
            let mut parts = Parts::of(event);
            for (route, filter) in routes {
                let id = lease.clock.id();
                let (webhook, endpoint, kind) = (route.webhook, route.endpoint, DeliveryKind::Event);
                let row = DeliveryRow::due(id, event, webhook, endpoint, kind, lease.now, lease.due);
                let mut row = row.of_unit(route.home);
                if let Some((state, cause)) = self.verdict(event, route, filter.as_ref(), &mut parts) {
                    row = row.held_back(state, cause);
                } else if room.take(route.endpoint) {
                    row = row.leased(lease.node, lease.clock.lease_now() + LEASE);
                    handed.push(parts.handed(&row));
                }
                rows.push(row);
            }
        }
        rows
    }

    /// Whether an event goes to an endpoint as things stand. Its type must be loaded.
    pub fn let_through(&self, event: &EventRow, endpoint: EndpointId) -> bool {
        let routes = self.by_type.get(&event.event_type).map(Vec::as_slice).unwrap_or_default();
        let mut parts = Parts::of(event);
        routes.iter().any(|(route, filter)| {
            route.endpoint == endpoint && self.verdict(event, route, filter.as_ref(), &mut parts).is_none()
        })
    }

    /// Why an event does not go to an endpoint; `None` when it does.
    fn verdict(
        &self,
        event: &EventRow,
        route: &Route,
        filter: Option<&Filter>,
        parts: &mut Parts<'_>,
    ) -> Option<(DeliveryState, Cause)> {
        if route.status == WebhookStatus::Inactive {
            return Some((DeliveryState::Skipped, Cause::WebhookInactive));
        }
        let over = self.over.as_ref().map(|over| over.partners.as_slice()).unwrap_or_default();
        let is_heard = route.partner.is_some_and(|partner| over.contains(&partner));
        if route.reach == Reach::Partner && !is_heard {
            return Some((DeliveryState::Filtered, Cause::Reach));
        }
        let subject = self.subjects.get(&event.id);
        let in_programme = route.origin == Origin::Global || route.programme == event.programme_id;
        let for_login = route.for_login.is_none_or(|user| subject.is_some_and(|s| s.user == user));
        let for_team = route.for_team.is_none_or(|team| subject.is_some_and(|s| s.teams.contains(&team)));
        if !(in_programme && for_login && for_team) {
            return Some((DeliveryState::Filtered, Cause::Scope));
        }
        let passes = filter.is_none_or(|filter| filter.matches(parts.data()).is_ok());
        (!passes).then_some((DeliveryState::Filtered, Cause::Filter))
    }
}

/// What several deliveries of one event share, made when first asked for.
struct Parts<'a> {
    event: &'a EventRow,
    body: Option<Arc<[u8]>>,
    event_type: Option<Arc<str>>,
    data: Option<Value>,
}

impl<'a> Parts<'a> {
    const fn of(event: &'a EventRow) -> Self {
        Self { event, body: None, event_type: None, data: None }
    }

    fn data(&mut self) -> &Value {
        let event = self.event;
        self.data.get_or_insert_with(|| {
            let at = usize::try_from(event.data_at).unwrap_or(0);
            // The bytes were scanned when they were accepted; a filter on nothing matches nothing.
            serde_json::from_slice(data_of(&event.body, at)).unwrap_or(Value::Null)
        })
    }

    fn handed(&mut self, row: &DeliveryRow) -> Handed {
        let event = self.event;
        let event_type = self.event_type.get_or_insert_with(|| event.event_type.as_str().into()).clone();
        let body = self.body.get_or_insert_with(|| event.body.as_slice().into()).clone();
        Handed::new(row, event_type, body)
    }
}
