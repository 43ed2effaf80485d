//! The process at work: the HTTP side and the delivery engine side by side, from start to graceful stop.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use actix_web::rt::task::JoinHandle;
use actix_web::web::Data;
use tokio::signal::unix::{Signal, SignalKind, signal};
use url::Url;

use crate::app::{App, NotOpened, Opening};
use crate::clock::Clock;
use crate::config::{
    Contact, DatabaseArgs, EgressArgs, HttpArgs, Keep, KeyArgs, RetentionArgs, WrongSetting,
};
use crate::delivery::engine::{self, EngineHandle};
use crate::delivery::{denials, listener, replays, upkeep};
use crate::domain::webhooks::address::EgressPolicy;
use crate::http::health::Readiness;
use crate::http::limits::{Limits, Rates};
use crate::keys::KeyRing;
use crate::ops::access::tokens;
use crate::ops::events::feed::Others;
use crate::ops::events::handoff::{Handoff, NoDelivery};
use crate::ops::system::denials::store as store_denials;
use crate::store::pool::Address;
use crate::store::storage::Trouble;
use crate::{api, http, web};

/// How long requests and attempts under way may take once the process was told to stop.
const DRAIN: Duration = Duration::from_secs(25);
/// How long the attempts under way wait for the requests, so that what these publish still goes out.
const REQUESTS_FIRST: Duration = Duration::from_secs(3);
/// When outcomes are no longer waited for, counted from the same moment.
const STORED_BY: Duration = Duration::from_secs(28);
/// When the process is gone whatever still hangs, such as a database that answers nothing.
const GONE_BY: Duration = Duration::from_secs(29);
/// How often events that another process stored are looked for, while somebody waits for them.
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);
/// How often a process that delivers makes sure that it still does.
const WATCH: Duration = Duration::from_secs(1);

/// Why a process did not start, or ended badly: one sentence, and the code it exits with.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A setting is missing or wrong.
    #[error("{0}")]
    Setting(String),
    /// Something went wrong later.
    #[error("{0}")]
    Running(String),
}

impl From<WrongSetting> for Failure {
    fn from(wrong: WrongSetting) -> Self {
        Self::Setting(wrong.0)
    }
}

impl From<NotOpened> for Failure {
    fn from(not: NotOpened) -> Self {
        Self::Setting(not.0)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Running(error.to_string())
    }
}

/// A process that is about to serve.
pub struct Plan {
    /// Which database.
    pub database: Address,
    /// Connections to it.
    pub connections: u32,
    /// The master key.
    pub keys: KeyRing,
    /// The HTTP side, if this process has one.
    pub http: Option<Front>,
    /// Whether this process delivers.
    pub deliver: bool,
    /// Where deliveries may go.
    pub egress: EgressPolicy,
    /// The address people and programs use.
    pub public_url: Url,
    /// How old history becomes: removed where this process delivers, told where it has pages.
    pub keep: Keep,
}

/// The HTTP side of a process: bound, not yet answering.
pub struct Front {
    listener: TcpListener,
    address: SocketAddr,
    rates: Rates,
    contact: Option<Contact>,
}

