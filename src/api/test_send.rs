//! `POST /webhooks/{id}/test`: one real request to each endpoint, and what came of it.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use tokio::time::{Instant, sleep};
use utoipa::ToSchema;

use crate::api::body;
use crate::api::caller::{Caller, PathId};
use crate::api::error::Problem;
use crate::api::openapi::bodies::TestBody;
use crate::api::openapi::problems::{Guarded, Named, Sent};
use crate::domain::events::delivery::DeliveryState;
use crate::domain::id::WebhookId;
use crate::domain::id::{DeliveryId, EndpointId, EventId, WebhookKind};
use crate::domain::problem::FieldErrors;
use crate::domain::time::Ts;
use crate::ops::Error;
use crate::ops::events::inspect::DeliveryView;
use crate::ops::events::test_send::{self, DEFAULT_TYPE, TestDraft, TestSent};

/// How long the queue and the settling may take beside the slowest endpoint.
const GRACE: Duration = Duration::from_secs(5);
/// The first and the longest wait between two looks at the result.
const WAITS: [Duration; 2] = [Duration::from_millis(2), Duration::from_millis(50)];
const SENT: &str = "Test event sent successfully";
const UNSETTLED: &str = "The test was sent but has no result yet. Look at its event in a moment.";
const STOPPED: &str = "The test was stopped before it was sent.";

/// What came of a test.
#[derive(Serialize, ToSchema)]
#[schema(as = TestResult)]
struct TestView {
    /// Whether every endpoint answered 2xx.
    #[schema(example = true)]
    success: bool,
    /// What happened, and what to do.
    #[schema(example = "Test event sent successfully")]
    message: String,
    /// The answer, and more about it.
    details: DetailsView,
}

/// The answer to a test, and what was sent.
#[derive(Serialize, ToSchema)]
#[schema(as = TestDetails)]
struct DetailsView {
    #[serde(flatten)]
    shown: ResultView,
    /// The event that was sent.
    event_id: EventId,
    /// What each endpoint answered, where there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    endpoints: Vec<EndpointView>,
}

/// An answer to a test; of several the first that failed, or the first.
#[derive(Serialize, Clone, Copy, ToSchema)]
#[schema(as = TestAnswer)]
struct ResultView {
    /// The HTTP status; null when none came.
    #[schema(example = 200)]
    status_code: Option<i32>,
    /// How long it took, in milliseconds; null when nothing was sent.
    #[schema(example = 342)]
    response_time: Option<i32>,
    /// When it was sent.
    timestamp: Ts,
}

/// What one endpoint answered to a test.
#[derive(Serialize, ToSchema)]
#[schema(as = TestedEndpoint)]
struct EndpointView {
    /// The endpoint.
    id: EndpointId,
    /// Its address.
    #[schema(example = "https://example.com/webhooks/user-events")]
    url: String,
    /// The delivery, with its request and its answer.
    delivery: DeliveryId,
    /// Whether it answered 2xx.
    #[schema(example = true)]
    success: bool,
    /// What happened, and what to do.
    #[schema(example = "Test event sent successfully")]
    message: String,
    #[serde(flatten)]
    result: ResultView,
}

/// Sends a test and waits for its result. A target that fails is an answer, not an error.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/{id}/test",
    operation_id = "test_webhook",
    tag = "Webhooks",
    security(("token" = ["webhooks:test"])),
    params(("id" = WebhookId, Path)),
    request_body = Option<TestBody>,
    responses((status = 200, description = "What the receiver answered.", body = TestView), Guarded, Named, Sent)
)]
pub async fn send(
    caller: Caller,
    id: PathId<WebhookKind>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let id = id.get()?;
    let mut fields = body::object_or_none(&request, payload).await?;
    let event_type = fields.text("event").unwrap_or_else(|| DEFAULT_TYPE.to_owned());
    let endpoint =
        fields.parsed("endpoint", "unknown_reference", "The webhook has no such endpoint. Choose another.");
    let data = fields.written("payload");
    let draft = fields.or(TestDraft { event_type, endpoint, data })?;
    let wanted = draft.clone();
    caller.run(move |cx, bu| test_send::check(cx, bu, id, &wanted).map_err(of_payload)).await?;
    // Only what would be sent is counted: the limit is there for the receiver.
    caller.count_test(&request, id)?;
    let sent = caller.run(move |cx, bu| test_send::send(cx, bu, id, &draft)).await?;
    let sent = Arc::new(sent);
    let deliveries = wait(&caller, &sent).await?;
    Ok(HttpResponse::Ok().json(view(sent.event, caller.cx.now, &deliveries)))
}

/// What is wrong with the data of the event, under the name that it has here.
fn of_payload(error: Error) -> Error {
    let Error::Invalid(errors) = error else { return error };
    let mut renamed = FieldErrors::default();
    for error in errors {
        let field = match error.field.strip_prefix("data") {
            Some(rest) => format!("payload{rest}").into(),
            None => error.field,
        };
        renamed.push(field, error.code, error.message);
    }
    Error::Invalid(renamed)
}

/// The deliveries once all are done, or none when that takes too long.
async fn wait(caller: &Caller, sent: &Arc<TestSent>) -> Result<Vec<DeliveryView>, Problem> {
    let [mut pause, longest_pause] = WAITS;
    let end = Instant::now() + sent.longest + GRACE;
    loop {
        let looked_at = sent.clone();
        let done = caller.run(move |cx, bu| test_send::result(cx, bu, &looked_at)).await?;
        if let Some(deliveries) = done {
            return Ok(deliveries);
        }
        if Instant::now() >= end {
            return Ok(Vec::new());
        }
        sleep(pause).await;
        pause = (pause * 2).min(longest_pause);
    }
}

/// The first endpoint stands for all; when one failed, the first that failed.
fn view(event_id: EventId, now: Ts, deliveries: &[DeliveryView]) -> TestView {
    let results: Vec<EndpointView> = deliveries.iter().map(|delivery| endpoint_view(now, delivery)).collect();
    let shown = results.iter().find(|result| !result.success).or(results.first());
    let (success, message, shown) = match shown {
        Some(result) => (result.success, result.message.clone(), result.result),
        None => (
            false,
            UNSETTLED.to_owned(),
            ResultView { status_code: None, response_time: None, timestamp: now },
        ),
    };
    let endpoints = if results.len() > 1 { results } else { Vec::new() };
    TestView { success, message, details: DetailsView { shown, event_id, endpoints } }
}

fn endpoint_view(now: Ts, delivery: &DeliveryView) -> EndpointView {
    let row = &delivery.row;
    let success = row.state == DeliveryState::Delivered;
    let message = if success { SENT } else { delivery.why().unwrap_or(STOPPED) }.to_owned();
    let last = delivery.attempts.last();
    EndpointView {
        id: row.endpoint_id,
        url: delivery.url.clone(),
        delivery: row.id,
        success,
        message,
        result: ResultView {
            status_code: last.and_then(|attempt| attempt.status),
            response_time: last.map(|attempt| attempt.duration_ms),
            timestamp: last.map_or(now, |attempt| attempt.started_at),
        },
    }
}
