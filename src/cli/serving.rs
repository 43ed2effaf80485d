//! The commands that stay: `serve`, `web`, `worker` and `demo`.

use std::net::SocketAddr;

use url::Url;

use crate::app::App;
use crate::cli::Common;
use crate::cli::output::say;
use crate::config::{EgressArgs, HttpArgs, RetentionArgs};
use crate::ops::access::setup;
use crate::server::{self, Failure, Plan, address};

/// `bellwire serve`.
pub fn serve(
    common: &Common,
    http: &HttpArgs,
    egress: &EgressArgs,
    retention: &RetentionArgs,
) -> Result<(), Failure> {
    let plan = Plan::front(&common.database, &common.key, http, egress, true)?;
    server::run(plan.keeping(retention), |app| announce(app, "pages, API and delivery"))
}

/// `bellwire web`.
pub fn web(
    common: &Common,
    http: &HttpArgs,
    egress: &EgressArgs,
    retention: &RetentionArgs,
) -> Result<(), Failure> {
    several_processes(common)?;
    let plan = Plan::front(&common.database, &common.key, http, egress, false)?;
    server::run(plan.keeping(retention), |app| announce(app, "pages and API"))
}

/// `bellwire worker`.
pub fn worker(
    common: &Common,
    egress: &EgressArgs,
    retention: &RetentionArgs,
    public_url: Url,
) -> Result<(), Failure> {
    several_processes(common)?;
    let plan = Plan::worker(&common.database, &common.key, public_url, egress)?;
    server::run(plan.keeping(retention), |_| {
        say("Bellwire is delivering");
        Ok(())
    })
}

/// `bellwire demo`.
pub fn demo(_common: &Common, listen: SocketAddr) -> Result<(), Failure> {
    crate::demo::run(listen, say)
}

fn several_processes(common: &Common) -> Result<(), Failure> {
    if address(&common.database)?.is_sqlite() {
        return Err(Failure::Setting(
            "`web` and `worker` share a PostgreSQL database (--database-url postgres://…); with SQLite, one \
             process does both: `bellwire serve`."
                .into(),
        ));
    }
    Ok(())
}

/// Says where this process listens, and how the first owner gets in.
fn announce(app: &App, what: &str) -> Result<(), Failure> {
    say(&format!("Bellwire is listening on {} ({what})", app.tools.absolute("")));
    let link = setup::first_owner_link(&app.tools).map_err(|e| Failure::Running(e.to_string()))?;
    if let Some(link) = link {
        say(&format!(
            "There is no login yet. Make the first one within 30 minutes: {}{}",
            app.tools.absolute("/setup?link="),
            link.expose()
        ));
    }
    Ok(())
}
