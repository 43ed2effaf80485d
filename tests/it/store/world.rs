//! A small world for the store's contract: an empty database, a clock that stands, and as many nodes as are wanted.

use crate::support::databases::TestDatabase;
use bellwire::clock::Clock;
use bellwire::domain::access::partner::PartnerKind;
use bellwire::domain::events::attempt::{Attempt, HeaderLines};
use bellwire::domain::events::cause::Cause;
use bellwire::domain::id::{BuId, EventId, WebhookId};
use bellwire::domain::time::Ts;
use bellwire::domain::webhooks::address::EgressPolicy;
use bellwire::domain::webhooks::draft::{EndpointDraft, TriggerDraft, WebhookDraft};
use bellwire::keys::KeyRing;
use bellwire::ops::Error;
use bellwire::ops::access::partners::{self, PartnerDraft};
use bellwire::ops::cx::{Actor, Cx, Known, Source, Tools};
use bellwire::ops::events::gather::{GatherTools, Gatherer};
use bellwire::ops::events::handoff::{Handed, NoDelivery, Outcome, Verdict};
use bellwire::ops::events::publish::{Own, Publish, Published};
use bellwire::ops::events::queue;
use bellwire::ops::webhooks::create;
use bellwire::store::db::Db;
use bellwire::store::events::deliveries::{self, DeliveryRow};
use bellwire::store::pool::{Address, Conn};
use diesel::RunQueryDsl;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// The event type that the webhooks here want.
pub const WANTED: &str = "order.completed";

/// One database and its first node.
pub struct World {
    pub node: Arc<Tools>,
    address: Address,
}

impl World {
    /// A migrated database, at noon of a day in March.
    pub fn on(database: &TestDatabase) -> Self {
        let address = Address::parse(&database.url()).unwrap();
        let clock = Clock::standing(Ts::parse("2026-03-01T12:00:00Z").unwrap());
        Self { node: node(&address, clock), address }
    }

    /// Another node on the same database, by the same clock.
    pub fn another(&self) -> Arc<Tools> {
        node(&self.address, self.node.clock.clone())
    }

    pub fn pass(&self, time: Duration) {
        self.node.clock.advance(time);
    }

    pub fn now(&self) -> Ts {
        self.node.clock.now()
    }

    pub fn operator(&self) -> Cx {
        Cx::new(&self.node, Actor::Operator, Source::default())
    }

    /// A new business unit with its partner.
    pub fn unit(&self, name: &str) -> BuId {
        let draft = PartnerDraft { name: name.into(), kind: PartnerKind::Channel, id: None };
        partners::create(&self.operator(), draft).unwrap().bu.unwrap()
    }

    /// A new webhook of `bu` with one endpoint.
    pub fn webhook(&self, bu: BuId) -> WebhookId {
        let endpoint =
            EndpointDraft { url: "https://receiver.example.com/in".into(), ..EndpointDraft::default() };
        let trigger = TriggerDraft { event: WANTED.into(), ..TriggerDraft::default() };
        let draft =
            WebhookDraft { endpoints: vec![endpoint], triggers: vec![trigger], ..WebhookDraft::default() };
        create::create(&self.operator(), bu, draft).unwrap().webhook.row.id
    }

    /// A unit with a webhook, and this many events on their way to it.
    pub fn queued(&self, events: usize) -> (BuId, WebhookId) {
        let bu = self.unit("Acme");
        let webhook = self.webhook(bu);
        let answers: Vec<_> = (0..events).map(|n| self.node.gatherer.publish(event(bu, n))).collect();
        for answer in answers {
            answer.blocking_recv().unwrap().unwrap();
        }
        (bu, webhook)
    }

    /// The deliveries of `webhook`, oldest first.
    pub fn deliveries(&self, bu: BuId, webhook: WebhookId) -> Vec<DeliveryRow> {
        let mut rows = self.read(|conn| Ok(deliveries::of_webhook(conn, bu, webhook, None, i64::MAX)?));
        rows.reverse();
        rows
    }

    /// How many rows a table has.
    pub fn count(&self, table: &str) -> i64 {
        let sql = format!("SELECT count(*) AS number FROM {table}");
        self.read(|conn| Ok(diesel::sql_query(sql).get_result::<Count>(conn)?)).number
    }

    pub fn read<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T, Error>) -> T {
        self.node.db.read(work).unwrap()
    }
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    number: i64,
}

fn node(address: &Address, clock: Clock) -> Arc<Tools> {
    let db = Db::open(address, 4, false).unwrap();
    let (node, handoff) = (clock.id(), Arc::new(NoDelivery));
    let gather = GatherTools { db: db.clone(), clock: clock.clone(), node, handoff: handoff.clone() };
    let gatherer = Gatherer::start(&gather).unwrap();
    let tools = Tools {
        db,
        clock,
        keys: KeyRing::fresh(),
        egress: EgressPolicy::default(),
        public_url: "https://bellwire.example/".parse().unwrap(),
        node,
        handoff,
        gatherer,
        known: Known::default(),
    };
    Arc::new(tools)
}

/// An event of the wanted type.
pub fn event(bu: BuId, number: usize) -> Publish {
    Publish::own(Own::new(bu, WANTED, json!({"number": number})))
}

/// Publishes at `node`, and waits until it is stored.
pub fn publish_at(node: &Tools, bu: BuId, number: usize) -> EventId {
    let published: Published = node.gatherer.publish(event(bu, number)).blocking_recv().unwrap().unwrap();
    published.id
}

/// Claims up to `limit` deliveries for `node`, of whichever endpoints have some due.
pub fn claim(node: &Tools, limit: usize) -> Result<Vec<Handed>, Error> {
    let mut claimed = Vec::new();
    for waiting in queue::waiting(node)?.iter().filter(|waiting| waiting.due <= node.clock.now()) {
        claimed.extend(queue::claim(node, &[(waiting.endpoint, limit - claimed.len())])?);
    }
    Ok(claimed)
}

/// What came of sending `handed`: an attempt of 20 ms that was answered, and its verdict.
pub fn outcome(node: &Tools, handed: &Handed, verdict: Verdict) -> Outcome {
    let failed = verdict != Verdict::Delivered;
    let attempt = Attempt {
        id: node.clock.id(),
        delivery: handed.delivery,
        bu: handed.bu,
        endpoint: handed.endpoint,
        number: handed.next_number(),
        started_at: node.clock.now(),
        duration_ms: 20,
        status: Some(if failed { 500 } else { 200 }),
        cause: failed.then_some(Cause::HttpStatus),
        detail: None,
        url: "https://receiver.example.com/in".into(),
        request_headers: HeaderLines::default(),
        response_headers: HeaderLines::default(),
        response_body: Vec::new(),
        response_cut: false,
    };
    Outcome { handed: handed.clone(), attempt: Some(attempt), verdict }
}

/// Settles and waits until it is stored.
pub fn settle(node: &Tools, handed: &Handed, verdict: Verdict) {
    node.gatherer.settle(outcome(node, handed, verdict));
    node.gatherer.flush();
}
