//! The bodies that clients send, as the description shows them. The handlers read them field by field, so that
//! every fault is told at once; these types hold no data.

use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::domain::events::delivery::DeliveryState;
use crate::domain::id::{EndpointId, ProgrammeId, TeamId, UserId, WebhookId};
use crate::domain::time::Ts;
use crate::domain::webhooks::filter::Operator;
use crate::domain::webhooks::webhook::{Reach, WebhookStatus};

/// A new webhook. Give either `url` or `endpoints`, and either `events` or `triggers`.
#[derive(ToSchema)]
pub struct WebhookBody {
    /// The one address to send to.
    #[schema(required = false, max_length = 2048, example = "https://example.com/webhooks/data-events")]
    pub url: String,
    /// The event types to send.
    #[schema(required = false, max_items = 200, example = json!(["data.created", "data.updated", "data.deleted"]))]
    pub events: Vec<String>,
    /// What it is for, in your words.
    #[schema(required = false, max_length = 1000, example = "Data events webhook for analytics platform")]
    pub description: String,
    /// Its name; made from the address when it is left out.
    #[schema(required = false, max_length = 100)]
    pub name: String,
    /// Active when it is left out.
    #[schema(required = false)]
    pub status: WebhookStatus,
    /// Several addresses, or one with settings of its own.
    #[schema(required = false, max_items = 20)]
    pub endpoints: Vec<EndpointBody>,
    /// The event types to send, each with a filter and a note.
    #[schema(required = false, max_items = 200)]
    pub triggers: Vec<TriggerBody>,
    /// A signing secret of your own: visible ASCII characters. One is made when it is left out.
    #[schema(required = false, min_length = 16, max_length = 256)]
    pub secret: String,
    /// Whose events it gets; everyone's when nothing is said.
    pub scope: Option<ScopeWord>,
    /// The number of the login whose events it gets, with the scope `login`.
    pub for_login: Option<i64>,
    /// The team whose events it gets, with the scope `team`.
    pub for_team: Option<TeamId>,
    /// How far it hears. `partner` is for tokens made by a login of a partner with several business units: events of
    /// all of them, as that partner's grants change.
    #[schema(required = false)]
    pub reach: Reach,
}

/// What to change of a webhook. What is left out stays as it is. `events` and `triggers` replace the list.
#[derive(ToSchema)]
pub struct WebhookChangeBody {
    /// Another address for its first endpoint.
    #[schema(required = false, max_length = 2048)]
    pub url: String,
    /// The event types to send.
    #[schema(required = false, max_items = 200, example = json!(["data.created", "data.updated"]))]
    pub events: Vec<String>,
    /// Whether it takes part in routing.
    #[schema(required = false, example = "inactive")]
    pub status: WebhookStatus,
    /// What it is for.
    #[schema(required = false, max_length = 1000, example = "Data creation and update events only")]
    pub description: String,
    /// Its name.
    #[schema(required = false, max_length = 100)]
    pub name: String,
    /// The event types to send, each with a filter and a note.
    #[schema(required = false, max_items = 200)]
    pub triggers: Vec<TriggerBody>,
    /// Whose events it gets; everyone's when nothing is said.
    pub scope: Option<ScopeWord>,
    /// The number of the login whose events it gets, with the scope `login`.
    pub for_login: Option<i64>,
    /// The team whose events it gets, with the scope `team`.
    pub for_team: Option<TeamId>,
    /// How far it hears. `partner` is for tokens made by a login of a partner with several business units: events of
    /// all of them, as that partner's grants change.
    #[schema(required = false)]
    pub reach: Reach,
}

/// Whose events a webhook gets.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScopeWord {
    /// Everyone's, and events about nobody.
    Everyone,
    /// Those about one login.
    Login,
    /// Those about the logins of a team.
    Team,
}

