//! An installation with a month behind it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bellwire::app::{App, Opening};
use bellwire::clock::Clock;
use bellwire::domain::access::partner::{PartnerKind, PartnerNumber};
use bellwire::domain::access::password::Password;
use bellwire::domain::access::user::Role;
use bellwire::domain::events::attempt::{Attempt, HeaderLines};
use bellwire::domain::events::cause::Cause;
use bellwire::domain::id::{BuId, EventId, WebhookId};
use bellwire::domain::search::folded;
use bellwire::domain::webhooks::address::EgressPolicy;
use bellwire::domain::webhooks::draft::{EndpointDraft, TriggerDraft, WebhookDraft};
use bellwire::keys::KeyRing;
use bellwire::ops::access::password;
use bellwire::ops::cx::{Actor, Cx, Source, Tools};
use bellwire::ops::events::handoff::{Handed, NoDelivery, Outcome, Verdict};
use bellwire::ops::events::publish::{Own, Publish};
use bellwire::ops::events::queue;
use bellwire::ops::webhooks::create;
use bellwire::store::access::memberships::{self, MembershipRow};
use bellwire::store::access::partners::{self, PartnerRow};
use bellwire::store::access::units::{self, UnitRow};
use bellwire::store::access::users::{self, UserRow};
use bellwire::store::pool::Address;
use bellwire::web::routes;
use serde_json::json;
use tempfile::TempDir;

/// Everybody's password.
pub const PASSWORD: &str = "a passphrase for benchmarks";
/// The owner of the busy unit.
pub const OWNER: &str = "owner@example.com";
/// Somebody whose partner may access every unit.
pub const GLOBAL: &str = "global@example.com";

const WANTED: &str = "order.completed";
/// For whom nothing is published.
const QUIET: &str = "data.created";
/// How far back the events reach.
const PAST: Duration = Duration::from_hours(24 * 29);
/// How many events are put forward at once.
const TOGETHER: usize = 512;
/// One in so many deliveries is given up.
const FAILED: usize = 40;
/// The number of the first partner.
const FIRST: PartnerNumber = 10_001;

/// How much there is.
#[derive(Debug)]
pub struct Size {
    /// Events, each with a delivery and its attempt.
    pub deliveries: usize,
    /// Webhooks in the busy unit.
    pub webhooks: usize,
    /// Partners with a unit each.
    pub partners: usize,
}

impl Default for Size {
    fn default() -> Self {
        Self { deliveries: 1_000_000, webhooks: 10_000, partners: 100_000 }
    }
}

/// A filled database.
pub struct World {
    folder: TempDir,
    bu: BuId,
    /// The webhook that everything went to.
    webhook: WebhookId,
    /// One of the last events.
    event: EventId,
}

/// The program, serving.
pub struct Server {
    process: Child,
    /// `http://host:port`.
    pub base: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, which the benchmark then has met already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl World {
    /// Makes it.
    pub fn fill(size: &Size) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key");
        KeyRing::init(&key).unwrap();
        let end = Clock::system().now();
        let app = App::open(Opening {
            database: Address::Sqlite(folder.path().join("bellwire.db")),
            connections: 4,
            serving: false,
            keys: KeyRing::load(&key).unwrap(),
            egress: EgressPolicy::default(),
            public_url: "https://bellwire.example/".parse().unwrap(),
            clock: Clock::standing(end - PAST),
            handoff: Arc::new(NoDelivery),
        })
        .unwrap();
        let cx = Cx::new(&app.tools, Actor::Operator, Source::default());
        let bu = people(&cx, size.partners);
        let webhook = webhook(&cx, bu, "Order desk", WANTED);
        for number in 1..size.webhooks {
            self::webhook(&cx, bu, &format!("Desk {number}"), QUIET);
        }
        let step = u32::try_from(size.deliveries.div_ceil(TOGETHER)).unwrap();
        let mut event = None;
        for done in (0..size.deliveries).step_by(TOGETHER) {
            event = Some(deliver(&app.tools, bu, done, TOGETHER.min(size.deliveries - done)));
            app.tools.clock.advance(PAST / step);
        }
        Self { folder, bu, webhook, event: event.unwrap() }
    }

