//! What the engine and a page cost, so that a change that makes one slower is seen: `cargo bench --bench engine`.
//!
//! SQLite in a temporary folder, flushed as in earnest. Compare two builds in one sitting: machines differ.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on says so by ending")]

use std::hint::black_box;
use std::sync::Arc;

use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::Data;
use bellwire::app::{App, Opening};
use bellwire::clock::Clock;
use bellwire::delivery::outgoing::Route;
use bellwire::domain::access::partner::PartnerKind;
use bellwire::domain::access::password::Password;
use bellwire::domain::access::user::Role;
use bellwire::domain::events::attempt::{Attempt, HeaderLines};
use bellwire::domain::id::{BuId, EndpointId};
use bellwire::domain::webhooks::address::EgressPolicy;
use bellwire::domain::webhooks::draft::{EndpointDraft, TriggerDraft, WebhookDraft};
use bellwire::keys::KeyRing;
use bellwire::ops::access::partners::{self, PartnerDraft};
use bellwire::ops::access::password;
use bellwire::ops::access::sign_in::{SignInDraft, sign_in};
use bellwire::ops::cx::{Actor, Cx, Source, Tools};
use bellwire::ops::events::handoff::{Handed, NoDelivery, Outcome, Verdict};
use bellwire::ops::events::publish::{Own, Publish};
use bellwire::ops::events::queue;
use bellwire::ops::webhooks::create;
use bellwire::store::access::memberships::{self, MembershipRow};
use bellwire::store::access::users::{self, UserRow};
use bellwire::store::pool::Address;
use bellwire::web::cookies::{Jar, Kind};
use bellwire::web::{self, routes};
use divan::Bencher;
use divan::counter::ItemsCount;
use serde_json::json;
use tempfile::TempDir;

/// How many publishes or outcomes are put forward at once.
const TOGETHER: [usize; 3] = [1, 32, 512];
const WANTED: &str = "order.completed";
const MAIL: &str = "bench@example.com";
const PASSWORD: &str = "a passphrase for benchmarks";

fn main() {
    divan::main();
}

/// An installation with one business unit and one webhook, that delivers nothing by itself.
struct World {
    app: App,
    bu: BuId,
    endpoint: EndpointId,
    _folder: TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let app = App::open(Opening {
            database: Address::Sqlite(folder.path().join("bench.db")),
            connections: 4,
            serving: true,
            keys: KeyRing::fresh(),
            egress: EgressPolicy::default(),
            public_url: "https://bellwire.example/".parse().unwrap(),
            clock: Clock::system(),
            handoff: Arc::new(NoDelivery),
        })
        .unwrap();
        let cx = Cx::new(&app.tools, Actor::Operator, Source::default());
        let draft = PartnerDraft { name: "Acme".into(), kind: PartnerKind::Channel, id: None };
        let partner = partners::create(&cx, draft).unwrap();
        let bu = partner.bu.unwrap();
        let endpoint =
            EndpointDraft { url: "https://receiver.example.com/in".into(), ..EndpointDraft::default() };
        let trigger = TriggerDraft { event: WANTED.into(), ..TriggerDraft::default() };
        let draft =
            WebhookDraft { endpoints: vec![endpoint], triggers: vec![trigger], ..WebhookDraft::default() };
        create::create(&cx, bu, draft).unwrap();
        let typed = Password::typed(PASSWORD).unwrap();
        let user = UserRow {
            id: cx.id(),
            number: 1_000,
            email: MAIL.into(),
            name: "Bench".into(),
            password_hash: Some(password::hash(&typed).unwrap()),
            disabled_at: None,
            created_at: cx.now,
        };
        let member = MembershipRow {
            user_id: user.id,
            partner_id: partner.partner,
            role: Role::Owner,
            created_at: cx.now,
        };
        cx.write(|conn| {
            users::insert(conn, &user)?;
            Ok(memberships::insert(conn, &member)?)
        })
        .unwrap();
        let mut world = Self { app, bu, endpoint: cx.id(), _folder: folder };
        world.publish(1);
        world.endpoint = queue::waiting(world.tools()).unwrap().first().unwrap().endpoint;
        world
    }

    fn tools(&self) -> &Arc<Tools> {
        &self.app.tools
    }

    /// Puts `count` events forward at once, and waits until all are stored.
    fn publish(&self, count: usize) {
        let data =
            json!({"id": "ord_1", "total": {"amount": 120, "currency": "EUR"}, "note": "x".repeat(200)});
        let answers: Vec<_> = (0..count)
            .map(|_| self.tools().gatherer.publish(Publish::own(Own::new(self.bu, WANTED, data.clone()))))
            .collect();
        for answer in answers {
            answer.blocking_recv().unwrap().unwrap();
        }
    }

    fn claim(&self, count: usize) -> Vec<Handed> {
        queue::claim(self.tools(), &[(self.endpoint, count)]).unwrap()
    }

    fn outcome(&self, handed: Handed) -> Outcome {
        let clock = &self.tools().clock;
        let usual = [("content-type", "application/json"), ("webhook-signature", "v1,Mwm0R8Y1q7zC…9Qk=")];
        let attempt = Attempt {
            id: clock.id(),
            delivery: handed.delivery,
            bu: handed.bu,
            endpoint: handed.endpoint,
            number: handed.next_number(),
            started_at: clock.now(),
            duration_ms: 3,
            status: Some(200),
            cause: None,
            detail: None,
            url: "https://receiver.example.com/in".into(),
            request_headers: HeaderLines::from_iter(usual),
            response_headers: HeaderLines::from_iter([("content-length", "2")]),
            response_body: b"ok".to_vec(),
            response_cut: false,
        };
        Outcome { handed, attempt: Some(attempt), verdict: Verdict::Delivered }
    }
}

