//! `POST /events/batch`: many events in one request, each with its own result.

use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::api::caller::Producer;
use crate::api::error::{Problem, ProblemView};
use crate::api::events::idempotency_key;
use crate::api::openapi::bodies::{BatchBody as Batch, BatchOutcome, IdempotencyParam};
use crate::api::openapi::problems::{Guarded, Sent};
use crate::api::views::Listing;
use crate::domain::events::event::{IdempotencyKey, MOST_EVENT_BYTES};
use crate::domain::events::payload::SoundJson;
use crate::domain::id::{BuId, EventId};
use crate::domain::problem::FieldErrors;
use crate::domain::time::Ts;
use crate::http::body::{self, BodyFault, Rules};
use crate::ops::cx::Cx;
use crate::ops::events::publish::{self, Publish, Published};

/// The most events of one request.
pub const MOST_EVENTS: usize = 1_000;
/// The largest body, before and after inflating; each event in it may be as large as one that comes alone.
const RULES: Rules = Rules { most_bytes: 4 * 1024 * 1024, gzip: true };

#[derive(Deserialize)]
struct BatchBody<'a> {
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

/// What became of one event.
#[derive(Serialize, ToSchema)]
#[schema(as = BatchItem)]
struct ItemView {
    /// Which event of the batch, from 0.
    #[schema(example = 0)]
    index: usize,
    /// What became of it.
    #[schema(value_type = BatchOutcome)]
    status: &'static str,
    /// Its id, once it is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "evt_01ks8pge00e8z8g4m6qv2r9t5x")]
    id: Option<EventId>,
    /// When it was stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "2026-03-15T08:30:00.004120Z")]
    received_at: Option<Ts>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = crate::api::error::ProblemView<'static>, required = false)]
    problem: Option<Value>,
}

/// How many events of a batch came to what.
#[derive(Serialize, Default, ToSchema)]
#[schema(as = BatchCounts)]
struct BatchMeta {
    /// Stored now.
    #[schema(example = 1)]
    accepted: usize,
    /// Stored by an earlier request with the same key.
    #[schema(example = 0)]
    repeated: usize,
    /// Wrong in themselves: the same again is refused again.
    #[schema(example = 0)]
    refused: usize,
    /// Not stored by a fault that passes: send them again.
    #[schema(example = 0)]
    failed: usize,
}

/// Publishes up to 1,000 events: 202 once all that were accepted are stored for good. An error as a
/// whole says that none was.
#[utoipa::path(
    post,
    path = "/api/v1/events/batch",
    operation_id = "publish_events",
    tag = "Events",
    security(("token" = ["events:write"])),
    params(IdempotencyParam),
    request_body = Batch,
    responses((status = 202, description = "What became of each event, in their order.", body = Listing<ItemView, BatchMeta>), Guarded, Sent, (status = 409, description = "Every key was used with another body: `idempotency_key_reused`.", body = ProblemView<'static>, content_type = "application/problem+json"))
)]
pub async fn publish(
    producer: Producer,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let key = idempotency_key(&request)?;
    let bytes = body::read(&request, payload, RULES).await?;
    let items = items(&bytes)?;
    producer.count(&request, items.len())?;
    let caller = producer.0;
    let (cx, bu) = (caller.cx.clone(), caller.bu());
    let checked = web::block(move || check(&cx, bu, &items, key.as_ref())).await?;
    let mut drafts = Vec::with_capacity(checked.len());
    let mut refused = Vec::with_capacity(checked.len());
    for item in checked {
        let (draft, problem) = item.map_or_else(|p| (None, Some(p)), |draft| (Some(draft), None));
        drafts.push(draft);
        refused.push(problem);
    }
    let decided = publish::publish_all(&caller.cx, drafts).await;
    let results = decided.into_iter().zip(refused).map(|(decided, refused)| match (decided, refused) {
        (Some(decided), _) => decided.map_err(Problem::from),
        (None, Some(problem)) => Err(problem),
        (None, None) => Err(Problem::not_found()),
    });
    answer(results.collect())
}

/// The events of a batch as they came.
fn items(bytes: &Bytes) -> Result<Vec<Bytes>, Problem> {
    let Ok(batch) = serde_json::from_slice::<BatchBody<'_>>(bytes) else {
        // When it is no sound JSON, that is said first, with the place.
        SoundJson::scan(bytes)?;
        return Err(FieldErrors::one("events", "wrong_type", "Send an object with the list `events`.").into());
    };
    if batch.events.is_empty() {
        return Err(FieldErrors::one("events", "required", "Send at least one event.").into());
    }
    if batch.events.len() > MOST_EVENTS {
        return Err(FieldErrors::one("events", "limit_events", "Send at most 1,000 events at once.").into());
    }
    Ok(batch.events.iter().map(|item| bytes.slice_ref(item.get().as_bytes())).collect())
}

fn check(cx: &Cx, bu: BuId, items: &[Bytes], key: Option<&IdempotencyKey>) -> Vec<Result<Publish, Problem>> {
    let key = key.map(IdempotencyKey::as_str);
    let one = |(at, item): (usize, &Bytes)| {
        if item.len() > MOST_EVENT_BYTES {
            return Err(BodyFault::TooLarge(MOST_EVENT_BYTES).into());
        }
        let sound = SoundJson::scan(item)?;
        Ok(publish::check_in_batch(cx, bu, sound, key, at)?)
    };
    items.iter().enumerate().map(one).collect()
}

/// One result for each event. When nothing was decided about any of them, the reason stands for all.
fn answer(mut results: Vec<Result<Published, Problem>>) -> Result<HttpResponse, Problem> {
    let is_open = |result: &Result<Published, Problem>| result.as_ref().is_err_and(|p| !is_refusal(p));
    if results.iter().all(is_open)
        && let Some(Err(problem)) = results.pop()
    {
        return Err(problem);
    }
    let mut meta = BatchMeta::default();
    let data =
        results.into_iter().enumerate().map(|(index, result)| item(index, result, &mut meta)).collect();
    Ok(HttpResponse::Accepted().json(Listing { data, meta }))
}

fn item(index: usize, result: Result<Published, Problem>, meta: &mut BatchMeta) -> ItemView {
    let (status, count) = match &result {
        Ok(published) if published.repeated => ("repeated", &mut meta.repeated),
        Ok(_) => ("accepted", &mut meta.accepted),
        Err(problem) if is_refusal(problem) => ("refused", &mut meta.refused),
        Err(_) => ("failed", &mut meta.failed),
    };
    *count += 1;
    let (published, problem) = result.map_or_else(|p| (None, Some(p)), |done| (Some(done), None));
    ItemView {
        index,
        status,
        id: published.map(|done| done.id),
        received_at: published.map(|done| done.received_at),
        problem: problem.map(|problem| problem.to_value()),
    }
}

/// Whether the event itself is at fault; otherwise the same event may be accepted later.
fn is_refusal(problem: &Problem) -> bool {
    matches!(problem.status_code().as_u16(), 400 | 409 | 413 | 422)
}
