//! `bellwire demo`: a throw-away server with everything in it, until it is told to stop.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::config::{HttpArgs, Keep};
use crate::demo::{Receiver, Stream, prepare};
use crate::domain::webhooks::address::EgressPolicy;
use crate::keys::KeyRing;
use crate::server::{self, Failure, Front, Plan};
use crate::store::pool::Address;

/// Serves a demo at `listen`; `say` is given what a newcomer needs to know, once all of it is there.
/// Its database lives in a folder that is removed at the end.
pub fn run(listen: SocketAddr, say: fn(&str)) -> Result<(), Failure> {
    let folder = tempfile::Builder::new().prefix("bellwire-demo-").tempdir()?;
    let receiver = Receiver::start()?;
    let args = HttpArgs { listen, public_url: None, limit_ingest: 0, limit_api: 0, operator_contact: None };
    let front = Front::bind(&args)?;
    let public_url = args.public_url(front.address())?;
    let egress = EgressPolicy {
        allow_http: true,
        allow: receiver.allowed()?,
        keep_private_responses: true,
        own_hosts: vec![(front.address().ip().to_string(), front.address().port())],
    };
    let plan = Plan {
        database: Address::Sqlite(folder.path().join("demo.db")),
        connections: 8,
        keys: KeyRing::fresh(),
        http: Some(front),
        deliver: true,
        egress,
        public_url,
        keep: Keep { days: 30, audit_days: 0 },
    };
    server::run(plan, |app| {
        let failed = |why: String| Failure::Running(format!("The demo could not be prepared: {why}."));
        let world = Arc::new(prepare(app, &receiver).map_err(|error| failed(error.to_string()))?);
        say(&world.to_string());
        Ok(Stream::start(app, &world)?)
    })?;
    folder.close()?;
    Ok(())
}
