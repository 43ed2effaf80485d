//! The context of an operation: who asks, when, and with what tools.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::clock::Clock;
use crate::domain::access::partner::PartnerNumber;
use crate::domain::access::permission::Scopes;
use crate::domain::id::{BuId, Id, Kind, NodeId, SessionId, TokenId, UserId};
use crate::domain::network::network;
use crate::domain::time::Ts;
use crate::domain::webhooks::address::EgressPolicy;
use crate::keys::KeyRing;
use crate::ops::Error;
use crate::ops::events::gather::Gatherer;
use crate::ops::events::handoff::Handoff;
use crate::ops::events::resting::Resting;
use crate::ops::recent::Recent;
use crate::ops::system::denials::Denials;
use crate::ops::tally::Tally;
use crate::ops::webhooks::catalogue::Publishing;
use crate::store::db::Db;
use crate::store::pool::Conn;

/// What every operation works with; one for the process.
pub struct Tools {
    /// The database.
    pub db: Db,
    /// Time and ids.
    pub clock: Clock,
    /// The master key.
    pub keys: KeyRing,
    /// Where deliveries may go.
    pub egress: EgressPolicy,
    /// The address people and programs reach this installation by; never a request's Host.
    pub public_url: Url,
    /// This process, as leases name it.
    pub node: NodeId,
    /// Where deliveries made here are handed to.
    pub handoff: Arc<dyn Handoff>,
    /// Where concurrent publishes and settles share a commit.
    pub gatherer: Gatherer,
    /// What need not be asked of the database each time.
    pub known: Known,
}

impl Tools {
    /// A path of this host with the host people use, never the one a request names.
    pub fn absolute(&self, path: &str) -> String {
        format!("{}{path}", self.public_url.as_str().trim_end_matches('/'))
    }
}

/// What this process remembers, so as not to ask the database for it.
pub struct Known {
    /// Tokens by the keyed hash of their secret. The transaction that stores an event looks at its token
    /// again, so that a deleted one is refused at once.
    pub tokens: Recent<[u8; 32], TokenActor>,
    /// Event types that were added at run time. A new schema applies within a second.
    pub types: Recent<(BuId, String), Publishing>,
    /// Uses of tokens that are not stored yet.
    pub uses: Tally,
    /// Endpoints that are left alone for a while.
    pub resting: Resting,
    /// Denied attempts that are not in the audit log yet.
    pub denials: Denials,
    /// Sessions of global partners with the units they are known to have entered.
    pub entered: Recent<(SessionId, BuId), ()>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            tokens: Recent::new(Duration::from_mins(1), 10_000),
            types: Recent::new(Duration::from_secs(1), 10_000),
            uses: Tally::default(),
            resting: Resting::default(),
            denials: Denials::default(),
            entered: Recent::new(Duration::from_hours(24), 10_000),
        }
    }
}

/// Who asks for an operation.
#[derive(Debug, Clone)]
pub enum Actor {
    /// A signed-in person.
    Login(Login),
    /// An API token.
    Token(TokenActor),
    /// The operator, at the command line of the machine.
    Operator,
    /// Bellwire itself.
    System,
}

/// A person, as signed in for this request.
#[derive(Debug, Clone)]
pub struct Login {
    /// The login's id.
    pub user: UserId,
    /// The number by which people know the login.
    pub number: i64,
    /// The person's name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// The session the request came with.
    pub session: SessionId,
    /// When the person last proved who they are.
    pub reauth_at: Ts,
    /// Whether a partner of the login wants a second factor of it, and it has none: it sets one up before anything
    /// else.
    pub owes_factor: bool,
    /// Whether the login was an operator when the request came. Operations ask again.
    pub is_operator: bool,
}

/// A token, as authenticated for this request.
#[derive(Debug, Clone)]
pub struct TokenActor {
    /// The token's id.
    pub token: TokenId,
    /// Its name.
    pub name: String,
    /// The business unit it belongs to.
    pub bu: BuId,
    /// That unit's partner.
    pub partner: PartnerNumber,
    /// What it may do: its scopes and its creator's role, together.
    pub scopes: Scopes,
    /// Who made it, when a person did.
    pub created_by: Option<UserId>,
    /// Whether API access is part of the unit's plan; without it every operation is refused.
    pub api_access: bool,
}

/// Where a request came from.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// The client's address.
    pub ip: Option<String>,
    /// The client's user agent, cut at 200 characters.
    pub agent: Option<String>,
    /// The id under which the request is logged.
    pub request_id: Option<String>,
}

impl Source {
    /// What of its address the client has to itself, where that is known.
    pub fn network(&self) -> Option<String> {
        let ip = self.ip.as_deref()?.parse().ok()?;
        Some(network(ip).to_string())
    }
}

/// The context of one operation.
#[derive(Clone)]
pub struct Cx {
    /// The tools of the process.
    pub tools: Arc<Tools>,
    /// Who asks.
    pub actor: Actor,
    /// When the operation began.
    pub now: Ts,
    /// Where the request came from.
    pub source: Source,
}

impl Cx {
    /// A context for `actor`, from now.
    pub fn new(tools: &Arc<Tools>, actor: Actor, source: Source) -> Self {
        Self { tools: tools.clone(), actor, now: tools.clock.now(), source }
    }

    /// A new id.
    pub fn id<K: Kind>(&self) -> Id<K> {
        self.tools.clock.id()
    }

    /// Runs queries that read and together tell of one moment: what is stored in between is in none of them.
    /// Blocks.
    pub fn read<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T, Error>) -> Result<T, Error> {
        self.tools.db.view(work)
    }

    /// Runs `work` in one write transaction. Blocks.
    pub fn write<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T, Error>) -> Result<T, Error> {
        self.tools.db.write(work)
    }

    /// The login that asks, or that made the token that asks.
    pub fn user(&self) -> Option<UserId> {
        match &self.actor {
            Actor::Login(login) => Some(login.user),
            Actor::Token(token) => token.created_by,
            Actor::Operator | Actor::System => None,
        }
    }
}
