//! The requests of the dialog that sends a test event. Nothing blocks the page: answers are looked for until they are there.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{StatusCode, header};
use tokio::time::{Instant, sleep};

use super::page::{TestSend, Typed};
use super::result::Sent;
use crate::domain::access::permission::Permission;
use crate::domain::id::{EventId, WebhookKind};
use crate::domain::problem::FieldErrors;
use crate::ops::events::inspect;
use crate::ops::events::test_send::{self, TestDraft, TestSent};
use crate::ops::webhooks::catalogue::{self, TypeView};
use crate::ops::webhooks::read::{WebhookView, read};
use crate::ops::{Error, Refusal};
use crate::web::fault::{Fault, see};
use crate::web::form::Checked;
use crate::web::here::Here;
use crate::web::parts::{Notice, Tone};
use crate::web::routes;

/// Tells htmx where the answer belongs, whatever its status.
const HX_RETARGET: HeaderName = HeaderName::from_static("hx-retarget");
/// How long a browser without scripts waits for answers before it is shown what there is.
const PATIENCE: Duration = Duration::from_secs(3);
/// The first and the longest wait between two looks.
const WAITS: [Duration; 2] = [Duration::from_millis(5), Duration::from_millis(100)];

/// The dialog, with the test in the address if there is one.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let (webhook, offered) = load(&here).await?;
    let asked = here.query();
    let Some(text) = asked.typed("event") else {
        let typed = Typed::first(&webhook, &offered);
        return Ok(here.answer(&TestSend::of(&here, &webhook, &offered, typed)));
    };
    let event: EventId = text.parse().map_err(|_| Fault::Missing)?;
    let id = webhook.row.id;
    let view = here.run(move |cx, bu| test_send::look(cx, bu, id, event)).await?;
    let typed = Typed {
        event: view.event.event_type.clone(),
        endpoint: match view.deliveries.as_slice() {
            [one] => one.row.endpoint_id.to_string(),
            _ => String::new(),
        },
        payload: String::from_utf8_lossy(inspect::data(&view.event)).into_owned(),
        sample_of: view.event.event_type.clone(),
    };
    let page = TestSend::of(&here, &webhook, &offered, typed);
    shown(&here, &webhook, page, event).await
}

/// Sends the test, or only shows a sample.
pub async fn send(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let (webhook, offered) = load(&here).await?;
    let mut typed = Typed::of(&form);
    if matches!(form.text("press"), "look" | "sample") {
        typed.follow(&offered, form.text("press") == "sample");
        let mut page = TestSend::of(&here, &webhook, &offered, typed);
        if form.text("press") == "sample" {
            page.focus = "test-sample";
        }
        return Ok(answer(&here, StatusCode::OK, &page));
    }
    let sent = match draft(&typed) {
        Ok(draft) => sent(&here, &webhook, draft).await?,
        Err(errors) => Err(Stopped::Error(errors.into())),
    };
    let page = TestSend::of(&here, &webhook, &offered, typed);
    match sent {
        Ok(sent) if here.wants_fragment() => shown(&here, &webhook, page, sent.event).await,
        Ok(sent) => {
            let event = sent.event.to_string();
            settled(&here, sent).await?;
            Ok(see(&routes::with_query(&page.href, &[("event", &event)])))
        }
        Err(Stopped::Error(Error::Invalid(errors))) => {
            Ok(answer(&here, StatusCode::UNPROCESSABLE_ENTITY, &page.refused(&errors)))
        }
        Err(Stopped::Limited(seconds)) => {
            let title = "A webhook takes 10 tests a minute.".to_owned();
            let text = format!("Nothing was sent. Wait {seconds} s, then send it again.");
            let page = page.noting(Notice { tone: Tone::Bad, title, text });
            let mut answer = answer(&here, StatusCode::TOO_MANY_REQUESTS, &page);
            answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            Ok(answer)
        }
        Err(Stopped::Error(error)) => Err(error.into()),
    }
}

/// Why nothing was sent.
enum Stopped {
    Error(Error),
    /// For so many seconds.
    Limited(u64),
}

/// The webhook and the catalogue, for who may test.
async fn load(here: &Here) -> Result<(WebhookView, Vec<TypeView>), Fault> {
    let id = here.id::<WebhookKind>("wh")?;
    let loaded = here.run(move |cx, bu| Ok((read(cx, bu, id)?, catalogue::list(cx, bu)?))).await?;
    if !here.may(Permission::WebhooksTest) {
        return Err(Error::Forbidden(Refusal::Role(Permission::WebhooksTest)).into());
    }
    Ok(loaded)
}

fn draft(typed: &Typed) -> Result<TestDraft, FieldErrors> {
    let endpoint = match typed.endpoint.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| {
            FieldErrors::one("endpoint", "unknown_reference", "Choose one of these endpoints.")
        })?),
    };
    Ok(TestDraft { event_type: typed.event.clone(), endpoint, data: Some(typed.payload.clone()) })
}

/// Sends. Only what would be sent is counted: the limit is there for the receiver.
async fn sent(
    here: &Here,
    webhook: &WebhookView,
    draft: TestDraft,
) -> Result<Result<TestSent, Stopped>, Fault> {
    let (id, wanted) = (webhook.row.id, draft.clone());
    if let Err(error) = here.try_run(move |cx, bu| test_send::check(cx, bu, id, &wanted)).await? {
        return Ok(Err(Stopped::Error(error)));
    }
    match here.count_test(id) {
        Ok(()) => {}
        Err(Fault::Limited(limited)) => return Ok(Err(Stopped::Limited(limited.retry_after_s))),
        Err(fault) => return Err(fault),
    }
    let sent = here.try_run(move |cx, bu| test_send::send(cx, bu, id, &draft)).await?;
    Ok(sent.map_err(Stopped::Error))
}

/// Waits until every endpoint has answered, or for as long as somebody looks at an empty page.
async fn settled(here: &Here, sent: TestSent) -> Result<(), Fault> {
    let (sent, end) = (Arc::new(sent), Instant::now() + PATIENCE);
    let [mut pause, longest] = WAITS;
    while Instant::now() < end {
        let looked_at = sent.clone();
        if here.run(move |cx, bu| test_send::result(cx, bu, &looked_at)).await?.is_some() {
            break;
        }
        sleep(pause).await;
        pause = (pause * 2).min(longest);
    }
    Ok(())
}

/// The page with what came of a test so far.
async fn shown(
    here: &Here,
    webhook: &WebhookView,
    mut page: TestSend,
    event: EventId,
) -> Result<HttpResponse, Fault> {
    let id = webhook.row.id;
    let (view, to) = here
        .run(move |cx, bu| {
            let view = test_send::look(cx, bu, id, event)?;
            let mut to = HashMap::new();
            for delivery in &view.deliveries {
                let endpoint = delivery.row.endpoint_id;
                if let Some(found) = test_send::destination(cx, bu, id, endpoint)? {
                    to.insert(endpoint, found);
                }
            }
            Ok((view, to))
        })
        .await?;
    let poll = routes::with_query(&page.href, &[("event", event.as_str())]);
    page.sent = Some(Sent::of(&view, &to, poll));
    page.focus = "test-send";
    Ok(answer(here, StatusCode::OK, &page))
}

fn answer(here: &Here, status: StatusCode, page: &TestSend) -> HttpResponse {
    let mut answer = here.answer_with(status, page);
    if page.is_form && status != StatusCode::OK {
        answer.headers_mut().insert(HX_RETARGET, HeaderValue::from_static("#test"));
    }
    answer
}
