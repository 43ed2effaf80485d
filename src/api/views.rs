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
    /// Always true.
    #[schema(example = true)]
    success: bool,
    /// What is gone.
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
    /// How many things there are.
    #[schema(example = 12)]
    total: i64,
    /// Which page this is, from 1.
    #[schema(example = 1)]
    page: i64,
    /// How many to a page at the most.
    #[schema(example = 20)]
    limit: i64,
    /// How many pages there are.
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
    /// Its id.
    id: WebhookId,
    /// The address of its first endpoint.
    #[schema(example = "https://example.com/webhooks/user-events")]
    url: &'a str,
    /// The event types it is sent.
    #[schema(example = json!(["user.created", "user.updated", "user.deleted"]))]
    events: Vec<&'a str>,
    /// Whether it takes part in routing.
    status: WebhookStatus,
    /// When it was made.
    created_at: Ts,
    /// When it was last changed.
    updated_at: Ts,
    /// When it was last sent something; null for never.
    last_triggered: Option<Ts>,
    /// Its signing secret: whole in the answer that makes it, masked otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    secret: Option<&'a str>,
    /// What it is for.
    #[schema(example = "User events webhook for CRM integration")]
    description: &'a str,
    /// Its name.
    #[schema(example = "CRM")]
    name: &'a str,
    /// Why it is inactive; null while it is active.
    inactive_reason: Option<InactiveReason>,
    /// How its deliveries have been going.
    health: Health,
    /// Where it was made.
    origin: Origin,
    /// Whether a tool made it as a REST hook.
    #[schema(example = false)]
    rest_hook: bool,
    /// How far it hears.
    reach: Reach,
    /// The number of the login that made it.
    #[schema(example = 1042)]
    created_by: Option<i64>,
    /// Whose events it gets.
    #[schema(value_type = crate::api::openapi::bodies::ScopeWord)]
    scope: &'static str,
    /// The number of the login whose events it gets, with the scope `login`.
    for_login: Option<i64>,
    /// The team whose events it gets, with the scope `team`.
    for_team: Option<TeamId>,
    /// The name of that team.
    team: Option<&'a str>,
    /// Where it is sent to.
    endpoints: Vec<EndpointView<'a>>,
    /// What it is sent.
    triggers: Vec<TriggerView<'a>>,
}

/// One address of a webhook, with its settings.
#[derive(Serialize, ToSchema)]
#[schema(as = Endpoint)]
struct EndpointView<'a> {
    /// Its id.
    id: EndpointId,
    /// Its name.
    #[schema(example = "CRM")]
    name: &'a str,
    /// The address.
    #[schema(example = "https://example.com/webhooks/user-events")]
    url: &'a str,
    /// Whether further headers go with every request; they are not shown.
    #[schema(example = false)]
    custom_headers: bool,
    /// The name of the header with a fixed secret; null for none.
    static_header: Option<&'a str>,
    /// How long an attempt may take, in milliseconds.
    #[schema(example = 15000)]
    timeout_ms: i32,
    /// When a failed delivery is tried again.
    #[schema(value_type = Retry)]
    retry: Option<Value>,
    /// The most requests a second; null for no limit.
    rate_per_second: Option<i32>,
}

/// One event type of a webhook.
#[derive(Serialize, ToSchema)]
#[schema(as = Trigger)]
struct TriggerView<'a> {
    /// Its id.
    id: TriggerId,
    /// The event type.
    #[schema(example = "user.created")]
    event: &'a str,
    /// Conditions that the event's data must meet, all of them; null for none.
    #[schema(value_type = Option<Vec<Condition>>)]
    filter: Option<Value>,
    /// Anything worth knowing about it.
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
    /// Its id.
    id: DeliveryId,
    /// The event.
    event_id: EventId,
    /// Its type.
    #[schema(example = "order.completed")]
    event_type: &'a str,
    /// The webhook.
    webhook: WebhookId,
    /// Its name; empty when it is gone.
    #[schema(example = "CRM")]
    webhook_name: &'a str,
    /// The endpoint.
    endpoint: EndpointId,
    /// Its address now; empty when it is gone.
    #[schema(example = "https://example.com/webhooks/user-events")]
    url: &'a str,
    /// Why it exists.
    #[schema(example = "event")]
    kind: DeliveryKind,
    /// Where it stands.
    #[schema(example = "delivered")]
    state: DeliveryState,
    /// Why it has not arrived; null while nothing failed.
    cause: Option<Cause>,
    /// The same in a sentence, with what to do; where the attempts are shown, what exactly failed at the last.
    message: Option<&'a str>,
    /// The HTTP status of the last attempt; null when none came.
    #[schema(example = 200)]
    last_status: Option<i32>,
    /// When it is tried again; null when it is not.
    next_attempt_at: Option<Ts>,
    /// When it was made.
    created_at: Ts,
    /// When it came to its end; null before.
    #[schema(example = "2026-03-15T08:30:01Z")]
    settled_at: Option<Ts>,
    /// How many attempts were made.
    #[schema(example = 1)]
    attempt_count: i32,
    /// Each attempt, oldest first; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    attempts: Option<Vec<AttemptView<'a>>>,
}

/// One request of a delivery.
#[derive(Serialize, ToSchema)]
#[schema(as = Attempt)]
struct AttemptView<'a> {
    /// Its id.
    id: AttemptId,
    /// Which attempt of its delivery, from 1.
    #[schema(example = 1)]
    number: i32,
    /// When it began.
    started_at: Ts,
    /// How long it took, in milliseconds.
    #[schema(example = 342)]
    duration_ms: i32,
    /// The HTTP status; null when none came.
    #[schema(example = 200)]
    status: Option<i32>,
    /// Why it failed; null when it succeeded.
    cause: Option<Cause>,
    /// What exactly failed, in a sentence with what to do: `The certificate expired on 18 Nov 2026. Renew it.`
    message: Option<&'a str>,
    /// What was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    request: Option<RequestView<'a>>,
    /// What came back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    response: Option<ResponseView<'a>>,
}

/// What was sent.
#[derive(Serialize, ToSchema)]
#[schema(as = AttemptRequest)]
struct RequestView<'a> {
    /// The address.
    #[schema(example = "https://example.com/webhooks/user-events")]
    url: &'a str,
    /// The headers, credentials masked.
    headers: &'a HeaderLines,
}

/// What came back.
#[derive(Serialize, ToSchema)]
#[schema(as = AttemptResponse)]
struct ResponseView<'a> {
    /// The headers, credentials masked.
    headers: &'a HeaderLines,
    /// The first 16 KiB of the body, as text.
    #[schema(value_type = String, example = "ok")]
    body: std::borrow::Cow<'a, str>,
    /// Whether there was more.
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
            message: delivery.why(),
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
        message: attempt.why(),
        request: in_full.then_some(request),
        response: (in_full && attempt.status.is_some()).then_some(response),
    }
}
