//! Health: whether the process runs, and whether it can serve.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Data, ServiceConfig};
use serde_json::json;

use crate::app::App;
use crate::store::storage::Trouble;

/// How long the database may take to answer before this node counts as not ready.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Whether this process still takes requests. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Readiness {
    stopping: Arc<AtomicBool>,
}

impl Readiness {
    /// A process that takes requests.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on `/readyz` says no, so that no new clients are sent here.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }
}

/// Mounts `/healthz` and `/readyz`. The server's data must hold a `Data<App>` and a `Data<Readiness>`.
pub fn configure(config: &mut ServiceConfig) {
    for method in [Method::GET, Method::HEAD] {
        config
            .route("/healthz", web::method(method.clone()).to(healthz))
            .route("/readyz", web::method(method).to(readyz));
    }
}

/// The process runs.
async fn healthz() -> HttpResponse {
    answer(StatusCode::OK, "ok")
}

/// Requests are taken, the database answers, and its disk takes writes.
async fn readyz(app: Data<App>, readiness: Data<Readiness>) -> HttpResponse {
    if readiness.is_stopping() {
        return answer(StatusCode::SERVICE_UNAVAILABLE, "stopping");
    }
    if let Some(trouble) = app.tools.db.trouble() {
        return answer(StatusCode::SERVICE_UNAVAILABLE, word(trouble));
    }
    let db = app.tools.db.clone();
    let asked = web::block(move || db.ping());
    match tokio::time::timeout(LONGEST_WAIT, asked).await {
        Ok(Ok(Ok(()))) => answer(StatusCode::OK, "ready"),
        failed => {
            let reason = match failed {
                Ok(Ok(Err(error))) => error.to_string(),
                Ok(_) => "the check was broken off".to_owned(),
                Err(_) => format!("no answer within {} s", LONGEST_WAIT.as_secs()),
            };
            tracing::warn!(reason, "the database is not ready");
            answer(StatusCode::SERVICE_UNAVAILABLE, "unavailable")
        }
    }
}

const fn word(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Full => "storage_full",
        Trouble::Broken => "storage_broken",
    }
}

fn answer(status: StatusCode, word: &str) -> HttpResponse {
    let mut answer = HttpResponse::build(status);
    answer.insert_header((CACHE_CONTROL, "no-store"));
    if status != StatusCode::OK {
        answer.insert_header((RETRY_AFTER, "1"));
    }
    answer.json(json!({"status": word}))
}