impl Front {
    /// Binds the address to listen on.
    pub fn bind(args: &HttpArgs) -> Result<Self, Failure> {
        let taken = |e: std::io::Error| Failure::Setting(format!("Cannot listen on {}: {e}.", args.listen));
        let listener = TcpListener::bind(args.listen).map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        let rates = Rates { ingest_per_second: args.limit_ingest, api_per_second: args.limit_api };
        Ok(Self { listener, address, rates, contact: args.operator_contact.clone() })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Plan {
    /// Reads the settings of `serve`, `web` (`deliver` false).
    pub fn front(
        database: &DatabaseArgs,
        key: &KeyArgs,
        http: &HttpArgs,
        egress: &EgressArgs,
        deliver: bool,
    ) -> Result<Self, Failure> {
        let address = address(database)?;
        let keys = key.load()?;
        let front = Front::bind(http)?;
        let public_url = http.public_url(front.address)?;
        let egress = egress.policy(&public_url, Some(front.address));
        let connections = database.database_connections;
        Ok(Self {
            database: address,
            connections,
            keys,
            http: Some(front),
            deliver,
            egress,
            public_url,
            keep: Keep::default(),
        })
    }

    /// Reads the settings of `worker`.
    pub fn worker(
        database: &DatabaseArgs,
        key: &KeyArgs,
        public_url: Url,
        egress: &EgressArgs,
    ) -> Result<Self, Failure> {
        let address = address(database)?;
        let keys = key.load()?;
        let egress = egress.policy(&public_url, None);
        let connections = database.database_connections;
        Ok(Self {
            database: address,
            connections,
            keys,
            http: None,
            deliver: true,
            egress,
            public_url,
            keep: Keep::default(),
        })
    }

    /// The same, with history kept as long as the settings say.
    #[must_use]
    pub fn keeping(self, retention: &RetentionArgs) -> Self {
        Self { keep: retention.keep(), ..self }
    }
}

/// Which database the settings name.
pub fn address(database: &DatabaseArgs) -> Result<Address, Failure> {
    Address::parse(&database.url()).map_err(|e| Failure::Setting(e.to_string()))
}

/// Serves until the process is told to stop. `ready` is called once everything answers; what it gives
/// is dropped when the stop begins.
pub fn run<T>(plan: Plan, ready: impl FnOnce(&App) -> Result<T, Failure>) -> Result<(), Failure> {
    let Plan { database, connections, keys, http, deliver, egress, public_url, keep } = plan;
    let (handoff, seed): (Arc<dyn Handoff>, _) = if deliver {
        let (inbox, seed) = engine::channel(engine::Settings::default());
        (inbox, Some(seed))
    } else {
        (Arc::new(NoDelivery), None)
    };
    let clock = Clock::system();
    let opening = Opening { database, connections, serving: true, keys, egress, public_url, clock, handoff };
    let app = App::open(opening)?;
    let engine =
        seed.map(|seed| seed.start(&app.tools).map_err(|e| Failure::Setting(e.to_string()))).transpose()?;
    let listening = deliver.then(|| listener::start(&app.tools)).transpose()?;
    let forgetting = deliver.then(|| upkeep::start(&app.tools, keep)).transpose()?;
    let replaying = deliver.then(|| replays::start(&app.tools)).transpose()?;
    let noting = denials::start(&app.tools)?;
    let readiness = Readiness::new();
    actix_web::rt::System::new().block_on(async {
        // Before anybody is told that this process serves: from then on it may be asked to stop.
        let mut signals = StopSignals::new()?;
        let front = http.map(|front| serve(&app, front, keep, &readiness)).transpose()?;
        let listening_for_others = actix_web::rt::spawn(hear_others(app.clone()));
        let companion = ready(&app)?;
        let answering = front.map(|server| (server.handle(), actix_web::rt::spawn(server)));
        tokio::select! {
            () = signals.next() => {}
            () = crashed(engine.as_ref()) => {
                // Whoever supervises this process starts it anew, and the start takes over what it held.
                return Err(Failure::Running("The delivery engine has crashed. The log says why.".into()));
            }
            () = disk_failed(&app) => {
                // Not a graceful stop: what is acknowledged is on the disk, and nothing more may be written.
                let why = "The disk under the database failed during a write. Check it, then start again.";
                return Err(Failure::Running(why.into()));
            }
        }
        tracing::info!("stopping: finishing what is under way");
        let began = Instant::now();
        readiness.stop();
        app.tools.gatherer.bell().stop();
        listening_for_others.abort();
        actix_web::rt::spawn(async move {
            signals.next().await;
            std::process::exit(1);
        });
        end_in_time()?;
        drop(companion);
        // They may be waiting for the database; a second signal is heard meanwhile.
        let others =
            actix_web::rt::task::spawn_blocking(move || drop((forgetting, listening, replaying, noting)));
        let mut answered = Box::pin(stop_answering(answering));
        let is_answered = actix_web::rt::time::timeout(REQUESTS_FIRST, &mut answered).await;
        stop_engine(engine, DRAIN.saturating_sub(began.elapsed())).await?;
        match is_answered {
            Ok(answered) => answered?,
            Err(_) => answered.await?,
        }
        others.await.map_err(|e| Failure::Running(e.to_string()))?;
        let left = STORED_BY.saturating_sub(began.elapsed());
        let tools = app.tools.clone();
        let is_stored = actix_web::rt::task::spawn_blocking(move || {
            let is_stored = tools.gatherer.flush_within(left);
            if is_stored {
                tokens::store_uses(&tools, true);
                // Of those who were denied something by an answer that came after the thread had ended.
                store_denials(&tools);
            }
            is_stored
        });
        if !is_stored.await.unwrap_or(false) {
            tracing::error!("the database is away: what was under way is sent again after the next start");
        }
        Ok(())
    })
}

/// Ends the process when its stop takes too long, as after a crash: the next start takes over what it held.
fn end_in_time() -> Result<(), Failure> {
    let wait = || {
        let by = Instant::now() + GONE_BY;
        while let Some(left) = by.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            std::thread::park_timeout(left);
        }
        tracing::error!("the stop took too long: what was under way is sent again after the next start");
        std::process::exit(0);
    };
    std::thread::Builder::new().name("end-in-time".to_owned()).spawn(wait)?;
    Ok(())
}

/// Lets the requests under way end.
async fn stop_answering(
    answering: Option<(ServerHandle, JoinHandle<std::io::Result<()>>)>,
) -> Result<(), Failure> {
    let Some((handle, answering)) = answering else { return Ok(()) };
    handle.stop(true).await;
    Ok(answering.await.map_err(|e| Failure::Running(e.to_string()))??)
}

/// Ends when the engine has ended although nobody stopped it.
async fn crashed(engine: Option<&EngineHandle>) {
    let Some(engine) = engine else { return std::future::pending().await };
    let mut watch = actix_web::rt::time::interval(WATCH);
    while engine.is_running() {
        watch.tick().await;
    }
}

/// Wakes those who wait for events that do not pass the gatherer of this process: those of other processes, and
/// Bellwire's own about webhooks. Never ends by itself.
async fn hear_others(app: App) {
    let mut watch = actix_web::rt::time::interval(BETWEEN_LOOKS);
    watch.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut others = Others::default();
    loop {
        watch.tick().await;
        let tools = app.tools.clone();
        if tools.gatherer.bell().awaited().is_empty() {
            continue;
        }
        let look = move || (others.hear(&tools), others);
        let looked = actix_web::rt::task::spawn_blocking(look).await;
        others = looked.map_or_else(
            |_| Others::default(),
            |(heard, others)| {
                if let Err(error) = heard {
                    tracing::debug!(%error, "events of other processes are not heard");
                }
                others
            },
        );
    }
}

/// Ends when the disk failed during a write. Meanwhile, looks at a full one until it has room again.
async fn disk_failed(app: &App) {
    let mut watch = actix_web::rt::time::interval(WATCH);
    watch.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        watch.tick().await;
        match app.tools.db.trouble() {
            Some(Trouble::Broken) => return,
            Some(Trouble::Full) => {
                let db = app.tools.db.clone();
                // It fails as long as there is no room.
                let _ = actix_web::rt::task::spawn_blocking(move || db.probe()).await;
            }
            None => {}
        }
    }
}