/// One address of a new webhook.
#[derive(ToSchema)]
pub struct EndpointBody {
    /// The address.
    #[schema(max_length = 2048, example = "https://example.com/webhooks/data-events")]
    pub url: String,
    /// Its name.
    #[schema(required = false, max_length = 100)]
    pub name: String,
    /// Further headers of every request, by name.
    #[schema(required = false, example = json!({"X-Team": "analytics"}))]
    pub headers: std::collections::BTreeMap<String, String>,
    /// A header with a fixed secret, sent as it is.
    pub static_header: Option<StaticHeaderBody>,
    /// How long an attempt may take, in milliseconds; 15000 when it is left out.
    #[schema(minimum = 1000, maximum = 30000)]
    pub timeout_ms: Option<i32>,
    /// When a failed delivery is tried again.
    pub retry: Option<Retry>,
    /// The most requests a second.
    #[schema(minimum = 1, maximum = 10000)]
    pub rate_per_second: Option<i32>,
    /// A signing secret of its own: visible ASCII characters. The webhook's signs when it is left out.
    #[schema(required = false, min_length = 16, max_length = 256)]
    pub secret: String,
}

/// A header with a fixed secret.
#[derive(ToSchema)]
pub struct StaticHeaderBody {
    /// Its name.
    #[schema(example = "qn-secret")]
    pub name: String,
    /// Its value.
    #[schema(example = "a-value-that-both-sides-know")]
    pub value: String,
}

/// `published` for ten attempts over about 75 hours, `none` for one attempt, or the waits in seconds.
#[derive(ToSchema)]
#[schema(example = "published")]
#[serde(untagged)]
pub enum Retry {
    /// A schedule by its name.
    Word(RetryWord),
    /// The waits after each failed attempt, in seconds.
    Seconds(Vec<u32>),
}

/// A schedule by its name.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RetryWord {
    /// Ten attempts over about 75 hours.
    Published,
    /// One attempt.
    None,
}

/// One event type to send.
#[derive(ToSchema)]
pub struct TriggerBody {
    /// The event type.
    #[schema(max_length = 100, example = "order.completed")]
    pub event: String,
    /// Conditions that the event's data must meet, all of them.
    #[schema(max_items = 20)]
    pub filter: Option<Vec<Condition>>,
    /// Anything worth knowing about it.
    #[schema(required = false, max_length = 500)]
    pub note: String,
}

/// What lies at `path` stands in the relation `op` to `value`.
#[derive(ToSchema)]
pub struct Condition {
    /// A dotted path or a JSON pointer.
    #[schema(max_length = 200, example = "total.currency")]
    pub path: String,
    /// The relation.
    pub op: Operator,
    /// A list for `in`, true or false for `exists`, a text, number, boolean or null otherwise.
    #[schema(value_type = Value, example = "EUR")]
    pub value: Option<Value>,
}

/// Which sample to send.
#[derive(ToSchema)]
pub struct TestBody {
    /// The event type; `webhook.test` when it is left out.
    #[schema(required = false, max_length = 100, example = "user.created")]
    pub event: String,
    /// The one endpoint that it goes to; all of the webhook's when it is left out.
    #[schema(required = false)]
    pub endpoint: EndpointId,
    /// The `data` of the event, any object that could be published; the type's sample when it is left out.
    #[schema(required = false, value_type = Object)]
    pub payload: Value,
}

/// How to rotate a secret.
#[derive(ToSchema)]
pub struct RotationBody {
    /// For how many seconds the old secret signs beside the new one; a day when it is left out.
    #[schema(minimum = 0, maximum = 604_800, example = 86_400)]
    pub overlap_seconds: Option<i32>,
    /// A secret of your own. One is made when it is left out.
    #[schema(required = false, min_length = 16, max_length = 256)]
    pub secret: String,
}

/// Which deliveries to send again, and how fast.
#[derive(ToSchema)]
pub struct ReplayBody {
    /// The webhook.
    pub webhook: WebhookId,
    /// Deliveries made at this moment or later.
    #[schema(required = false, example = "2026-03-15T00:00:00Z")]
    pub from: Ts,
    /// Deliveries made at this moment or earlier; until now when it is left out.
    #[schema(required = false)]
    pub to: Ts,
    /// In one of these states: some of `delivered`, `exhausted`, `cancelled` and `skipped`. What did not arrive
    /// when it is left out.
    #[schema(required = false, example = json!(["exhausted"]))]
    pub states: Vec<DeliveryState>,
    /// Of events of this type only.
    #[schema(required = false, max_length = 100)]
    pub event_type: String,
    /// Deliveries a second; 50 when it is left out.
    #[schema(minimum = 1, maximum = 1000)]
    pub pace_per_second: Option<i32>,
    /// Only counts them.
    #[schema(required = false, example = false)]
    pub dry_run: bool,
}

