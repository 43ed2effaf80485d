//! `/replays`: sending many deliveries of a webhook again, at a pace.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::body::{self, Fields};
use crate::api::caller::{Caller, PathId};
use crate::api::error::{Problem, ProblemView};
use crate::api::openapi::bodies::ReplayBody;
use crate::api::openapi::problems::{Guarded, Named, Sent};
use crate::api::views::Data;
use crate::domain::events::delivery::DeliveryState;
use crate::domain::events::replay::{ReplayState, Selection, StopReason};
use crate::domain::id::{ReplayId, ReplayKind, WebhookId};
use crate::domain::time::Ts;
use crate::ops::events::replay::{self, ReplayDraft, ReplayView as Replay};

/// Fields of a replay that only Bellwire itself sets.
const READ_ONLY: [&str; 4] = ["state", "total", "done", "finished_at"];

/// Which deliveries are sent again.
#[derive(Serialize, ToSchema)]
#[schema(as = ReplaySelection)]
struct SelectionView<'a> {
    /// Of this webhook.
    webhook: WebhookId,
    /// Deliveries made at this moment or later; null from the beginning.
    from: Option<Ts>,
    /// Deliveries made at this moment or earlier.
    to: Ts,
    /// In one of these states.
    #[schema(example = json!(["exhausted"]))]
    states: &'a [DeliveryState],
    /// Of events of this type only; null for all.
    event_type: Option<&'a str>,
    /// Deliveries a second.
    #[schema(example = 50)]
    pace_per_second: i32,
}

/// What a replay would send.
#[derive(Serialize, ToSchema)]
#[schema(as = PlannedReplay)]
struct PlannedView<'a> {
    /// Always true.
    #[schema(example = true)]
    dry_run: bool,
    /// How many deliveries it would send.
    #[schema(example = 1200)]
    count: i64,
    /// How long that would take at its pace.
    #[schema(example = 24)]
    estimated_seconds: i64,
    #[serde(flatten)]
    selection: SelectionView<'a>,
}

/// Many deliveries on their way once more.
#[derive(Serialize, ToSchema)]
#[schema(as = Replay)]
struct ReplayView<'a> {
    /// Its id.
    id: ReplayId,
    /// Where it stands.
    state: ReplayState,
    /// Why it ended early; null otherwise.
    reason: Option<StopReason>,
    /// How many deliveries it sends.
    #[schema(example = 1200)]
    total: i64,
    /// How many it has come past.
    #[schema(example = 400)]
    done: i64,
    /// How many of those it sent.
    #[schema(example = 396)]
    resent: i64,
    /// How many it left out, because they had arrived or were gone meanwhile.
    #[schema(example = 4)]
    skipped: i64,
    #[serde(flatten)]
    selection: SelectionView<'a>,
    /// When it was started.
    created_at: Ts,
    /// When it ended; null before.
    finished_at: Option<Ts>,
}

/// Makes a replay, or only counts what it would send when `dry_run` is true.
#[utoipa::path(
    post,
    path = "/api/v1/replays",
    operation_id = "create_replay",
    tag = "Replays",
    security(("token" = ["deliveries:write"])),
    request_body = ReplayBody,
    responses((status = 201, description = "The replay has begun.", body = Data<ReplayView<'static>>), (status = 200, description = "How many it would send: `dry_run` was true.", body = Data<PlannedView<'static>>), Guarded, Sent, (status = 409, description = "It cannot begin: `webhook_deleted`, `webhook_inactive`, `replay_running` or `limit_replay`.", body = ProblemView<'static>, content_type = "application/problem+json"))
)]
pub async fn create(caller: Caller, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let mut fields = body::object(&request, payload).await?;
    fields.refuse(&READ_ONLY)?;
    let dry_run = fields.flag("dry_run").unwrap_or(false);
    if !fields.has("webhook") {
        fields.fault("webhook", "required", "Name the webhook whose deliveries to send again.");
    }
    let webhook =
        fields.parsed("webhook", "unknown_reference", "No webhook of this business unit has this id.");
    let (from, to) = (moment(&mut fields, "from"), moment(&mut fields, "to"));
    let states = states(&mut fields);
    let event_type = fields.text("event_type");
    let pace_per_second = fields.int("pace_per_second");
    let Some(webhook) = fields.or(webhook)? else { return Err(Problem::not_found()) };
    let draft = ReplayDraft { webhook, from, to, states, event_type, pace_per_second };
    if dry_run {
        let planned = caller.run(move |cx, bu| replay::count(cx, bu, draft)).await?;
        let pace = i64::from(planned.pace_per_second).max(1);
        let view = PlannedView {
            dry_run,
            count: planned.count,
            estimated_seconds: (planned.count + pace - 1) / pace,
            selection: selection(webhook, &planned.selection, planned.pace_per_second),
        };
        return Ok(HttpResponse::Ok().json(Data { data: view }));
    }
    let made = caller.run(move |cx, bu| replay::create(cx, bu, draft)).await?;
    Ok(HttpResponse::Created().json(Data { data: view(&made) }))
}