async fn stop_engine(engine: Option<EngineHandle>, grace: Duration) -> Result<(), Failure> {
    let Some(engine) = engine else { return Ok(()) };
    actix_web::rt::task::spawn_blocking(move || engine.stop(grace))
        .await
        .map_err(|e| Failure::Running(e.to_string()))
}

fn serve(
    app: &App,
    front: Front,
    keep: Keep,
    readiness: &Readiness,
) -> Result<actix_web::dev::Server, Failure> {
    let limits = Data::new(Limits::new(front.rates));
    let app = Data::new(app.clone());
    let readiness = Data::new(readiness.clone());
    let contact = Data::new(front.contact);
    let (keep, description) = (Data::new(keep), Data::new(api::openapi::document()));
    let server = actix_web::HttpServer::new(move || {
        actix_web::App::new()
            .app_data(app.clone())
            .app_data(limits.clone())
            .app_data(readiness.clone())
            .app_data(contact.clone())
            .app_data(keep.clone())
            .app_data(description.clone())
            .configure(http::health::configure)
            .configure(api::routes::configure)
            .configure(web::configure)
    })
    .client_request_timeout(Duration::from_secs(5))
    // What is compressed goes in pieces, the last of which would wait until the client confirms the others.
    .tcp_nodelay(true)
    // A client that is gone waits for nothing: what its request began to store is stored all the same.
    .h1_allow_half_closed(false)
    .shutdown_timeout(DRAIN.as_secs())
    .disable_signals()
    .listen(front.listener)?;
    Ok(server.run())
}

/// SIGTERM and SIGINT, heard from the moment this is made.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn new() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for one of them.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