/// An address to subscribe to one event type.
#[derive(ToSchema)]
pub struct HookBody {
    /// Where to send.
    #[schema(max_length = 2048, example = "https://hooks.example.com/hooks/standard/123456/abcdef")]
    pub target_url: String,
    /// The event type.
    #[schema(max_length = 100, example = "order.completed")]
    pub event: String,
}

/// Something that happened.
#[derive(ToSchema)]
pub struct EventBody {
    /// Its type, from the catalogue.
    #[schema(max_length = 100, example = "order.completed")]
    pub r#type: String,
    /// What happened: any object, that fits the type's schema where one is set.
    #[schema(value_type = Object, example = json!({"id": "ord_1", "total": "49.00"}))]
    pub data: Value,
    /// The login that it is about.
    pub subject: Option<UserId>,
    /// The programme that it is of.
    pub programme: Option<ProgrammeId>,
    /// Your own id of it, which works like an `Idempotency-Key`.
    #[schema(min_length = 1, max_length = 255)]
    pub id: Option<String>,
    /// When it happened; the moment of its arrival when it is left out.
    pub created: Option<Ts>,
}

/// Where a page of events stands in the list, or in the feed.
#[derive(ToSchema)]
pub struct EventsMeta {
    /// How many to a page at the most.
    #[schema(example = 20)]
    pub limit: u32,
    /// Where to go on: as `before` in the list, null at its end; as `after` in the feed.
    pub next: Option<String>,
    /// In the feed: whether there is more already.
    #[schema(required = false)]
    pub more: bool,
}

/// Several events at once.
#[derive(ToSchema)]
pub struct BatchBody {
    /// The events, each with a result of its own.
    #[schema(min_items = 1, max_items = 1000)]
    pub events: Vec<EventBody>,
}

/// The key under which a request is stored once.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it is only described here")]
pub struct IdempotencyParam {
    /// The same key within 24 hours answers the first result and stores nothing.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 255)]
    key: Option<String>,
}

/// A new event type.
#[derive(ToSchema)]
pub struct EventTypeBody {
    /// Lower-case and dotted; the event is the part after the last dot.
    #[schema(max_length = 100, pattern = "^[a-z][a-z0-9_]*(\\.[a-z][a-z0-9_]*)+$", example = "invoice.paid")]
    pub name: String,
    /// When it happens, in one sentence.
    #[schema(required = false, max_length = 500, example = "An invoice was paid in full")]
    pub description: String,
    /// A short title; made from the name when it is left out.
    #[schema(required = false, max_length = 100, example = "Invoice Paid")]
    pub label: String,
    /// The heading it stands under in pickers.
    #[schema(required = false, max_length = 60, example = "Billing")]
    pub group: String,
    /// JSON Schema 2020-12 that `data` must fit.
    #[schema(value_type = Option<Object>, example = json!({"type": "object", "required": ["id"]}))]
    pub schema: Option<Value>,
    /// An example of `data`.
    #[schema(value_type = Option<Object>, example = json!({"id": "inv_1", "total": "120.00"}))]
    pub sample: Option<Value>,
}

/// What to change of an event type. What is left out stays; a schema or a sample goes with `null`.
#[derive(ToSchema)]
pub struct EventTypeChangeBody {
    /// When it happens, in one sentence.
    #[schema(required = false, max_length = 500)]
    pub description: String,
    /// A short title.
    #[schema(required = false, max_length = 100)]
    pub label: String,
    /// The heading it stands under in pickers.
    #[schema(required = false, max_length = 60)]
    pub group: String,
    /// Whether new webhooks should do without it.
    #[schema(required = false, example = true)]
    pub deprecated: bool,
    /// JSON Schema 2020-12 that `data` must fit.
    #[schema(value_type = Option<Object>)]
    pub schema: Option<Value>,
    /// An example of `data`.
    #[schema(value_type = Option<Object>)]
    pub sample: Option<Value>,
}

/// What became of one event of several.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchOutcome {
    /// It is stored.
    Accepted,
    /// It had been stored before.
    Repeated,
    /// It is at fault itself; `problem` says how.
    Refused,
    /// It may be accepted later; `problem` says why.
    Failed,
}

/// The data of an event, as an example.
#[derive(ToSchema)]
#[schema(value_type = Object, example = json!({"id": "ord_1", "total": "49.00"}))]
pub struct PayloadSample(pub Value);
