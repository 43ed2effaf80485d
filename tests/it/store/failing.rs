//! Webhooks that fail for days: warned of, switched off, told of, and switched on again by a test that passes.

use super::world::{World, claim, outcome, publish_at, settle};
use crate::support::databases::{TestDatabase, both_databases};
use bellwire::domain::events::cause::Cause;
use bellwire::domain::events::delivery::DeliveryState;
use bellwire::domain::id::{BuId, WebhookId};
use bellwire::domain::time::Ts;
use bellwire::domain::webhooks::draft::{EndpointDraft, TriggerDraft, WebhookDraft};
use bellwire::domain::webhooks::webhook::{InactiveReason, WebhookStatus};
use bellwire::ops::events::handoff::Verdict;
use bellwire::ops::events::test_send::{self, TestDraft};
use bellwire::ops::webhooks::create;
use bellwire::ops::webhooks::edit::activate;
use bellwire::ops::webhooks::failing::check;
use bellwire::store::system::audit;
use bellwire::store::webhooks::failing::list;
use bellwire::store::webhooks::webhooks::{self, WebhookRow};
use std::time::Duration;

both_databases!(
    a_webhook_that_fails_for_days_is_switched_off_and_that_is_told,
    what_is_not_sustained_failure_switches_nothing_off,
    a_passing_test_switches_on_what_failed_and_nothing_else,
    an_older_outcome_never_replaces_a_newer_one,
);

const DAY: Duration = Duration::from_hours(24);

fn row(world: &World, (bu, webhook): (BuId, WebhookId)) -> WebhookRow {
    world.read(|conn| Ok(webhooks::find(conn, bu, webhook)?)).unwrap()
}

/// So many events go wrong for good.
fn fail(world: &World, bu: BuId, events: usize) {
    for number in 0..events {
        publish_at(&world.node, bu, number);
        settle(&world.node, &claim(&world.node, 1).unwrap()[0], Verdict::Exhausted);
    }
}

fn warned_at(world: &World) -> Option<Ts> {
    world.read(|conn| Ok(list(conn, world.now() + DAY)?))[0].warned_at
}

fn a_webhook_that_fails_for_days_is_switched_off_and_that_is_told(database: &TestDatabase) {
    let world = World::on(database);
    let bu = world.unit("Acme");
    let failing = (bu, world.webhook(bu));
    let endpoint = EndpointDraft { url: "https://alarms.example.com/in".into(), ..EndpointDraft::default() };
    let trigger = TriggerDraft { event: "webhook.disabled".into(), ..TriggerDraft::default() };
    let alarm =
        WebhookDraft { endpoints: vec![endpoint], triggers: vec![trigger], ..WebhookDraft::default() };
    let alarm = create::create(&world.operator(), bu, alarm).unwrap().webhook.row.id;
    fail(&world, bu, 20);
    world.pass(Duration::from_secs(1));
    let began = world.now();

    let mut warnings = Vec::new();
    for _ in 0..5 {
        assert_eq!(check(&world.node).unwrap(), []);
        warnings.extend(warned_at(&world));
        world.pass(DAY);
    }
    warnings.dedup();
    assert_eq!(warnings, [began + DAY, began + DAY * 4]);
    publish_at(&world.node, bu, 0);
    assert_eq!(check(&world.node).unwrap(), [failing.1]);
    assert_eq!(check(&world.node).unwrap(), [], "once");

    let off = row(&world, failing);
    assert_eq!((off.status, off.inactive_reason), (WebhookStatus::Inactive, Some(InactiveReason::Failing)));
    let pending = world.deliveries(bu, failing.1).pop().unwrap();
    assert_eq!(pending.state, DeliveryState::Ready, "nothing is dropped");
    let told = world.deliveries(bu, alarm);
    assert_eq!((told.len(), told[0].event_type.as_str()), (1, "webhook.disabled"));
    let entry = world.read(|conn| Ok(audit::list(conn, bu, None, 1)?)).remove(0);
    assert_eq!((entry.action.as_str(), entry.actor_kind.as_str()), ("webhook.disabled", "system"));

    activate(&world.operator(), bu, failing.1).unwrap();
    assert_eq!(row(&world, failing).failing_since, None);
    assert_eq!(check(&world.node).unwrap(), [], "who switches it on gives it another chance");
}