    /// Starts the program on it; it listens when this returns.
    pub fn serve(&self) -> Server {
        let database = self.folder.path().join("bellwire.db");
        let mut process = Command::new(env!("CARGO_BIN_EXE_bellwire"))
            .args(["serve", "--listen", "127.0.0.1:0", "--database-url"])
            .arg(format!("sqlite:{}", database.display()))
            .env("BELLWIRE_MASTER_KEY_FILE", self.folder.path().join("key"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let base = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap();
        let base = base.trim_end_matches(['/', '.', ',']).to_owned();
        Server { process, base }
    }

    /// The pages of the unit: name and path.
    pub fn pages(&self) -> Vec<(String, String)> {
        let (bu, webhook) = (self.bu, self.webhook);
        let log = routes::log(bu);
        let prefix = self.event.as_str().get(..12).unwrap().to_owned();
        named([
            ("Overview", routes::overview(bu)),
            ("Overview, 7 days", format!("{}?period=7d", routes::overview(bu))),
            ("Search", format!("{}?q=desk+77", routes::search(bu))),
            ("Search without a hit", format!("{}?q=nowhere", routes::search(bu))),
            ("API tab", routes::api(bu)),
            ("Webhooks tab", routes::webhooks(bu)),
            ("Webhooks tab, searched", format!("{}?q=desk+77", routes::webhooks(bu))),
            ("Add Webhook", routes::webhook_new(bu)),
            ("Webhook Details", routes::webhook(bu, webhook)),
            ("Webhook Details, 1 h", format!("{}?period=1h", routes::webhook(bu, webhook))),
            ("Webhook Details, 30 d", format!("{}?period=30d", routes::webhook(bu, webhook))),
            ("Delete Webhook", routes::webhook_delete(bu, webhook)),
            ("Webhooks Dashboard", routes::webhooks_dashboard(bu)),
            ("Create Webhook", routes::webhook_create(bu)),
            ("Manage Events", routes::webhook_events(bu, webhook)),
            ("Event Logs", log.clone()),
            ("Event Logs of a webhook", format!("{log}?webhook={webhook}")),
            ("Event Logs, failed", format!("{log}?status=failed")),
            ("Event Logs by the start of an id", format!("{log}?q={prefix}")),
            ("Event", routes::event(bu, self.event)),
            ("Event matrix", routes::matrix(bu)),
            ("Event matrix, searched", format!("{}?q=order", routes::matrix(bu))),
            ("Event catalogue", routes::catalogue(bu)),
            ("Event type", routes::event_type(bu, "order.completed")),
            ("Replays", routes::replays(bu)),
            ("Start a replay", routes::replay_new(bu)),
            ("API docs", routes::API_DOCS.to_owned()),
        ])
    }
}

/// The pages of somebody who may access every unit.
pub fn searches() -> Vec<(String, String)> {
    named([
        ("Partner search", routes::PARTNERS.to_owned()),
        ("Partner search by number", format!("{}?q=10077", routes::PARTNERS)),
        ("Partner search by the middle of a name", format!("{}?q=ner+7777", routes::PARTNERS)),
        ("Partner search without a match", format!("{}?q=nowhere", routes::PARTNERS)),
    ])
}

fn named<const N: usize>(pages: [(&str, String); N]) -> Vec<(String, String)> {
    pages.map(|(name, path)| (name.to_owned(), path)).into()
}

/// Partners and two people; gives the unit of the first one.
fn people(cx: &Cx, partners: usize) -> BuId {
    let hash = password::hash(&Password::typed(PASSWORD).unwrap()).unwrap();
    let person = |number, email: &str| UserRow {
        id: cx.id(),
        number,
        email: email.into(),
        name: "Bench".into(),
        password_hash: Some(hash.clone()),
        disabled_at: None,
        created_at: cx.now,
    };
    let partner = |id: PartnerNumber, kind| {
        let name = format!("Partner {id}");
        let grants_all = kind == PartnerKind::Global;
        PartnerRow {
            id,
            name_folded: folded(&name),
            name,
            kind,
            grants_all,
            created_at: cx.now,
            is_operator: false,
            second_factor_required: false,
        }
    };
    let bus: Vec<BuId> = (0..partners).map(|_| cx.id()).collect();
    cx.write(|conn| {
        for (partner_id, bu) in (FIRST..).zip(&bus) {
            let row = partner(partner_id, PartnerKind::Channel);
            let name = row.name.clone();
            partners::insert(conn, &row)?;
            units::insert(
                conn,
                &UnitRow { id: *bu, partner_id, name, api_access: true, created_at: cx.now },
            )?;
        }
        partners::insert(conn, &partner(1, PartnerKind::Global))?;
        for (user, partner_id) in [(person(1_000, OWNER), FIRST), (person(1_001, GLOBAL), 1)] {
            users::insert(conn, &user)?;
            let row = MembershipRow { user_id: user.id, partner_id, role: Role::Owner, created_at: cx.now };
            memberships::insert(conn, &row)?;
        }
        Ok(())
    })
    .unwrap();
    bus.first().copied().unwrap()
}

fn webhook(cx: &Cx, bu: BuId, name: &str, event: &str) -> WebhookId {
    let url = "https://receiver.example.com/in".to_owned();
    let draft = WebhookDraft {
        name: Some(name.into()),
        endpoints: vec![EndpointDraft { url, ..EndpointDraft::default() }],
        triggers: vec![TriggerDraft { event: event.into(), ..TriggerDraft::default() }],
        ..WebhookDraft::default()
    };
    create::create(cx, bu, draft).unwrap().webhook.row.id
}

/// Publishes events and ends their deliveries; gives the last event.
fn deliver(tools: &Tools, bu: BuId, first: usize, count: usize) -> EventId {
    let answers: Vec<_> = (first..first + count)
        .map(|number| {
            let data =
                json!({"id": number, "total": {"amount": 120, "currency": "EUR"}, "note": "x".repeat(200)});
            tools.gatherer.publish(Publish::own(Own::new(bu, WANTED, data)))
        })
        .collect();
    let ids: Vec<EventId> =
        answers.into_iter().map(|answer| answer.blocking_recv().unwrap().unwrap().id).collect();
    for waiting in queue::waiting(tools).unwrap() {
        let claimed = queue::claim(tools, &[(waiting.endpoint, count)]).unwrap();
        for (number, handed) in claimed.into_iter().enumerate() {
            let is_failed = (first + number).is_multiple_of(FAILED);
            tools.gatherer.settle(outcome(tools, handed, is_failed));
        }
    }
    tools.gatherer.flush();
    ids.last().copied().unwrap()
}

fn outcome(tools: &Tools, handed: Handed, is_failed: bool) -> Outcome {
    let usual = [("content-type", "application/json"), ("webhook-signature", "v1,Mwm0R8Y1q7zC…9Qk=")];
    let attempt = Attempt {
        id: tools.clock.id(),
        delivery: handed.delivery,
        bu: handed.bu,
        endpoint: handed.endpoint,
        number: handed.next_number(),
        started_at: tools.clock.now(),
        duration_ms: 83,
        status: Some(if is_failed { 503 } else { 200 }),
        cause: is_failed.then_some(Cause::HttpStatus),
        detail: None,
        url: "https://receiver.example.com/in".into(),
        request_headers: HeaderLines::from_iter(usual),
        response_headers: HeaderLines::from_iter([("content-length", "2")]),
        response_body: b"ok".to_vec(),
        response_cut: false,
    };
    Outcome {
        handed,
        attempt: Some(attempt),
        verdict: if is_failed { Verdict::Exhausted } else { Verdict::Delivered },
    }
}
