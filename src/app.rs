//! The shared handle of the process: opens its tools, and a context for each operation.

use std::sync::Arc;

use url::Url;

use crate::clock::Clock;
use crate::domain::id::NodeId;
use crate::domain::webhooks::address::EgressPolicy;
use crate::keys::KeyRing;
use crate::ops::cx::{Actor, Cx, Known, Source, Tools};
use crate::ops::events::gather::{GatherTools, Gatherer};
use crate::ops::events::handoff::Handoff;
use crate::ops::events::recover;
use crate::ops::system::key_check;
use crate::store::db::Db;
use crate::store::pool::Address;

/// What a process is opened with.
pub struct Opening {
    /// Which database.
    pub database: Address,
    /// Connections at the most.
    pub connections: u32,
    /// Whether this process serves; then no other may serve the same SQLite file.
    pub serving: bool,
    /// The master key.
    pub keys: KeyRing,
    /// Where deliveries may go.
    pub egress: EgressPolicy,
    /// The address people and programs use.
    pub public_url: Url,
    /// Time and ids.
    pub clock: Clock,
    /// Where deliveries made here go.
    pub handoff: Arc<dyn Handoff>,
}

/// Why a process cannot be opened: a sentence for the operator.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotOpened(pub String);

/// The shared handle. Clones share the tools.
#[derive(Clone)]
pub struct App {
    /// The tools of the process.
    pub tools: Arc<Tools>,
}

impl App {
    /// Opens and migrates the database, checks the key against it, and starts gathering.
    pub fn open(opening: Opening) -> Result<Self, NotOpened> {
        let Opening { database, connections, serving, keys, egress, public_url, clock, handoff } = opening;
        let db = Db::open(&database, connections, serving).map_err(|e| NotOpened(e.to_string()))?;
        key_check::check(&db, &keys).map_err(|e| NotOpened(e.to_string()))?;
        let node: NodeId = clock.id();
        let gather = GatherTools { db: db.clone(), clock: clock.clone(), node, handoff: handoff.clone() };
        let gatherer = Gatherer::start(&gather).map_err(|e| NotOpened(e.to_string()))?;
        let tools =
            Tools { db, clock, keys, egress, public_url, node, handoff, gatherer, known: Known::default() };
        recover::set_clock(&tools).map_err(|e| NotOpened(e.to_string()))?;
        Ok(Self { tools: Arc::new(tools) })
    }

    /// A context for an operation of `actor`.
    pub fn cx(&self, actor: Actor, source: Source) -> Cx {
        Cx::new(&self.tools, actor, source)
    }
}