/// One replay and how far it is.
#[utoipa::path(
    get,
    path = "/api/v1/replays/{id}",
    operation_id = "get_replay",
    tag = "Replays",
    security(("token" = ["deliveries:write"])),
    params(("id" = ReplayId, Path)),
    responses((status = 200, description = "How far it is.", body = Data<ReplayView<'static>>), Guarded, Named)
)]
pub async fn read(caller: Caller, id: PathId<ReplayKind>) -> Result<HttpResponse, Problem> {
    let id = id.get()?;
    let found = caller.run(move |cx, bu| replay::get(cx, bu, id)).await?;
    Ok(HttpResponse::Ok().json(Data { data: view(&found) }))
}

/// Cancels a replay; once more changes nothing.
#[utoipa::path(
    delete,
    path = "/api/v1/replays/{id}",
    operation_id = "cancel_replay",
    tag = "Replays",
    security(("token" = ["deliveries:write"])),
    params(("id" = ReplayId, Path)),
    responses((status = 200, description = "The replay, which sends no more.", body = Data<ReplayView<'static>>), Guarded, Named, (status = 409, description = "It is over: `replay_ended`.", body = ProblemView<'static>, content_type = "application/problem+json"))
)]
pub async fn cancel(caller: Caller, id: PathId<ReplayKind>) -> Result<HttpResponse, Problem> {
    let id = id.get()?;
    let cancelled = caller.run(move |cx, bu| replay::cancel(cx, bu, id)).await?;
    Ok(HttpResponse::Ok().json(Data { data: view(&cancelled) }))
}

fn moment(fields: &mut Fields, name: &str) -> Option<Ts> {
    let moment = Ts::parse(&fields.text(name)?);
    if moment.is_none() {
        fields.fault(name, "not_a_time", "Use ISO 8601 with a zone, such as 2026-01-31T09:15:30Z.");
    }
    moment
}

fn states(fields: &mut Fields) -> Option<Vec<DeliveryState>> {
    let words = fields.texts("states")?;
    let states: Result<Vec<DeliveryState>, _> = words.iter().map(|word| word.parse()).collect();
    if states.is_err() {
        fields.fault("states", "states", "Use some of delivered, exhausted, cancelled and skipped.");
    }
    states.ok()
}

fn selection(webhook: WebhookId, selection: &Selection, pace_per_second: i32) -> SelectionView<'_> {
    SelectionView {
        webhook,
        from: selection.from,
        to: selection.to,
        states: &selection.states,
        event_type: selection.event_type.as_deref(),
        pace_per_second,
    }
}

fn view(replay: &Replay) -> ReplayView<'_> {
    ReplayView {
        id: replay.id,
        state: replay.state,
        reason: replay.reason,
        total: replay.total,
        done: replay.done,
        resent: replay.done - replay.skipped,
        skipped: replay.skipped,
        selection: selection(replay.webhook, &replay.selection, replay.pace_per_second),
        created_at: replay.created_at,
        finished_at: replay.finished_at,
    }
}