/// Events from being put forward to the commit that holds them.
#[divan::bench(args = TOGETHER)]
fn publish_events(bencher: Bencher<'_, '_>, count: usize) {
    let world = World::new();
    bencher.counter(ItemsCount::new(count)).bench_local(|| world.publish(count));
}

/// Due deliveries from the queue, with their bodies.
#[divan::bench(args = [1, 32, 256], sample_size = 1)]
fn claim_deliveries(bencher: Bencher<'_, '_>, count: usize) {
    let world = World::new();
    bencher
        .counter(ItemsCount::new(count))
        .with_inputs(|| world.publish(count))
        .bench_local_values(|()| black_box(world.claim(count)));
}

/// Outcomes from being put forward to the commit that holds them.
#[divan::bench(args = TOGETHER, sample_size = 1)]
fn settle_outcomes(bencher: Bencher<'_, '_>, count: usize) {
    let world = World::new();
    bencher
        .counter(ItemsCount::new(count))
        .with_inputs(|| {
            world.publish(count);
            world.claim(count).into_iter().map(|handed| world.outcome(handed)).collect::<Vec<_>>()
        })
        .bench_local_values(|outcomes| {
            for outcome in outcomes {
                world.tools().gatherer.settle(outcome);
            }
            world.tools().gatherer.flush();
        });
}

/// A request built and signed.
#[divan::bench(args = [256, 4_096, 262_144])]
fn sign_request(bencher: Bencher<'_, '_>, bytes: usize) {
    let world = World::new();
    let found = queue::destinations(world.tools(), &[world.endpoint]).unwrap();
    let route = Route::new(found.get(&world.endpoint).unwrap().clone());
    let body: Arc<[u8]> = vec![b'x'; bytes].into();
    let at = world.tools().clock.now();
    bencher.bench_local(|| route.request("evt_01jd0000000000000000000000", &body, at).is_ok());
}

/// The Event Logs and the Webhooks page of a unit with 2,000 events, from the request to the last byte.
#[divan::bench(args = ["logs", "webhooks"])]
fn render_page(bencher: Bencher<'_, '_>, page: &str) {
    let world = World::new();
    world.publish(2_000);
    let draft = SignInDraft { email: MAIL.into(), password: PASSWORD.to_owned().into(), remember: false };
    let session = sign_in(world.tools(), &draft, None, &Source::default()).unwrap();
    let cookie = Jar::new(&world.tools().public_url).make(Kind::Session, &session.cookie, None);
    let path = if page == "logs" { routes::log(world.bu) } else { routes::webhooks(world.bu) };
    let system = actix_web::rt::System::new();
    let site = system.block_on(init_service(
        actix_web::App::new().app_data(Data::new(world.app.clone())).configure(web::configure),
    ));
    bencher.bench_local(|| {
        system.block_on(async {
            let request = TestRequest::get().uri(&path).insert_header(("host", "bellwire.example"));
            let request = request.cookie(cookie.clone()).to_request();
            let answer = call_service(&site, request).await;
            assert!(answer.status().is_success(), "{}", answer.status());
            black_box(read_body(answer).await.len())
        })
    });
}
