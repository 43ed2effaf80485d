//! Webhooks, deliveries and attempts as the API shows them.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::api::openapi::bodies::{Condition, Retry};
use crate::domain::events::attempt::{Attempt, HeaderLines};
use crate::domain::events::cause::Cause;
use crate::domain::events::delivery::{DeliveryKind, DeliveryState};
use crate::domain::id::{AttemptId, DeliveryId, EndpointId, EventId, TeamId, TriggerId, WebhookId};
use crate::domain::time::Ts;
use crate::domain::webhooks::webhook::{Health, InactiveReason, Origin, Reach, WebhookStatus};
use crate::ops::events::inspect;
use crate::ops::webhooks::read;
use crate::store::webhooks::endpoints::EndpointRow;
use crate::store::webhooks::triggers::TriggerRow;

/// An answer that holds one thing.
#[derive(Serialize, ToSchema)]
pub struct Data<T> {
    /// The thing.
    pub data: T,
}

/// An answer that holds a page of things.
#[derive(Serialize, ToSchema)]
pub struct Listing<T, M> {
    /// The things.
    pub data: Vec<T>,
    /// Where the page stands in the list.
    pub meta: M,
}

/// What an answer says when something is gone.
#[derive(Serialize, ToSchema)]
pub struct Deleted {
    #[schema(example = true)]
    success: bool,
    #[schema(example = "Webhook deleted successfully")]
    message: &'static str,
}

impl Deleted {
    /// It is gone; `message` says what.
    pub const fn new(message: &'static str) -> Self {
        Self { success: true, message }
    }
}

/// Where a numbered page stands in its list.
#[derive(Serialize, ToSchema)]
#[schema(as = Page)]
pub struct PageMeta {
    #[schema(example = 12)]
    total: i64,
    #[schema(example = 1)]
    page: i64,
    #[schema(example = 20)]
    limit: i64,
    #[schema(example = 1)]
    pages: i64,
}

impl PageMeta {
    /// Page `page`, from 1, of a list of `total` things, `limit` to a page.
    pub fn new(total: i64, page: u32, limit: u32) -> Self {
        let limit = i64::from(limit.max(1));
        Self { total, page: page.into(), limit, pages: (total + limit - 1) / limit }
    }
}

/// A webhook; the published fields first, what was added since behind them.
#[derive(Serialize, ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookView<'a> {
    id: WebhookId,
    #[schema(example = "https://example.com/webhooks/user-events")]
    url: &'a str,
    #[schema(example = json!(["user.created", "user.updated", "user.deleted"]))]
    events: Vec<&'a str>,
    status: WebhookStatus,
    created_at: Ts,
    updated_at: Ts,
    last_triggered: Option<Ts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    secret: Option<&'a str>,
    #[schema(example = "User events webhook for CRM integration")]
    description: &'a str,
    #[schema(example = "CRM")]
    name: &'a str,
    inactive_reason: Option<InactiveReason>,
    health: Health,
    origin: Origin,
    #[schema(example = false)]
    rest_hook: bool,
    reach: Reach,
    #[schema(example = 1042)]
    created_by: Option<i64>,
    #[schema(value_type = crate::api::openapi::bodies::ScopeWord)]
    scope: &'static str,
    for_login: Option<i64>,
    for_team: Option<TeamId>,
    team: Option<&'a str>,
    endpoints: Vec<EndpointView<'a>>,
    triggers: Vec<TriggerView<'a>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Endpoint)]
struct EndpointView<'a> {
    id: EndpointId,
    #[schema(example = "CRM")]
    name: &'a str,
    #[schema(example = "https://example.com/webhooks/user-events")]
    url: &'a str,
    #[schema(example = false)]
    custom_headers: bool,
    static_header: Option<&'a str>,
    #[schema(example = 15000)]
    timeout_ms: i32,
    #[schema(value_type = Retry)]
    retry: Option<Value>,
    rate_per_second: Option<i32>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Trigger)]
struct TriggerView<'a> {
    id: TriggerId,
    #[schema(example = "user.created")]
    event: &'a str,
    #[schema(value_type = Option<Vec<Condition>>)]
    filter: Option<Value>,
    #[schema(example = "")]
    note: &'a str,
}

impl<'a> WebhookView<'a> {
    /// A webhook, with its secret as far as it may be shown here.
    pub fn new(webhook: &'a read::WebhookView, secret: Option<&'a str>) -> Self {
        let row = &webhook.row;
        Self {
            id: row.id,
            url: webhook.url(),
            events: webhook.events().collect(),
            status: row.status,
            created_at: row.created_at,
            updated_at: row.updated_at.unwrap_or(row.created_at),
            last_triggered: row.last_sent_at,
            secret,
            description: &row.description,
            name: &row.name,
            inactive_reason: row.inactive_reason,
            health: webhook.health(),
            origin: row.origin,
            rest_hook: row.rest_hook,
            reach: row.reach,
            created_by: webhook.creator,
            scope: match (row.for_login, row.for_team) {
                (Some(_), _) => "login",
                (None, Some(_)) => "team",
                (None, None) => "everyone",
            },
            for_login: webhook.for_login,
            for_team: row.for_team,
            team: webhook.team.as_deref(),
            endpoints: webhook.endpoints.iter().map(endpoint).collect(),
            triggers: webhook.triggers.iter().map(trigger).collect(),
        }
    }
}

