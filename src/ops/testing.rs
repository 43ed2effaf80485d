//! A small world for the tests of operations: a throw-away database and a clock that stands.

use std::sync::Arc;

use tempfile::TempDir;

use crate::clock::Clock;
use crate::domain::access::partner::{PartnerKind, PartnerNumber};
use crate::domain::access::permission::Scopes;
use crate::domain::access::user::Role;
use crate::domain::id::BuId;
use crate::domain::time::Ts;
use crate::domain::webhooks::address::EgressPolicy;
use crate::keys::KeyRing;
use crate::ops::Error;
use crate::ops::access::partners::{self, PartnerCreated, PartnerDraft};
use crate::ops::access::tokens::{self, TokenDraft};
use crate::ops::cx::{Actor, Cx, Known, Login, Source, Tools};
use crate::ops::events::gather::{GatherTools, Gatherer};
use crate::ops::events::handoff::NoDelivery;
use crate::store::access::memberships::{self, MembershipRow};
use crate::store::access::users::{self, UserRow};
use crate::store::db::Db;
use crate::store::pool::Address;

/// A process with an empty database.
pub struct World {
    /// Its tools; the clock stands until it is moved.
    pub tools: Arc<Tools>,
    _folder: TempDir,
}

impl World {
    /// A new world.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&Address::Sqlite(folder.path().join("a.db")), 4, false).unwrap();
        let clock = Clock::standing(Ts::parse("2026-03-01T12:00:00Z").unwrap());
        let (node, handoff) = (clock.id(), Arc::new(NoDelivery));
        let gather = GatherTools { db: db.clone(), clock: clock.clone(), node, handoff: handoff.clone() };
        let tools = Tools {
            db,
            clock,
            keys: KeyRing::fresh(),
            egress: EgressPolicy::default(),
            public_url: "https://bellwire.example/".parse().unwrap(),
            node,
            handoff,
            gatherer: Gatherer::start(&gather).unwrap(),
            known: Known::default(),
        };
        Self { tools: Arc::new(tools), _folder: folder }
    }

    /// The operator, now.
    pub fn operator(&self) -> Cx {
        Cx::new(&self.tools, Actor::Operator, Source::default())
    }

    /// A new partner.
    pub fn partner(&self, name: &str, kind: PartnerKind) -> PartnerCreated {
        partners::create(&self.operator(), PartnerDraft { name: name.into(), kind, id: None }).unwrap()
    }

    /// A new channel partner.
    pub fn channel(&self, name: &str) -> PartnerCreated {
        self.partner(name, PartnerKind::Channel)
    }

    /// A new login without a password, signed in.
    pub fn login(&self, partner: PartnerNumber, role: Role) -> Cx {
        let cx = self.operator();
        let id = cx.id();
        let number = cx
            .write(|conn| {
                let number = users::next_number(conn)?;
                let user = UserRow {
                    id,
                    number,
                    email: format!("{id}@example.com"),
                    name: format!("Login {number}"),
                    password_hash: None,
                    disabled_at: None,
                    created_at: cx.now,
                };
                users::insert(conn, &user)?;
                let member = MembershipRow { user_id: id, partner_id: partner, role, created_at: cx.now };
                memberships::insert(conn, &member)?;
                Ok(number)
            })
            .unwrap();
        let login = Login {
            user: id,
            number,
            name: format!("Login {number}"),
            email: format!("{id}@example.com"),
            session: cx.id(),
            reauth_at: cx.now,
            owes_factor: false,
            is_operator: false,
        };
        Cx::new(&self.tools, Actor::Login(login), Source::default())
    }

    /// A new token of the operator's, presented.
    pub fn token(&self, bu: BuId, scopes: Scopes) -> Cx {
        let name = self.tools.clock.id::<crate::domain::id::TokenKind>().to_string();
        let draft = TokenDraft { name, scopes, expires_at: None };
        let (_, secret) = tokens::create(&self.operator(), bu, draft).unwrap();
        let actor = tokens::authenticate(&self.tools, secret.expose(), &Source::default()).unwrap().unwrap();
        Cx::new(&self.tools, Actor::Token(actor), Source::default())
    }
}

/// Whether the answer is that nothing is there.
pub fn is_not_found<T>(answer: &Result<T, Error>) -> bool {
    matches!(answer, Err(Error::NotFound))
}