fn what_is_not_sustained_failure_switches_nothing_off(database: &TestDatabase) {
    let world = World::on(database);
    let few = world.unit("Few attempts");
    let once = world.unit("One success");
    let retrying = world.unit("Nothing given up");
    let all = [few, once, retrying].map(|bu| (bu, world.webhook(bu)));
    fail(&world, few, 19);
    fail(&world, once, 20);
    for number in 0..20 {
        publish_at(&world.node, retrying, number);
        let far = world.now() + DAY * 30;
        settle(&world.node, &claim(&world.node, 1).unwrap()[0], Verdict::Retry(far));
    }
    world.pass(DAY * 4);
    publish_at(&world.node, once, 0);
    settle(&world.node, &claim(&world.node, 1).unwrap()[0], Verdict::Delivered);
    fail(&world, once, 20);
    world.pass(DAY * 2);

    assert_eq!(check(&world.node).unwrap(), []);
    assert!(all.iter().all(|webhook| row(&world, *webhook).status == WebhookStatus::Active));
}

fn a_passing_test_switches_on_what_failed_and_nothing_else(database: &TestDatabase) {
    let world = World::on(database);
    for (name, reason, revived) in [
        ("Failing", InactiveReason::Failing, true),
        ("Paused", InactiveReason::User, false),
        ("Gone", InactiveReason::Gone, false),
    ] {
        let bu = world.unit(name);
        let webhook = (bu, world.webhook(bu));
        database.execute(&format!(
            "UPDATE webhooks SET status = 'inactive', inactive_reason = '{reason}', failing_since = 1 \
             WHERE id = '{}'",
            webhook.1
        ));
        for verdict in [Verdict::Exhausted, Verdict::Delivered] {
            test_send::send(&world.operator(), bu, webhook.1, &TestDraft::sample("webhook.test")).unwrap();
            assert_eq!(row(&world, webhook).status, WebhookStatus::Inactive, "{name}");
            settle(&world.node, &claim(&world.node, 1).unwrap()[0], verdict);
        }
        let after = row(&world, webhook);
        assert_eq!(after.status == WebhookStatus::Active, revived, "{name}");
        assert_eq!(after.inactive_reason, (!revived).then_some(reason), "{name}");
    }
}

fn an_older_outcome_never_replaces_a_newer_one(database: &TestDatabase) {
    let world = World::on(database);
    let webhook = world.queued(3);
    let tell = |seconds: u64, verdict| {
        let handed = claim(&world.node, 1).unwrap().remove(0);
        let mut told = outcome(&world.node, &handed, verdict);
        let at = world.now() + Duration::from_secs(seconds);
        told.attempt = told.attempt.map(|a| bellwire::domain::events::attempt::Attempt {
            started_at: at,
            duration_ms: 0,
            cause: a.cause.map(|_| Cause::Timeout),
            ..a
        });
        world.node.gatherer.settle(told);
        world.node.gatherer.flush();
        let row = row(&world, webhook);
        (row.last_sent_at, row.last_sent_ok, row.failing_since)
    };
    let at = |seconds| Some(world.now() + Duration::from_secs(seconds));
    assert_eq!(tell(10, Verdict::Exhausted), (at(10), Some(false), at(10)));
    assert_eq!(tell(30, Verdict::Exhausted), (at(30), Some(false), at(10)));
    assert_eq!(tell(20, Verdict::Delivered), (at(30), Some(false), at(30)), "the failing began after it");
}