fn endpoint(row: &EndpointRow) -> EndpointView<'_> {
    EndpointView {
        id: row.id,
        name: &row.name,
        url: &row.url,
        custom_headers: row.headers_sealed.is_some(),
        static_header: row.static_header.as_deref(),
        timeout_ms: row.timeout_ms,
        retry: serde_json::from_str(&row.retry).ok(),
        rate_per_second: row.rate_per_second,
    }
}

fn trigger(row: &TriggerRow) -> TriggerView<'_> {
    TriggerView {
        id: row.id,
        event: &row.event_type,
        filter: row.filter.as_deref().and_then(|text| serde_json::from_str(text).ok()),
        note: &row.note,
    }
}

/// One event on its way to one endpoint.
#[derive(Serialize, ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryView<'a> {
    id: DeliveryId,
    event_id: EventId,
    #[schema(example = "order.completed")]
    event_type: &'a str,
    webhook: WebhookId,
    #[schema(example = "CRM")]
    webhook_name: &'a str,
    endpoint: EndpointId,
    #[schema(example = "https://example.com/webhooks/user-events")]
    url: &'a str,
    #[schema(example = "event")]
    kind: DeliveryKind,
    #[schema(example = "delivered")]
    state: DeliveryState,
    cause: Option<Cause>,
    message: Option<&'static str>,
    #[schema(example = 200)]
    last_status: Option<i32>,
    next_attempt_at: Option<Ts>,
    created_at: Ts,
    #[schema(example = "2026-03-15T08:30:01Z")]
    settled_at: Option<Ts>,
    #[schema(example = 1)]
    attempt_count: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    attempts: Option<Vec<AttemptView<'a>>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Attempt)]
struct AttemptView<'a> {
    id: AttemptId,
    #[schema(example = 1)]
    number: i32,
    started_at: Ts,
    #[schema(example = 342)]
    duration_ms: i32,
    #[schema(example = 200)]
    status: Option<i32>,
    cause: Option<Cause>,
    message: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    request: Option<RequestView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    response: Option<ResponseView<'a>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AttemptRequest)]
struct RequestView<'a> {
    #[schema(example = "https://example.com/webhooks/user-events")]
    url: &'a str,
    headers: &'a HeaderLines,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AttemptResponse)]
struct ResponseView<'a> {
    headers: &'a HeaderLines,
    #[schema(value_type = String, example = "ok")]
    body: std::borrow::Cow<'a, str>,
    #[schema(example = false)]
    body_cut: bool,
}

impl<'a> DeliveryView<'a> {
    /// A delivery with its attempts; `in_full` with what was sent and what came back.
    pub fn new(delivery: &'a inspect::DeliveryView, in_full: bool) -> Self {
        let attempts = delivery.attempts.iter().map(|attempt| attempt_view(attempt, in_full)).collect();
        Self { attempts: Some(attempts), ..Self::in_list(delivery) }
    }

    /// A delivery in a list, without its attempts.
    pub fn in_list(delivery: &'a inspect::DeliveryView) -> Self {
        let row = &delivery.row;
        Self {
            id: row.id,
            event_id: row.event_id,
            event_type: &row.event_type,
            webhook: row.webhook_id,
            webhook_name: &delivery.webhook,
            endpoint: row.endpoint_id,
            url: &delivery.url,
            kind: row.kind,
            state: row.state,
            cause: row.cause,
            message: row.cause.map(Cause::sentence),
            last_status: row.last_status,
            next_attempt_at: row.next_at,
            created_at: row.created_at,
            settled_at: row.settled_at,
            attempt_count: row.attempts + row.interruptions,
            attempts: None,
        }
    }
}

fn attempt_view(attempt: &Attempt, in_full: bool) -> AttemptView<'_> {
    let request = RequestView { url: &attempt.url, headers: &attempt.request_headers };
    let response = ResponseView {
        headers: &attempt.response_headers,
        body: String::from_utf8_lossy(&attempt.response_body),
        body_cut: attempt.response_cut,
    };
    AttemptView {
        id: attempt.id,
        number: attempt.number,
        started_at: attempt.started_at,
        duration_ms: attempt.duration_ms,
        status: attempt.status,
        cause: attempt.cause,
        message: attempt.cause.map(Cause::sentence),
        request: in_full.then_some(request),
        response: (in_full && attempt.status.is_some()).then_some(response),
    }
}
